"""An issuer of tokens: real keys, a real HTTP server with a discovery document and the keys, which a test can stop."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "bookshop"


@cache
def rsa_key(_key_id: str) -> rsa.RSAPrivateKey:
    """A key of its own for each id. Making one takes a tenth of a second, so that all issuers share them."""
    return rsa.generate_private_key(65537, 2048)


class TokenIssuer:
    def __init__(self, url: str) -> None:
        self.url = url
        self.audience = AUDIENCE
        self.broken = False
        """The server answers 500."""
        self.fetches: list[str] = []
        self.private: dict[str, rsa.RSAPrivateKey] = {}
        self.published: list[str] = []
        self.add_key("first")

    def add_key(self, key_id: str, *, publish: bool = True) -> None:
        self.private[key_id] = rsa_key(key_id)
        if publish:
            self.published.append(key_id)

    def public_pem(self, key_id: str = "first") -> str:
        key = self.private[key_id].public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def token(self, key_id: str = "first", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is good for five minutes; a claim that is None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": self.audience, "exp": now + 300, "iat": now, "sub": "alice"}
        kept = {name: claim for name, claim in (usual | claims).items() if claim is not None}
        return jwt.encode(kept, self.private[key_id], "RS256", {"kid": key_id, **(headers or {})})

    def document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            keys = [RSAAlgorithm.to_jwk(self.private[key].public_key(), as_dict=True) for key in self.published]
            return {
                "keys": [{**key, "kid": name, "use": "sig"} for key, name in zip(keys, self.published, strict=True)]
            }
        return None


@contextmanager
def token_issuers() -> Iterator[Callable[[], TokenIssuer]]:
    """Makes issuers, each with a URL of its own on one server."""
    issuers: dict[str, TokenIssuer] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, name, path = self.path.split("/", 2)
            issuer = issuers[name]
            issuer.fetches.append(f"/{path}")
            document = None if issuer.broken else issuer.document(f"/{path}")
            body = json.dumps(document).encode()
            self.send_response(200 if document is not None else 500)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def make() -> TokenIssuer:
        name = str(len(issuers))
        issuers[name] = made = TokenIssuer(f"http://127.0.0.1:{server.server_port}/{name}")
        return made

    try:
        yield make
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def token_issuer() -> Iterator[TokenIssuer]:
    """Makes one issuer with a server of its own."""
    with token_issuers() as make:
        yield make()
