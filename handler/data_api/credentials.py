"""The credentials that requests are signed with, found and refreshed by botocore."""

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from handler.data_api.configuration import Configuration


class AccessKeys(NamedTuple):
    """Keys of one moment, named as botocore's signature asks for them; or keys for good, which have no other moment."""

    access_key: str
    secret_key: str
    token: str | None

    def get_frozen_credentials(self) -> "AccessKeys":
        return self


class Credentials(Protocol):
    """The part of botocore's credentials that is needed of them."""

    def get_frozen_credentials(self) -> "AccessKeys":
        """Return the keys as they are now, refreshed where their time is up. Raises one of botocore.exceptions."""


def load(configuration: "Configuration") -> Credentials | None:
    """Find credentials as the SDK does; None where there are none. Raises one of botocore.exceptions.

    The environment comes first with botocore too, and in a Lambda has keys for good: there botocore's session is not
    needed, nor its module of credentials, which is a twentieth of a cold start. All else is the session's to find:
    keys that expire, profiles, roles, containers, single sign-on.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key and not os.environ.get("AWS_CREDENTIAL_EXPIRATION"):
        token = os.environ.get("AWS_SECURITY_TOKEN") or os.environ.get("AWS_SESSION_TOKEN")
        return AccessKeys(access_key, secret_key, token or None)
    session = configuration.session
    if session is None:
        from botocore.session import get_session

        session = get_session()
    found: Credentials | None = session.get_credentials()  # type: ignore[assignment]  # its keys are named like AccessKeys
    return found
