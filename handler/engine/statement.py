"""A compiled statement made ready: joins the fragments that a call needs, and knows their placeholders."""

from collections.abc import Mapping
from typing import NamedTuple

from handler.contract.operation import Choice, Fragment, Sql
from handler.data_api.client import Arguments
from handler.engine.parameters import Bindings

_MOST_FORMS = 64


class Form(NamedTuple):
    """The text of the statement for calls in which the same parameters have values."""

    sql: str
    placeholders: tuple[str, ...]

    def arguments(self, bindings: Bindings) -> Arguments:
        """Select the values that the text has placeholders for."""
        return [(name, bindings[name]) for name in self.placeholders if name in bindings]


class ReadyStatement:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._deciding = tuple({piece.parameter: None for piece in sql if isinstance(piece, Choice)})
        self._forms: dict[tuple[bool, ...], Form] = {}

    def form(self, bindings: Mapping[str, str | None]) -> Form:
        """The statement for a call's parameters."""
        present = tuple([bindings.get(name) is not None for name in self._deciding])
        form = self._forms.get(present)
        if form is None:
            form = self._make(dict(zip(self._deciding, present, strict=True)))
            if len(self._forms) < _MOST_FORMS:
                self._forms[present] = form
        return form

    def _make(self, present: Mapping[str, bool]) -> Form:
        fragments: list[Fragment] = [
            piece if isinstance(piece, Fragment) else piece.present if present[piece.parameter] else piece.absent
            for piece in self._sql
        ]
        names = dict.fromkeys(name for fragment in fragments for name in fragment.placeholders)
        return Form("".join([fragment.sql for fragment in fragments]), tuple(names))
