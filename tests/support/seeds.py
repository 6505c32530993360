"""How far a search goes: a little in every run, further in the slow tests, and all the way in `make hostile`."""

import pytest
from _pytest.mark import ParameterSet


def seeds(always: int, *, slow: int, long: int) -> list[int | ParameterSet]:
    """The seeds from 0 to below `long`; those below `always` are of no mark, those below `slow` of the mark `slow`."""
    return [
        *range(always),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(always, slow)),
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(slow, long)),
    ]


def steps(slow: int) -> list[ParameterSet]:
    """The steps of a walk through all that a grammar has: the slow tests take one of so many, the long ones each.

    Of a product, the step has no divisor in common with the length of the innermost factors: each member has its turn.
    """
    return [
        pytest.param(slow, marks=pytest.mark.slow, id="some"),
        pytest.param(1, marks=pytest.mark.long, id="all"),
    ]
