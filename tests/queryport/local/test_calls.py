"""PostgreSQL's reports as the developer is shown them: of the author's mistakes, not of Queryport's own refusals."""

import pytest

from handler.contract.execution import KEYS_CONSTRAINT, MOVED_MARK
from handler.engine import row_count
from queryport.emulator.calls.log import DatabaseReport
from queryport.emulator.errors import PostgresFailure
from queryport.local.calls import DatabaseReports


def _report(message: str, sqlstate: str = "22P02", constraint: str | None = None) -> DatabaseReport:
    return DatabaseReport("trace", "SELECT", PostgresFailure("ERROR", message, sqlstate, constraint=constraint))


def _not_an_integer(text: str) -> DatabaseReport:
    return _report(f'invalid input syntax for type integer: "{text}"')


_OWN = [
    _not_an_integer(f"{row_count.new_mark()}0"),
    _not_an_integer(f"{row_count.new_mark()}12"),
    _not_an_integer(f"{row_count.new_mark()}{MOVED_MARK}0"),
    _report(f'duplicate key value violates unique constraint "{KEYS_CONSTRAINT}"', "23505", constraint=KEYS_CONSTRAINT),
]
_AUTHORS = [
    _not_an_integer("twelve"),
    _not_an_integer("row-count-"),
    _report('duplicate key value violates unique constraint "boat_pkey"', "23505", constraint="boat_pkey"),
]


@pytest.mark.parametrize("own", _OWN)
def test_what_queryport_takes_back_on_purpose_is_no_report(own: DatabaseReport) -> None:
    reports = DatabaseReports()
    reports.add(_AUTHORS[0])  # of an attempt that was repeated
    reports.add(own)
    assert reports.take("trace") is None


@pytest.mark.parametrize("report", _AUTHORS)
def test_the_last_report_of_a_request_is_kept_until_it_is_taken(report: DatabaseReport) -> None:
    reports = DatabaseReports()
    reports.add(_not_an_integer("1.5"))
    reports.add(report)
    assert reports.take("trace") == report
    assert reports.take("trace") is None
