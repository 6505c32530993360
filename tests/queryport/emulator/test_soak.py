"""A few hundred calls of the soak; `python -m tests.queryport.emulator.soak` is the long one."""

import pytest

from tests.queryport.emulator.soak import MIB, Outcome, soak
from tests.support.databases import NewDatabase

KINDS = {"OK", "DatabaseErrorException", "UnsupportedResultException"}


@pytest.mark.slow
@pytest.mark.early
def test_mixed_load_with_faults_leaves_nothing_behind(new_database: NewDatabase) -> None:
    outcome = soak(new_database(), _made_enough, workers=8, growth=24 * MIB, report=lambda _: None)
    assert outcome.problems == []
    assert set(outcome.calls) >= KINDS


def _made_enough(outcome: Outcome) -> bool:
    """Whether calls of all kinds were made; one in seventy asks for what is unsupported."""
    calls = outcome.calls
    return calls.total() >= (200 if set(calls) >= KINDS else 3000)
