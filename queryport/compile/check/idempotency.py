"""Checks `idempotency:` and `keep:` of a query file."""

from handler.contract.operation import Idempotency
from queryport.compile.describe.query_file import QueryFile


def check_idempotency(file: QueryFile, *, changes: bool, utility: bool) -> Idempotency:
    """Return whether calls may carry an idempotency key; report where the file says what cannot be."""
    front_matter, header, reporter = file.front_matter, file.header, file.reporter
    written = Idempotency(front_matter.idempotency) if front_matter.idempotency else None
    reason = None
    if not changes:
        reason = "it only reads, so that every call may be repeated as it is"
    elif utility:
        reason = "a statement such as CALL or DDL cannot stand beside the one that keeps the key"
    if written in (Idempotency.REQUIRED, Idempotency.OPTIONAL) and reason is not None:
        message = f"the operation cannot take an idempotency key: {reason}"
        cure = "delete the key `idempotency`" + (", or call a function with SELECT" if changes else "")
        reporter.report("QP503", header.value("idempotency"), message, cure)
        return Idempotency.OFF
    settled = Idempotency.OFF if reason is not None else written or Idempotency.OPTIONAL
    if settled is Idempotency.OFF and "keep" in front_matter.model_fields_set:
        message = "`keep` says how long an idempotency key is kept, and the operation takes none"
        reporter.report("QP503", header.key("keep"), message, "delete the key `keep`")
    return settled
