"""`GET /docs`: the page that the build put beside catalog.json, sent as it is; a function without its file has no page.

The page holds no data, so that it is open to all. Imported and read when it is asked for.
"""

from base64 import b64decode
from pathlib import Path

import orjson

from handler.contract.docs_file import DocsFile
from handler.contract.errors import UnknownOperation
from handler.http.caching import is_known
from handler.http.negotiation import encodings
from handler.http.request import HttpRequest
from handler.http.response import response


def docs_page(request_id: str, request: HttpRequest, catalog: Path) -> bytes:
    """Answer GET or HEAD. Raises UnknownOperation."""
    try:
        file = DocsFile(**orjson.loads(DocsFile.beside(catalog).read_bytes()))
    except FileNotFoundError:
        raise UnknownOperation("no operation has this path") from None
    is_compressed, _ = encodings(request.headers.get("accept-encoding", ""))
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": file.policy,
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-cache",
        "vary": "accept-encoding",
        "etag": f'"{file.etag}-gzip"' if is_compressed else f'"{file.etag}"',
    }
    if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
        return response(request_id, 304, None, headers)
    body: str | bytes = file.page
    if is_compressed:
        headers["content-encoding"] = "gzip"
        body = b64decode(file.compressed)
    return response(request_id, 200, body, headers, is_head=request.method == "HEAD")
