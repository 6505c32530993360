"""Compares two JSON Schemas: every value of one is a value of the other, as far as their keywords show it.

Sound, and not complete: where nothing is reported, there is no value of the first that the second refuses. A keyword
that cannot be compared counts as one that refuses. Means the keywords as handler.contract.validation does.
"""

from queryport.breaking.containment.compare import excess
from queryport.breaking.containment.schemas import Excess

__all__ = ["Excess", "excess"]
