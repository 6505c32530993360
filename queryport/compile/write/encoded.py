"""An operation as its lines of the catalogue, which are all that a build passes on.

An operation that was compiled a moment ago and one that was compiled by an earlier command are then the same bytes. An
Operation is read from them when one is looked into.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Self, overload

from handler.contract import exact_json
from handler.contract.catalog_lines import read_documentation, read_operation
from handler.contract.operation import Http, Operation, PossibleError
from handler.contract.sql import Choice, CommaList, Fragment
from handler.contract.violations import Violation


class OperationLines:
    """Lines of operations, one behind the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def content(self) -> bytes:
        return self._content


LinesPlace = tuple[OperationLines, int, int, int]
"""A place of an operation's two lines: where they begin, where the second does, and where they end."""


class EncodedOperation:
    """A compiled operation as its two lines of the catalogue, and what is asked of all operations at once.

    Equal where the lines are, wherever these are kept.
    """

    __slots__ = ("__dict__", "anyone", "http", "name", "place", "statuses")

    def __init__(
        self,
        name: str,
        http: Http | None,
        statuses: tuple[tuple[str, int], ...],
        anyone: bool,  # noqa: FBT001 (of thousands of operations, a keyword would take its time)
        place: LinesPlace,
    ) -> None:
        """`http` is the route alone, `statuses` the codes of the errors that it can end with, with their statuses.

        `anyone` says whether anyone may call it.
        """
        self.name = name
        self.http = http
        self.statuses = statuses
        self.anyone = anyone
        # One value, for when it is written to a file another thread may be reading it.
        self.place = place

    @classmethod
    def of(cls, operation: Operation) -> Self:
        body, documentation = json_line(_body(operation)), json_line(_plain(operation.documentation))
        http = operation.http and Http(operation.http.method, operation.http.path)
        statuses = tuple([(error.code, error.status) for error in operation.documentation.errors])
        place = OperationLines(body + documentation), 0, len(body), len(body) + len(documentation)
        return cls(operation.name, http, statuses, "anyone" in operation.access.allow, place)

    @property
    def body(self) -> bytes:
        """The part of the operation that a call needs, as JSON."""
        lines, start, middle, _ = self.place
        return lines.content[start:middle]

    @property
    def documentation(self) -> bytes:
        """The rest of it, as JSON."""
        lines, _, middle, end = self.place
        return lines.content[middle:end]

    @cached_property
    def operation(self) -> Operation:
        """The operation as the function reads it, with its documentation."""
        return read_operation(self.body)._replace(documentation=read_documentation(self.documentation))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncodedOperation) and self._lines() == other._lines()

    def __hash__(self) -> int:
        return hash(self._lines())

    def _lines(self) -> tuple[bytes, bytes]:
        return self.body, self.documentation


class EncodedOperations(Sequence[Operation]):
    """Operations, each of which is read when it is looked at; equal where their bytes are."""

    def __init__(self, encoded: Sequence[EncodedOperation] = ()) -> None:
        self.encoded = tuple(encoded)

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> "EncodedOperations":
        """Encode operations, unless they are encoded already."""
        if isinstance(operations, EncodedOperations):
            return operations
        return cls([EncodedOperation.of(operation) for operation in operations])

    def __len__(self) -> int:
        return len(self.encoded)

    def __iter__(self) -> Iterator[Operation]:
        return (encoded.operation for encoded in self.encoded)

    @overload
    def __getitem__(self, index: int) -> Operation: ...

    @overload
    def __getitem__(self, index: slice) -> "EncodedOperations": ...

    def __getitem__(self, index: int | slice) -> "Operation | EncodedOperations":
        if isinstance(index, slice):
            return EncodedOperations(self.encoded[index])
        return self.encoded[index].operation

    def __add__(self, others: "EncodedOperations") -> "EncodedOperations":
        return EncodedOperations((*self.encoded, *others.encoded))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncodedOperations) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)


def json_line(value: Any) -> bytes:
    """Return a line of the catalogue: JSON without a line break, whose numbers keep every digit."""
    return exact_json.dumps(exact_json.exact(value)).encode()


def _body(operation: Operation) -> dict[str, Any]:
    """The part of an operation that a call needs."""
    body = {name: _plain(member) for name, member in operation._asdict().items()}
    del body["documentation"]
    return body | {"execution": {"form": type(operation.execution).__name__, **_plain(operation.execution)}}


def _plain(value: Any) -> Any:
    """The value as JSON has it; statements as the catalogue's reader takes them."""
    match value:
        case Fragment():
            return [value.sql, value.placeholders]
        case Violation() | PossibleError():
            return list(value)
        case Choice():
            always = [True] if value.null_is_present else []
            return [value.parameter, _plain(value.present), _plain(value.absent), *always]
        case CommaList():
            return [_plain(value.pieces)]
        case tuple() if hasattr(value, "_asdict"):
            return {name: _plain(member) for name, member in value._asdict().items()}
        case tuple():
            return [_plain(each) for each in value]
    return value
