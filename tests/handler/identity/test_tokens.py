"""Which tokens are believed: those of a trusted issuer, for this audience, by its algorithms and its keys, in time."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from handler.contract.errors import IdentityUnavailable, InvalidParameters, NotAuthenticated
from handler.identity.identity import Identity
from handler.identity.issuers import Issuer
from handler.identity.key_sets import KeySet
from handler.identity.tokens import Tokens
from tests.handler.identity.issuer import AUDIENCE, TokenIssuer, rsa_key


def event(*headers: tuple[str, str]) -> dict[str, Any]:
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return {"headers": joined, "requestContext": {"http": {"method": "GET", "path": "/"}}}


def bearer(token: str) -> dict[str, Any]:
    return event(("authorization", f"Bearer {token}"))


def refused(identity: Identity, made: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAuthenticated, match=reason) as caught:
        identity.of_function_url(made)
    assert caught.value.challenge.startswith('Bearer realm="queryport", error="invalid_')


def test_a_good_token_makes_a_caller_with_its_claims(identity: Identity, issuer: TokenIssuer) -> None:
    caller = identity.of_function_url(bearer(issuer.token(tenant_id=7)))
    assert (caller.kind, caller.id) == ("jwt", f"jwt:{issuer.url}|alice")
    assert caller.claims["tenant_id"] == 7


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_case_of_the_header_and_of_its_scheme_does_not_matter(
    identity: Identity, issuer: TokenIssuer, name: str, scheme: str
) -> None:
    assert identity.of_function_url(event((name, f"{scheme} {issuer.token()}"))).kind == "jwt"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "cannot be verified"),
        ({"aud": []}, "cannot be verified|another audience"),
        ({"aud": {"a": 1}}, "another audience|cannot be verified"),
        ({"iss": "https://evil.example"}, "issuer that is not trusted"),
        ({"iss": None}, "issuer that is not trusted"),
        ({"exp": int(time.time()) - 3600}, "has expired"),
        ({"exp": None}, "cannot be verified"),
        ({"exp": "soon"}, "cannot be verified|no JSON Web Token"),
        ({"exp": -1}, "has expired"),
        ({"nbf": int(time.time()) + 3600}, "is not valid yet"),
        ({"nbf": "now"}, "cannot be verified"),
        ({"iat": int(time.time()) + 3600}, "is not valid yet"),
    ],
)
def test_claims_that_do_not_hold_are_refused(
    identity: Identity, issuer: TokenIssuer, claims: dict[str, Any], reason: str
) -> None:
    refused(identity, bearer(issuer.token(**claims)), reason)


def test_clocks_may_differ_by_the_leeway(identity: Identity, issuer: TokenIssuer) -> None:
    now = int(time.time())
    assert identity.of_function_url(bearer(issuer.token(exp=now - 20))).kind == "jwt"
    assert identity.of_function_url(bearer(issuer.token(nbf=now + 20))).kind == "jwt"


def _forged(issuer: TokenIssuer, header: dict[str, Any], signature: bytes = b"") -> str:
    claims = {"iss": issuer.url, "aud": issuer.audience, "exp": int(time.time()) + 300, "sub": "alice"}
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, "HS256", "ES256", "RS1", ["RS256"], 5])
def test_no_algorithm_but_the_issuers_own_is_believed(identity: Identity, issuer: TokenIssuer, algorithm: Any) -> None:
    token = _forged(issuer, {"typ": "JWT", "alg": algorithm, "kid": "first"}, b"x")
    refused(identity, bearer(token), "algorithm|no JSON")


def test_an_hmac_with_the_public_key_is_no_signature(identity: Identity, issuer: TokenIssuer) -> None:
    import hashlib
    import hmac

    unsigned = _forged(issuer, {"typ": "JWT", "alg": "HS256", "kid": "first"}).rpartition(".")[0]
    for key in (issuer.public_pem(), issuer.public_pem().strip()):
        mac = hmac.new(key.encode(), unsigned.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        refused(identity, bearer(f"{unsigned}.{signature}"), "algorithm")
        fixed = Tokens((Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, public_key=issuer.public_pem()),), _no_secret)
        with pytest.raises(NotAuthenticated):
            fixed.claims(f"{unsigned}.{signature}")


def _no_secret(arn: str) -> str:
    raise AssertionError(arn)


def test_a_changed_token_is_refused(identity: Identity, issuer: TokenIssuer) -> None:
    header, claims, signature = issuer.token(sub="bob").split(".")
    _, others, _ = issuer.token(sub="alice").split(".")
    refused(identity, bearer(f"{header}.{others}.{signature}"), "cannot be verified")
    refused(identity, bearer(f"{header}.{claims}."), "cannot be verified|no JSON")
    refused(identity, bearer(f"{header}.{claims}.{signature[:-4]}AAAA"), "cannot be verified")


@pytest.mark.parametrize(
    "token",
    [
        *("x", "a.b", "a.b.c", "....", "=.=.=", "e30.e30.", "null.null.null", "W10.W10.W10", "é.é.é", "a b"),
        "x" * 16_385,
    ],
)
def test_anything_else_is_no_token(identity: Identity, token: str) -> None:
    refused(identity, bearer(token), "token")


def test_two_headers_are_refused_though_one_of_them_is_good(identity: Identity, issuer: TokenIssuer) -> None:
    good = f"Bearer {issuer.token()}"
    refused(identity, event(("authorization", good), ("authorization", good)), "not the only one")
    refused(identity, event(("authorization", good), ("authorization", "Bearer x")), "not the only one")
    refused(identity, event(("authorization", good), ("x-api-key", "qp_" + "a" * 40)), "send one of them")


def test_a_key_that_is_not_published_is_looked_for_once_a_minute_at_most(
    identity: Identity, issuer: TokenIssuer
) -> None:
    issuer.add_key("second", publish=False)
    for _ in range(5):
        refused(identity, bearer(issuer.token("second")), "a key that its issuer does not publish")
    assert issuer.fetches.count("/keys") == 1
    assert identity.of_function_url(bearer(issuer.token())).kind == "jwt"


def test_a_new_key_is_found_and_a_failing_issuer_is_got_over(issuer: TokenIssuer) -> None:
    now = [1000.0]
    keys = KeySet(issuer.url, None, clock=lambda: now[0])
    assert keys.keys("first")
    issuer.add_key("second")
    assert not keys.keys("second")  # a minute has not passed
    now[0] += 61
    assert keys.keys("second")
    issuer.broken = True
    now[0] += 7200
    assert keys.keys("first")
    assert not keys.keys("third")
    now[0] += 90_000
    with pytest.raises(IdentityUnavailable):
        keys.keys("first")
    issuer.broken = False
    now[0] += 61
    assert keys.keys("first")


def test_an_issuer_that_never_answered_is_no_fault_of_the_caller(identity: Identity, issuer: TokenIssuer) -> None:
    issuer.broken = True
    with pytest.raises(IdentityUnavailable) as caught:
        identity.of_function_url(bearer(issuer.token()))
    assert caught.value.retryable


def test_a_token_that_was_seen_is_not_verified_again_until_it_ends(issuer: TokenIssuer) -> None:
    now = [time.time()]
    trusted = (Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, jwks=f"{issuer.url}/keys"),)
    tokens = Tokens(trusted, _no_secret, lambda: now[0])
    token = issuer.token(exp=int(now[0]) + 5)
    first = tokens.claims(token)
    assert tokens.claims(token) == first
    with pytest.raises(TypeError):
        tokens.claims(token)["sub"] = "bob"  # type: ignore[index]  # that is what is tested
    with pytest.raises(NotAuthenticated):
        tokens.claims(token[:-4] + "AAAA")
    now[0] += 3600  # past what is remembered: it is verified anew, and by the real clock it is still in time
    assert tokens.claims(token) == first


def test_a_secret_takes_the_algorithms_of_secrets_alone(issuer: TokenIssuer) -> None:
    secret = "s" * 64
    trusted = Issuer("https://hmac", (AUDIENCE,), ("HS256",), 0, secret_arn="arn:s")  # noqa: S106 (its name)
    tokens = Tokens((trusted,), lambda _: secret)
    claims = {"iss": "https://hmac", "aud": AUDIENCE, "exp": int(time.time()) + 60, "sub": "carol"}
    assert tokens.claims(jwt.encode(claims, secret, "HS256"))["sub"] == "carol"
    with pytest.raises(NotAuthenticated):
        tokens.claims(jwt.encode(claims, "t" * 64, "HS256"))
    with pytest.raises(NotAuthenticated):
        tokens.claims(jwt.encode(claims, issuer.private["first"], "RS256"))


def test_several_issuers_are_told_apart_by_what_they_sign(issuer: TokenIssuer) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    tokens = Tokens(
        (
            Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, jwks=f"{issuer.url}/keys"),
            Issuer("https://other", ("x", AUDIENCE), ("ES256",), 0, public_key=pem),
        ),
        _no_secret,
    )
    claims = {"iss": "https://other", "aud": ["y", "x"], "exp": int(time.time()) + 60}
    assert tokens.claims(jwt.encode(claims, other, "ES256"))["iss"] == "https://other"
    assert tokens.claims(issuer.token())["sub"] == "alice"
    with pytest.raises(NotAuthenticated):
        tokens.claims(jwt.encode(claims | {"iss": issuer.url}, other, "ES256"))
    with pytest.raises(NotAuthenticated):
        tokens.claims(issuer.token(iss="https://other", aud="x"))


def test_a_caller_without_a_subject_is_the_same_in_its_next_token(identity: Identity, issuer: TokenIssuer) -> None:
    now = int(time.time())
    one = identity.of_function_url(bearer(issuer.token(sub=None, client_id="a", iat=now, jti="1")))
    two = identity.of_function_url(bearer(issuer.token(sub=None, client_id="a", iat=now - 5, exp=now + 99, jti="2")))
    other = identity.of_function_url(bearer(issuer.token(sub=None, client_id="b")))
    assert one.id == two.id != other.id


_UNWRITABLE: list[Any] = [2**64, -(2**64), "\ud800", {"\udfff": 1}, [["x"], "a\udc00b"]]


@pytest.mark.parametrize("claim", _UNWRITABLE, ids=ascii)
def test_who_has_no_subject_and_claims_that_cannot_be_written_is_nobody(
    identity: Identity, issuer: TokenIssuer, claim: Any
) -> None:
    for subject in (None, ""):
        refused(
            identity, bearer(issuer.token(sub=subject, claim=claim)), "cannot be written as JSON|is no JSON Web Token"
        )


@pytest.mark.parametrize("subject", ["\ud800", "a\udfffb", "\0", "a\0b"], ids=ascii)
def test_a_subject_is_a_text_that_can_be_written_down(identity: Identity, issuer: TokenIssuer, subject: str) -> None:
    refused(identity, bearer(issuer.token(sub=subject)), "has a subject that is no text|is no JSON Web Token")
    with pytest.raises(InvalidParameters, match="a sub that is no text"):
        identity.of_direct({"operation": "a", "claims": {"sub": subject}}, "arn:aws:lambda:x:1:function:f")


def test_a_token_may_come_in_another_header(issuer: TokenIssuer, settings: Any) -> None:
    identity = Identity(settings._replace(token_header="x-authorization"))  # noqa: S106 (a header's name)
    signed = ("authorization", "AWS4-HMAC-SHA256 …")
    assert identity.of_function_url(event(signed, ("x-authorization", f"Bearer {issuer.token()}"))).kind == "jwt"


def test_a_set_of_one_key_needs_no_name_for_it(issuer: TokenIssuer) -> None:
    assert KeySet(issuer.url, f"{issuer.url}/keys").keys(None)
    issuer.add_key("second")
    assert not KeySet(issuer.url, f"{issuer.url}/keys").keys(None)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/.well-known/openid-configuration", {"issuer": "https://another", "jwks_uri": "https://another/keys"}),
        ("/keys", {"keys": [], "padding": "x" * 600_000}),
    ],
)
def test_what_an_issuer_must_not_say_is_not_taken(
    issuer: TokenIssuer, path: str, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = issuer.document
    monkeypatch.setattr(issuer, "document", lambda asked: document if asked == path else usual(asked))
    with pytest.raises(IdentityUnavailable):
        KeySet(issuer.url, None).keys("first")


def test_a_published_key_that_is_none_verifies_nothing(
    issuer: TokenIssuer, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = issuer.document
    broken = {"keys": [{"kty": "RSA", "kid": "first", "n": "AQAB"}]}
    monkeypatch.setattr(issuer, "document", lambda asked: broken if asked == "/keys" else usual(asked))
    refused(identity, bearer(issuer.token()), "a key that its issuer does not publish")


_UNUSABLE: list[Any] = [
    {"kty": "RSA", "kid": "first", "n": "AQAB"},
    {"kty": "oct", "kid": "first", "k": "c2VjcmV0"},
    {"kty": "EC", "kid": "first", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "first", "crv": "P-999", "x": "AA", "y": "AA"},
    {"kty": "OKP", "kid": "first", "crv": "Ed25519", "x": 5},
    {"kty": "RSA", "kid": "first", "use": "enc", "n": "AQAB", "e": "AQAB"},
    {"kty": "none", "kid": "first"},
    {"kid": "first"},
    {"kty": "RSA", "kid": ["first"], "n": "AQAB", "e": "AQAB"},
    "first",
    None,
    7,
    lambda: ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True),
    lambda: RSAAlgorithm.to_jwk(rsa_key("another").public_key(), as_dict=True),
]
"""What may stand beside a key of the same id: nothing that is a key, a key of another kind, another key of its kind."""


@pytest.mark.parametrize("other", _UNUSABLE, ids=lambda other: "another key" if callable(other) else str(other)[:40])
@pytest.mark.parametrize("order", [(True, False), (False, True)], ids=["before", "behind"])
def test_a_good_key_is_found_beside_any_other_of_its_id(
    issuer: TokenIssuer, identity: Identity, monkeypatch: pytest.MonkeyPatch, other: Any, order: tuple[bool, bool]
) -> None:
    if callable(other):  # Making a key takes long, which collecting the tests is not to do.
        other = {**other(), "kid": "first"}
    usual = issuer.document
    (good,) = usual("/keys")["keys"]
    both = {"keys": [other if is_other else good for is_other in order]}
    monkeypatch.setattr(issuer, "document", lambda asked: both if asked == "/keys" else usual(asked))
    assert identity.of_function_url(bearer(issuer.token())).kind == "jwt"
    issuer.private["first"] = rsa_key("other")
    refused(identity, bearer(issuer.token(sub="mallory")), "cannot be verified")


def test_no_more_tokens_are_remembered_than_there_is_room_for(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handler.identity.tokens._MOST_REMEMBERED", 2)
    tokens = Tokens((Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, jwks=f"{issuer.url}/keys"),), _no_secret)
    for subject in ("a", "b", "c", "a"):
        assert tokens.claims(issuer.token(sub=subject))["sub"] == subject


def test_a_token_is_only_so_long(issuer: TokenIssuer) -> None:
    tokens = Tokens((Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, jwks=f"{issuer.url}/keys"),), _no_secret)
    with pytest.raises(NotAuthenticated, match="has more than 16384 characters"):
        tokens.claims(issuer.token(note="x" * 16_384))


def test_a_retired_key_does_not_live_on_under_another_id(issuer: TokenIssuer) -> None:
    clock = [0.0]
    for round_number in range(50):
        keys = KeySet(issuer.url, f"{issuer.url}/keys", lambda: clock[0])
        issuer.published.clear()
        old, new = f"old-{round_number}", f"new-{round_number}"
        issuer.private[old], issuer.private[new] = issuer.private["first"], rsa_key("other")
        issuer.published.append(old)
        assert _numbers(keys.keys(old)[0]) == _numbers(issuer.private[old].public_key())
        issuer.published[:] = [new]
        clock[0] += 61
        assert not keys.keys("unknown")
        assert _numbers(keys.keys(new)[0]) == _numbers(rsa_key("other").public_key())


def _numbers(key: Any) -> Any:
    return key.public_numbers()


@pytest.mark.parametrize("exp", ["9999999999", "9_999_999_999", 10**400, True])
def test_a_time_that_is_no_number_of_seconds_is_refused(identity: Identity, issuer: TokenIssuer, exp: Any) -> None:
    refused(identity, bearer(issuer.token(exp=exp)), "no number of seconds|cannot be verified|has expired|no JSON")


@pytest.mark.parametrize("header", ["Bearer\tx", "Bearer\u00a0x", "Bearer,x", "Basic eA==, Bearer x", "Bearer"])
def test_a_token_in_another_form_is_not_as_if_there_were_none(identity: Identity, header: str) -> None:
    refused(identity, event(("authorization", header)), "not one")


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "null"])
def test_claims_are_an_object(identity: Identity, text: str) -> None:
    part = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    refused(identity, bearer(f"{part}.{part}.x"), "no JSON Web Token")


def test_a_public_key_of_the_settings_verifies_and_one_that_is_none_does_not(issuer: TokenIssuer) -> None:
    pem = issuer.public_pem()
    for text, is_good in ((pem, True), (pem.replace("MII", "AAA"), False)):
        trusted = Tokens((Issuer(issuer.url, (AUDIENCE,), ("RS256",), 0, public_key=text),), _no_secret)
        if is_good:
            assert trusted.claims(issuer.token())["sub"] == "alice"
        else:
            with pytest.raises(NotAuthenticated, match="does not publish"):
                trusted.claims(issuer.token())


def test_half_a_character_is_no_text(identity: Identity, issuer: TokenIssuer) -> None:
    refused(identity, bearer(issuer.token(sub="\ud800")), "no JSON Web Token")
