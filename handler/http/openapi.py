"""`GET /openapi.json`: the document that the build put beside catalog.json, as it is or cut for its reader.

Nothing of it is parsed: the index says which stretches a caller may read. Its files are read when they are first asked
for. Knows nothing of operations.
"""

import gzip
from collections import OrderedDict
from pathlib import Path
from typing import Any

import orjson

from handler.adapter import Incoming
from handler.contract.errors import ResultTooLarge
from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from handler.contract.openapi_index import PUBLIC, DocumentFiles, DocumentIndex
from handler.http.caching import REVALIDATED, is_known
from handler.http.negotiation import encodings
from handler.http.request import HttpRequest
from handler.http.response import JSON, response
from handler.identity.rights import any_of

_MOST_KEPT = 8
"""The documents that are kept for callers with the same rights."""


class OpenApi:
    """The document of one catalogue."""

    def __init__(self, files: DocumentFiles, index: DocumentIndex) -> None:
        self._files = files
        self._index = index
        self._rights = [None if rules is None else any_of(rules) for rules in index.audiences]
        self._kept: OrderedDict[tuple[bool, ...], bytes] = OrderedDict()

    @classmethod
    def beside(cls, catalog: Path, fingerprint: str) -> "OpenApi | None":
        """Open the document of a catalogue; None where there is none, or only that of another catalogue."""
        files = DocumentFiles.beside(catalog)
        try:
            index = DocumentIndex(**orjson.loads(files.parts.read_bytes()))
        except FileNotFoundError:
            return None
        return cls(files, index) if index.fingerprint == fingerprint else None

    def answer(self, incoming: Incoming, request: HttpRequest, identifying: str) -> bytes:
        """Answer GET or HEAD with the document as the caller may see it. Raises ResultTooLarge.

        `identifying` are the names of the headers that callers are known by.
        """
        sees = tuple(right is None or right(incoming.caller) for right in self._rights)
        is_public = self._index.readers == PUBLIC
        whole = is_public or all(sees)
        compressed, _ = encodings(request.headers.get("accept-encoding", ""))
        tag = self._index.etag if whole else f"{self._index.etag}-{''.join('01'[each] for each in sees)}"
        headers = {
            "content-type": JSON,
            "etag": f'"{tag}-gzip"' if compressed else f'"{tag}"',
            "vary": "accept-encoding" if is_public else f"accept-encoding, {identifying}",
            "cache-control": "no-cache" if is_public else REVALIDATED,
        }
        if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
            return response(incoming.request_id, 304, None, headers)
        is_head = request.method == "HEAD"
        if compressed:
            body = self._files.compressed.read_bytes() if whole else gzip.compress(self._cut(sees), mtime=0)
            headers["content-encoding"] = "gzip"
        else:
            body = self._files.document.read_bytes() if whole else self._cut(sees)
        written = response(incoming.request_id, 200, body if compressed else body.decode(), headers, is_head=is_head)
        if len(written) > LAMBDA_PAYLOAD_BYTES:
            raise ResultTooLarge("the OpenAPI document is too large as it is: ask for it with Accept-Encoding: gzip")
        return written

    def _cut(self, sees: tuple[bool, ...]) -> bytes:
        """The document for callers who see some of the audiences' pieces."""
        text = self._kept.pop(sees, None)
        if text is None:
            text = _joined(self._index.root, self._files.document.read_bytes(), sees)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept[sees] = text
        return text


def _joined(entry: list[Any], document: bytes, sees: tuple[bool, ...]) -> bytes:
    """The text of a piece or a group; empty where the caller does not see it, or a group has nothing left."""
    if len(entry) == 3:
        offset, length, audience = entry
        return document[offset : offset + length] if sees[audience] else b""
    opening, entries, closing, stays = entry
    members = [text for each in entries if (text := _joined(each, document, sees))]
    if not members and not stays:
        return b""
    return _stretch(document, opening) + b",\n".join(members) + _stretch(document, closing)


def _stretch(document: bytes, place: list[int]) -> bytes:
    offset, length = place
    return document[offset : offset + length]
