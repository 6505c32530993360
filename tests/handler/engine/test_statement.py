"""Which pieces of a statement a call gets, and which placeholders are left in them."""

from handler.engine.statement import ReadyStatement
from queryport.compile.write.pieces import Alternative, Listed
from tests.support.statements import sql

_STATEMENT = ReadyStatement(
    sql(
        "SELECT a::text FROM t WHERE b = (:b::int) AND ",
        Alternative("c", "c = (:c::text)", "true"),
        " AND ",
        Alternative("d", "d = (:d::text)", "true"),
    )
)


def test_a_parameter_without_a_value_leaves_its_piece_and_its_placeholder_out() -> None:
    form = _STATEMENT.form({"b": "1", "c": None, "d": "x"})
    assert form.sql == "SELECT a::text FROM t WHERE b = (:b::int) AND true AND d = (:d::text)"
    assert form.placeholders == ("b", "d")


def test_the_same_parameters_get_the_same_form() -> None:
    assert _STATEMENT.form({"c": "x"}) is _STATEMENT.form({"c": "y", "d": None})


def test_null_is_present_where_a_parameter_patches() -> None:
    statement = ReadyStatement(
        sql(
            "UPDATE t SET ",
            Listed((Alternative("a", "a = :a", "", null_is_present=True), "b = 1", *_patches("c", "d"))),
            " WHERE ",
            Alternative("e", "e = :e", "true"),
        )
    )
    form = statement.form({"c": None, "e": None})
    assert form.sql == "UPDATE t SET b = 1, c = :c WHERE true"
    assert form.arguments({"c": None, "e": None}) == [("c", None)]
    assert statement.form({"c": "x"}) is form
    assert statement.form({"a": "1", "d": None, "e": "5"}).sql == "UPDATE t SET a = :a, b = 1, d = :d WHERE e = :e"
    assert statement.form({}).sql == "UPDATE t SET b = 1 WHERE true"


def _patches(*names: str) -> list[Alternative]:
    return [Alternative(name, f"{name} = :{name}", "", null_is_present=True) for name in names]


def test_casts_are_no_placeholders_and_a_name_counts_once() -> None:
    assert ReadyStatement(sql("SELECT (:p::int4)::text, (:p::int4)")).form({}).placeholders == ("p",)


def test_a_statement_without_choices_is_itself() -> None:
    assert ReadyStatement(sql("SELECT ", "1")).form({}).sql == "SELECT 1"


def test_a_statement_of_very_many_forms_keeps_only_some() -> None:
    names = [f"p{number}" for number in range(10)]
    statement = ReadyStatement(sql(*(Alternative(name, f":{name} ", "") for name in names)))
    for bits in range(1024):
        present = [name for number, name in enumerate(names) if bits & 1 << number]
        assert statement.form(dict.fromkeys(present, "x")).placeholders == tuple(present)
