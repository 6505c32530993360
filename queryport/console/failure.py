"""What a command ends with on purpose: an error that the person at the keyboard can do something about."""


class Failure(Exception):  # noqa: N818 (its kinds are the errors)
    """Its message stands by itself: what was expected, what came, where, and how to mend it."""
