"""The parameters of one operation: what the caller sent becomes what PostgreSQL reads.

Validates against the operation's JSON Schema, tells apart the states of a parameter (required, optional, nullable, with
a default), and writes every value in PostgreSQL's text form. Knows nothing of SQL, nor of where a value came from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handler.contract.errors import MOST_FLAWS, Flaw, InvalidParameters
from handler.contract.execution import Batch, Listing
from handler.contract.operation import Operation, Parameter
from handler.contract.pointer import pointer
from handler.contract.sql import Codec
from handler.contract.validation import Validator
from handler.engine import codecs
from handler.engine.caller_bindings import CallerBindings
from handler.identity.caller import Caller

ParameterType = tuple[Codec, Any]
"""The codec and the JSON Schema of one parameter."""

_LONGEST_DETAIL = 4000  # Step Functions keeps 32,768 characters of a failure's cause, this and a stack trace

Bindings = dict[str, str | None]
"""The value of each parameter in PostgreSQL's text form; None is NULL. One that a call does not patch is not there."""


class Parameters:
    def __init__(self, operation: Operation) -> None:
        self._validator = Validator(operation.parameters_schema)
        schema = (
            operation.parameters_schema["items"]
            if isinstance(operation.execution, Batch)
            else operation.parameters_schema
        )
        properties = schema.get("properties", {})
        self._parameters = [
            (parameter, codecs.encoder(parameter.codec, properties.get(parameter.name, {})))
            for parameter in operation.parameters
            if parameter.source is None
        ]
        self._of_caller = CallerBindings(operation)
        self.types: dict[str, ParameterType] = {name: ("scalar", schema) for name, schema in properties.items()}
        self.types |= {p.name: (p.codec, properties.get(p.name, {})) for p in operation.parameters if p.source is None}
        if isinstance(operation.execution, Listing):
            self.types |= _types_of_list(operation.execution, properties)

    def bindings(self, values: Mapping[str, Any], caller: Caller) -> Bindings:
        """Validate the parameters and write them for the statement, with those that come from the caller.

        Raises NotAllowed, and InvalidParameters with every flaw.
        """
        of_caller = self._of_caller.of(caller)
        self._check(values)
        flaws: list[Flaw] = []
        bindings = self._written(values, (), flaws)
        if flaws:
            raise invalid(tuple(flaws))
        return bindings | of_caller

    def bindings_of_each(self, elements: Sequence[Mapping[str, Any]], caller: Caller) -> list[Bindings]:
        """Validate a batch and write each element's parameters. Raises NotAllowed and InvalidParameters."""
        of_caller = self._of_caller.of(caller)
        self._check(elements)
        flaws: list[Flaw] = []
        each = [self._written(values, (index,), flaws) | of_caller for index, values in enumerate(elements)]
        if flaws:
            raise invalid(tuple(flaws[:MOST_FLAWS]))
        return each

    def _check(self, values: Any) -> None:
        try:
            flaws = self._validator.flaws(values)
        except RecursionError:
            raise invalid((Flaw("", "is nested too deeply"),)) from None
        if flaws:
            raise invalid(flaws)

    def _written(self, values: Mapping[str, Any], path: tuple[int, ...], flaws: list[Flaw]) -> Bindings:
        bindings: Bindings = {}
        for parameter, encode in self._parameters:
            if parameter.patch and parameter.name not in values:
                continue
            try:
                bindings[parameter.name] = _text(parameter, encode, values)
            except codecs.EncodingError as error:
                flaws.append(Flaw(pointer([*path, parameter.name]), str(error)))
        return bindings


def _types_of_list(listing: Listing, properties: Mapping[str, Any]) -> dict[str, ParameterType]:
    """Return the types of a list's own parameters that are no scalars; of single filters, as `filter[total][gte]`."""
    types: dict[str, ParameterType] = {}
    if listing.sorts:
        types["sort"] = (["array", "scalar"], properties["sort"])
    if listing.filters:
        types["filter"] = ("json", properties["filter"])
    for known in listing.filters:
        schema = properties["filter"]["properties"][known.column]["properties"][known.operator]
        types[f"filter[{known.column}][{known.operator}]"] = (known.codec, schema)
    return types


def invalid(flaws: tuple[Flaw, ...]) -> InvalidParameters:
    """The error for flaws; its message names all of them, for callers that see only a message."""
    flaws = flaws[:MOST_FLAWS]
    named = "; ".join(f"{flaw.pointer or 'the parameters'} {flaw.detail}" for flaw in flaws)
    return InvalidParameters(named if len(named) <= _LONGEST_DETAIL else f"{named[:_LONGEST_DETAIL]}…", flaws=flaws)


def _text(parameter: Parameter, encode: codecs.Encoder, values: Mapping[str, Any]) -> str | None:
    value = values.get(parameter.name)
    if value is None:
        if parameter.name in values:
            if parameter.nullable:
                return None
            if parameter.codec == "json" and not parameter.optional:
                return "null"  # the document, which is not SQL's NULL
        value = parameter.default
    return None if value is None else encode(value)
