"""Tells whether a write of one row failed because it met another number of rows, or a row in another state.

The statement itself refuses to happen then (see Single.sql): it casts to an integer the mark that came with the call.
The mark is made anew for each call and kept secret. An error that quotes it is therefore the statement's own refusal,
and neither its author's mistake nor a value's.
"""

import os

from handler.contract.errors import Outcome, PreconditionFailed
from handler.contract.execution import MARK_START, MOVED_MARK
from handler.data_api.failures import Failure
from handler.engine.rows import none_found, too_many

_MOVED = "the row has another entity tag than the call means: read it again, and decide anew"


def new_mark() -> str:
    """Return a text that no integer begins with."""
    return f"{MARK_START}{os.urandom(8).hex()}-"


def told(failure: Failure, mark: str, operation: str) -> Failure:
    """Return the failure that the statement means by the mark, NotFound for one; else the failure as it is."""
    _, found, count = failure.message.partition(mark)
    if not found or failure.outcome is Outcome.UNKNOWN:
        return failure
    if count.startswith(MOVED_MARK):
        return Failure(PreconditionFailed, failure.outcome, detail=_MOVED)
    make = none_found if count.startswith("0") else too_many
    return make(operation)._replace(outcome=failure.outcome)
