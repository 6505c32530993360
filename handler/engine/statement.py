"""A compiled statement made ready: joins the fragments that a call needs, and knows their placeholders."""

from collections.abc import Mapping
from typing import NamedTuple

from handler.contract.sql import Choice, CommaList, Fragment, Sql
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
        choices = [piece for piece in sql if isinstance(piece, Choice)]
        for piece in sql:
            if isinstance(piece, CommaList):
                choices += [part for part in piece.pieces if isinstance(part, Choice)]
        self._deciding = tuple({choice.parameter: None for choice in choices if not choice.null_is_present})
        self._patching = tuple({choice.parameter: None for choice in choices if choice.null_is_present})
        self._forms: dict[tuple[bool, ...], Form] = {}

    def form(self, bindings: Mapping[str, str | None]) -> Form:
        """The statement for a call's parameters."""
        present = tuple([bindings.get(name) is not None for name in self._deciding])
        if self._patching:
            present += tuple([name in bindings for name in self._patching])
        form = self._forms.get(present)
        if form is None:
            form = self._make(bindings)
            if len(self._forms) < _MOST_FORMS:
                self._forms[present] = form
        return form

    def _make(self, bindings: Mapping[str, str | None]) -> Form:
        texts: list[str] = []
        names: dict[str, None] = {}
        for piece in self._sql:  # of which a list with many filters has a thousand
            if isinstance(piece, CommaList):
                chosen = [_chosen(part, bindings) for part in piece.pieces]
                texts.append(", ".join([fragment.sql for fragment in chosen if fragment.sql]))
            else:
                chosen = [_chosen(piece, bindings)]
                texts.append(chosen[0].sql)
            for fragment in chosen:
                for name in fragment.placeholders:
                    names[name] = None
        return Form("".join(texts), tuple(names))


def _chosen(piece: Fragment | Choice, bindings: Mapping[str, str | None]) -> Fragment:
    if isinstance(piece, Fragment):
        return piece
    if piece.null_is_present:
        return piece.present if piece.parameter in bindings else piece.absent
    return piece.present if bindings.get(piece.parameter) is not None else piece.absent
