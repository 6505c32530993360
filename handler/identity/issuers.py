"""The issuers of tokens that the function trusts, from QUERYPORT_JWT_ISSUERS: checked whole when the function starts.

Opens no key and imports no cryptography: that waits for the first token.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from handler.settings import SettingsError

VARIABLE = "QUERYPORT_JWT_ISSUERS"

PUBLIC_KEY_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")

_SOURCES = ("jwks", "public_key", "secret_arn")
_MEMBERS = ("issuer", "audience", *_SOURCES, "algorithms", "leeway")
_LONGEST_LEEWAY = 300


class Issuer(NamedTuple):
    issuer: str
    """The claim `iss` of its tokens."""
    audience: tuple[str, ...]
    """The claim `aud` has one of these."""
    algorithms: tuple[str, ...]
    leeway: int
    """Seconds by which the issuer's clock and this one may differ."""
    jwks: str | None = None
    """The address of its keys; without this, a public key and a secret, its discovery document names it."""
    public_key: str | None = None
    """PEM."""
    secret_arn: str | None = None
    """The secret in Secrets Manager that holds the key of an HMAC."""


def issuers_of(text: str) -> tuple[Issuer, ...]:
    """Read the variable. Raises SettingsError with everything that is wrong."""
    try:
        entries = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise SettingsError(f"{VARIABLE} must be a JSON array of issuers, and is not JSON") from None
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{VARIABLE} must be a JSON array with an object for each issuer")
    flaws: list[str] = []
    issuers = [_issuer(entry, f"issuer {number}", flaws) for number, entry in enumerate(entries, 1)]
    names = [issuer.issuer for issuer in issuers if issuer is not None]
    flaws += [f"{name} stands there twice" for name in sorted({name for name in names if names.count(name) > 1})]
    if flaws:
        raise SettingsError(f"{VARIABLE}: " + "; ".join(flaws))
    return tuple([issuer for issuer in issuers if issuer is not None])


def _issuer(entry: Any, place: str, flaws: list[str]) -> Issuer | None:
    found = [f"{place} {flaw}" for flaw in (_flaws(entry) if isinstance(entry, dict) else ["must be an object"])]
    flaws += found
    if found:
        return None
    source = _source(entry)
    chosen = {source: entry[source]} if source else {}
    audience, algorithms = _texts(entry["audience"]), _texts(entry.get("algorithms", [_possible(entry)[0]]))
    return Issuer(entry["issuer"], audience, algorithms, entry.get("leeway", 60), **chosen)


def _flaws(entry: dict[str, Any]) -> list[str]:
    flaws = []
    if unknown := sorted(entry.keys() - set(_MEMBERS)):
        flaws.append(f"has {', '.join(unknown)}, and may have {', '.join(_MEMBERS)}")
    texts = ("issuer", *_SOURCES)
    flaws += [f"has no text as {name}" for name in texts if name in entry and not _texts([entry[name]])]
    if "issuer" not in entry:
        flaws.append("lacks issuer, the claim `iss` of its tokens")
    if not _texts(entry.get("audience")):
        flaws.append("lacks audience, a text or an array of texts: without it any token of the issuer would do")
    if len(given := [name for name in _SOURCES if name in entry]) > 1:
        flaws.append(f"has {' and '.join(given)}: give one of them")
    possible = _possible(entry)
    algorithms = _texts(entry.get("algorithms", [possible[0]]))
    if not algorithms or not set(algorithms) <= set(possible):
        flaws.append(f"has other algorithms than some of {', '.join(possible)}")
    leeway = entry.get("leeway", 60)
    if isinstance(leeway, bool) or not isinstance(leeway, int) or not 0 <= leeway <= _LONGEST_LEEWAY:
        flaws.append(f"has a leeway that is no number of seconds from 0 to {_LONGEST_LEEWAY}")
    return flaws or _flaws_of_source(entry)


def _flaws_of_source(entry: dict[str, Any]) -> list[str]:
    source = _source(entry)
    if source == "public_key" and "-----BEGIN PUBLIC KEY-----" not in entry[source]:
        return ["has a public_key that is not PEM, with -----BEGIN PUBLIC KEY-----"]
    if source in ("jwks", None) and not is_safe(entry[source or "issuer"]):
        return [f"has keys that are fetched by https, and its {source or 'issuer'} is no https address"]
    return []


def _source(entry: dict[str, Any]) -> str | None:
    return next((name for name in _SOURCES if name in entry), None)


def _possible(entry: dict[str, Any]) -> tuple[str, ...]:
    return SECRET_ALGORITHMS if "secret_arn" in entry else PUBLIC_KEY_ALGORITHMS


def is_safe(address: str) -> bool:
    """Whether keys from there are the issuer's: over https and on this very machine there is no one in between."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _texts(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        return ()
    return tuple(texts)
