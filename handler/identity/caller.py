"""The caller of an event: how it came to the function, and the stable text by which it is known."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Caller(NamedTuple):
    kind: str
    """`iam`, `direct` or `anonymous`."""
    id: str
    """One text for each caller, the same in every call: its kind, and its ARN where AWS names one."""


DIRECT = Caller("direct", "direct")
"""Whoever IAM lets invoke the function."""

ANONYMOUS = Caller("anonymous", "anonymous")


def of_function_url(event: Mapping[str, Any]) -> Caller:
    """Return the caller of a Function URL, which AWS names in the event where the URL's authentication is AWS_IAM."""
    authorizer = event["requestContext"].get("authorizer")
    iam = authorizer.get("iam") if isinstance(authorizer, dict) else None
    arn = iam.get("userArn") if isinstance(iam, dict) else None
    return Caller("iam", f"iam:{arn}") if isinstance(arn, str) and arn else ANONYMOUS
