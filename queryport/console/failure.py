"""The errors that a command ends with on purpose: its user can do something about each."""


class Failure(Exception):  # noqa: N818 (its kinds are the errors)
    """Its message stands by itself: what was expected, what came, where, and how to mend it."""
