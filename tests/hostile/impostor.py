"""Credentials of callers who pretend: forged, expired, mixed and malformed, and good ones among them, from one seed.

Each comes with the tenant whose rows it may see: none, unless the credential is good.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.handler.identity.issuer import TokenIssuer, rsa_key

TENANTS = 20
HMAC_SECRET = "the secret of an issuer, of thirty-two bytes"  # noqa: S105 (a secret for tests, told in no answer)
HMAC_ISSUER = "https://hmac.example"
EC_ISSUER = "https://ec.example"
AUDIENCE = "bookshop"

_EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_PEM = _EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
_ATTACKER_EC = ec.generate_private_key(ec.SECP256R1())

_STRANGE: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**31,
        2**63,
        2**64,
        1.5,
        1e308,
        float("nan"),
        "",
        "1",
        "one",
        "'; --",
        "\0",
        "x" * 10_000,
    ),
    *([], [1], {}, {"a": {"b": [1]}}, "\ud800", "é😀", '{"tenant_id": 2}', "1 OR true", [[[[[]]]]]),
]
_HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "None"},
    {"alg": "NONE"},
    {"alg": ""},
    {"alg": None},
    {"alg": ["RS256"]},
    {"alg": "HS256"},
    {"alg": "RS512"},
    {"alg": "ES256K"},
    {"alg": "RS256", "kid": None},
    {"alg": "RS256", "kid": ["first"]},
    {"alg": "RS256", "kid": 1},
    {"alg": "RS256", "kid": "../../../../dev/null"},
    {"alg": "RS256", "kid": "' UNION SELECT 'x"},
    {"alg": "RS256", "kid": "k" * 5000},
    {"alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1},
    {"alg": "RS256", "kid": "first", "b64": False, "crit": ["b64"]},
    {"alg": "RS256", "kid": "first", "zip": "DEF"},
    {"alg": "RS256", "kid": "first", "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/keys"},
    {"alg": "ES256", "kid": "first"},
    {"typ": "JWT"},
    {},
]
_PARTS = [
    "",
    ".",
    "..",
    "...",
    "a.b.c",
    "e30.e30.",
    "e30.e30.e30",
    "W10.W10.W10",
    "bnVsbA.bnVsbA.bnVsbA",
    "ey",
    "=" * 50,
]


class Attempt(NamedTuple):
    headers: dict[str, str]
    tenant: int | None
    """The tenant whose rows the caller may see; None for no tenant's."""
    kind: str
    """The way in which it was made, for messages."""
    query: str = ""


class Impostor:
    def __init__(self, seed: int, issuer: TokenIssuer, keys: Mapping[str, int]) -> None:
        """`keys` are the good API keys, each with its tenant."""
        self._chance = Random(seed)  # noqa: S311 (the same in every run)
        self._issuer = issuer
        self._keys = keys
        self._ways: list[Callable[[], Attempt]] = [
            *(self._good_token, self._good_token, self._good_key),
            *(self._forged, self._other_header, self._other_header, self._other_time, self._other_claims),
            *(
                self._strange_tenant,
                self._broken,
                self._mutated,
                self._two,
                self._mixed,
                self._key_like,
                self._in_query,
            ),
            self._scheme,
        ]

    def attempt(self) -> Attempt:
        return self._chance.choice(self._ways)()

    # Tokens -----------------------------------------------------------------------------------------------------------

    def _claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        tenant = self._chance.randrange(1, TENANTS + 1)
        return {"aud": AUDIENCE, "exp": now + 300, "iat": now, "sub": f"s{tenant}", "tenant_id": tenant} | more

    def _signed(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        kind = self._chance.choice(["rsa", "ec", "hmac"])
        if kind == "rsa":
            made = {"alg": "RS256", "kid": "first"} if header is None else header
            return encoded({"iss": self._issuer.url, **claims}, made, self._issuer.private["first"], "RS256")
        if kind == "ec":
            made = {"alg": "ES256"} if header is None else header
            return encoded({"iss": EC_ISSUER, **claims}, made, _EC_KEY, "ES256")
        made = {"alg": "HS256"} if header is None else header
        return encoded({"iss": HMAC_ISSUER, **claims}, made, HMAC_SECRET, "HS256")

    def _bearer(self, token: str, tenant: int | None, kind: str) -> Attempt:
        name = self._chance.choice(["authorization", "Authorization", "AUTHORIZATION"])
        return Attempt({name: f"{self._chance.choice(['Bearer', 'bearer', 'BEARER'])} {token}"}, tenant, kind)

    def _good_token(self) -> Attempt:
        claims = self._claims()
        return self._bearer(self._signed(claims), claims["tenant_id"], "good token")

    def _forged(self) -> Attempt:
        claims = self._claims(iss=self._chance.choice([self._issuer.url, EC_ISSUER, HMAC_ISSUER]))
        key, algorithm, more = self._chance.choice(
            [
                (rsa_key("attacker"), "RS256", {"kid": "first"}),
                (rsa_key("attacker"), "PS256", {"kid": "first"}),
                (_ATTACKER_EC, "ES256", {}),
                ("", "HS256", {"kid": "first"}),
                (self._issuer.public_pem(), "HS256", {"kid": "first"}),
                (EC_PEM, "HS256", {}),
                (EC_PEM.strip(), "HS256", {}),
                ("null", "HS256", {}),
                (None, "none", {}),
            ]
        )
        return self._bearer(encoded(claims, {"alg": algorithm, **more}, key, algorithm), None, f"forged {algorithm}")

    def _other_header(self) -> Attempt:
        header = dict(self._chance.choice(_HEADERS))
        claims = self._claims(iss=self._issuer.url)
        key = self._chance.choice([rsa_key("attacker"), None])
        return self._bearer(encoded(claims, header, key, "RS256" if key else "none"), None, f"header {header}"[:80])

    def _other_time(self) -> Attempt:
        now = int(time.time())
        claims: dict[str, Any] = self._chance.choice(
            [
                *(
                    {"exp": now - 3600},
                    {"exp": None},
                    {"exp": "never"},
                    {"exp": -1},
                    {"exp": True},
                    {"exp": [now + 300]},
                ),
                *(
                    {"exp": 1e400},
                    {"exp": 10**400},
                    {"nbf": now + 3600},
                    {"nbf": "soon"},
                    {"iat": now + 3600},
                    {"exp": {}},
                ),
            ]
        )
        return self._bearer(self._signed(self._claims(**claims)), None, f"time {claims}"[:80])

    def _other_claims(self) -> Attempt:
        claims: dict[str, Any] = self._chance.choice(
            [
                *(
                    {"aud": "another"},
                    {"aud": []},
                    {"aud": None},
                    {"aud": {"a": 1}},
                    {"aud": [AUDIENCE[:-1]]},
                    {"aud": ""},
                ),
                *({"iss": "https://evil.example"}, {"iss": None}, {"iss": [HMAC_ISSUER]}, {"iss": HMAC_ISSUER + "/"}),
            ]
        )
        return self._bearer(self._signed(self._claims(**claims)), None, f"claims {claims}"[:80])

    def _strange_tenant(self) -> Attempt:
        strange = self._chance.choice(_STRANGE)
        more = {"sub": self._chance.choice([*_STRANGE, None, None])} if self._chance.random() < 0.5 else {}
        meant = 1 if strange == "1" else None  # the policy casts the claim's text
        return self._bearer(self._signed(self._claims(tenant_id=strange, **more)), meant, f"tenant {strange!r}"[:80])

    def _broken(self) -> Attempt:
        big = self._chance.choice([15_000, 16_384, 20_000, 1_000_000])
        nested = base64.urlsafe_b64encode(b'{"a":' * 20_000).decode().rstrip("=")
        token = self._chance.choice(
            [*_PARTS, "x" * big, f"{'a' * big}.b.c", f"{nested}.{nested}.x", f"e30.{nested}.x", "é.é.é", "\u202e.a.b"]
        )
        return self._bearer(token, None, f"broken {token[:20]}")

    def _mutated(self) -> Attempt:
        claims = self._claims()
        token = self._signed(claims)
        header, payload, signature = token.split(".")
        other = encoded(self._claims(), {"alg": "none"}, None, "none").split(".")[1]
        changed = self._chance.choice(
            [
                f"{header}.{other}.{signature}",
                f"{header}.{payload}.",
                f"{header}.{payload}.{signature[:-8]}",
                f"{header}.{payload}.{signature[::-1]}",
                f"{header}.{payload}",
                f"{token}.{signature}",
                f"{header}.{payload[:-5]}.{signature}",
                f"{payload}.{header}.{signature}",
            ]
        )
        return self._bearer(changed, None, "mutated")

    # Headers ----------------------------------------------------------------------------------------------------------

    def _two(self) -> Attempt:
        """Lambda joins two headers of one name by a comma."""
        one, other = self._signed(self._claims()), self._signed(self._claims())
        joined = self._chance.choice(
            [f"Bearer {one},Bearer {other}", f"Bearer {one}, {other}", f"Basic eA==,Bearer {one}"]
        )
        return Attempt({"authorization": joined}, None, "two tokens")

    def _mixed(self) -> Attempt:
        token, key = self._signed(self._claims()), self._chance.choice([*self._keys])
        headers = self._chance.choice(
            [
                {"authorization": f"Bearer {token}", "x-api-key": key},
                {"authorization": f"Bearer {key}", "x-api-key": key},
                {"authorization": f"Bearer {token}", "X-Api-Key": "qp_" + "x" * 43},
                {"x-api-key": f"{key},{key}"},
                {"authorization": f"Bearer {key},{key}"},
            ]
        )
        return Attempt(headers, None, "mixed")

    def _good_key(self) -> Attempt:
        key = self._chance.choice([*self._keys])
        headers = self._chance.choice([{"x-api-key": key}, {"X-API-Key": key}, {"authorization": f"Bearer {key}"}])
        return Attempt(headers, self._keys[key], "good key")

    def _key_like(self) -> Attempt:
        key = self._chance.choice([*self._keys])
        like = self._chance.choice(
            [
                *(
                    key[:-1],
                    key + "x",
                    key[:10],
                    key[3:],
                    key.upper(),
                    key.swapcase(),
                    "qp_",
                    "qp_" + "*" * 40,
                    key[::-1],
                ),
                *("", "\0", key + "\0", "sha256:" + hashlib.sha256(key.encode()).hexdigest(), "qp_" + "x" * 100_000),
                *(f"{key[:20]}%{key[21:]}", "' OR '1'='1", "é" * 43, f"{key[:-1]}\ud800"),
            ]
        )
        headers = {"x-api-key": like} if self._chance.random() < 0.7 else {"authorization": f"Bearer {like}"}
        return Attempt(headers, None, f"key like {like[:15]!a}")

    def _in_query(self) -> Attempt:
        key, token = self._chance.choice([*self._keys]), self._signed(self._claims())
        query = self._chance.choice([f"x-api-key={key}", f"api_key={key}", f"access_token={token}", f"token={token}"])
        return Attempt({}, None, "in the query", query)

    def _scheme(self) -> Attempt:
        token = self._signed(self._claims())
        value = self._chance.choice(
            [
                *(
                    "",
                    "Bearer",
                    "Bearer ",
                    f"Token {token}",
                    f"Basic {token}",
                    token,
                    f"Bearer\t{token}",
                    f"Bearer:{token}",
                ),
                *(
                    f"Bearer  {token} x",
                    f"AWS4-HMAC-SHA256 Credential=x, Bearer {token}",
                    "Negotiate YII=",
                    f" , Bearer {token}",
                ),
            ]
        )
        return Attempt({"authorization": value}, None, f"scheme {value[:12]!a}")


def encoded(claims: Mapping[str, Any], header: Mapping[str, Any], key: Any, algorithm: str) -> str:
    """Write a token by hand, which may be one that no library would make."""
    parts = [_base64(json.dumps(dict(part)).encode()) for part in (header, claims)]
    signed = ".".join(parts).encode()
    if algorithm == "none" or key is None:
        signature = b""
    elif algorithm.startswith("HS"):
        signature = hmac.new(str(key).encode(), signed, hashlib.sha256).digest()
    else:
        signature = jwt.get_algorithm_by_name(algorithm).sign(signed, key)
    return ".".join([*parts, _base64(signature)])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
