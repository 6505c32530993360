"""Tells whether a write of one row failed because it met another number of rows.

The statement itself refuses to happen then (see Single.sql): it casts to an integer the mark that came with the call.
The mark is made anew for each call and told to nobody, so that an error that quotes it is the statement's own refusal,
and neither an error of what its author wrote nor one that a caller's values bring about.
"""

import os

from handler.contract.errors import Outcome
from handler.data_api.failures import Failure
from handler.engine.rows import none_found, too_many


def new_mark() -> str:
    """Return a text that no integer begins with."""
    return f"row-count-{os.urandom(8).hex()}-"


def told(failure: Failure, mark: str, operation: str) -> Failure:
    """Return NotFound or TooManyRows for the refusal of the statement with the mark, else the failure as it is."""
    _, found, count = failure.message.partition(mark)
    if not found or failure.outcome is Outcome.UNKNOWN:
        return failure
    make = none_found if count.startswith("0") else too_many
    return make(operation)._replace(outcome=failure.outcome)
