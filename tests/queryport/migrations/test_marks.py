"""Comments that steer a script: the transaction's mark, and what other migration tools would make of a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queryport.migrations.scripts import Script, ScriptError


def _script(text: str) -> Script:
    return Script(Path("0001_a.sql"), 1, text)


INDEX = "CREATE INDEX CONCURRENTLY i ON t (a)"


@pytest.mark.parametrize(
    ("text", "transactional"),
    [
        (INDEX, True),
        (f"-- transaction: off\n{INDEX}", False),
        (f"-- Later, in the quiet hours.\n--TRANSACTION: OFF\n{INDEX}", False),
        (f"  -- transaction: off\n{INDEX}", False),
        (f"\t--  transaction :  off  \r\n{INDEX}", False),
        (f"/* Copyright */\n-- transaction: off\n{INDEX}", False),
        (f"/* Copyright\n * transaction: off\n */\n{INDEX}", False),
        (f"/* transaction: off */ {INDEX}", False),
        (f"\n\n-- transaction: off\n-- transaction: off\n{INDEX}", False),
        ("-- transaction: on\nSELECT 1", True),
        ("SELECT '-- transaction: off'", True),
        ("SELECT 1 -- transactions are dear\n", True),
        ("CREATE TABLE t (n int, -- transaction: its number\n m int)", True),
    ],
)
def test_the_comments_at_the_top_turn_the_transaction_off(text: str, *, transactional: bool) -> None:
    script = _script(text)
    assert script.transactional is transactional
    assert script.statements()


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("-- transaction: no\nSELECT 1", "1:4", 'expected "-- transaction: on" or "off", got "transaction: no"'),
        ("-- transaction: off (it takes long)\nSELECT 1", "1:4", "expected"),
        ("-- transaction: off; SELECT 1\nSELECT 2", "1:4", "expected"),
        ("-- transaction=\nSELECT 1", "1:4", "expected"),
        ("SELECT 1;\n-- transaction: off\nSELECT 2", "2:4", "stands below the first statement"),
        ("SELECT 1 -- transaction: off", "1:13", "stands below the first statement"),
        ("SELECT 1;\n-- transaction: none", "2:4", "stands below the first statement"),
        ("-- transaction: off\n-- transaction: on\nSELECT 1", "2:4", "transaction: on and off"),
    ],
)
def test_a_mark_without_effect_is_refused(text: str, place: str, said: str) -> None:
    with pytest.raises(ScriptError) as caught:
        _script(text).statements()
    assert str(caught.value).startswith(f"0001_a.sql:{place} QP602 ")
    assert said in str(caught.value)


BACKWARDS = [
    "-- +goose Down",
    "--+goose down",
    "  -- +goose Down",
    "-- +goose Down\n-- +goose StatementBegin",
    "-- +migrate Down",
    "-- +migrate Down notransaction",
    "-- +micrate Down",
    "-- +anything Down",
    "-- migrate:down",
    "--migrate:down transaction:false",
    "-- MIGRATE:DOWN",
    "-- rambler down",
    "-- //@UNDO",
    "--//@UNDO",
    "-- @UNDO",
    "-- !Downs",
    "--- !Downs",
    "---- create above / drop below ----",
    "-- Down Migration",
    "-- ==== DOWN ====",
    "-- DOWN",
    "-- down:",
    "-- [down]",
    "/* DOWN */",
    "/*\n * +goose Down\n */",
    "-- Rollback",
    "-- rollback script",
    "-- undo",
]

WITHOUT_TRANSACTION = [
    "-- +goose NO TRANSACTION",
    "-- +goose Up\n-- +goose NO TRANSACTION",
    "-- +migrate Up notransaction",
    "-- migrate:up transaction:false",
    "-- no-transaction",
    "-- atlas:txmode none",
    "-- flyway:executeInTransaction=false",
]

HARMLESS = [
    "-- +goose Up",
    "-- migrate:up",
    "-- Up Migration",
    "-- +goose StatementBegin",
    "--liquibase formatted sql",
    "--changeset nvoxland:1",
    "--rollback drop table test1;",
    "-- Go down to the cellar.",
    "-- The rollback of orders that were never paid",
    "-- Undo the change of March",
    "-- downloads",
]


@pytest.mark.parametrize("mark", BACKWARDS)
def test_a_file_that_would_undo_itself_is_refused(mark: str) -> None:
    script = _script(f"CREATE TABLE t (n int);\n{mark}\nDROP TABLE t;\n")
    with pytest.raises(ScriptError, match="QP601 the comment is another migration tool's, and what stands below it"):
        script.statements()


@pytest.mark.parametrize("mark", WITHOUT_TRANSACTION)
def test_another_tools_word_against_the_transaction_is_refused(mark: str) -> None:
    with pytest.raises(ScriptError, match=r"(?s)QP601 .* write -- transaction: off at the top") as caught:
        _script(f"{mark}\n{INDEX};\n").statements()
    assert "would run in a transaction" in str(caught.value)


@pytest.mark.parametrize("comment", HARMLESS)
def test_prose_and_marks_that_change_nothing_are_left_alone(comment: str) -> None:
    assert len(_script(f"{comment}\nCREATE TABLE t (n int);\n{comment}\nDROP TABLE t").statements()) == 2


@pytest.mark.parametrize("mark", BACKWARDS)
def test_what_looks_like_a_mark_inside_of_a_statement_is_none(mark: str) -> None:
    body = mark.replace("'", "")
    assert _script(f"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$\n{body}\nSELECT 1\n$body$").statements()
    assert _script(f"SELECT 'a\n{body}\n'").statements()
    assert _script(f"SELECT 1,\n{mark}\n 2").statements()


def test_all_marks_of_a_file_are_told_at_once() -> None:
    with pytest.raises(ScriptError) as caught:
        _script("SELECT 1;\n-- +goose Down\nSELECT 2;\n-- transaction: off\n").statements()
    assert [word for word in ("QP601", "QP602") if word in str(caught.value)] == ["QP601", "QP602"]


@given(st.lists(st.sampled_from(["-- a\n", "/* b */", "SELECT 'x;y';", "\n", "  ", "-- transaction: off\n", "é", "'"])))
def test_any_text_is_read_without_a_crash(pieces: list[str]) -> None:
    script = _script("".join(pieces))
    try:
        script.statements()
    except ScriptError:
        return
    assert isinstance(script.transactional, bool)
