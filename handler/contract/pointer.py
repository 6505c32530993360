"""The JSON Pointer (RFC 6901) by which a flaw is found."""

from collections.abc import Iterable

_LONGEST = 200


def pointer(path: Iterable[str | int]) -> str:
    """Return the pointer of a path of names and indexes; a long one is cut, half a surrogate pair shown as ?."""
    whole = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    cut = whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
    return cut if cut.isascii() else cut.encode(errors="replace").decode()
