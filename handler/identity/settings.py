"""The settings about callers, from the function's environment; a half-made one fails the start with a message."""

from collections.abc import Mapping
from typing import NamedTuple

from handler.identity.issuers import VARIABLE as ISSUERS
from handler.identity.issuers import Issuer, issuers_of
from handler.settings import SettingsError

DEFAULT_TOKEN_HEADER = "authorization"  # noqa: S105 (a header's name)


class IdentitySettings(NamedTuple):
    issuers: tuple[Issuer, ...] = ()
    """QUERYPORT_JWT_ISSUERS: whose tokens are trusted."""
    api_keys_secret: str | None = None
    """QUERYPORT_API_KEYS_SECRET_ARN: the secret that holds the hashes of the API keys."""
    token_header: str = DEFAULT_TOKEN_HEADER
    """QUERYPORT_TOKEN_HEADER: the header that tokens come in, where another signature needs Authorization."""
    direct_claims: bool = True
    """QUERYPORT_DIRECT_CLAIMS: whether direct callers may give claims on behalf of another."""
    http_alias: str | None = None
    """QUERYPORT_HTTP_ALIAS: the only alias through which an event counts as a Function URL's."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "IdentitySettings":
        """Raises SettingsError."""
        issuers = environment.get(ISSUERS)
        direct_claims = environment.get("QUERYPORT_DIRECT_CLAIMS") or "on"
        if direct_claims not in ("on", "off"):
            raise SettingsError("QUERYPORT_DIRECT_CLAIMS must be on or off")
        return cls(
            issuers=issuers_of(issuers) if issuers else (),
            api_keys_secret=environment.get("QUERYPORT_API_KEYS_SECRET_ARN") or None,
            token_header=(environment.get("QUERYPORT_TOKEN_HEADER") or DEFAULT_TOKEN_HEADER).lower(),
            direct_claims=direct_claims == "on",
            http_alias=environment.get("QUERYPORT_HTTP_ALIAS") or None,
        )
