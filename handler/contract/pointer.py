"""The JSON Pointer (RFC 6901) by which a flaw is found."""

from collections.abc import Iterable

_LONGEST = 200


def pointer(path: Iterable[str | int]) -> str:
    """Return the pointer of a path of names and indexes; a long one is cut, half a surrogate pair shown as ?."""
    whole = "".join(f"/{escaped(str(step))}" for step in path)
    cut = whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


def escaped(name: str) -> str:
    """Return a name as a step of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(step: str) -> str:
    """Return the name that a step of a pointer stands for."""
    return step.replace("~1", "/").replace("~0", "~")
