"""Seconds of what `make campaign` does for longer."""

import pytest

from tests.campaign.campaign import run
from tests.campaign.faults import KINDS


@pytest.mark.early
@pytest.mark.parametrize(
    "seconds", [pytest.param(9.0, marks=pytest.mark.slow), pytest.param(60.0, marks=pytest.mark.long)]
)
def test_the_books_are_right_after_a_campaign(seconds: float) -> None:
    report = run(seed=20261123, seconds=seconds)
    assert report.flaws == []
    counts = report.counts
    assert counts["writes with a key"] > 20
    assert counts["writes without a key"] > 20
    assert counts["replays"] > 0
    assert counts["told: unknown"] > 0
    assert counts["database killed and restarted"] >= 1
    for kind in KINDS:
        assert any(name.startswith(f"fault: {kind}") for name in counts), kind
