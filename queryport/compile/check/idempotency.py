"""Checks `idempotency:`, `keep:` and `answer:` of a query file."""

from typing import NamedTuple

from handler.contract.operation import Idempotency
from queryport.compile.describe.query_file import QueryFile


class Obstacle(NamedTuple):
    """A reason why calls of an operation cannot carry an idempotency key."""

    reason: str
    cure: str


def no_key_because(*, changes: bool, utility: bool) -> Obstacle | None:
    """Return the obstacle that lies in the statement's own form."""
    if not changes:
        return Obstacle("it only reads, so that every call may be repeated as it is", "delete the key `idempotency`")
    if utility:
        return Obstacle(
            "a statement such as CALL or DDL cannot stand beside the one that keeps the key",
            "delete the key `idempotency`, or call a function with SELECT",
        )
    return None


def no_key_beside(refusal: str) -> Obstacle:
    """Return the obstacle of a statement that PostgreSQL's rewriter does not take beside another."""
    return Obstacle(
        f"PostgreSQL does not take the statement beside the one that keeps the key: {refusal}",
        "delete the key `idempotency`, or make the table's rule a trigger",
    )


def check_idempotency(file: QueryFile, obstacle: Obstacle | None) -> Idempotency:
    """Return whether calls may carry an idempotency key; report where the file asks for what cannot be."""
    front_matter, header, reporter = file.front_matter, file.header, file.reporter
    written = Idempotency(front_matter.idempotency) if front_matter.idempotency else None
    own = header.key("idempotency").source is None  # a folder's is for the operations that can have it
    if own and written in (Idempotency.REQUIRED, Idempotency.OPTIONAL) and obstacle is not None:
        message = f"the operation cannot take an idempotency key: {obstacle.reason}"
        reporter.report("QP503", header.value("idempotency"), message, obstacle.cure)
        return Idempotency.OFF
    settled = Idempotency.OFF if obstacle is not None else written or Idempotency.OPTIONAL
    if settled is Idempotency.OFF:
        for name, meaning in _OF_A_KEY.items():
            if name in front_matter.model_fields_set and header.key(name).source is None:
                message = f"`{name}` says {meaning}, and the operation takes none"
                reporter.report("QP503", header.key(name), message, f"delete the key `{name}`")
    return settled


_OF_A_KEY = {
    "keep": "how long an idempotency key is kept",
    "answer": "whether an idempotency key is kept with its answer",
}
