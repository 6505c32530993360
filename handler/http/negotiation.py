"""The choice among what a caller would take, by the qualities in its headers Accept and Accept-Encoding.

RFC 9110, sections 12.4.2, 12.5.1 and 12.5.3. What is written wrongly in a header is passed over; parameters of a media
type count for nothing.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

# A quotation mark that nothing closes holds all that follows: every character is looked at once.
_ELEMENT = re.compile(r'(?s)(?:"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^,"])++')
_QUALITY = re.compile(r";\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)


@lru_cache(256)
def acceptable(accept: str, types: tuple[str, ...]) -> str | None:
    """Return the media type among `types` that a header Accept wants most, the first of equals; None for none."""
    wanted = _qualities(accept)
    if not wanted:
        return types[0]

    def quality(media_type: str) -> float:
        group = media_type.partition("/")[0]
        return next((wanted[each] for each in (media_type, f"{group}/*", "*/*") if each in wanted), 0.0)

    best = max(types, key=quality)
    return best if quality(best) > 0 else None


@lru_cache(256)
def encodings(accept_encoding: str) -> tuple[bool, bool]:
    """Return whether a header Accept-Encoding wants gzip, and whether it takes an answer as it is.

    Gzip is wanted where it is taken, unless `identity` is asked for more.
    """
    wanted = _qualities(accept_encoding)
    anything = wanted.get("*")
    gzip = wanted.get("gzip", wanted.get("x-gzip", anything or 0.0))
    plain = wanted.get("identity", 1.0 if anything is None else anything)
    return gzip > 0 and gzip >= wanted.get("identity", 0.0), plain > 0


def covers(ranges: Sequence[str], media_type: str) -> bool:
    """Whether a media type, in lower case and without parameters, is among types such as `image/*`."""
    group = media_type.partition("/")[0]
    return media_type in ranges or f"{group}/*" in ranges or "*/*" in ranges


def _qualities(header: str) -> dict[str, float]:
    """The elements of a header in lower case, without parameters, each with its quality; of two the last counts."""
    qualities = {}
    for element in _ELEMENT.findall(header.lower()):
        name, _, parameters = element.partition(";")
        if name.strip():
            quality = _QUALITY.search(f";{parameters}")
            qualities[name.strip()] = float(quality[1]) if quality else 1.0
    return qualities
