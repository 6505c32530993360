"""The seeds of a search: a few in every run, more in the slow tests, and all of them in `make hostile`."""

import pytest
from _pytest.mark import ParameterSet


def seeds(always: int, *, slow: int, long: int) -> list[int | ParameterSet]:
    """The seeds from 0 to below `long`; those below `always` are of no mark, those below `slow` of the mark `slow`."""
    return [
        *range(always),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(always, slow)),
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(slow, long)),
    ]
