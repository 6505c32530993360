"""The parameters of a REST call: gathered from the path, the query string and the body, each from one place only.

A parameter in the URL is a text and becomes the value that its schema means; a member of the body is JSON already. A
query string has each condition of a list's filter by itself: `filter[total][gte]=10`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

from handler.contract.errors import MOST_FLAWS, Flaw, InvalidParameters, OperationError
from handler.contract.operation import WITH_BODY, RawBody
from handler.contract.pointer import pointer, unescaped
from handler.contract.sql import Codec
from handler.engine.parameters import ParameterType, invalid
from handler.http.coercion import CoercionError, coerce, has_commas, splits_at_commas
from handler.http.request import HttpRequest, decoded_query

_UNKNOWN: ParameterType = ("scalar", {})
_DEEP = r"([^\[\]]+)\[([^\[\]]*)\](?:\[([^\[\]]*)\])?"


def from_body(request: HttpRequest, *, batch: bool) -> Any:
    """Read the parameters of `POST /operations/{name}`: one JSON object, of a batch an array of them."""
    if request.query:
        flaws = (Flaw(pointer([name]), "belongs in the body", "query") for name in request.query)
        raise invalid(tuple(islice(flaws, MOST_FLAWS)))
    return request.json_array() if batch else request.json_object()


def from_everywhere(
    request: HttpRequest, in_path: Mapping[str, str], types: Mapping[str, ParameterType], raw: RawBody | None = None
) -> dict[str, Any]:
    """Gather the parameters of a REST route; `raw` says which bodies are the bytes of one parameter, and no JSON."""
    gathered = _Gathered()
    for name, text in in_path.items():
        gathered.take_texts([name], types.get(name, _UNKNOWN), "path", [text])
    for name, texts in request.query.items():
        known = types.get(name, _UNKNOWN)
        gathered.take_texts(_path(name, types), known, "query", _texts(texts, *known))
    if raw is not None and request.is_raw(raw.types):
        gathered.take([raw.parameter], "body", f"\\x{request.content().hex()}")
    elif request.method in WITH_BODY:
        for name, value in request.json_object().items():
            gathered.take([name], "body", value)
    elif request.has_body:
        raise InvalidParameters(f"a {request.method} takes its parameters in the path and the query, and no body")
    if gathered.flaws:
        raise invalid(tuple(gathered.flaws))
    return gathered.values


class _Gathered:
    """The parameters of a request, each from one place."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.flaws: list[Flaw] = []
        self._locations: dict[str, str] = {}

    def take_texts(self, path: Sequence[str], known: ParameterType, location: str, texts: list[str]) -> None:
        """Take the value that the texts mean."""
        try:
            value = coerce(texts, *known)
        except CoercionError as error:
            self.flaws.append(Flaw(pointer(path), str(error), location))
        else:
            self.take(path, location, value)

    def take(self, path: Sequence[str], location: str, value: Any) -> None:
        """Take a value to its place, the objects on the way being made."""
        *above, last = path
        within: Any = self.values
        for step in above:
            if isinstance(within, dict):
                within = within.setdefault(step, {})
        if isinstance(within, dict) and last not in within:
            within[last] = value
            self._locations[path[0]] = location
        else:
            self.flaws.append(Flaw(pointer(path), f"is in the {self._locations[path[0]]} already", location))


def located(
    error: OperationError,
    request: HttpRequest,
    path_parameters: Collection[str],
    types: Mapping[str, ParameterType],
) -> OperationError:
    """The error with the place in the request that each parameter came from, or would be expected in."""
    elsewhere = "body" if request.method in WITH_BODY else "query"
    in_query = {name.partition("[")[0] for name in request.query} | request.query.keys()

    def location(flaw: Flaw) -> str:
        name = _name(flaw)
        return "path" if name in path_parameters else "query" if name in in_query else elsewhere

    def told(flaw: Flaw) -> Flaw:
        place = flaw.location or location(flaw)
        is_no_object = flaw.detail.startswith(("must be an object", "is not JSON"))
        if place == "query" and is_no_object and (condition := _first_condition(_key(flaw), types)) is not None:
            return Flaw(flaw.pointer, f"{flaw.detail}: write {condition}=…", place)
        if place == "query" and flaw.detail.startswith("must ") and "+" in "".join(request.query.get(_key(flaw), ())):
            return Flaw(flaw.pointer, f"{flaw.detail}; a + in a query string is a space, write %2B", place)
        return flaw._replace(location=place)

    return error.with_flaws(tuple(map(told, error.flaws)))


def _name(flaw: Flaw) -> str:
    """The parameter that a flaw is of, or in."""
    return unescaped(flaw.pointer[1:].partition("/")[0])


def _key(flaw: Flaw) -> str:
    """The name in a query string of what a flaw is of: `filter[total][gte]` for `/filter/total/gte`."""
    name, *within = map(unescaped, flaw.pointer[1:].split("/"))
    return name + "".join(f"[{step}]" for step in within)


def _first_condition(name: str, types: Mapping[str, ParameterType]) -> str | None:
    """The first condition within `filter` or `filter[total]`, such as `filter[total][gte]`."""
    return next((known for known in types if known.startswith(f"{name}[")), None)


def _path(name: str, types: Mapping[str, ParameterType]) -> list[str]:
    """The names in `filter[total][gte]`, where the operation has such a parameter."""
    if "[" not in name:
        return [name]
    deep = re.fullmatch(_DEEP, name)
    if deep is None or not any(known.startswith(f"{deep[1]}[") for known in types):
        return [name]
    return [step for step in deep.groups() if step is not None]


def _texts(raw: list[str], codec: Codec, schema: Any) -> list[str]:
    """The texts of a parameter of the query string: `?id=1&id=2` and, for a list, `?id=1,2`."""
    if len(raw) > 1 or not splits_at_commas(codec, schema):
        return [decoded_query(text) for text in raw]
    if not raw[0]:
        return []
    if has_commas(schema):
        return [decoded_query(text) for text in raw[0].split(",")]
    return decoded_query(raw[0]).split(",")  # many clients encode every comma
