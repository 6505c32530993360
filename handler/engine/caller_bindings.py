"""The values that come from the caller and not from the call: parameters with a source, and what policies read.

A caller cannot send them, and one that lacks them may not call the operation.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from handler.contract import exact_json
from handler.contract.errors import NotAllowed
from handler.contract.operation import Operation, RowSecurity
from handler.contract.validation import Validator
from handler.engine import codecs
from handler.engine.codecs import EncodingError
from handler.identity.caller import Caller

_MISSING = object()
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_MEMBERS = {
    "iam.arn": "arn",
    "iam.account": "account",
    "iam.user_id": "user_id",
    "key.name": "key_name",
    "caller.id": "id",
}


class CallerBindings:
    def __init__(self, operation: Operation) -> None:
        properties = operation.caller_schema.get("properties", {})
        self._operation = operation
        self._parameters = [
            (parameter, parameter.source, codecs.encoder(parameter.codec, properties.get(parameter.name, {})))
            for parameter in operation.parameters
            if parameter.source is not None
        ]
        self._validator = Validator(operation.caller_schema) if self._parameters else None

    def of(self, caller: Caller) -> dict[str, str | None]:
        """Return the caller's values in PostgreSQL's text form. Raises NotAllowed."""
        bindings = self._of_parameters(caller) if self._parameters else {}
        if self._operation.row_security is not None:
            bindings |= session(self._operation.name, self._operation.row_security, caller)
        return bindings

    def _of_parameters(self, caller: Caller) -> dict[str, str | None]:
        values: dict[str, Any] = {}
        for parameter, source, _ in self._parameters:
            value = _found(source, caller)
            if value is _MISSING or (value is None and not parameter.optional and not parameter.nullable):
                if not parameter.optional:
                    raise NotAllowed(f"the caller has no {source}, which the operation needs")
                value = None
            values[parameter.name] = value
        if self._validator is not None and self._validator.flaws(values):
            sources = ", ".join(sorted({source for _, source, _ in self._parameters}))
            raise NotAllowed(f"the operation cannot take the caller's {sources}")
        try:
            return {
                parameter.name: None if values[parameter.name] is None else encode(values[parameter.name])
                for parameter, _, encode in self._parameters
            }
        except EncodingError:
            raise NotAllowed("the operation cannot take a value of the caller's") from None


def session(operation: str, row_security: RowSecurity, caller: Caller) -> dict[str, str | None]:
    """Return the settings that policies read, by the names of their placeholders. Raises NotAllowed."""
    bindings: dict[str, str | None] = {
        "__claims": _json(caller.claims),
        "__caller": caller.id,
        "__operation_name": operation,
    }
    if row_security.role is not None:
        bindings["__role"] = _role(row_security, caller)
    return bindings


def _role(row_security: RowSecurity, caller: Caller) -> str:
    role = row_security.role or ""
    if not role.startswith("claims."):
        return role
    claimed = _found(role, caller)
    if not isinstance(claimed, str) or claimed not in row_security.roles:
        raise NotAllowed(f"the caller's {role} is no role that the operation takes")
    return claimed


def _found(source: str, caller: Caller) -> Any:
    """The value behind `claims.a.b` or one of _MEMBERS."""
    if source in _MEMBERS:
        value = getattr(caller, _MEMBERS[source])
        return _MISSING if value is None else value
    value = caller.claims
    for name in source.split(".")[1:]:
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    try:
        return exact_json.exact(value)
    except exact_json.JsonError:
        return _MISSING


def _json(claims: Mapping[str, Any]) -> str:
    try:
        text = orjson.dumps(dict(claims)).decode()
    except TypeError:  # a whole number of more than 64 bits, half a surrogate pair, or too deep
        raise NotAllowed("the caller's claims cannot be written as JSON") from None
    if _ESCAPED_NUL.search(text):  # PostgreSQL's jsonb cannot hold it, and no claim means it
        raise NotAllowed("the caller's claims have the character U+0000")
    return text
