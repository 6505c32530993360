"""Writes the document beside catalog.json: as it is, compressed, and the index by which the Lambda cuts it."""

import gzip
import hashlib
from pathlib import Path

import orjson

from handler.contract.openapi_index import DocumentFiles, DocumentIndex
from queryport.generate.openapi.document import Document
from queryport.whole_file import write_whole


def write_document(catalog: Path, document: Document | None, fingerprint: str, readers: str) -> None:
    """Write the three files of a document, each whole or not at all; without a document, remove them."""
    files = DocumentFiles.beside(catalog)
    if document is None:
        for path in files:
            path.unlink(missing_ok=True)
        return
    index = DocumentIndex(
        fingerprint=fingerprint,
        readers=readers,
        etag=hashlib.sha256(document.text).hexdigest()[:32],
        size=len(document.text),
        audiences=[None if audience is None else list(audience) for audience in document.audiences],
        root=document.root,
    )
    write_whole(files.document, [document.text])
    write_whole(files.compressed, [gzip.compress(document.text, mtime=0)])
    write_whole(files.parts, [orjson.dumps(index._asdict())])
