"""Secrets of AWS Secrets Manager, by Powertools' Parameters, which caches them. Imported with the first secret."""

from functools import partial

from handler.contract.errors import IdentityUnavailable

_CACHED_SECONDS = 300


def read(arn: str, *, fresh: bool = False) -> str:
    """Return a secret's text, at most five minutes old; `fresh` asks the service. Raises IdentityUnavailable."""
    from aws_lambda_powertools.utilities.parameters import get_secret
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        text = get_secret(arn, max_age=_CACHED_SECONDS, force_fetch=fresh)
    except GetParameterError:
        raise IdentityUnavailable("the function's secret cannot be read at present", cause="GetSecretValue") from None
    if not isinstance(text, str):
        raise IdentityUnavailable("the function's secret is no text", cause="GetSecretValue", retryable=False)
    return text


def reader(arn: str) -> partial[str]:
    """Return the reader of one secret."""
    return partial(read, arn)
