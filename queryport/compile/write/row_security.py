"""Lets a statement set the caller's claims before it reads a row, and proves by its plan that it does.

The settings stand in a materialized CTE, and the author's query in a LATERAL behind a condition on it. `OFFSET 0` keeps
PostgreSQL from drawing the query out of it. Were the query evaluated first, its policies would see no claims.
"""

from typing import Any

from handler.contract.operation import SESSION_SETTINGS
from handler.contract.sql import Sql
from queryport.aws import placeholders
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.pieces import Pieces, whole_text


def settings_first(name: str) -> str:
    """Write the CTE, with its name in front."""
    each = [f"set_config('{setting}', :{placeholder}, true)" for placeholder, setting in SESSION_SETTINGS.items()]
    return f"{name} AS MATERIALIZED (SELECT concat({', '.join(each)}) AS set)"


def behind_settings(name: str, row: str, query: Pieces, tail: Pieces = ()) -> Pieces:
    """Write a FROM list whose rows, called `row`, are those of the query, evaluated behind the CTE."""
    return (
        f"{name} CROSS JOIN LATERAL (SELECT * FROM ",
        *query,
        f" WHERE {name}.set IS NOT NULL",
        *tail,
        f" OFFSET 0) {row}",
    )


def is_settled_first(statement: TypedStatement, sql: Sql, name: str) -> bool:
    """Whether PostgreSQL's plan for the statement evaluates the settings before all else.

    False for partitioned tables: those are pruned when execution begins, before any row is asked for. False for code of
    the project's own that may decide as early, and for policies that fail in the planner without settings.
    """
    relations, database = statement.analysis.relations, statement.file.database
    if relations is None or any(relation.kind == "p" for relation in relations):
        return False
    if statement.own_code and database.planning.decides_ahead():
        return False
    # A call that gives every parameter, and one that gives none that it may leave out; often they are the same.
    texts = dict.fromkeys(placeholders.scan(whole_text(sql, present=present)).text for present in (True, False))
    if not database.planning.bears_no_settings([relation.oid for relation in relations], texts):
        return False
    return all(_begins_with(database.plan(text), name) for text in texts)


def _begins_with(node: Any, name: str) -> bool:
    """Whether the first rows that a plan asks for are those of the CTE."""
    children = [child for child in node.get("Plans", ()) if child["Parent Relationship"] in ("Outer", "Inner")]
    if not children:
        return bool(node["Node Type"] == "CTE Scan" and node["CTE Name"] == name)
    if len(children) > 1 and node["Node Type"] != "Nested Loop":
        return False
    return _begins_with(children[0], name)
