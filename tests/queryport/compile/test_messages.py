"""What is said, word for word, about spellings that are nearly right, and what is warned of although it works."""

from collections.abc import Callable

import pytest

from handler.contract.operation import Operation
from queryport.diagnostics.rules import RULES, Severity
from queryport.diagnostics.source import Problem

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

P = "SELECT name FROM person "
A_DIFFERENCE = (
    "a placeholder's name has letters, digits and `_`: write `:customer_name`, for `:customer-name` is a difference"
)

# The code, the text with the place of the caret marked by ‸, the message and the cure.
MESSAGES = [
    # Lists and tables.
    ("QP201", P + "WHERE person_id IN ‸:ids", 'syntax error at or near ":ids"', "a list is one array: `= ANY(:ids)`"),
    *(
        (
            "QP201",
            text,
            'syntax error at or near ":tbl"',
            "a table cannot be a value: write its name, and a file for each table",
        )
        for text in ("SELECT 1 AS a FROM ‸:tbl", "UPDATE ‸:tbl SET a = 1", "INSERT INTO ‸:tbl VALUES (1)")
    ),
    # Other tools' placeholders.
    (
        "QP201",
        P + "WHERE name = ?‸",
        "syntax error at end of input",
        "`?` is JDBC's form of a placeholder: write `:name`",
    ),
    (
        "QP201",
        P + "WHERE name = ‸%(id)s",
        'syntax error at or near "%"',
        "`%(id)s` is Python's form of a placeholder: write `:id`",
    ),
    (
        "QP201",
        P + "WHERE name = ‸%s",
        'syntax error at or near "%"',
        "`%s` is Python's form of a placeholder: write `:name`",
    ),
    (
        "QP201",
        P + "WHERE name = ‸{{id}}",
        'syntax error at or near "{"',
        "`{{id}}` is a template's form of a placeholder: write `:id`",
    ),
    (
        "QP201",
        P + "WHERE name = ‸${id}",
        'syntax error at or near "$"',
        "`${id}` is a template's form of a placeholder: write `:id`",
    ),
    (
        "QP202",
        P + "WHERE name = @‸id",
        'column "id" does not exist (SQLSTATE 42703)',
        "`@id` is another database's form of a placeholder: write `:id`",
    ),
    (
        "QP202",
        P + "WHERE ‸@name = 'x'",
        "operator does not exist: @ character varying (SQLSTATE 42883)",
        "is there a migration that makes the function or operator, and do its argument types fit?",
    ),
    # Types that PostgreSQL takes from the other side.
    (
        "QP202",
        P + "WHERE joined_at ‸> now() - :age",
        "operator does not exist: timestamp with time zone > interval (SQLSTATE 42883)",
        "cast the placeholder to the type that is meant, such as `:age::interval`",
    ),
    (
        "QP202",
        P + "WHERE joined_at ‸> :d - INTERVAL '7 days'",
        "operator does not exist: timestamp with time zone > interval (SQLSTATE 42883)",
        "cast the placeholder to the type that is meant, such as `:d::timestamp with time zone`",
    ),
    # Names.
    (
        "QP202",
        P + 'WHERE name = ‸"Acme"',
        'column "Acme" does not exist (SQLSTATE 42703)',
        "double quotes hold a name; if a string is meant, write 'Acme' in single quotes",
    ),
    (
        "QP202",
        P + "WHERE email ‸= :customer-name",
        "operator does not exist: email = jsonb (SQLSTATE 42883)",
        A_DIFFERENCE,
    ),
    (
        "QP202",
        "SELECT visit_id FROM visit WHERE small = :customer-‸name",
        'column "name" does not exist (SQLSTATE 42703)',
        A_DIFFERENCE,
    ),
    # Front matter.
    (
        "QP003",
        "-- params:\n-- ‸\ta: {}\nSELECT :a::int AS a",
        "a tab stands where YAML takes spaces alone",
        "indent with spaces",
    ),
    ("QP004", "-- ‸path: GET /x\nSELECT 1 AS a", "unknown key `path`", "did you mean `http`?"),
    (
        "QP005",
        "-- page: ‸3\nSELECT 1 AS a",
        "`page`: expected a mapping, got 3",
        "write for example `page: {by: [placed_at desc, order_id desc], size: 50, max: 500}`",
    ),
    (
        "QP005",
        "-- page: ‸{size: 5}\nSELECT 1 AS a",
        "`page.by` is missing",
        "write for example `page: {by: [placed_at desc, order_id desc], size: 50, max: 500}`",
    ),
    (
        "QP005",
        "-- params: {a: ‸bigint}\nSELECT :a::int AS a",
        "`params.a`: expected a mapping, got 'bigint'",
        "each entry is a mapping, such as `status: {optional: true, maxLength: 10}`",
    ),
    (
        "QP005",
        "-- params: {a: {required: ‸true}}\nSELECT :a::int AS a",
        "`params.a.required`: expected a list, got True",
        "leave it out: a parameter is required unless it is `optional` or has a `default`",
    ),
    (
        "QP005",
        "-- keep: ‸a day\nSELECT 1 AS a",
        "`keep`: expected a number and a unit, got 'a day'",
        "write a number and a unit, s, m, h or d, such as `24h`",
    ),
    ("QP005", "-- retry: ‸21\nSELECT 1 AS a", "`retry`: expected at most 20, got 21", "write how often, from 0 to 20"),
    (
        "QP005",
        "-- result: ‸lots\nSELECT 1 AS a",
        "`result`: expected one of 'many', 'one', 'maybe', 'value', 'affected', 'none', got 'lots'",
        "take one of many, one, maybe, value, affected, none, or leave the key out to have it inferred",
    ),
    *(
        (
            "QP108",
            f"-- params: {{a: {{type: ‸{written}}}}}\nSELECT :a AS a",
            f"there is no type `{written}` in the database",
            f"`{written}` is a type of JSON: write PostgreSQL's, {meant}",
        )
        for written, meant in (("object", "`jsonb`"), ("string", "`text`"), ("array", "such as `text[]`, or `jsonb`"))
    ),
    *(
        (
            "QP012",
            text,
            "front matter stands here, where it is not read",
            "write it as one block of `--` lines in front of the statement",
        )
        for text in (
            "SELECT 1 AS a\n-- ‸summary: Late",
            "SELECT\n-- ‸result: one\n-- summary: Within\n1 AS a",
            "/*‸ summary: In a block */\nSELECT 1 AS a",
            "-- summary: First\n\n-- ‸http: GET /x\nSELECT 1 AS a",
            "SELECT 1 AS a;\n/*\n‸http: GET /x\n*/",
        )
    ),
    # What works, and is hardly meant.
    (
        "QP113",
        P + "WHERE name LIKE '%‸:q%'",
        "`:q` stands in a string, where it is text and no placeholder",
        "write `'%' || :q || '%'`",
    ),
    (
        "QP113",
        P + "WHERE name = '‸:name'",
        "`:name` stands in a string, where it is text and no placeholder",
        "write `:name`",
    ),
    (
        "QP112",
        P + "WHERE person_id IN (‸:ids)",
        "`IN (:ids)` compares with one value",
        "for a list write `= ANY(:ids)`, for one value `= :ids`",
    ),
    (
        "QP214",
        P + "ORDER BY ‸:sort",
        "`:sort` is one value for all rows, which orders nothing",
        "a column cannot be a value: `ORDER BY CASE :sort WHEN 'name' THEN name END`, for example",
    ),
    (
        "QP215",
        "-- params: {n: {optional: true}}\nDELETE FROM ‸visit WHERE (:n IS NULL OR small = :n)",
        "a call without `:n` makes this DELETE change every row",
        "leave one of the parameters required, or add a condition that always holds the rows back",
    ),
    (
        "QP215",
        "-- params: {n: {optional: true}, v: {optional: true}}\nUPDATE ‸visit SET small = 1 "
        "WHERE (:n IS NULL OR small = :n) AND (:v::bigint IS NULL OR visit_id = :v) RETURNING visit_id",
        "a call without `:n` and `:v` makes this UPDATE change every row",
        "leave one of the parameters required, or add a condition that always holds the rows back",
    ),
    *(
        (
            "QP305",
            text,
            "`email` is a name for the column before it, and a column of the table too",
            "write a comma between them, or AS if the name is meant",
        )
        for text in (
            "SELECT name ‸email FROM person",
            "SELECT p.name ‸email FROM visit v JOIN person p USING (person_id)",
        )
    ),
    (
        "QP409",
        "-- http: ‸GET /people/:name\n" + P + "WHERE name = :name",
        "`:name` is a segment of the path as it stands, and no parameter",
        "write `{name}`",
    ),
    (
        "QP410",
        "-- ‸page: {by: [person_id]}\nSELECT person_id FROM person ORDER BY name LIMIT 10",
        "the query has a LIMIT or OFFSET of its own, which is that of all pages together",
        "leave ORDER BY, LIMIT and OFFSET to `page`",
    ),
]


@pytest.mark.parametrize(
    ("code", "marked", "message", "cure"), MESSAGES, ids=[f"{m[0]}-{n}" for n, m in enumerate(MESSAGES)]
)
def test_a_message_helps(compile_text: Compile, code: str, marked: str, message: str, cure: str) -> None:
    first, _, rest = marked.partition("‸")
    operation, (problem,) = compile_text(first + rest)
    assert (problem.code, problem.message, problem.cure) == (code, message, cure)
    line, column = first.count("\n") + 1, len(first) - (first.rfind("\n") + 1) + 1
    assert (problem.line, problem.column) == (line, column), problem.render()
    is_warning = RULES[code].severity is Severity.WARNING
    assert (operation is not None) == is_warning
    if is_warning and not marked.startswith(("-- ", "/*")):
        assert compile_text(f"-- silence: [{code}]\n{first}{rest}")[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name AS email FROM person",
        "SELECT name call_name FROM person",
        "SELECT count(*) email FROM person",
        "SELECT name FROM person WHERE person_id IN (:a, :b)",
        "SELECT name FROM person WHERE person_id IN (1)",
        "SELECT to_char(joined_at, 'HH24:MI:SS') AS at, 'urn:isbn:x' AS urn, '12:30' AS time FROM person",
        "SELECT name FROM person ORDER BY CASE :sort::text WHEN 'name' THEN name END",
        "-- params: {n: {optional: true}}\nDELETE FROM visit WHERE (:n IS NULL OR small = :n) AND at < now()",
        "DELETE FROM visit WHERE (:n IS NULL OR small = :n)",
        "-- result: one, or so it was once\nSELECT 1 AS a".replace("-- result: one, or", "/* The result: one, or")
        + " /* x */",
        "-- page: {by: [person_id]}\nSELECT person_id FROM (SELECT person_id FROM person LIMIT 5) p",
    ],
)
def test_what_is_meant_is_left_alone(compile_text: Compile, text: str) -> None:
    if text.startswith("/*"):
        text = text.replace("once\n", "once */\n")
    assert [problem.render() for problem in compile_text(text)[1]] == []


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("-- Fixes ticket #55 of the shop\nSELECT 1 AS a", "Fixes ticket #55 of the shop"),
        ("-- * all ids\n-- * of a shop\nSELECT 1 AS a", "* all ids\n* of a shop"),
        (
            "-- Lists orders: the newest first,\n-- and no more\nSELECT 1 AS a",
            "Lists orders: the newest first, and no more",
        ),
        ("-- First.\n--\n-- Second: &x *y {z} [w] 'v\nSELECT 1 AS a", "First.\n\nSecond: &x *y {z} [w] 'v"),
        ("\n\n-- Behind blank lines\nSELECT 1 AS a", "Behind blank lines"),
        ("/* Copyright */\n-- Behind a block\nSELECT 1 AS a", "Behind a block"),
        ("/* Copyright */\nSELECT 1 AS a", ""),
        ("SELECT 1 AS a -- behind", ""),
    ],
)
def test_prose_is_kept_as_it_stands(compile_text: Compile, text: str, description: str) -> None:
    operation, problems = compile_text(text)
    assert not problems, problems[0].render()
    assert operation is not None
    assert (operation.documentation.description, operation.documentation.summary) == (description, "")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n",
        "\r\n \r\n",
        "/* Copyright */\n",
        "/* Copyright\n   /* and more */ of it */\n\n",
        "-- Copyright of the shop\n\n",
        "-- Copyright of the shop\n/* and more */",
        "/**/ /**/\n",
    ],
)
@pytest.mark.parametrize("behind", ["", "\n", "\n-- More prose\n", "/* More prose */\n"])
def test_front_matter_is_found_behind_other_comments(compile_text: Compile, before: str, behind: str) -> None:
    operation, problems = compile_text(f"{before}-- summary: Found\n--result: one\n{behind}SELECT 1 AS a")
    assert not problems, problems[0].render()
    assert operation is not None
    assert (operation.documentation.summary, operation.result) == ("Found", "one")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-- All of them\n-- result: one\nSELECT 1 AS a", "QP003"),
        ("-- Returns: all of them\nSELECT 1 AS a", "QP004"),
        ("-- sumary: x\nSELECT 1 AS a", "QP004"),
        ("-- - all of them\nSELECT 1 AS a", "QP005"),
        ("-- {sumary: x}\nSELECT 1 AS a", "QP004"),
    ],
)
def test_what_may_be_either_is_asked(compile_text: Compile, text: str, code: str) -> None:
    assert [problem.code for problem in compile_text(text)[1]] == [code]
