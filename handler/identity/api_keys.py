"""API keys: a secret of hashes in Secrets Manager, against which the key that a caller sends is compared.

    {"keys": [{"name": "partner-acme", "hash": "sha256:…", "claims": {"tenant": 7}, "expires": "2027-01-31T00:00:00Z"}]}

Two keys may have one name, so that one takes over from the other. Every hash is compared, in constant time.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from handler.contract.errors import IdentityUnavailable, NotAuthenticated

PREFIX = "qp_"
_KEY = r"qp_[A-Za-z0-9_-]{20,200}"
_HASH = r"sha256:[0-9a-f]{64}"
_NAME = r"[A-Za-z0-9_.-]{1,100}"
_BETWEEN_LOOKS_SECONDS = 60.0


class ApiKey(NamedTuple):
    name: str
    hash: str
    claims: Mapping[str, Any]
    expires: float | None
    """Seconds since 1970."""


class ApiKeys:
    def __init__(self, read: Callable[..., str], clock: Callable[[], float] = time.time) -> None:
        """`read(fresh=…)` gives the secret's text, past its cache where it is to be `fresh`."""
        self._read = read
        self._clock = clock
        self._text: str | None = None
        self._keys: tuple[ApiKey, ...] = ()
        self._looked = float("-inf")

    def find(self, key: str) -> ApiKey:
        """Return the entry of a key. Raises NotAuthenticated and IdentityUnavailable."""
        if not re.fullmatch(_KEY, key):
            raise _refused()
        hashed = hash_of(key)
        found = self._match(hashed, fresh=False)
        now = self._clock()
        if found is None and now - self._looked >= _BETWEEN_LOOKS_SECONDS:
            self._looked = now  # it may have been made a moment ago
            found = self._match(hashed, fresh=True)
        if found is None or (found.expires is not None and found.expires <= now):
            raise _refused()
        return found

    def _match(self, hashed: str, *, fresh: bool) -> ApiKey | None:
        text = self._read(fresh=fresh)
        if text != self._text:
            self._keys, self._text = entries_of(text), text
        found = None
        for entry in self._keys:
            if hmac.compare_digest(entry.hash, hashed) and (found is None or _lasts(entry, found)):
                found = entry
        return found


def hash_of(key: str) -> str:
    """The form in which a key is stored: it is 256 random bits, so that one round of SHA-256 hides it."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def entries_of(text: str) -> tuple[ApiKey, ...]:
    """Read the secret. Raises IdentityUnavailable where it is not of the form above."""
    try:
        return tuple([_entry(**entry) for entry in orjson.loads(text)["keys"]])
    except (ValueError, TypeError, KeyError):
        raise IdentityUnavailable(
            "the function's secret of API keys cannot be read", cause="ApiKeysSecret", retryable=False
        ) from None


def _entry(name: str, hash: str, claims: Mapping[str, Any] | None = None, expires: str | None = None) -> ApiKey:  # noqa: A002 (the member's name)
    if (
        not re.fullmatch(_NAME, name)
        or not re.fullmatch(_HASH, hash)
        or not isinstance({} if claims is None else claims, dict)
    ):
        raise ValueError
    return ApiKey(name, hash, MappingProxyType(dict(claims or {})), None if expires is None else _seconds(expires))


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.timestamp()


def _lasts(entry: ApiKey, other: ApiKey) -> bool:
    return entry.expires is None or (other.expires is not None and entry.expires > other.expires)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("the API key is not known here, or has expired", token_error="invalid_token")  # noqa: S106 (RFC 6750's word)
