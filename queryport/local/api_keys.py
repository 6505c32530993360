"""The API keys of a project's local function: the secret that the deployed one reads from AWS, as a file.

The file has hashes, no keys, and lies in the data directory, readable by the developer alone. It is read anew for each
request of the function, so that a key may be made while `serve` runs.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from queryport.aws.local_account import SECRET_ARN
from queryport.console.failure import CommandError
from queryport.whole_file import OWNER_ALONE, write_whole

API_KEYS_SECRET_ARN = f"{SECRET_ARN}-api-keys"
SECRET_VARIABLE = "QUERYPORT_API_KEYS_SECRET_ARN"  # noqa: S105 (a name)
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_SECRETS_MANAGER"

_PREFIX = "qp_"
_FILE = "api_keys.json"


class ApiKeysError(CommandError):
    """The file of keys cannot be used; the message says why and how to mend it."""


class NewKey(NamedTuple):
    key: str
    entry: Mapping[str, Any]
    """The entry for the secret, which holds a hash of the key."""


def new_key(name: str, claims: Mapping[str, Any], days: int | None = None) -> NewKey:
    """Make a key of 256 random bits, good for so many days or for ever."""
    key = _PREFIX + secrets.token_urlsafe(32)
    entry: dict[str, Any] = {"name": name, "hash": "sha256:" + hashlib.sha256(key.encode()).hexdigest()}
    if claims:
        entry["claims"] = dict(claims)
    if days is not None:
        entry["expires"] = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return NewKey(key, entry)


class LocalApiKeys:
    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / _FILE

    def environment(self, endpoint: str) -> dict[str, str]:
        """The function's variables, for which `endpoint` answers as Secrets Manager."""
        return {SECRET_VARIABLE: API_KEYS_SECRET_ARN, ENDPOINT_VARIABLE: endpoint}

    def secret(self, secret_id: str) -> str | None:
        """Return the text of the keys' secret as it is now; None for any other."""
        if secret_id != API_KEYS_SECRET_ARN:
            return None
        try:
            return self.path.read_text()
        except OSError:
            return '{"keys": []}'

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add the entry of a key. Raises ApiKeysError."""
        try:
            kept = json.loads(self.path.read_text())["keys"] if self.path.exists() else []
            text = json.dumps({"keys": [*kept, dict(entry)]}, ensure_ascii=False, indent=2) + "\n"
            write_whole(self.path, [text.encode()], OWNER_ALONE)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ApiKeysError(f"{self.path} cannot be used ({error}): mend or delete it") from None
