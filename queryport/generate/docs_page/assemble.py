"""Puts the page together: its styles and its script stand in the file itself, and its policy lets no others in.

The Content-Security-Policy names both by their hashes. It stands in the file, so that the page keeps it wherever it is
served from; the function sends it as a header besides.
"""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from handler.contract.patterns import DERIVED
from queryport.generate.docs_page.linking import linked
from queryport.generate.openapi.decimals import of_small_exponents

_FOLDER = Path(__file__).parent
_ENTRY = "./main.js"
_LIBRARIES = {"preact": "preact.js", "preact/hooks": "hooks.js", "htm": "htm.js", "marked": "marked.js"}
_STYLES = ("theme.css", "layout.css", "forms.css", "answers.css", "texts.css")
_POLICY = b'<meta http-equiv="Content-Security-Policy" content="'


@cache
def docs_page(changes: str | None = None) -> bytes:
    """The page; `changes` is the address of the events that tell of new data, relative to the page."""
    style = "\n".join(_without_indentation(_text("styles", name)) for name in _STYLES)
    script = linked(_ENTRY, _module)
    patterns = {of_small_exponents(pattern): derived.meaning for pattern, derived in DERIVED.items()}
    settings = {"changes": changes, "patterns": patterns}
    parts = {
        "policy": _policy(style, script),
        "style": _embedded(style),
        "settings": _json(settings),
        "script": _embedded(script),
    }
    pieces = _text("page.html").split("%%")
    return "".join(parts[piece] if number % 2 else piece for number, piece in enumerate(pieces)).encode()


def policy_of(page: bytes) -> str:
    """Return the Content-Security-Policy that stands in a page."""
    return page.partition(_POLICY)[2].partition(b'"')[0].decode()


def _policy(style: str, script: str) -> str:
    directives = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _embedded(text: str) -> str:
    """Return the text, which may stand in an element of its own kind. Raises ValueError where it would end there."""
    for ending in ("</script", "<script", "</style"):
        if ending in text.lower():
            raise ValueError(f"{ending} stands in the page's own code and would end its element: write it otherwise")
    return text


def _json(value: Any) -> str:
    """JSON that no text in it can end the element of."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _module(name: str) -> str:
    if name in _LIBRARIES:
        return _text("vendor", _LIBRARIES[name])
    return _without_indentation(_text("scripts", name.removeprefix("./")))


def _without_indentation(text: str) -> str:
    """The text in fewer bytes: no string of these files has spaces at the beginning of a line that count."""
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


def _text(*path: str) -> str:
    return _FOLDER.joinpath(*path).read_text(encoding="utf-8")
