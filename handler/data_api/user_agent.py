"""The name by which the function presents itself to AWS, with the parts that the SDK's own name has."""

import os
import platform
import string

from botocore import __version__ as botocore_version

_ALLOWED = frozenset(string.ascii_letters + string.digits + "!$%&'*+-.^_`|~,#")


def user_agent(app_id: str | None) -> str:
    """Build the header's value: product, SDK, system, processor, Python, Lambda's runtime and the application's id."""
    parts = [
        "queryport",
        f"md/Botocore#{botocore_version}",
        "ua/2.1",
        f"os/{platform.system().lower()}#{_allowed(platform.release())}",
        f"md/arch#{_allowed(platform.machine().lower())}",
        f"lang/python#{_allowed(platform.python_version())}",
        f"md/pyimpl#{platform.python_implementation()}",
    ]
    if runtime := os.environ.get("AWS_EXECUTION_ENV"):
        parts.append(f"exec-env/{_allowed(runtime)}")
    if app_id:
        parts.append(f"app/{_allowed(app_id)}")
    return " ".join(parts)


def _allowed(part: str) -> str:
    return "".join(character if character in _ALLOWED else "-" for character in part)
