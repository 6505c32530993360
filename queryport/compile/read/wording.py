"""Says in the words of query files what pydantic finds wrong with front matter."""

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from queryport.compile.read.entries import BodyEntry, CacheEntry, EntityTagEntry, ErrorEntry, PageEntry, ParameterEntry
from queryport.compile.read.header import KeyPath
from queryport.diagnostics.near_names import did_you_mean

_EXPECTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "too_short": "at least one element",
}

_CURES: dict[str | int, str] = {
    "result": "take one of many, one, maybe, value, affected, none, or leave the key out to have it inferred",
    "params": "each entry is a mapping, such as `status: {optional: true, maxLength: 10}`",
    "errors": "write for example `customers_email_key: {code: EmailTaken, detail: The email is taken, status: 409}`",
    "page": "write for example `page: {by: [placed_at desc, order_id desc], size: 50, max: 500}`",
    "http": "write the method and the path, such as `GET /orders/{order_id}`",
    "status": "take one of 200, 201, 202, 204",
    "location": "write a path with columns of the answered row, such as `/orders/{order_id}`",
    "etag": "write the name of a column, such as `version`, or `{column: version, required: true}`",
    "cache": "write `60s`, `no-store` or `{public: true, max_age: 60, stale_while_revalidate: 300}`",
    "format": "write `bytes`, with the media type under `type`, or leave the key out",
    "type": "write a media type, such as `image/png`",
    "formulas": "take one of escape, keep",
    "big_numbers": "take one of number, string",
    "body": "write the parameter's name, or `{parameter: image, types: [image/png, image/jpeg]}`",
    "idempotency": "take one of required, optional, off",
    "keep": "write a number and a unit, s, m, h or d, such as `24h`",
    "answer": "take one of kept, none",
    "isolation": "take one of read committed, repeatable read, serializable",
    "retry": "write how often, from 0 to 20",
    "batch": "write true or false",
    "silence": "write a list of codes, such as `[QP407]`",
    "allow": "write a list of rules, such as `[iam, jwt:scope=orders.read]`",
    "hidden": "write true or false",
    "rls": "write true or false",
    "role": "write the name of a database role, or `claims.NAME` with the possible ones in `roles`",
    "roles": "write a list of database roles",
    "prefix": "write the beginning of a path, such as `/tenants/{tenant_id}`",
    "tag": "quote it to make it a string",
    "summary": "quote it to make it a string",
    "description": "quote it to make it a string",
}

_OTHER_WORDS = {
    **dict.fromkeys(("path", "route", "url", "endpoint", "method", "rest"), "http"),
    **dict.fromkeys(("parameters", "arguments", "args", "inputs", "parameter"), "params"),
    **dict.fromkeys(("returns", "return", "output", "response", "cardinality"), "result"),
    **dict.fromkeys(("paging", "pagination", "paginate", "cursor", "limit"), "page"),
    **dict.fromkeys(("title", "name"), "summary"),
    **dict.fromkeys(("desc", "doc", "docs"), "description"),
    **dict.fromkeys(("transaction",), "isolation"),
    **dict.fromkeys(("retries",), "retry"),
    **dict.fromkeys(("bulk", "many"), "batch"),
    **dict.fromkeys(("ttl", "expires"), "keep"),
    **dict.fromkeys(("cache_control", "caching", "max_age"), "cache"),
    **dict.fromkeys(("code", "status_code"), "status"),
    **dict.fromkeys(("version", "if_match", "entity_tag"), "etag"),
    **dict.fromkeys(("ignore", "noqa", "disable"), "silence"),
}
_OTHER_WORDS_OF_PARAMETERS = {
    "min": "minimum",
    "max": "maximum",
    "regex": "pattern",
    "values": "enum",
    "desc": "description",
    "null": "nullable",
}

_OTHER_WORDS_OF_ERRORS = {
    **dict.fromkeys(("name", "error", "type"), "code"),
    **dict.fromkeys(("message", "text", "description", "title"), "detail"),
    **dict.fromkeys(("field", "parameter", "param", "path"), "pointer"),
}


_ENTRIES: dict[str | int, type[BaseModel]] = {
    "body": BodyEntry,
    "cache": CacheEntry,
    "etag": EntityTagEntry,
    "page": PageEntry,
}
_NAMED_ENTRIES: dict[str | int, tuple[type[BaseModel], dict[str, str]]] = {
    "errors": (ErrorEntry, _OTHER_WORDS_OF_ERRORS),
    "params": (ParameterEntry, _OTHER_WORDS_OF_PARAMETERS),
}
"""Those of which there are several, each under a name."""


def unknown_key(path: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    """Return message and cure for a key of a model that nothing in its place is called."""
    words = _OTHER_WORDS
    if len(path) > 1 and path[0] in _ENTRIES:
        model, words = _ENTRIES[path[0]], {}
    elif len(path) > 2 and path[0] in _NAMED_ENTRIES:
        model, words = _NAMED_ENTRIES[path[0]]
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    key = str(path[-1])
    message = f"unknown key `{key}`" + (f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else "")
    if words.get(key.lower()) in known:
        return message, f"did you mean `{words[key.lower()]}`?"
    return message, did_you_mean(key, known, f"the keys here are {', '.join(known)}; prose goes under description")


def wrong_value(path: KeyPath, detail: ErrorDetails) -> tuple[str, str]:
    """Return message and cure for a value that its key cannot take."""
    dotted = ".".join(str(part) for part in path)
    if path[0] == "params" and path[-1] == "required" and isinstance(detail["input"], bool):
        cure = "leave it out: a parameter is required unless it is `optional` or has a `default`"
    else:
        cure = _CURES.get(path[0], "see docs/query-files.md")
    if detail["type"] == "missing":
        return f"`{dotted}` is missing", cure
    return f"`{dotted}`: expected {_expected(path, detail)}, got {_shown(detail['input'])}", cure


def _expected(path: KeyPath, detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return f"one of {context['expected'].replace(' or ', ', ')}"
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "string_pattern_mismatch" if path[0] == "keep":
            return "a number and a unit"
        case "model_type" if path[0] == "etag":
            return "the name of a column, or a mapping"
        case "model_type" if path[0] == "cache":
            return "a time such as `60s`, or a mapping"
        case "string_pattern_mismatch" if path[0] == "errors":
            return "a name such as EmailTaken" if path[-1] == "code" else "a JSON Pointer such as /email"
        case "less_than_equal":
            return f"at most {context['le']}"
    return _EXPECTED.get(detail["type"], "another value")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
