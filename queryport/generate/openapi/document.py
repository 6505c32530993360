"""The whole document: every operation that HTTP callers can call, each by its route and by its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from handler.contract.openapi_index import Audience
from handler.contract.operation import Operation
from queryport.generate.openapi.components import Components
from queryport.generate.openapi.earlier_pieces import EarlierPieces
from queryport.generate.openapi.named_types import name_types
from queryport.generate.openapi.naming import labels_of
from queryport.generate.openapi.operations import NAMED, by_name, by_route
from queryport.generate.openapi.parameters import path_parameters
from queryport.generate.openapi.pieces import Group, Layout, Piece, json_of, member, members
from queryport.generate.openapi.security import security_of

VERSION = "3.1.1"


@dataclass(frozen=True, slots=True)
class Described:
    """An operation, and what its file and folder say besides."""

    operation: Operation
    tag: str | None = None
    tag_description: str = ""
    sql: str | None = None
    """The statement as its author wrote it; None where the document is not to have it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The part of the document above the operations."""

    title: str = "Operations"
    version: str = "0"
    description: str = ""
    servers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The document's text, and its entry in the index."""

    text: bytes
    root: list[Any]
    audiences: list[Audience] = field(default_factory=list)


def document_of(described: Sequence[Described], heading: Heading, earlier: EarlierPieces | None = None) -> Document:
    """Write the document of all operations that HTTP callers can call.

    `earlier` are those of an earlier document; its pieces are taken where they would be the same.
    """
    earlier = earlier or EarlierPieces()
    with earlier.document():
        return _document(described, heading, earlier)


def _document(described: Sequence[Described], heading: Heading, earlier: EarlierPieces) -> Document:
    shown = [each for each in described if _is_shown(each.operation)]
    components = Components(labels_of(each.operation.name for each in shown))
    name_types([each.operation for each in shown], components)
    paths = _Paths()
    tags: dict[str, str] = {}
    readers: dict[str, dict[str, None]] = {}
    for each in shown:
        operation = each.operation
        allow = operation.access.allow
        if each.tag is not None:
            tags[each.tag] = tags.get(each.tag) or each.tag_description
            readers.setdefault(each.tag, {}).update(dict.fromkeys(allow))
        if operation.http is not None:
            names = paths.names(operation)
            path = _path(operation.http.path, names)
            paths.add(path, _routed(each, names, components, earlier))
        paths.add(NAMED + operation.name, _named(each, components, earlier))
    top: dict[str, Any] = {
        "openapi": VERSION,
        "info": _info(heading),
        "servers": [{"url": url} for url in heading.servers or ("/",)],
    }
    tag_pieces: list[Piece | Group] = [
        Piece(json_of({"name": tag, **({"description": told} if told else {})}), tuple(sorted(readers[tag])))
        for tag, told in sorted(tags.items())
    ]
    root = Group(
        b"{",
        [*members(top), Group(b'"tags":[', tag_pieces, b"]"), paths.group(), components.group()],
        b"}\n",
    )
    layout = Layout()
    entry = layout.place(root)
    return Document(bytes(layout.text), entry, list(layout.audiences))


def _routed(each: Described, names: dict[str, str], components: Components, earlier: EarlierPieces) -> Piece:
    operation, tag = each.operation, each.tag
    method = "" if operation.http is None else operation.http.method.lower()

    def made(components: Components) -> Piece:
        return member(method, by_route(operation, names, tag, components), operation.access.allow)

    return earlier.piece(f"route {operation.name}", (operation, names, tag), components, made)


def _named(each: Described, components: Components, earlier: EarlierPieces) -> Piece:
    operation, tag, sql = each.operation, each.tag, each.sql

    def made(components: Components) -> Piece:
        return member("post", by_name(operation, tag, sql, components), operation.access.allow)

    return earlier.piece(f"name {operation.name}", (operation, tag, sql), components, made)


def _is_shown(operation: Operation) -> bool:
    access = operation.access
    return access.http and not access.hidden and bool(security_of(operation))


def _info(heading: Heading) -> dict[str, str]:
    described = {"description": heading.description} if heading.description else {}
    return {"title": heading.title, "version": heading.version, **described}


class _Paths:
    """The path items. OpenAPI knows a path by its shape: the first route of a shape names its parameters for all."""

    def __init__(self) -> None:
        self._items: dict[str, list[Piece | Group]] = {}
        self._named: dict[str, tuple[str, ...]] = {}

    def names(self, operation: Operation) -> dict[str, str]:
        """Return the names that the parameters in an operation's path have in the document."""
        own = path_parameters(operation)
        shape = re.sub(r"\{[^}]*\}", "{}", operation.http.path if operation.http else "")
        return dict(zip(own, self._named.setdefault(shape, own), strict=True))

    def add(self, path: str, method: Piece) -> None:
        self._items.setdefault(path, []).append(method)

    def group(self) -> Group:
        items: list[Piece | Group] = [
            Group(json_of(path) + b":{", methods, b"}", stays=False) for path, methods in sorted(self._items.items())
        ]
        return Group(b'"paths":{\n', items, b"\n}")


def _path(path: str, names: dict[str, str]) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: f"{{{names[found[1]]}}}", path)
