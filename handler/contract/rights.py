"""The rules of `allow:`: who may call an operation. Any one rule of an operation's list suffices.

    anyone                  everybody, known or not
    nobody                  nobody
    iam                     callers whom IAM knows, through the Function URL
    iam:role/reporting-*    of them, those whose ARN ends so, of any account: `role/NAME`, `user/NAME`, `account/NUMBER`
    iam:NUMBER:role/NAME    of them, those of that account alone
    jwt                     callers with a verified JSON Web Token
    jwt:groups=admin        of them, those whose claim is that text, has it in its array, or among its words (`scope`)
    key                     callers with an API key
    key:partner-*           of them, those whose key has that name
    direct                  direct invocations, which IAM has let in
    alias:reader            of them, those through an alias of that name

`*` stands for any characters. What the rules are held against is decided in handler.identity.rights.
"""

import re
from typing import NamedTuple

DEFAULT = ("iam", "direct")
"""The rights of an operation that names none: a URL without authentication serves nothing by accident."""

_FORMS = {
    "anyone": None,
    "nobody": None,
    "iam": r"(?:[0-9]{12}:)?(?:role|user)/[\w+=,.@/*-]{1,512}|account/[0-9]{12}",
    "jwt": r"[^=\s]{1,200}=\S.{0,499}",
    "key": r"[A-Za-z0-9_.*-]{1,100}",
    "direct": None,
    "alias": r"[A-Za-z0-9_*-]{1,128}",
}
_NEEDS_DETAIL = frozenset({"alias"})


class RightsError(ValueError):
    """The text is no rule; the message says what one looks like."""


class Rule(NamedTuple):
    kind: str
    detail: str | None = None
    """The text behind the colon."""


def parse(text: str) -> Rule:
    """Read one rule. Raises RightsError."""
    kind, colon, detail = text.partition(":")
    form = _FORMS.get(kind)
    if kind not in _FORMS:
        raise RightsError(f"`{text}` is no rule: the rules are {', '.join(_FORMS)}")
    if not colon:
        if kind in _NEEDS_DETAIL:
            raise RightsError(f"`{kind}` needs a name: write `{kind}:NAME`")
        return Rule(kind)
    if form is None:
        raise RightsError(f"`{kind}` stands alone, without `:{detail}`")
    if not re.fullmatch(form, detail):
        raise RightsError(f"`{text}` is no rule: {_EXAMPLES[kind]}")
    return Rule(kind, detail)


_EXAMPLES = {
    "iam": "write `iam:role/NAME`, `iam:user/NAME` or `iam:account/123456789012`, or `iam:123456789012:role/NAME`",
    "jwt": "write `jwt:CLAIM=VALUE`, such as `jwt:scope=orders.read`",
    "key": "write `key:NAME`, of letters, digits and _ . - *",
    "alias": "write `alias:NAME`, of letters, digits and _ - *",
}
