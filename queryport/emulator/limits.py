"""The service's limits, all of them settable, since a test cannot wait for three minutes.

The size of a result is counted as PostgreSQL sends it in text: two bytes a row, four a column, and the text itself.
"""

from dataclasses import dataclass, fields

from handler.contract.limits import REQUEST_BYTES, STATEMENT_SECONDS

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are in bytes, times in seconds."""

    request_bytes: int = REQUEST_BYTES
    """The whole request, headers included."""
    result_bytes: int = MIB
    formatted_bytes: int = 10_000_000
    """The string that formatRecordsAs=JSON answers with."""
    statement_seconds: float = STATEMENT_SECONDS
    transaction_idle_seconds: float = 180.0
    transaction_total_seconds: float = 86_400.0
    sessions: int = 64
    """Statements outside transactions that run at once; further ones wait for their turn."""

    transactions: int = 200
    """Transactions that are open at once, so that there are sessions left for others; a further one is refused."""

    def __post_init__(self) -> None:
        """Raise ValueError for a limit that is not above 0."""
        low = [each.name for each in fields(self) if not getattr(self, each.name) > 0]
        if low:
            raise ValueError(f"expected a number above 0 as {', '.join(low)}")

    @property
    def statement_milliseconds(self) -> int:
        return round(self.statement_seconds * 1000)


def size_of_rows(rows: int, columns: int, text_bytes: int) -> int:
    return rows * (2 + 4 * columns) + text_bytes
