"""The callers that a project's local function knows: by tokens of the development issuer, and by API keys."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from queryport.local.api_keys import LocalApiKeys
from queryport.local.issuer import ISSUERS_VARIABLE, DevelopmentIssuer

_TOKEN_SECONDS = 3600


class LocalIdentities:
    """The issuer and the API keys in a project's data directory."""

    def __init__(self, data_dir: Path) -> None:
        """Raises IssuerError."""
        self._issuer = DevelopmentIssuer(data_dir)
        self._api_keys = LocalApiKeys(data_dir)

    def variables(self, data_api_url: str) -> dict[str, str]:
        """Return the function's variables, for which the RDS Data API's server answers as Secrets Manager."""
        trusted = self._issuer.trusted(os.environ.get(ISSUERS_VARIABLE))
        return {**self._api_keys.environment(data_api_url), ISSUERS_VARIABLE: trusted}

    def secret(self, secret_id: str) -> str | None:
        """Return the text of a secret that the function reads; None where there is no such secret."""
        return self._api_keys.secret(secret_id)

    def token(self, claims: Mapping[str, Any]) -> str:
        """Return a token with these claims, good for an hour."""
        return self._issuer.token(claims, _TOKEN_SECONDS)
