"""The caller of an event: how it came to the function, and what is known of it."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from handler.contract.errors import InvalidParameters

_OF_THE_TOKEN_ITSELF = ("exp", "iat", "nbf", "jti")

NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


class Caller(NamedTuple):
    kind: str
    """`iam`, `jwt`, `key`, `direct` or `anonymous`."""
    id: str
    """One text for each caller, the same in every call."""
    claims: Mapping[str, Any] = NO_CLAIMS
    """Of a token, of a key, or those that a direct caller gives on behalf of another."""
    arn: str | None = None
    """Of `iam`; of an assumed role the role's."""
    account: str | None = None
    user_id: str | None = None
    key_name: str | None = None
    alias: str | None = None
    """Of `direct`: the alias of the function that was called."""

    @property
    def scope(self) -> str:
        """A short text that tells one caller from another and names neither."""
        return hashlib.sha256(self.id.encode(errors="surrogatepass")).hexdigest()[:16]


ANONYMOUS = Caller("anonymous", "anonymous")


def is_text(subject: str) -> bool:
    """Whether a subject can be written down: in the log, as JSON, and as PostgreSQL's text."""
    return "\0" not in subject and not any("\ud800" <= character <= "\udfff" for character in subject)


def lasting(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that are no property of the token itself, which the caller's next token has as well."""
    return {name: claim for name, claim in claims.items() if name not in _OF_THE_TOKEN_ITSELF}


def direct(function_arn: str, claims: Mapping[str, Any] = NO_CLAIMS) -> Caller:
    """Return the caller of a direct invocation, whom IAM has let in. Raises InvalidParameters."""
    subject = claims.get("sub")
    if isinstance(subject, str) and not is_text(subject):
        raise InvalidParameters("claims have a sub that is no text")
    identity = f"direct:{subject}" if isinstance(subject, str) else "direct"
    return Caller("direct", identity, claims, alias=alias_of(function_arn))


def alias_of(function_arn: str) -> str | None:
    """Return the alias in the ARN that a function was called by; None for a version, or for the function itself."""
    parts = function_arn.split(":")
    qualifier = parts[7] if len(parts) > 7 else ""
    return qualifier if qualifier and qualifier != "$LATEST" and not qualifier.isdigit() else None


def of_iam(event: Mapping[str, Any]) -> Caller | None:
    """Return the caller whom AWS names in a Function URL's event, where the URL's authentication is AWS_IAM."""
    authorizer = event["requestContext"].get("authorizer")
    iam = authorizer.get("iam") if isinstance(authorizer, dict) else None
    arn = iam.get("userArn") if isinstance(iam, dict) else None
    if not isinstance(iam, dict) or not isinstance(arn, str) or not arn:
        return None
    arn = _role_arn(arn)
    return Caller("iam", f"iam:{arn}", arn=arn, account=iam.get("accountId"), user_id=iam.get("userId"))


def _role_arn(arn: str) -> str:
    """The ARN of the role that a session assumed, which is another in each session; every other ARN as it is."""
    head, _, resource = arn.rpartition(":")
    if not resource.startswith("assumed-role/"):
        return arn
    role = resource.split("/")[1]
    return f"{head.replace(':sts:', ':iam:')}:role/{role}"
