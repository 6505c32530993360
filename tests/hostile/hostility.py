"""What a caller who means no good sends: values, parameters, requests and events, all from one seed."""

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from handler.contract.execution import Batch
from handler.contract.operation import Operation
from tests.support.function import IAM_CALLER

SECRET = "hunter2"  # noqa: S105 (stands in values, and may stand in no answer and no line of the log)

# What one type's input or another stumbles over.
TEXTS: Sequence[str] = [
    *("", " ", "a b", "a\nb", "'", '"', "\\", "\0", "\ud800", "é😀", "NULL", "null", "true", "-", "--", ";", "/*", "%"),
    *("0", "-1", "+1", "1.0", "1e5", "1e131071", "1e-16383", "9" * 30, "9" * 400, "0x1F", "1_000", "NaN", "Infinity"),
    *(
        "(",
        ")",
        "((((",
        "[",
        "{",
        "}",
        "{1,2",
        "{{1},{2,3}}",
        "[0:1]={7,8}",
        "(1,2)",
        "(1,2",
        "[1,2)",
        "[2,1]",
        "empty",
    ),
    *("$", "$[", "$.a ? (@ > 1", '$.a[*] ? (@ like_regex "(")', "strict $", "$" + ".a" * 500, "@", "@@", "{[1,2)}"),
    *("a & ", "!!", "!" * 33, "-" * 33, "a:1", "a:99999999", "(" * 300, "!" * 3000, "'" + "a" * 3000 + "'", "a|b&!c"),
    *("a.b", "a.b.c.d", ".", "a..b", "x" * 64, "x" * 300, "x" * 3000, "pg_class", "pg_catalog.x", "int4", "int4(int4)"),
    *("2026-02-30", "infinity", "24:00:00", "2026-01-31T25:00:00Z", "yesterday", "10000000-01-01", "1 day, 2", "@ 1"),
    *("192.0.2.256", "::1/129", "08:00", "\\x0", "\\xzz", "=r/postgres", "<a", "(a+)+$", "(a", "a{99999}", "[[:x:]]"),
    *(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        "a@" + "a." * 100,
        "978-0-13",
        "1:2",
        "1,2",
        '"k"=>',
        '{"a":1',
        "[" * 300,
    ),
    *("+", "no.such", "(?=a)", "%s", "-inf", "0000-00-00"),
]


_NAMES = (
    "v",
    "a",
    "x",
    "y",
    "label",
    "__key",
    "__proto__",
    "",
    "limit",
    "cursor",
    "é",
    "a/b",
    "~1",
    "\n",
    "n" * 300,
    "\ud800",
)


_SUFFIXES = (".csv", ".ndjson", ".json", ".exe", "/", "%00", "%ff", "//", "+", "%2B", "%2e%2e")

_HEADERS: Mapping[str, Sequence[str]] = {
    "idempotency-key": ("k", "é", "k" * 300, "", '"k"'),
    "accept": (
        "text/csv",
        "application/x-ndjson",
        "*/*",
        "image/png",
        "text/*;q=0",
        "a/b;q=x",
        "application/json;q=0.1",
    ),
    "accept-encoding": ("gzip", "identity;q=0", "br", "gzip;q=0", "*", "gzip, deflate;q=x"),
    "if-match": ('"1"', "*", 'W/"1"', '"9"', '"', "1", '"1", "2"'),
    "if-none-match": ('"1"', "*", 'W/"1"', '"', "x" * 3000),
    "prefer": ("tx=rollback", "tx=commit", "return=minimal", "tx=rollback, count=exact", ";"),
    "content-type": (
        "application/merge-patch+json",
        "text/csv",
        "application/octet-stream",
        "application/json; charset=x",
    ),
    "content-encoding": ("gzip", "identity"),
    "origin": ("https://a.example", "null"),
    "authorization": ("Bearer x", "Basic x", "Bearer " + "a." * 300),
}


class Hostility:
    def __init__(self, seed: int) -> None:
        self._chance = chance = Random(seed)  # noqa: S311 (every run of a seed is to be the same)
        self._scalars: Sequence[Callable[[], Any]] = (
            lambda: None,
            lambda: chance.random() < 0.5,
            lambda: chance.randint(-3, 100),
            lambda: chance.choice((2**31, -(2**63), 2**64, 10**30, 1e308, 5e-324, -0.0, 1.5, 0.1)),
            self.text,
            self.text,
        )

    def text(self) -> str:
        """A text that some input function or other stumbles over."""
        chance = self._chance
        text = chance.choice(TEXTS)
        match chance.randrange(6):
            case 0:
                return text + chance.choice(TEXTS)
            case 1:
                return "".join(chance.choices(text or "x", k=chance.randint(1, 40)))
            case 2:
                return text + SECRET
            case 3:
                return "".join(
                    chr(chance.choice((chance.randrange(1, 128), chance.randrange(0xD700)))) for _ in range(8)
                )
        return text

    def value(self, depth: int = 3) -> Any:
        """Any JSON."""
        chance = self._chance
        if depth == 0 or chance.random() < 0.5:
            return chance.choice(self._scalars)()
        if chance.random() < 0.5:
            return [self.value(depth - 1) for _ in range(chance.randint(0, 4))]
        return {self.name(): self.value(depth - 1) for _ in range(chance.randint(0, 4))}

    def name(self) -> str:
        return self._chance.choice(_NAMES)

    def like(self, schema: Any) -> Any:
        """A value that comes near a schema: of its type, so that PostgreSQL gets to see it, or nearly."""
        chance = self._chance
        if not isinstance(schema, Mapping) or chance.random() < 0.1:
            return self.value()
        if "enum" in schema and chance.random() < 0.8:
            return chance.choice(schema["enum"])
        for branches in ("anyOf", "oneOf"):
            if branches in schema:
                return self.like(chance.choice(schema[branches]))
        types = schema.get("type", "any")
        match types if isinstance(types, str) else chance.choice(types):
            case "array":
                return [self.like(schema.get("items", {})) for _ in range(chance.randint(0, 4))]
            case "object":
                properties = schema.get("properties", {})
                # Names are told, values are not.
                others = (
                    {self.text().replace(SECRET, ""): self.like(schema.get("additionalProperties"))}
                    if not properties
                    else {}
                )
                return {name: self.like(part) for name, part in properties.items()} | others
            case "integer":
                return chance.choice((0, 1, -1, 7, 2**31 - 1, -(2**31), schema.get("maximum", 2**63)))
            case "number":
                return chance.choice((0, 1.5, -1, 1e308, 10**40))
            case "boolean":
                return chance.random() < 0.5
            case "null":
                return None
            case "string":
                return self.text()
        return self.value()

    def parameters(self, operation: Operation) -> Any:
        """Parameters for an operation: mostly of the right names."""
        chance = self._chance
        if chance.random() < 0.05:
            return self.value()
        schema = operation.parameters_schema
        if isinstance(operation.execution, Batch):
            return [self._object(schema["items"]) for _ in range(chance.randint(0, 3))]
        return self._object(schema)

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        made = {
            name: self.like(part)
            for name, part in schema.get("properties", {}).items()
            if name in schema.get("required", ()) or self._chance.random() < 0.5
        }
        return made | ({self.name(): self.value()} if self._chance.random() < 0.1 else {})

    def request(self, operation: Operation) -> dict[str, Any]:
        """The event of an HTTP request: by name or by route, and now and then with something wrong about it."""
        chance = self._chance
        parameters = self.parameters(operation)
        method, path, query, body = "POST", f"/operations/{operation.name}", "", _json(parameters)
        if operation.http is not None and isinstance(parameters, dict) and chance.random() < 0.5:
            method, path = operation.http.method, operation.http.path
            for name in list(parameters):
                if f"{{{name}}}" in path:
                    path = path.replace(f"{{{name}}}", _quoted(parameters.pop(name)))
            if method in ("GET", "DELETE"):
                query, body = self._query(parameters), ""
                method = chance.choice(("HEAD", "OPTIONS", "PATCH")) if chance.random() < 0.05 else method
            else:
                body = _json(parameters)
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": path + (chance.choice(_SUFFIXES) if chance.random() < 0.05 else ""),
            "rawQueryString": query,
            "headers": {"content-type": "application/json"} | self._headers(),
            "requestContext": {"authorizer": {"iam": dict(IAM_CALLER)}, "http": {"method": method, "path": path}},
            "body": self._twice(body) if chance.random() < 0.05 else body,
            "isBase64Encoded": False,
        }
        if chance.random() < 0.1:
            self._bend(event)
        return event

    def _query(self, parameters: Mapping[str, Any]) -> str:
        """The query string of parameters; a filter in brackets, and now and then a list with bare commas."""
        pairs = []
        for name, value in parameters.items():
            quoted = quote(name, safe="", errors="replace")
            if name == "filter" and isinstance(value, dict):
                for column, condition in value.items():
                    if not isinstance(condition, dict):
                        pairs.append((f"{quoted}[{_quoted(column)}]", _quoted(condition)))
                        continue
                    pairs += [
                        (f"{quoted}[{_quoted(column)}][{_quoted(operator)}]", _quoted(operand))
                        for operator, operand in condition.items()
                    ]
            elif isinstance(value, list) and self._chance.random() < 0.5:
                pairs.append((quoted, ",".join(_quoted(each) for each in value)))
            else:
                pairs.append((quoted, _quoted(value)))
        if self._chance.random() < 0.1:
            pairs.append(
                (self._chance.choice(("sort", "filter[", "filter[name]", "count", "limit", "cursor")), "%2B-a")
            )
        return "&".join(f"{name}={value}" for name, value in pairs)

    def _headers(self) -> dict[str, str]:
        """Some of the headers that change what is answered, mostly well formed."""
        return {
            name: self._chance.choice(values) if self._chance.random() < 0.8 else self.text()
            for name, values in _HEADERS.items()
            if self._chance.random() < 0.1
        }

    def _twice(self, body: str) -> str:
        """A JSON text in which a member stands twice."""
        return body.replace("{", '{"v": 1, "v": 2, ', 1)

    def event(self, operation: Operation) -> Any:
        """A direct event, and now and then something else altogether."""
        event = {"operation": operation.name, "parameters": self.parameters(operation)}
        match self._chance.randrange(12):
            case 0:
                return self.value()
            case 1:
                self._bend(event)
            case 2:
                return event | {self.name(): self.value(), "idempotency_key": self.value(1)}
        return event

    def _bend(self, event: dict[str, Any]) -> None:
        """Put something wrong in one place."""
        place: Any = event
        while True:
            name = self._chance.choice(list(place))
            if isinstance(place[name], dict) and place[name] and self._chance.random() < 0.7:
                place = place[name]
                continue
            if self._chance.random() < 0.3:
                del place[name]
            elif isinstance(place[name], str):
                bent = self._chance.choice((self.text(), place[name] + self.text(), self.value()))
                # In a query string it would be a name, and names are told.
                place[name] = bent.replace(SECRET, "") if isinstance(bent, str) else bent
            else:
                place[name] = self.value()
            return


def _json(value: Any) -> str:
    return json.dumps(value)


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text, safe="", errors="replace")
