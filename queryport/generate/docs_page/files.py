"""Writes docs.json beside catalog.json, for the function that is to have the page."""

import base64
import gzip
import hashlib
from pathlib import Path

import orjson

from handler.contract.docs_file import DocsFile
from queryport.generate.docs_page.assemble import docs_page, policy_of
from queryport.whole_file import write_whole

_NOT_FRAMED = "; frame-ancestors 'none'"
"""A directive that counts in a header alone."""


def write_docs_page(catalog: Path, *, wanted: bool, changes: str | None = None) -> None:
    """Write the page's file whole or not at all; remove it where it is not wanted. Raises OSError.

    `changes` is the address of the events by which `queryport serve` tells of new data, relative to the page.
    """
    path = DocsFile.beside(catalog)
    if not wanted:
        path.unlink(missing_ok=True)
        return
    page = docs_page(changes)
    file = DocsFile(
        etag=hashlib.sha256(page).hexdigest()[:32],
        policy=policy_of(page) + _NOT_FRAMED,
        page=page.decode(),
        compressed=base64.b64encode(gzip.compress(page, mtime=0)).decode(),
    )
    write_whole(path, [orjson.dumps(file._asdict())])
