"""The signature (SigV4) that AWS's front door wants to see on a request; whether it is right is not checked.

Any access key, any region and any signature will do; a request without them gets what AWS answers to it.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from queryport.emulator.errors import ApiError

_DATA_API = "rds-data"
_PARAMETERS = ("Credential", "Signature", "SignedHeaders")

_OF_SDKS = re.compile(
    rb"AWS4-HMAC-SHA256 Credential=[^/,]+/\d+/([a-z0-9-]+)/([a-z-]+)/aws4_request, ?"
    rb"SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]+"
)
"""The header as SDKs write it, with the region and the service; every other is taken apart."""


def signed_region(headers: Mapping[bytes, bytes], query: bytes, service: str = _DATA_API) -> str | None:
    """The region that a request is signed for, None where it names none; names of headers are in lower case.

    Raises ApiError for a request without a signature for the service.
    """
    header = headers.get(b"authorization", b"")
    usual = _OF_SDKS.fullmatch(header)
    if usual is not None and b"x-amz-date" in headers and usual[2].decode() == service:
        return usual[1].decode()
    authorization = header.decode("latin-1")
    if not authorization:
        return _region_of_signed_query(query, service)
    scheme, _, rest = authorization.partition(" ")
    if not scheme.startswith("AWS4-"):
        raise ApiError(
            "IncompleteSignatureException", f"'{scheme}' is not a signing algorithm of AWS Signature Version 4"
        )
    members = [member.partition("=") for member in rest.split(",")]
    given = {name.strip(): value.strip() for name, _, value in members}
    missing = [f"Authorization header requires '{name}' parameter." for name in _PARAMETERS if not given.get(name)]
    if b"x-amz-date" not in headers and b"date" not in headers:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing:
        raise ApiError("IncompleteSignatureException", " ".join(missing))
    return _region(given["Credential"], service)


def _region_of_signed_query(query: bytes, service: str) -> str | None:
    given = parse_qs(query.decode("latin-1"))
    if not given.get("X-Amz-Signature") or not given.get("X-Amz-Credential"):
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    return _region(given["X-Amz-Credential"][0], service)


def _region(credential: str, service: str) -> str | None:
    """The credential is `key/date/region/service/aws4_request`; version 4a has no region."""
    parts = credential.split("/")
    if len(parts) not in (4, 5):
        raise ApiError("IncompleteSignatureException", "Credential must have exactly 5 slash-delimited elements")
    if parts[-2] != service:
        raise ApiError("InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'.")
    return parts[2] if len(parts) == 5 else None
