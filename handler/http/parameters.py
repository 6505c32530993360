"""The parameters of a REST call: gathered from the path, the query string and the body, each from one place only.

A parameter in the URL is a text and becomes the value that its schema means; a member of the body is JSON already.
"""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from handler.contract.errors import MOST_FLAWS, Flaw, InvalidParameters, OperationError
from handler.contract.operation import Codec
from handler.contract.pointer import pointer
from handler.engine.parameters import ParameterType, invalid
from handler.http.coercion import CoercionError, coerce, has_commas, splits_at_commas
from handler.http.request import HttpRequest, decoded_query

_UNKNOWN: ParameterType = ("scalar", {})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def from_body(request: HttpRequest, *, batch: bool) -> Any:
    """Read the parameters of `POST /operations/{name}`: one JSON object, of a batch an array of them."""
    if request.query:
        flaws = (Flaw(pointer([name]), "belongs in the body", "query") for name in request.query)
        raise invalid(tuple(islice(flaws, MOST_FLAWS)))
    return request.json_array() if batch else request.json_object()


def from_everywhere(
    request: HttpRequest, in_path: Mapping[str, str], types: Mapping[str, ParameterType]
) -> dict[str, Any]:
    """Gather the parameters of a REST route."""
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
            take(name, location, coerce(texts, *types.get(name, _UNKNOWN)))
        except CoercionError as error:
            flaws.append(Flaw(pointer([name]), str(error), location))

    for name, text in in_path.items():
        take_texts(name, "path", [text])
    for name, raw in request.query.items():
        take_texts(name, "query", _texts(raw, *types.get(name, _UNKNOWN)))
    if request.method in _WITH_BODY:
        for name, value in request.json_object().items():
            take(name, "body", value)
    elif request.has_body:
        raise InvalidParameters(f"a {request.method} takes its parameters in the path and the query, and no body")
    if flaws:
        raise invalid(tuple(flaws))
    return values


def located(error: OperationError, request: HttpRequest, path_parameters: Collection[str]) -> OperationError:
    """The error with the place in the request that each parameter came from, or would be expected in."""
    elsewhere = "body" if request.method in _WITH_BODY else "query"

    def location(flaw: Flaw) -> str:
        name = flaw.pointer[1:].partition("/")[0].replace("~1", "/").replace("~0", "~")
        return "path" if name in path_parameters else "query" if name in request.query else elsewhere

    return error.with_flaws(
        tuple(flaw if flaw.location else flaw._replace(location=location(flaw)) for flaw in error.flaws)
    )


def _texts(raw: list[str], codec: Codec, schema: Any) -> list[str]:
    """The texts of a parameter of the query string: `?id=1&id=2` and, for a list, `?id=1,2`."""
    if len(raw) > 1 or not splits_at_commas(codec, schema):
        return [decoded_query(text) for text in raw]
    if not raw[0]:
        return []
    if has_commas(schema):
        return [decoded_query(text) for text in raw[0].split(",")]
    return decoded_query(raw[0]).split(",")  # many clients encode every comma
