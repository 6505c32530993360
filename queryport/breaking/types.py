"""PostgreSQL's types by the texts that they take: whether one may refuse what another took, beyond their schemas."""

_TOLD_BY_THEIR_SCHEMAS = frozenset(
    {
        *("smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "text"),
        *("character varying", "uuid", "bytea", "json", "jsonb", "date", "timestamp without time zone"),
        *("timestamp with time zone", "time without time zone", "time with time zone", "character"),
    }
)


def may_refuse(before: str, after: str) -> bool:
    """Return whether values of one type may be none of another although the JSON Schemas of both take them."""
    element_before, element_after = before.rstrip("[]"), after.rstrip("[]")
    return element_before != element_after and element_after not in _TOLD_BY_THEIR_SCHEMAS
