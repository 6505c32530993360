"""An error of PostgreSQL as a value, whichever way it came: over a connection or through the RDS Data API."""

INTERNAL_ERROR = "XX000"
"""The SQLSTATE of what has none of its own."""


class Refusal(Exception):  # noqa: N818 (with the place of the statement it becomes an error)
    """PostgreSQL refused a statement. The Data API passes neither detail nor context on."""

    def __init__(
        self,
        message: str,
        sqlstate: str = INTERNAL_ERROR,
        *,
        detail: str | None = None,
        hint: str | None = None,
        context: str | None = None,
        position: int | None = None,
    ) -> None:
        """`position` is the offset of the character at fault in the statement's text."""
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.hint = hint
        self.context = context
        self.position = position

    def shifted(self, characters: int) -> "Refusal":
        """The same of a text that lacks so many characters at its beginning."""
        position = None if self.position is None else max(0, self.position - characters)
        return Refusal(
            self.message,
            self.sqlstate,
            detail=self.detail,
            hint=self.hint,
            context=self.context,
            position=position,
        )
