"""Runs Queryport's purge of idempotency keys: piece by piece, as long as there are any and there is time.

Each piece is one request and one transaction of the operation as it is, so that none holds many rows, and what was
purged stays purged.
"""

from handler.engine.invocation import Answer, Invocation
from handler.engine.single import SingleRunner

BOUND = "at_most"
"""The parameter for the keys of one piece; a call that gives it has one piece."""
PIECE = 10_000
"""Its default."""

_LAST_PIECE_SECONDS = 10.0  # that must be left for a further one


class PurgeRunner:
    def __init__(self, piece: SingleRunner) -> None:
        self._piece = piece

    def run(self, invocation: Invocation) -> Answer:
        """Purge, and answer how many keys are gone. Raises InvalidParameters and Failed."""
        answer = self._piece.run(invocation)
        purged = answer.row_count
        in_pieces = BOUND not in invocation.values and not invocation.roll_back
        while in_pieces and answer.row_count == PIECE and invocation.deadline.seconds() > _LAST_PIECE_SECONDS:
            answer = self._piece.run(invocation)
            purged += answer.row_count
        return answer._replace(row_count=purged)
