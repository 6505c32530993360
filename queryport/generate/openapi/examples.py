"""Values for the document's examples: only such as their schemas take."""

from typing import Any

from handler.contract.exact_json import JsonError, exact
from handler.contract.validation import Validator
from queryport.generate.example_call import sample


def example_of(schema: dict[str, Any]) -> Any:
    """Return a value that the schema takes, or None where none is found easily."""
    try:
        value = sample(schema)
        return value if not Validator(exact(schema)).flaws(exact(value)) else None
    except (KeyError, TypeError, IndexError, JsonError):
        return None
