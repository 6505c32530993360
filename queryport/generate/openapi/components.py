"""The components of a document: what several operations share, and what deserves a name of its own.

Each remembers the rules of the operations that refer to it: a document for one caller has those that this caller's
operations need, and no others.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from handler.contract.errors import OperationError
from handler.contract.operation import Operation
from queryport.generate.openapi import failures
from queryport.generate.openapi.naming import distinct, plain, type_name
from queryport.generate.openapi.pieces import Group, Piece, member
from queryport.generate.openapi.schemas import Hoist, Schema, key_of
from queryport.generate.openapi.security import SCHEMES

HEADERS: dict[str, dict[str, Any]] = {
    "x-request-id": {"description": "The number of the call in the function's log.", "schema": {"type": "string"}},
    "retry-after": {
        "description": "Seconds after which a retryable call is worth another try.",
        "schema": {"type": "integer"},
    },
    "www-authenticate": {"description": "RFC 6750's challenge.", "schema": {"type": "string"}},
    "etag": {
        "description": "The tag of the answer, for `If-None-Match`, and for `If-Match` where a change takes it.",
        "schema": {"type": "string"},
    },
    "cache-control": {
        "description": "For how long the answer may be used again without asking, and by whom.",
        "schema": {"type": "string"},
    },
    "vary": {
        "description": "The headers of a request that the answer depends on: an encoding, a format, a caller.",
        "schema": {"type": "string"},
    },
    "content-encoding": {
        "description": "The answer is compressed, as `Accept-Encoding` let it be.",
        "schema": {"type": "string", "enum": ["gzip"]},
    },
    "link": {
        "description": 'The page that follows, as `rel="next"`, while there is one.',
        "schema": {"type": "string"},
    },
    "location": {"description": "The path of what was made.", "schema": {"type": "string"}},
    "x-total-count": {
        "description": "How many rows all pages have together, in formats without members, where `count` asks for it.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "preference-applied": {
        "description": "The write was taken back, as `Prefer` asked for.",
        "schema": {"type": "string", "enum": ["tx=rollback"]},
    },
    "idempotency-replayed": {
        "description": "The answer is that of an earlier call with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

OF_CACHES = {name: {"$ref": f"#/components/headers/{name}"} for name in ("cache-control", "etag", "vary")}
"""The headers of an answer to GET."""

NOT_MODIFIED: dict[str, Any] = {
    "description": "The caller has the answer already, as `If-None-Match` said.",
    "headers": OF_CACHES,
}
"""The answer to a GET that names the tag of what it would get."""

_KINDS = ("schemas", "responses", "headers")
_OF_OPERATIONS = ("Row", "Answer", "Body", "Parameters")
_OF_TYPES = ""
"""The owner of the schemas that are called after types of the database."""


class Components:
    def __init__(self, labels: Mapping[str, str] = MappingProxyType({})) -> None:
        """Take the label of each operation, which its components are called after; that of others is their name."""
        self._labels = labels
        self._values: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        self._readers: dict[str, dict[str, dict[str, None]]] = {kind: {} for kind in _KINDS}
        self._hoisted: dict[tuple[str, bytes], str] = {}
        self._taken = {plain(name) for name in _RESERVED}
        self._taken.update(plain(f"{label}{kind}") for label in labels.values() for kind in _OF_OPERATIONS)
        self._problems: dict[tuple[type[OperationError], ...], str] = {}

    def label(self, operation: Operation) -> str:
        """Return what an operation is called in the document."""
        return self._labels.get(operation.name, operation.name)

    def add(self, kind: str, name: str, value: Any, allow: Sequence[str]) -> dict[str, str]:
        """Add a component, or one more operation that refers to it; return the reference."""
        self._values[kind].setdefault(name, value)
        self._readers[kind].setdefault(name, {}).update(dict.fromkeys(allow))
        return {"$ref": f"#/components/{kind}/{name}"}

    def add_own(self, operation: Operation, kind: str, schema: Schema) -> dict[str, str]:
        """Add a schema that is an operation's own, one of `Row`, `Answer`, `Body` and `Parameters`."""
        return self.add("schemas", f"{self.label(operation)}.{kind}", schema, operation.access.allow)

    def hoist(self, operation: Operation) -> Hoist:
        """Return the function that makes components of an operation's schemas.

        What has no type's name is called after the operation, so that no other one's can be in its way.
        """
        owner = self.label(operation)

        def hoist(name: str, schema: Schema) -> Schema:
            found = self._hoisted.get((_OF_TYPES, key_of(schema)))
            return self.add("schemas", found or self._name(owner, name, schema), schema, operation.access.allow)

        return hoist

    def reserve(self, name: str, schema: Schema) -> Schema:
        """Give the schema of a database's type its name before an operation refers to it; return the reference."""
        return {"$ref": f"#/components/schemas/{self._name(_OF_TYPES, name, schema)}"}

    def reserve_for(self, operation: Operation) -> Hoist:
        """Return the function that gives an operation's schemas their names before it refers to them."""

        def reserve(name: str, schema: Schema) -> Schema:
            found = self._hoisted.get((_OF_TYPES, key_of(schema)))
            return {"$ref": f"#/components/schemas/{found or self._name(self.label(operation), name, schema)}"}

        return reserve

    def _name(self, owner: str, name: str, schema: Schema) -> str:
        """The name of a schema; clients write it in their own manner, so that it differs in letters and digits."""
        key = key_of(schema)
        found = self._hoisted.get((owner, key))
        if found is None:
            whole = f"{owner}.{name}" if owner else name
            found = distinct(type_name(whole), whole.encode() + key, self._taken)
            self._hoisted[owner, key] = found
        return found

    def problem(self, group: tuple[type[OperationError], ...], allow: Sequence[str]) -> dict[str, str]:
        """Return the reference to the response of the errors of one status."""
        name = self._problems.get(group)
        if name is None:
            name = self._problems[group] = "-".join(error.__name__ for error in group)
            self._values["responses"][name] = failures.response_of(group)
        return self.add("responses", name, None, allow)

    def _add_problems(self) -> None:
        """Add the schemas of all errors that responses refer to, for the readers of these."""
        for group, name in self._problems.items():
            readers = tuple(self._readers["responses"][name])
            for error in group:
                self.add("schemas", failures.problem_name(error), failures.problem_schema(error), readers)
            if any(failures.has_flaws(error) for error in group):
                self.add("schemas", "Flaw", failures.FLAW, readers)

    def group(self) -> Group:
        """Return all of them as pieces."""
        self._add_problems()
        self._values["headers"].update(HEADERS)
        self._values["responses"]["NotModified"] = NOT_MODIFIED
        kinds: list[Piece | Group] = [member("securitySchemes", SCHEMES)]
        for kind in _KINDS:
            pieces: list[Piece | Group] = [
                member(name, value, self._audience(kind, name)) for name, value in sorted(self._values[kind].items())
            ]
            kinds.append(Group(f'"{kind}":{{\n'.encode(), pieces, b"\n}", stays=False))
        return Group(b'"components":{\n', kinds, b"\n}")

    def _audience(self, kind: str, name: str) -> tuple[str, ...] | None:
        readers = self._readers[kind].get(name)
        return None if readers is None else tuple(sorted(readers))


_RESERVED = {"Flaw", *(failures.problem_name(error) for error in failures.RULES)}
