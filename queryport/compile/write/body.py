"""The author's statement with casts on its placeholders, in pieces where a part of it may be left out.

Works on the text, token by token: what the author wrote stays as it was written.
"""

from typing import NamedTuple

from postgast.pg_query_pb2 import Token as TokenKind

from queryport.compile.check.parts.entity_tags import TagCondition
from queryport.compile.check.parts.optional_filters import optional_filters
from queryport.compile.check.parts.patches import Patches
from queryport.compile.describe.database import Database
from queryport.compile.describe.query_file import without_comments
from queryport.compile.describe.text_forms import cast_before, cast_of_text
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.draft import Draft, Edit
from queryport.compile.read.tokens import Placeholder, Scan
from queryport.compile.write.if_match import IfMatchPieces, if_match
from queryport.compile.write.names import free_names
from queryport.compile.write.pieces import Alternative, Listed, Pieces
from queryport.diagnostics.source import Source, Span


class Body(NamedTuple):
    """The author's statement with casts, cut where filters, assignments and values may be left out."""

    source: Source
    scan: Scan
    edits: tuple[Edit, ...]
    filters: tuple[tuple[Span, str], ...]
    """The stretches `(:p IS NULL OR …)`, each with its parameter."""
    patches: Patches
    where: Span | None = None
    """The stretch of the condition of a change that takes an entity tag."""
    if_match: IfMatchPieces | None = None

    def pieces(self, span: Span) -> Pieces:
        """Return a stretch of the statement as pieces."""
        pieces: list[str | Alternative | Listed] = []
        here = span.start
        for stretch, piece in self._cuts():
            if span.start <= stretch.start and stretch.end <= span.end:
                pieces.append(self._text(Span(here, stretch.start)))
                pieces.append(piece)
                here = stretch.end
        pieces.append(self._text(Span(here, span.end)))
        return tuple(pieces)

    def _cuts(self) -> list[tuple[Span, Alternative | Listed]]:
        """The stretches that depend on a call, in their order; a filter within another one is no stretch of its own."""
        cuts: list[tuple[Span, Alternative | Listed]] = []
        for assignments in self.patches.lists:
            parts = tuple(self._assignment(*assignment) for assignment in assignments)
            cuts.append((Span(assignments[0].span.start, assignments[-1].span.end), Listed(parts)))
        for stretch, parameter in self.patches.defaults:
            cuts.append((stretch, self._patched(stretch, parameter, absent="DEFAULT")))
        if self.where is not None and self.if_match is not None:
            cuts.append((Span(self.where.start, self.where.start), self.if_match.before))
            cuts.append((Span(self.where.end, self.where.end), self.if_match.behind))
        outer = [stretch for stretch, _ in cuts]
        for stretch, parameter in self.filters:
            if not any(other.start <= stretch.start and stretch.end <= other.end for other in outer):
                cuts.append((stretch, Alternative(parameter, self._text(stretch), self._true(stretch))))
        return sorted(cuts, key=lambda cut: cut[0])

    def _assignment(self, stretch: Span, parameter: str | None) -> str | Alternative:
        return self._text(stretch) if parameter is None else self._patched(stretch, parameter, absent="")

    def _patched(self, stretch: Span, parameter: str, *, absent: str) -> Alternative:
        return Alternative(parameter, self._text(stretch), absent, null_is_present=True)

    def _true(self, stretch: Span) -> str:
        """Return `true` for a filter, kept apart from words that its parentheses touch."""
        text = self.source.text
        before, behind = text[stretch.start - 1 : stretch.start], text[stretch.end : stretch.end + 1]
        return f"{' ' if before.isalnum() else ''}true{' ' if behind.isalnum() or behind == '_' else ''}"

    def _text(self, span: Span) -> str:
        return Draft(self.source, span, self.edits).text


def cast_body(
    statement: TypedStatement, absentable: frozenset[str], patches: Patches, condition: TagCondition | None = None
) -> Body:
    """Cast each placeholder to its type; `absentable` are the parameters that a call may leave NULL.

    With a `condition`, the change depends on the entity tag of a call that has one.
    """
    scan, database = statement.scan, statement.file.database
    casts = [
        _cast(database, scan, place, oid)
        for place, oid in zip(scan.placeholders, statement.inference.oids, strict=True)
    ]
    filters = tuple(optional_filters(statement, absentable))
    body = Body(statement.file.source, scan, (*casts, *without_comments(scan)), filters, patches)
    if condition is None:
        return body
    (name,) = free_names(scan, statement.columns, "m")
    return body._replace(where=condition.where, if_match=if_match(statement, condition, name))


def _cast(database: Database, scan: Scan, place: Placeholder, oid: int) -> Edit:
    following = next((token for token in scan.tokens if token.start >= place.span.end), None)
    if following is not None and following.kind == TokenKind.TYPECAST:
        # The author's own cast, whose type was inferred, does the rest.
        return Edit(place.span, f":{place.name}{cast_before(database, oid)}")
    # In parentheses, because FETCH FIRST and what may follow (`[1]`, `.field`, a unit) take no bare cast.
    return Edit(place.span, f"(:{place.name}{cast_of_text(database, oid)})")
