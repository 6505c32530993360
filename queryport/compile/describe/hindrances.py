"""Notes where PostgreSQL refused a statement for a reason of the moment: what such a file comes to may not last."""

_CLASSES = ("08", "40", "53", "57", "58", "XX")
"""Connections, rollbacks, resources, an operator's intervention, the system, faults of PostgreSQL itself."""
_STATES = ("55006", "55P03")
"""An object in use, a lock that was not to be had."""


class Hindrances:
    """The hindrances that a compilation met."""

    def __init__(self) -> None:
        self._of_the_file = False
        self._of_the_run = False

    @property
    def any(self) -> bool:
        """Whether the file that is compiled may come to something else another time."""
        return self._of_the_file or self._of_the_run

    def begin_file(self) -> None:
        """Forget those that the file before met by itself."""
        self._of_the_file = False

    def note(self, sqlstate: str | None, *, remembered: bool = False) -> None:
        """Take note of a refusal, which may be a statement's own; one without SQLSTATE is a connection's.

        `remembered` says that it answers the same question of later files too.
        """
        if sqlstate is None or sqlstate in _STATES or sqlstate.startswith(_CLASSES):
            self._of_the_file = True
            self._of_the_run |= remembered
