"""The errors that a command ends with on purpose: its user can do something about each."""


class CommandError(Exception):
    """Its message stands by itself: what was expected, what came, where, and how to mend it."""
