"""The header If-Match (RFC 9110, section 13.1.1): the entity tags of the states in which a row may be changed."""

from urllib.parse import unquote

from handler.contract.errors import InvalidParameters
from handler.engine.invocation import IfMatch
from handler.http.caching import VARIANT

_STRONG, _WEAK = "", "W/"


def if_match(header: str) -> IfMatch:
    """Read the header. Raises InvalidParameters.

    A weak tag (`W/"5"`) is left out: by the standard it never matches. Tags of every format mean the same row.
    """
    if header.strip() == "*":
        return IfMatch(any=True)
    # Every other part was between quotation marks; no tag has one within.
    parts = header.split('"')
    before = [part.strip(" \t,") for part in parts[:-1:2]]
    separated = all("," in between for between in parts[2:-1:2])
    well_formed = separated and len(parts) > 2 and len(parts) % 2 == 1 and not parts[-1].strip(" \t,")
    if not well_formed or not {_STRONG, _WEAK} >= {*before}:
        raise InvalidParameters('the header If-Match must be * or entity tags in quotation marks, such as "5"')
    strong = [tag for kind, tag in zip(before, parts[1::2], strict=True) if kind == _STRONG]
    return IfMatch(tuple([unquote(tag.partition(VARIANT)[0]) for tag in strong]))
