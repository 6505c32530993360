"""The table of errors: what the module says, what the classes do and what the documentation promises are the same."""

import json
import re

import pytest

import handler.errors
from handler.contract import errors
from handler.contract.errors import ERRORS, OperationError, error_of
from tests.support.repository import DOCS

_PAGE = (DOCS / "runtime-errors.md").read_text()

each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (\w+)$", _PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_table_at_the_top_of_the_module_is_true() -> None:
    assert errors.__doc__ is not None
    rows = [line.split() for line in errors.__doc__.splitlines() if line.endswith((" yes", " no"))]
    told = [(name, int(status), tuple(sqlstates), may == "yes") for name, status, *sqlstates, may in rows]
    kept = [(error.__name__, error.status, error.sqlstates, error.may_be_repeated) for error in ERRORS]
    kept[kept.index(("QueryFailed", 500, (), False))] = ("QueryFailed", 500, ("all", "others"), False)
    assert told == kept


def test_the_documentation_has_a_section_for_each_error_and_for_nothing_else() -> None:
    assert list(_sections()) == [error.__name__ for error in ERRORS]


@each_error
def test_the_documentation_of_an_error_says_what_the_handler_does(error: type[OperationError]) -> None:
    text = _sections()[error.__name__]
    assert f"HTTP {error.status}" in text
    assert ("May be repeated: yes." in text) is error.may_be_repeated
    assert ("May be repeated: no." in text) is not error.may_be_repeated
    assert "**Cure:**" in text
    for sqlstate in error.sqlstates:
        assert f"`{sqlstate}`" in text


def test_the_state_machine_of_the_documentation_retries_what_may_be_repeated() -> None:
    page = (DOCS / "direct-invocation.md").read_text()
    names = re.search(r'"ErrorEquals": (\[[^\]]*\])', page)
    assert names is not None
    repeated = {error.__name__ for error in ERRORS if error.may_be_repeated and not error.over_http_alone}
    assert set(json.loads(names[1])) == repeated


@each_error
def test_no_two_errors_stand_for_one_sqlstate(error: type[OperationError]) -> None:
    for sqlstate in error.sqlstates:
        assert error_of(sqlstate.ljust(5, "9") if len(sqlstate) == 2 else sqlstate) is error


@pytest.mark.parametrize("sqlstate", ["42P01", "XX000", "25006", ""])
def test_all_other_sqlstates_are_failed_queries(sqlstate: str) -> None:
    assert error_of(sqlstate) is errors.QueryFailed


@each_error
def test_only_names_that_step_functions_can_match_are_used(error: type[OperationError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+", error.__name__)


def test_every_error_has_its_public_name() -> None:
    assert [getattr(handler.errors, error.__name__) for error in ERRORS] == list(ERRORS)
