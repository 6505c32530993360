"""The file of the page `GET /docs` beside catalog.json: docs.json, an object of these members.

Everything that an answer needs is made at build, so that the Lambda sends it as it is. Written by
queryport.generate.docs_page.files; where there is none, the function has no page.
"""

from pathlib import Path
from typing import NamedTuple


class DocsFile(NamedTuple):
    etag: str
    """The hash of the page, without quotes."""
    policy: str
    """The header Content-Security-Policy."""
    page: str
    """The HTML."""
    compressed: str
    """The same after gzip, in base64."""

    @staticmethod
    def beside(catalog: Path) -> Path:
        """Return the path of the file that belongs to a catalogue."""
        return catalog.parent / "docs.json"
