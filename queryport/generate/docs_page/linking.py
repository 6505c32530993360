"""Links ECMAScript modules into one script, so that a page needs no second request for any of them.

Each module becomes a function that fills an object of exports, in the order in which they need each other. Understands
the imports and exports that the modules in this folder and the vendored libraries are written with, and no others:
`import {a as b} from "x"`, `import x from "x"`, `export {a as b}`, and `export` before a declaration.
"""

import re
from collections.abc import Callable

_IMPORT = re.compile(r"""^import\s*(\{[^}]*\}|\w+)\s*from\s*"([^"]+)";?""", re.MULTILINE)
_DECLARED = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport default\b")
_LISTED = re.compile(r"\bexport\s*\{([^}]*)\};?\s*$")
_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)


class LinkingError(Exception):
    """A module that cannot be linked; the message names it."""


def linked(entry: str, read: Callable[[str], str]) -> str:
    """Return the script that runs the module `entry` and all that it imports.

    `read` gives the text of a module by the name that it is imported by. Raises LinkingError.
    """
    order: list[str] = []
    _visit(entry, read, order, ())
    numbers = {name: number for number, name in enumerate(order)}
    return "\n".join(['"use strict";', "const modules = [];"] + [_wrapped(name, read, numbers) for name in order])


def _visit(name: str, read: Callable[[str], str], order: list[str], path: tuple[str, ...]) -> None:
    if name in path:
        raise LinkingError(f"{' imports '.join([*path, name])}: a module must not import its importers")
    if name in order:
        return
    for match in _IMPORT.finditer(read(name)):
        _visit(match[2], read, order, (*path, name))
    order.append(name)


def _wrapped(name: str, read: Callable[[str], str], numbers: dict[str, int]) -> str:
    text = _COMMENT.sub("", read(name))
    text = _IMPORT.sub(lambda match: f"const {_destructured(match[1])} = modules[{numbers[match[2]]}];", text)
    exported = {declared[2]: declared[2] for declared in _DECLARED.finditer(text)}
    text = _DECLARED.sub(r"\1 \2", text)
    if listed := _LISTED.search(text):
        exported |= {public: local for local, public in map(_renamed, listed[1].split(",")) if local}
        text = text[: listed.start()]
    text = _DEFAULT.sub("exports.default =", text)
    if re.search(r"^(import|export)\b", text, re.MULTILINE):
        raise LinkingError(f"{name}: an import or export of a form that is not understood")
    assignments = "".join(f"\nexports.{public} = {local};" for public, local in exported.items())
    number = numbers[name]
    title = name.removeprefix("./")
    return f"/* {title} */\n(function (exports) {{\n{text.strip()}{assignments}\n}})(modules[{number}] = {{}});"


def _destructured(names: str) -> str:
    """`{a as b}` as a pattern, `{a: b}`; a name of its own is the default export."""
    return re.sub(r"\s+as\s+", ": ", names) if names.startswith("{") else f"{{default: {names}}}"


def _renamed(names: str) -> tuple[str, str]:
    local, _, public = names.strip().partition(" as ")
    return local.strip(), (public or local).strip()
