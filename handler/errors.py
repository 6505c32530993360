"""The failures of an operation, under the name by which tests and callers import them; see handler.contract.errors."""

from handler.contract.errors import *  # noqa: F403
from handler.contract.errors import ERRORS as ERRORS
