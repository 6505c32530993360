"""An issuer of JSON Web Tokens with an RSA key of its own, whose public half the handler's settings hold."""

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ISSUER = "https://issuer.example"
_AUDIENCE = "shop"


class Issuer:
    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)

    def setting(self) -> str:
        """QUERYPORT_JWT_ISSUERS."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return json.dumps([{"issuer": _ISSUER, "audience": _AUDIENCE, "public_key": pem}])

    def token(self, number: int) -> str:
        """A token that is good for an hour, and another for each number."""
        now = int(time.time())
        claims = {"iss": _ISSUER, "aud": _AUDIENCE, "sub": f"caller-{number}", "iat": now, "exp": now + 3600}
        return jwt.encode(claims, self._key, "RS256")
