"""The credentials that requests are signed with, found and refreshed by botocore."""

from botocore.credentials import Credentials, EnvProvider

from handler.data_api.configuration import Configuration


def load(configuration: Configuration) -> Credentials | None:
    """Find credentials as the SDK does; None where there are none. Raises one of botocore.exceptions.

    The environment comes first with botocore too, and in a Lambda has them. Everything else is its session's to find:
    profiles, roles, containers, single sign-on.
    """
    from_environment = EnvProvider().load()
    if from_environment is not None:
        return from_environment
    session = configuration.session
    if session is None:
        from botocore.session import get_session

        session = get_session()
    return session.get_credentials()
