"""A few seconds of the soak; `python -m tests.queryport.emulator.soak` is the long one."""

from collections.abc import Callable
from pathlib import Path

from tests.queryport.emulator.soak import MIB, soak


def test_mixed_load_with_faults_leaves_nothing_behind(new_database: Callable[[Path | str | None], str]) -> None:
    outcome = soak(new_database(None), 4, workers=8, growth=24 * MIB, report=lambda _: None)
    assert outcome.problems == []
    assert outcome.calls["OK"] > 50
    assert {"DatabaseErrorException", "UnsupportedResultException"} <= set(outcome.calls)
