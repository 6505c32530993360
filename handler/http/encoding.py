"""Content codings: whether an answer may go out compressed (RFC 9110, section 12.5.3)."""

import re


def takes_gzip(accepted: str) -> bool:
    """Return whether the header Accept-Encoding lets gzip through."""
    weights = {}
    for each in accepted.lower().split(","):
        name, _, options = each.partition(";")
        weights[name.strip()] = options.replace(" ", "").partition("q=")[2]
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "0")))
    return re.fullmatch(r"0(?:\.0*)?", weight) is None
