"""Names that differ in every client, however it writes them: `a.b_c`, `a_b.c` and `ABC` are one class to some.

A name that another one is in the way of ends with a digest of what it stands for, and not with a number: one more type
or operation renames none of the others that do.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence


def labels_of(operations: Iterable[str]) -> dict[str, str]:
    """Return what each operation is called in the document: its name, where no client can mistake it for another's."""
    taken: set[str] = set()
    return {name: distinct(name, name.encode(), taken, BY_NAME) for name in sorted(set(operations))}


BY_NAME = "by_name-"
"""In front of an operation's label where it is called by its name and not by its route."""


def distinct(wanted: str, meaning: bytes, taken: set[str], *prefixes: str) -> str:
    """Return the name, or one like it that none of the taken ones is like; take it, with each of the prefixes too."""
    found, digest = wanted, hashlib.sha256(meaning).hexdigest()
    length = 4
    while not taken.isdisjoint(forms := {plain(f"{prefix}{found}") for prefix in ("", *prefixes)}):
        found = f"{wanted}_{digest[:length]}"
        length += 1
    taken |= forms
    return found


def type_name(name: str) -> str:
    """`order_status` → `OrderStatus`."""
    words = "".join(character if character.isalnum() and character.isascii() else " " for character in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words) or "Value"


def plain(name: str) -> str:
    """Return what is left of a name in every manner of writing it: its letters and digits, of one case."""
    return "".join(filter(str.isalnum, name)).lower()


def member_names(labels: Sequence[str]) -> list[str] | None:
    """Return names for an enum's labels, as `x-enum-varnames`; None where generators find different ones by themselves.

    They write `a-b` and `A b` alike, and number what does not begin with a letter.
    """
    found = [plain(label) if label[:1].isalpha() else f"value{index}" for index, label in enumerate(labels)]
    if len(set(found)) == len(found):
        return None
    names: list[str] = []
    taken: set[str] = set()
    for index, label in enumerate(labels):
        words = re.findall(r"[A-Za-z0-9]+", label)
        base = "_".join(words).upper() if words and words[0][0].isalpha() else f"VALUE_{index}"
        number, name = 1, base
        while plain(name) in taken:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
        taken.add(plain(name))
    return names
