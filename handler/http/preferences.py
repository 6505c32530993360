"""The header Prefer (RFC 7240): what a client would like, by name, as far as the server can do it."""

_SEPARATORS = str.maketrans(",;", "\0\0")


def preference(header: str, name: str) -> str | None:
    """Return the value of a preference, empty where it has none; None where it is not there.

    The first of a name counts, whatever its own parameters are.
    """
    parts = header.replace("\\\\", "\0").replace('\\"', "\0").split('"')
    # Every other part was between quotation marks, where commas and semicolons separate nothing.
    text = "".join(part.translate(_SEPARATORS) if number % 2 else part for number, part in enumerate(parts))
    for written in text.split(","):
        found, _, value = written.partition(";")[0].partition("=")
        if found.strip().lower() == name:
            return value.strip()
    return None
