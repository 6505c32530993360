"""The names that PostgreSQL gives to no role, as its grammar and user.c have them."""

LONGEST_NAME_BYTES = 63
"""NAMEDATALEN - 1: PostgreSQL cuts a longer name off, and so would take it for another role's."""

_WORDS = frozenset({"public", "none"})
"""The words of PostgreSQL's grammar for no role of one's own, in quotation marks as well."""


def why_no_role(name: str) -> str | None:
    """Return the reason for which no role can be called so, or None."""
    if not name:
        return "it is empty"
    if name in _WORDS:
        return f"PostgreSQL has the word {name} for something else"
    if name.startswith("pg_"):
        return "names that begin with pg_ are PostgreSQL's own"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it is not UTF-8 text"
    if length > LONGEST_NAME_BYTES:
        return f"it has {length} bytes, and PostgreSQL keeps {LONGEST_NAME_BYTES} of a name"
    return None
