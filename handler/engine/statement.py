"""A compiled statement: joins the pieces that a call needs, and knows which placeholders are left in them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from handler.contract.operation import Choice

# The compiler made sure that every `:name` in the text is a placeholder. Where a string holds something of that look,
# it names a parameter at worst, and the Data API ignores a parameter that its own scanner does not find.
_PLACEHOLDER = re.compile(r"(?<!:):([A-Za-z_][A-Za-z0-9_]*)")

_MOST_FORMS = 64


class Form(NamedTuple):
    """The text of the statement for calls in which the same parameters have values."""

    sql: str
    placeholders: tuple[str, ...]


class Statement:
    def __init__(self, pieces: tuple[str | Choice, ...]) -> None:
        self._pieces = pieces
        self._deciding = tuple({piece.parameter: None for piece in pieces if isinstance(piece, Choice)})
        self._forms: dict[tuple[bool, ...], Form] = {}

    def form(self, texts: Mapping[str, str | None]) -> Form:
        """The statement for a call's parameters."""
        present = tuple([texts.get(name) is not None for name in self._deciding])
        form = self._forms.get(present)
        if form is None:
            form = self._make(dict(zip(self._deciding, present, strict=True)))
            if len(self._forms) < _MOST_FORMS:
                self._forms[present] = form
        return form

    def _make(self, present: Mapping[str, bool]) -> Form:
        sql = "".join(
            piece if isinstance(piece, str) else piece.present if present[piece.parameter] else piece.absent
            for piece in self._pieces
        )
        return Form(sql, tuple(dict.fromkeys(_PLACEHOLDER.findall(sql))))
