"""The parameters of a REST call: gathered from the path, the query string and the body, each from one place only.

A parameter in the URL is a text and becomes the value that its schema means; a member of the body is JSON already.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handler.contract.errors import Flaw, InvalidParameters
from handler.contract.operation import Codec
from handler.contract.pointer import pointer
from handler.engine.parameters import Kind, invalid
from handler.http.coercion import CoercionError, coerce, has_commas, splits_at_commas
from handler.http.request import HttpRequest, decoded_query

_UNKNOWN: Kind = ("scalar", {})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class HttpParameters(NamedTuple):
    values: Any
    """An object; for a batch an array of objects."""
    locations: dict[str, str]
    """path, query or body, for each parameter that was given."""
    elsewhere: str
    """Where a parameter that was not given would be expected."""

    def located(self, error: InvalidParameters) -> InvalidParameters:
        """The error with the place of each parameter."""
        flaws = tuple(flaw._replace(location=self._location(flaw)) for flaw in error.flaws)
        return InvalidParameters(error.detail, flaws=flaws, sqlstate=error.sqlstate)

    def _location(self, flaw: Flaw) -> str:
        name = flaw.pointer[1:].partition("/")[0].replace("~1", "/").replace("~0", "~")
        return self.locations.get(name, self.elsewhere)


def from_body(request: HttpRequest, *, batch: bool) -> HttpParameters:
    """The parameters of `POST /operations/{name}`, which takes them as one JSON object; a batch as an array of them."""
    if request.query:
        raise invalid(tuple(Flaw(pointer([name]), "belongs in the body", "query") for name in request.query))
    if batch:
        return HttpParameters(request.json_array(), {}, "body")
    values = request.json_object()
    return HttpParameters(values, dict.fromkeys(values, "body"), "body")


def from_everywhere(request: HttpRequest, in_path: dict[str, str], kinds: Mapping[str, Kind]) -> HttpParameters:
    """The parameters of a REST route."""
    values: dict[str, Any] = {}
    locations: dict[str, str] = {}
    flaws = []

    def take(name: str, location: str, value: Any) -> None:
        if name in values:
            flaws.append(Flaw(pointer([name]), f"is in the {locations[name]} already", location))
        else:
            values[name], locations[name] = value, location

    def take_texts(name: str, location: str, texts: list[str]) -> None:
        try:
            take(name, location, coerce(texts, *kinds.get(name, _UNKNOWN)))
        except CoercionError as error:
            flaws.append(Flaw(pointer([name]), str(error), location))

    for name, text in in_path.items():
        take_texts(name, "path", [text])
    for name, raw in request.query.items():
        take_texts(name, "query", _texts(raw, *kinds.get(name, _UNKNOWN)))
    if request.method in _WITH_BODY:
        for name, value in request.json_object().items():
            take(name, "body", value)
    elif request.has_body:
        raise InvalidParameters(f"a {request.method} takes its parameters in the path and the query, and no body")
    if flaws:
        raise invalid(tuple(flaws))
    return HttpParameters(values, locations, "body" if request.method in _WITH_BODY else "query")


def _texts(raw: list[str], codec: Codec, schema: Any) -> list[str]:
    """The texts of a parameter of the query string: `?id=1&id=2` and, for a list, `?id=1,2`."""
    if len(raw) > 1 or not splits_at_commas(codec):
        return [decoded_query(text) for text in raw]
    if not raw[0]:
        return []
    if has_commas(schema):
        return [decoded_query(text) for text in raw[0].split(",")]
    return decoded_query(raw[0]).split(",")  # many clients encode every comma
