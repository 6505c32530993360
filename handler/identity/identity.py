"""Makes a Caller of every event, before anything else is looked at.

A token or a key counts before IAM's word, and a bad one is refused even by an operation that is open to anyone: a
caller that shows a credential means to be known by it.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson

from handler.contract.errors import InvalidParameters, NotAllowed, NotAuthenticated
from handler.identity import caller, secrets
from handler.identity.api_keys import PREFIX, ApiKeys
from handler.identity.caller import ANONYMOUS, NO_CLAIMS, Caller
from handler.identity.settings import DEFAULT_TOKEN_HEADER, IdentitySettings
from handler.identity.tokens import LARGEST_TOKEN, Tokens

_BEARER = re.compile(r"(?:^|[\s,])bearer(?:[\s,]|$)", re.IGNORECASE)


class Identity:
    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._tokens = Tokens(settings.issuers, secrets.read) if settings.issuers else None
        self._keys = ApiKeys(secrets.reader(settings.api_keys_secret)) if settings.api_keys_secret else None

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the headers that callers of a Function URL are known by, in lower case."""
        return tuple(dict.fromkeys((DEFAULT_TOKEN_HEADER, self._settings.token_header, "x-api-key")))

    def of_function_url(self, event: Mapping[str, Any]) -> Caller:
        """Identify the caller of a Function URL. Raises NotAuthenticated and IdentityUnavailable."""
        headers = event.get("headers") or {}
        token = _bearer(_header(headers, self._settings.token_header))
        key = _header(headers, "x-api-key")
        if token is not None and token.startswith(PREFIX):
            if key is not None:
                raise NotAuthenticated("two API keys were sent", token_error="invalid_request")  # noqa: S106 (RFC 6750's word)
            token, key = None, token
        if token is not None and key is not None:
            raise NotAuthenticated("a token and an API key were sent: send one of them", token_error="invalid_request")  # noqa: S106
        if token is not None:
            return self._of_token(token)
        if key is not None:
            return self._of_key(key)
        if self._is_signed_by_cloudfront(headers):
            return ANONYMOUS
        return caller.of_iam(event) or ANONYMOUS

    def _is_signed_by_cloudfront(self, headers: Mapping[str, Any]) -> bool:
        """Whether the signature is CloudFront's own (origin access control), and says nothing of the caller.

        Tokens then come in another header. CloudFront sets X-Amz-Cf-Id in every request that it passes on, so that a
        caller can neither leave it out nor gain by making it up.
        """
        return self._settings.token_header != DEFAULT_TOKEN_HEADER and _header(headers, "x-amz-cf-id") is not None

    def of_direct(self, event: Any, function_arn: str) -> Caller:
        """Identify a direct caller, with the claims that it gives on behalf of another. Raises InvalidParameters."""
        claims = event.get("claims", NO_CLAIMS) if isinstance(event, dict) else NO_CLAIMS
        if not isinstance(claims, Mapping):
            raise InvalidParameters("claims must be an object")
        if claims and not self._settings.direct_claims:
            raise NotAllowed("this function takes no claims from direct callers")
        return caller.direct(function_arn, claims)

    def _of_token(self, token: str) -> Caller:
        if self._tokens is None:
            raise NotAuthenticated("this function trusts no issuer of tokens", token_error="invalid_token")  # noqa: S106
        claims = self._tokens.claims(token)
        return Caller("jwt", f"jwt:{claims['iss']}|{_subject(claims)}", claims)

    def _of_key(self, key: str) -> Caller:
        if self._keys is None:
            raise NotAuthenticated("this function has no API keys", token_error="invalid_token")  # noqa: S106
        entry = self._keys.find(key)
        return Caller("key", f"key:{entry.name}", entry.claims, key_name=entry.name)


def _header(headers: Mapping[str, Any], name: str) -> str | None:
    """The value of a header, which Function URLs name in lower case and local ones may not."""
    value = headers.get(name)
    if value is None:
        value = next((each for key, each in headers.items() if key.lower() == name), None)
    return value.strip() if isinstance(value, str) else None


def _bearer(value: str | None) -> str | None:
    """The token in an Authorization header; None for another scheme, such as IAM's signature."""
    if not _BEARER.search(value or ""):
        return None
    scheme, _, token = (value or "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    # Lambda joins two headers of a name by a comma, which no token has.
    if not token or len(token) > LARGEST_TOKEN or "," in token or not token.isascii() or " " in token:
        raise NotAuthenticated("the token is not one, or not the only one", token_error="invalid_request")  # noqa: S106
    return token


def _subject(claims: Mapping[str, Any]) -> str:
    """The identity within the issuer: the subject, or else all that is no property of the token itself.

    Raises NotAuthenticated where neither can be written down.
    """
    subject = claims.get("sub")
    if isinstance(subject, str) and subject:
        if not caller.is_text(subject):
            raise _nobody("has a subject that is no text")
        return subject
    try:
        lasting = orjson.dumps(caller.lasting(claims), option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a whole number of more than 64 bits, half a surrogate pair, or too deep
        raise _nobody("has no subject, and claims that cannot be written as JSON") from None
    return hashlib.sha256(lasting).hexdigest()


def _nobody(reason: str) -> NotAuthenticated:
    return NotAuthenticated(f"the token {reason}", token_error="invalid_token")  # noqa: S106 (RFC 6750's word)
