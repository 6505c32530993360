"""A few seconds of the soak; `python -m tests.queryport.emulator.soak` is the long one."""

import pytest

from tests.queryport.emulator.soak import MIB, soak
from tests.support.databases import NewDatabase


@pytest.mark.slow
def test_mixed_load_with_faults_leaves_nothing_behind(new_database: NewDatabase) -> None:
    outcome = soak(new_database(), 2, workers=8, growth=24 * MIB, report=lambda _: None)
    assert outcome.problems == []
    assert outcome.calls["OK"] > 50
    assert {"DatabaseErrorException", "UnsupportedResultException"} <= set(outcome.calls)
