"""Finds the known name that an unknown one was probably meant to be, for the cure of a problem."""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, case aside; None where none is near."""
    import difflib  # here and below, since it takes longer to import than this whole folder, and few names are unknown

    by_folded = {one.casefold(): one for one in sorted(known, reverse=True)}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str, written: str = "`{}`") -> str:
    """The question after the nearest known name, or `otherwise`; `written` is the name's form, `{}` its place."""
    near = nearest(name, known)
    return otherwise if near is None else f"did you mean {written.format(near)}?"


def near_names(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The dotted names that are most like `name`, the nearest first: as a whole, by a part, or by a piece of them."""
    import difflib

    everything = sorted(known)
    folded = name.casefold()
    whole = difflib.get_close_matches(folded, [one.casefold() for one in everything], most)
    last = folded.rpartition(".")[2]
    found = [one for one in everything if one.casefold() in whole]
    found += [one for one in everything if difflib.get_close_matches(last, [one.casefold().rpartition(".")[2]], 1)]
    found += [one for one in everything if last in one.casefold()]
    found.sort(key=lambda one: difflib.SequenceMatcher(None, folded, one.casefold()).ratio(), reverse=True)
    return list(dict.fromkeys(found))[:most]
