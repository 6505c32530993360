"""Writes the table of docs/retries.md from handler/data_api/retries.py: python -m tests.exactly_once.retry_table"""

import re
from collections.abc import Iterator

from handler.contract.errors import Outcome
from handler.data_api import retries
from handler.data_api.failures import Failure
from handler.data_api.retries import NETWORK, POSTGRESQL, SERVICE, Replay, may_repeat
from tests.support.repository import DOCS

PAGE = DOCS / "retries.md"
_REPLAYS = (Replay.READ, Replay.WRITE, Replay.KEYED_WRITE)
_BEGIN, _END = "<!-- table -->", "<!-- end of table -->"


def table() -> str:
    """One row for each failure: what a caller meets if it does not pass, and whether it is tried again."""
    lines = ["| failure | error | outcome of a write | read | write | write with key |", "|---|---|---|---|---|---|"]
    for name, failure in _failures():
        repeated = [
            "again" if may_repeat(failure, replay) else "no"
            for replay in (Replay.READ, Replay.WRITE, Replay.KEYED_WRITE)
        ]
        error = "OutcomeUnknown" if failure.outcome is Outcome.UNKNOWN else failure.error.__name__
        lines.append(f"| {name} | {error} | `{failure.outcome}` | {' | '.join(repeated)} |")
    return "\n".join(lines)


def _failures() -> Iterator[tuple[str, Failure]]:
    yield from NETWORK.items()
    for code, failure in SERVICE.items():
        yield f"`{code}`", failure
    for sqlstate in POSTGRESQL:
        name = f"SQLSTATE `{sqlstate}`" if len(sqlstate) == 5 else f"SQLSTATE `{sqlstate}…`, any other"
        yield name, retries.postgresql_failure(sqlstate.ljust(5, "X"), fatal=False)
    yield "any other SQLSTATE", retries.postgresql_failure("XXXXX", fatal=False)
    yield "any other SQLSTATE, with which the session ended", retries.postgresql_failure("XXXXX", fatal=True)
    yield "any other error of AWS, HTTP 4xx", retries.service_failure("", "", 400)
    yield "any other error of AWS, HTTP 429", retries.service_failure("", "", 429)
    yield "any other error of AWS, HTTP 5xx", retries.service_failure("", "", 500)


def main() -> None:
    text = PAGE.read_text()
    PAGE.write_text(re.sub(f"{_BEGIN}.*{_END}", f"{_BEGIN}\n{table()}\n{_END}", text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
