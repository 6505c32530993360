"""The entity tags of a call: a change happens only to a row that is in one of the states that its caller means."""

from handler.contract.errors import InvalidParameters, PreconditionRequired
from handler.contract.execution import IF_MATCH
from handler.contract.operation import Operation, Precondition
from handler.engine import codecs
from handler.engine.invocation import CallPart, Invocation
from handler.engine.parameters import Bindings

TAG_PART = CallPart("If-Match", "if_match")


def condition(operation: Operation, invocation: Invocation) -> Bindings:
    """Bind the tags of a call; nothing where it has none, or takes any state.

    Raises PreconditionRequired where it has to have some, and InvalidParameters where a change takes none.
    """
    if_match = invocation.if_match
    if operation.precondition is Precondition.NONE:
        if if_match is not None and not operation.read_only:
            detail = "this operation takes no entity tag: it would change the row in any state"
            raise InvalidParameters(detail, flaws=(TAG_PART.flaw(detail, over_http=invocation.over_http),))
        return {}
    if if_match is None:
        if operation.precondition is Precondition.REQUIRED:
            over_http = invocation.over_http
            tag = "entity tag" if over_http else "value of its column"
            place = TAG_PART.told(over_http=over_http)
            detail = f"this operation requires the state of the row to change: send {place}, the {tag} that was read"
            raise PreconditionRequired(detail, flaws=(TAG_PART.flaw(detail, over_http=over_http),))
        return {}
    if if_match.any:
        return {}
    return {IF_MATCH: codecs.text_array([tag for tag in if_match.tags if _is_text(tag)])}


def _is_text(tag: str) -> bool:
    """Whether PostgreSQL can have such a text; no row has another."""
    return "\0" not in tag and tag.encode(errors="ignore").decode() == tag
