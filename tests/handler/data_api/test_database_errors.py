"""What a caller is told about an error of PostgreSQL, in each form in which the Data API words one."""

import pytest

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.data_api.database_errors import failure_of
from handler.data_api.failures import Suspect
from handler.data_api.retries import SERVICE, service_failure


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
        ("ERROR: no\n  Detail: secret; SQLState: P0001", DatabaseMessage("no", "P0001")),
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
            'the change breaks the constraint "account_email_key"',
        ),
        ("already claimed today", "23505", errors.UniqueViolation, "the change breaks a constraint"),
        (
            'conflicting key value violates exclusion constraint "no_overlap"',
            "23P01",
            errors.UniqueViolation,
            'the change breaks the constraint "no_overlap"',
        ),
        (
            'update or delete on table "x" violates foreign key constraint "y" on table "z"',
            "23503",
            errors.ForeignKeyViolation,
            'the change breaks the constraint "y"',
        ),
        (
            'null value in column "name" of relation "t" violates not-null constraint',
            "23502",
            errors.NotNullViolation,
            'no value came for the column "name"',
        ),
        (
            'value for domain positive violates check constraint "positive_check"',
            "23514",
            errors.CheckViolation,
            'the change breaks the constraint "positive_check"',
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
