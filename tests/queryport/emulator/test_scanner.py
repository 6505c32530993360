"""AWS's placeholder scanner: what it sees, what it mistakes, and how several statements are told from one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queryport.aws.placeholders import ScannedPlaceholder, has_several_statements, scan


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT :a, :b", "SELECT $1, $2", ["a", "b"]),
        ("SELECT :a + :a", "SELECT $1 + $2", ["a", "a"]),
        ("SELECT :1, :a_b2", "SELECT $1, $2", ["1", "a_b2"]),
        ("SELECT ':a' || :b", "SELECT ':a' || $1", ["b"]),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', $1", ["b"]),
        (r"SELECT E'it\'s :a', :b", r"SELECT E'it\'s :a', $1", ["b"]),
        (r"SELECT 'a\', :b", r"SELECT 'a\', $1", ["b"]),
        ('SELECT ":a", ":a"":b", :c', 'SELECT ":a", ":a"":b", $1', ["c"]),
        ("SELECT :a -- :b\n, :c", "SELECT $1 -- :b\n, $2", ["a", "c"]),
        ("SELECT /* :a /* :b */ :c */ :d", "SELECT /* :a /* :b */ :c */ $1", ["d"]),
        ("SELECT :a::int, x::text", "SELECT $1::int, x::text", ["a"]),
        ("SELECT x:::a", "SELECT x::$1", ["a"]),
        ("SELECT a := 1, : b", "SELECT a := 1, : b", []),
        ("SELECT :naïve", "SELECT $1ïve", ["na"]),
        ("SELECT $1, :a", "SELECT $1, $1", ["a"]),
        ("SELECT 'open :a", "SELECT 'open :a", []),
        ("SELECT /* open :a", "SELECT /* open :a", []),
    ],
)
def test_placeholders_outside_literals_and_comments_are_rewritten(sql: str, text: str, names: list[str]) -> None:
    scanned = scan(sql)
    assert scanned.text == text
    assert [placeholder.name for placeholder in scanned.placeholders] == names


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT $$a :b c$$", "SELECT $$a $1 c$$"),
        ("SELECT $tag$ ':b' :c $tag$", "SELECT $tag$ ':b' $1 $tag$"),
        ("SELECT x[1:2]", "SELECT x[1$1]"),
        ("SELECT x[:n]", "SELECT x[$1]"),
    ],
)
def test_dollar_quotes_and_slices_are_mistaken(sql: str, text: str) -> None:
    assert scan(sql).text == text


def test_a_slice_with_a_space_is_left_alone() -> None:
    assert scan("SELECT x[1: 2]").placeholders == ()


def test_offsets_count_characters_of_the_original() -> None:
    sql = "SELECT 'ü', :a, :bc"
    assert scan(sql).placeholders == (ScannedPlaceholder("a", 12, 14), ScannedPlaceholder("bc", 16, 19))
    assert [sql[p.start : p.end] for p in scan(sql).placeholders] == [":a", ":bc"]


@given(st.text(alphabet="ab1:'\"-/*$[]\\ \nE;", max_size=40))
def test_the_rewritten_text_is_the_original_but_for_its_placeholders(sql: str) -> None:
    scanned = scan(sql)
    rebuilt, at = "", 0
    for number, placeholder in enumerate(scanned.placeholders, 1):
        assert sql[placeholder.start : placeholder.end] == f":{placeholder.name}"
        rebuilt += sql[at : placeholder.start] + f"${number}"
        at = placeholder.end
    assert scanned.text == rebuilt + sql[at:]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "SELECT 1;SELECT 2;",
        "SELECT ';'; SELECT 2",
        "SELECT 1; -- done\n SELECT 2",
        "SELECT 1 /* ; */ ; /* x */ SELECT 2",
        "SELECT a$b; SELECT $1",
        "; SELECT 1; SELECT 2",
    ],
)
def test_several_statements_are_told(sql: str) -> None:
    assert has_several_statements(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT 1;",
        "SELECT 1 ; \n",
        "SELECT 1; -- done",
        "SELECT 1; /* done; */ ;",
        "SELECT ';', \";\", 'it''s;', E'\\';'",
        "DO $$ BEGIN a; b; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; SELECT $$;$$; SELECT 2 $body$;",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
        "",
    ],
)
def test_one_statement_is_not_taken_for_several(sql: str) -> None:
    assert not has_several_statements(sql)
