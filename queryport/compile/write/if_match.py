"""Makes a change depend on the entity tag that the call gives, within the statement itself.

A query locks the rows that the author's condition selects, in their latest state, and compares their tags. The change
waits for it, compares once more for each row, and happens only if no row has another tag. So nothing can come between
the look and the change, and a row that has moved is told from one that is not there.
"""

from typing import NamedTuple

import postgast
from postgast.pg_query_pb2 import Token as TokenKind

from handler.contract.execution import IF_MATCH, MOVED_MARK, ROW_COUNT_MARK
from queryport.compile.check.parts.entity_tags import TagCondition
from queryport.compile.describe.text_forms import cast_of_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.names import column_of, quoted
from queryport.compile.write.pieces import Alternative


class IfMatchPieces(NamedTuple):
    """The pieces that a statement has in a call with an entity tag, and no others."""

    query: Alternative
    """In front of the change, within WITH."""
    before: Alternative
    """In front of the author's condition."""
    behind: Alternative
    moved: Alternative
    """A branch of a CASE over the changed rows: it fails where a row has another tag."""


def if_match(statement: TypedStatement, condition: TagCondition, name: str) -> IfMatchPieces:
    """Write the pieces; `name` is free for a query."""
    same = f"(to_json({column_of(quoted(condition.row), condition.column)}) #>> '{{}}') = ANY(:{IF_MATCH}::text[])"
    query = _with_casts(statement, postgast.deparse(condition.looked_up))
    query = query.replace("SELECT", f"SELECT ({same}) IS TRUE AS same", 1)
    other = f"EXISTS (SELECT FROM {name} WHERE NOT same)"
    failure = f"((:{ROW_COUNT_MARK}::text) || '{MOVED_MARK}' || count(*))::integer::text"
    return IfMatchPieces(
        _where_given(f"{name} AS MATERIALIZED ({query}), "),
        _where_given("("),
        _where_given(f") AND {same} AND NOT {other}"),
        _where_given(f"WHEN {other} THEN {failure} "),
    )


def _where_given(text: str) -> Alternative:
    return Alternative(IF_MATCH, present=text, absent="")


def _with_casts(statement: TypedStatement, text: str) -> str:
    """Put the placeholders with their casts in the place of `$n`."""
    encoded = text.encode()
    pieces: list[bytes] = []
    at = 0
    for token in postgast.scan(text).tokens:
        if token.token == TokenKind.PARAM:
            number = int(encoded[token.start + 1 : token.end])
            name = statement.scan.placeholders[number - 1].name
            cast = cast_of_text(statement.file.database, statement.inference.oids[number - 1])
            pieces += (encoded[at : token.start], f"(:{name}{cast})".encode())
            at = token.end
    return b"".join([*pieces, encoded[at:]]).decode()
