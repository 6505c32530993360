"""A call of an operation as every adapter makes it, and its answer as every adapter renders it. Both are immutable."""

from typing import Any, NamedTuple

from handler.contract.errors import Flaw
from handler.contract.operation import MEMBER_PLACE, Result
from handler.data_api.deadline import Deadline
from handler.identity.caller import Caller


class Capacity(NamedTuple):
    """The largest answer that reaches a caller."""

    bytes: int
    carrier: str
    """The part of AWS that passes it on: `Lambda`, `Step Functions`."""


class IfMatch(NamedTuple):
    """The states of a row in which a call may change it."""

    tags: tuple[str, ...] = ()
    """Values of the operation's column for entity tags, as texts."""
    any: bool = False
    """Any state will do: `*`."""


class CallPart(NamedTuple):
    """A part of a call beside its parameters: what it is called over HTTP, and in a direct event."""

    header: str
    member: str

    def flaw(self, detail: str, *, over_http: bool) -> Flaw:
        """The flaw of a call that lacks it, or has one that will not do."""
        return Flaw("", detail, "header", self.header) if over_http else Flaw("", detail)

    def told(self, *, over_http: bool) -> str:
        """Its name for the caller."""
        return f"the header {self.header}" if over_http else MEMBER_PLACE.format(self.member)


class Invocation(NamedTuple):
    operation: str
    values: Any
    """The object of parameters, of a batch the array of objects, with the numbers of exact_json. Not validated."""
    idempotency_key: str | None
    caller: Caller
    deadline: Deadline
    capacity: Capacity
    roll_back: bool = False
    """A write is run and taken back, to see what it would do."""
    if_match: IfMatch | None = None
    over_http: bool = False
    """The key and the tags are headers; else they are members of the event."""


class Answer(NamedTuple):
    result: Result
    """The operation's; `none` where an earlier call's answer was not kept."""
    json_rows: list[str]
    """The rows, each as JSON; of `value` the value. Empty for `affected` and `none`."""
    row_count: int
    """Rows that were read, or changed."""
    replayed: bool = False
    """It is the answer of an earlier call with the same idempotency key."""
    has_pages: bool = False
    next: str | None = None
    """The cursor of the next page, if there is one."""
    total: int | None = None
    """The rows of all pages, where the caller asked for their number."""
    rolled_back: bool = False
    """The write was taken back, as its caller asked for."""

    @property
    def data(self) -> str:
        """The JSON of `data`."""
        if self.result is Result.MANY:
            return f"[{','.join(self.json_rows)}]"
        if self.result is Result.AFFECTED:
            return str(self.row_count)
        return self.json_rows[0] if self.json_rows else "null"

    @property
    def members(self) -> str:
        """The JSON members of the answer, without braces: `"data":[…],"next":null`."""
        if not self.has_pages:
            return f'"data":{self.data}'
        following = "null" if self.next is None else f'"{self.next}"'
        total = "" if self.total is None else f',"total":{self.total}'
        return f'"data":{self.data},"next":{following}{total}'
