"""Verifies JSON Web Tokens: by PyJWT, against the issuers of the settings, and never by what a token says of itself.

The issuer decides which algorithms its tokens may have: those of public keys, or those of a secret, never both. A token
that was verified is remembered for a while. PyJWT and the keys are loaded by the first token.
"""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from handler.contract.errors import NotAuthenticated
from handler.identity.issuers import Issuer

if TYPE_CHECKING:
    from jwt import PyJWT

LARGEST_TOKEN = 16 * 1024
_MOST_REMEMBERED = 1000
_REMEMBERED_SECONDS = 300.0
_LATEST = 253_402_300_800  # the year 10000

Claims = Mapping[str, Any]


class _Remembered(NamedTuple):
    claims: Claims
    until: float


class Tokens:
    def __init__(
        self, issuers: tuple[Issuer, ...], secret: Callable[[str], str], clock: Callable[[], float] = time.time
    ) -> None:
        """`secret` reads the secret of an ARN; `clock` gives the seconds since 1970."""
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._secret = secret
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._keys: dict[str, Callable[[str | None], Sequence[Any]]] = {}

    def claims(self, token: str) -> Claims:
        """Verify a token and return its claims. Raises NotAuthenticated and IdentityUnavailable."""
        now = self._clock()
        remembered = self._remembered.get(token)
        if remembered is not None and now < remembered.until:
            return remembered.claims
        if len(token) > LARGEST_TOKEN:
            raise _refused(f"has more than {LARGEST_TOKEN} characters")
        claims, leeway = self._verified(token)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        until = min(now + _REMEMBERED_SECONDS, float(claims["exp"]) + leeway)
        self._remembered[token] = _Remembered(MappingProxyType(claims), until)
        return claims

    def _verified(self, token: str) -> tuple[dict[str, Any], int]:
        import jwt

        try:
            header, said = _unverified(token)
        except ValueError:
            raise _refused("is no JSON Web Token") from None
        named = said.get("iss")
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None:
            raise _refused("is of an issuer that is not trusted here")
        # Before the key is looked for, so that no made-up algorithm or key id costs a fetch more than it must.
        if header.get("alg") not in issuer.algorithms:
            raise _refused("is signed by an algorithm that its issuer is not trusted with")
        keys = self._keys_of(issuer, header.get("kid"))
        if not keys:
            raise _refused("is signed by a key that its issuer does not publish")
        try:
            claims = _decoded(token, keys, issuer)
        except jwt.ExpiredSignatureError:
            raise _refused("has expired") from None
        except jwt.ImmatureSignatureError:
            raise _refused("is not valid yet") from None
        except jwt.InvalidAudienceError:
            raise _refused("is for another audience") from None
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            raise _refused("cannot be verified") from None
        if type(claims["exp"]) not in (int, float) or not claims["exp"] < _LATEST:
            raise _refused("has a time of expiry that is no number of seconds")
        return claims, issuer.leeway

    def _keys_of(self, issuer: Issuer, key_id: Any) -> Sequence[Any]:
        find = self._keys.get(issuer.issuer)
        if find is None:
            find = self._keys[issuer.issuer] = self._finder(issuer)
        return find(key_id if isinstance(key_id, str) else None)

    def _finder(self, issuer: Issuer) -> Callable[[str | None], Sequence[Any]]:
        if issuer.secret_arn is not None:
            arn = issuer.secret_arn
            return lambda _: (self._secret(arn),)
        if issuer.public_key is not None:
            return _fixed(issuer.public_key)
        from handler.identity.key_sets import KeySet

        return KeySet(issuer.issuer, issuer.jwks).keys


def _unverified(token: str) -> tuple[Claims, Claims]:
    """Read header and claims, for nothing but to find the key that they must be signed by. Raises ValueError."""
    header, claims, _ = token.split(".")
    return _header(header), _members(claims)


@lru_cache(maxsize=32)
def _header(part: str) -> Claims:
    """Read a header once: the tokens that one key signs have the same."""
    return _members(part)


def _members(part: str) -> Claims:
    members = orjson.loads(base64.urlsafe_b64decode(f"{part}{'=' * (-len(part) % 4)}"))
    if not isinstance(members, dict):
        raise ValueError("header and claims are objects")
    return members


def _decoded(token: str, keys: Sequence[Any], issuer: Issuer) -> dict[str, Any]:
    """Verify a token by the first of the keys that its signature is of. Raises PyJWT's errors."""
    import jwt

    *others, last = keys
    for key in others:
        with suppress(jwt.InvalidSignatureError, jwt.InvalidKeyError, TypeError, ValueError, AttributeError):
            return _decoded_by(key, token, issuer)
    return _decoded_by(last, token, issuer)


def _decoded_by(key: Any, token: str, issuer: Issuer) -> dict[str, Any]:
    claims: dict[str, Any] = _decoder().decode(
        token,
        key,
        algorithms=issuer.algorithms,
        audience=issuer.audience,
        issuer=issuer.issuer,
        leeway=issuer.leeway,
    )
    return claims


@cache
def _decoder() -> "PyJWT":
    """Return the one that verifies all tokens: jwt.decode makes a new one for each."""
    from jwt import PyJWT

    return PyJWT({"require": ["exp", "iss", "aud"]})


def _fixed(public_key: str) -> Callable[[str | None], Sequence[Any]]:
    """Give the one key of an issuer, read from its PEM once."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        return lambda _: ()
    return lambda _: (key,)


def _refused(reason: str) -> NotAuthenticated:
    return NotAuthenticated(f"the token {reason}", token_error="invalid_token")  # noqa: S106 (RFC 6750's word)
