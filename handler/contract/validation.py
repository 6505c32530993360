"""An operation's parameters against its JSON Schema (2020-12): every flaw at once, each by its place, in words.

The quick check recognises what is right; jsonschema is imported and asked only about the rest. Four things differ from
the standard: numbers are exact, `format` is checked, patterns are matched in linear time, and the bounds of a number
that may also come as a string of digits hold for the string, too.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handler.contract.errors import Flaw
from handler.contract.patterns import Effort, TooCostly
from handler.contract.recognition import Recognizers

if TYPE_CHECKING:
    from handler.contract.explanation import Explainer

_TOO_COSTLY = Flaw("", "take too long to check: send fewer of them, or shorter ones")


class Validator:
    """The check of one operation's parameters."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._effort = Effort()
        self._recognizers = Recognizers(self._effort)
        self._accepts = self._recognizers.of(schema).accepts
        self._explainer: Explainer | None = None

    def flaws(self, parameters: Any) -> tuple[Flaw, ...]:
        """Return what is wrong with the parameters, at most MOST_FLAWS of it; nothing for parameters that fit."""
        self._effort.begin()
        try:
            return () if self._accepts(parameters) else self._explained(parameters)
        except TooCostly:
            return (_TOO_COSTLY,)

    def _explained(self, parameters: Any) -> tuple[Flaw, ...]:
        if self._explainer is None:
            # Calls that are right need not wait for jsonschema, which would be a fifth of the start.
            from handler.contract.explanation import Explainer

            self._explainer = Explainer(self._schema, self._recognizers, self._effort)
        return self._explainer.flaws(parameters)
