"""The files of the OpenAPI document beside catalog.json, and the index by which it is cut without being parsed.

openapi.json is the document, openapi.json.gz the same compressed. openapi.index.json says who may read it, and where
its pieces are. An entry `[offset, length, audience]` is a piece, `[[offset, length], entries, [offset, length], stays]`
a group of them with the texts around it, joined by commas. Written by queryport.generate.openapi.files.
"""

from pathlib import Path
from typing import Any, NamedTuple

Audience = tuple[str, ...] | None
"""Rules of handler.contract.rights, any of which lets a caller read a piece; None lets all."""

ANYONE: Audience = None

CALLERS, PUBLIC, OFF = "callers", "public", "off"
"""The document has what its reader may call; it is whole for all; there is none."""


class DocumentFiles(NamedTuple):
    """The paths of the three files, the index last."""

    document: Path
    compressed: Path
    parts: Path

    @classmethod
    def beside(cls, catalog: Path) -> "DocumentFiles":
        """Return the paths of the files that belong to a catalogue."""
        folder = catalog.parent
        return cls(folder / "openapi.json", folder / "openapi.json.gz", folder / "openapi.index.json")


class DocumentIndex(NamedTuple):
    """The content of openapi.index.json."""

    fingerprint: str
    """That of the catalogue that it was made with."""
    readers: str
    """CALLERS or PUBLIC."""
    etag: str
    """The hash of the document, without quotes."""
    size: int
    """The bytes of the document."""
    audiences: list[list[str] | None]
    root: list[Any]
    """The entry of the whole document; an entry's audience is an index into `audiences`."""
