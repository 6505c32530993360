"""The issuer of tokens for development: one for each project, whose tokens only this project's local function trusts.

Its key lies in the data directory, readable by the developer alone.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key

from queryport.console.failure import CommandError
from queryport.whole_file import OWNER_ALONE, write_whole

ISSUER = "https://queryport.local"
AUDIENCE = "queryport"
ISSUERS_VARIABLE = "QUERYPORT_JWT_ISSUERS"

_ALGORITHM = "ES256"
_KEY_FILE = "identity.pem"


class IssuerError(CommandError):
    """The project's key cannot be used; the message says why and how to mend it."""


class DevelopmentIssuer:
    def __init__(self, data_dir: Path) -> None:
        """Read the project's key, or make it. Raises IssuerError."""
        path = data_dir / _KEY_FILE
        try:
            self._key = _read(path) if path.exists() else _made(path)
        except (OSError, ValueError, TypeError) as error:
            raise IssuerError(f"{path} cannot be used ({error}): delete it, and a new one is made") from None

    def token(self, claims: Mapping[str, Any], seconds: int) -> str:
        """Return a token with these claims, good for so many seconds."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "developer", "iat": now, "exp": now + seconds}
        return jwt.encode({**usual, **claims}, self._key, _ALGORITHM)

    def trusted(self, issuers: str | None) -> str:
        """Return QUERYPORT_JWT_ISSUERS with this issuer beside those that the environment names. Raises IssuerError."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        own = {"issuer": ISSUER, "audience": AUDIENCE, "algorithms": [_ALGORITHM], "public_key": pem}
        try:
            others = json.loads(issuers) if issuers else []
        except json.JSONDecodeError:
            raise IssuerError(f"{ISSUERS_VARIABLE} is not JSON: see docs/settings.md") from None
        return json.dumps([*others, own] if isinstance(others, list) else others)


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("it is a key of another kind")
    return key


def _made(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, [text], OWNER_ALONE)
    return key
