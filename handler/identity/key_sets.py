"""The public keys of an issuer (JWKS), fetched when they are first needed and kept.

An unknown key id is looked up anew, at most once a minute; a fetch that fails leaves the keys of the one before.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
import urllib3

from handler.contract.errors import IdentityUnavailable
from handler.identity.issuers import is_safe

_FRESH_SECONDS = 3600.0
_BETWEEN_FETCHES_SECONDS = 60.0
_USABLE_SECONDS = 86_400.0  # that long old keys stand in for those that cannot be fetched
_TIMEOUT = urllib3.Timeout(connect=2.0, read=2.0)
_LARGEST_BYTES = 512 * 1024
_MOST_OF_AN_ID = 4  # RFC 7517 lets keys of several kinds have one id
_DISCOVERY = "/.well-known/openid-configuration"


class _PublishedKey(NamedTuple):
    id: str | None
    key: Any
    """As cryptography has it."""


class KeySet:
    def __init__(self, issuer: str, address: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._address = address
        self._clock = clock
        self._keys: list[_PublishedKey] = []
        self._fetched: float | None = None
        self._tried: float | None = None

    def keys(self, key_id: str | None) -> Sequence[Any]:
        """Return the keys of an id; without an id the only key there is. Raises IdentityUnavailable."""
        now = self._clock()
        found = self._find(key_id)
        stale = self._fetched is None or now - self._fetched > _FRESH_SECONDS
        if (not found or stale) and (self._tried is None or now - self._tried >= _BETWEEN_FETCHES_SECONDS):
            self._fetch(now)
            found = self._find(key_id)
        if self._fetched is None or now - self._fetched > _USABLE_SECONDS:
            raise IdentityUnavailable("the keys of the token's issuer cannot be fetched at present")
        return found

    def _find(self, key_id: str | None) -> Sequence[Any]:
        if key_id is None:
            return [each.key for each in self._keys] if len(self._keys) == 1 else []
        return [each.key for each in self._keys if each.id == key_id][:_MOST_OF_AN_ID]

    def _fetch(self, now: float) -> None:
        self._tried = now
        try:
            if self._address is None:
                self._address = _discovered(self._issuer)
            keys = _document(self._address)["keys"]
            self._keys = [usable for key in keys if (usable := _usable(key)) is not None]
            self._fetched = now
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError):
            return  # those of the last time may do


def _usable(jwk: Any) -> _PublishedKey | None:
    """Make a published key usable; None for one that cannot verify a signature."""
    import jwt  # a token has it loaded

    # A secret has no place among public keys.
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or jwk.get("kty") == "oct":
        return None
    try:
        key = jwt.PyJWK(jwk).key
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError):
        return None
    key_id = jwk.get("kid")
    return _PublishedKey(key_id if isinstance(key_id, str) else None, key)


def _discovered(issuer: str) -> str:
    """Return the address of the keys that an issuer's discovery document names (OpenID Connect Discovery 1.0)."""
    document = _document(issuer.rstrip("/") + _DISCOVERY)
    if document["issuer"] != issuer or not is_safe(document["jwks_uri"]):
        raise ValueError("the document speaks of another issuer, or its keys come by an unsafe way")
    address: str = document["jwks_uri"]
    return address


_POOL: list[urllib3.PoolManager] = []


def _document(address: str) -> Any:
    """Fetch a JSON document. Raises urllib3's errors, and ValueError for an answer that is none."""
    if not _POOL:
        _POOL.append(urllib3.PoolManager(timeout=_TIMEOUT, retries=False))
    response = _POOL[0].request("GET", address, preload_content=False, redirect=False)
    try:
        if response.status != 200:
            raise ValueError(f"HTTP {response.status}")
        text = response.read(_LARGEST_BYTES + 1)
    finally:
        response.release_conn()
    if len(text) > _LARGEST_BYTES:
        raise ValueError("too large")
    return orjson.loads(text)
