"""catalog.json: finds a compiled operation by its name or by its HTTP route.

The file is a JSON array with one element a line: the index; two lines for each operation, the part that a call needs
and its documentation; large branches of the routes; the places of the operations. Start-up reads the index alone;
everything else is read where it lies, on first need: ten thousand operations start as fast as ten. Written by
queryport.compile.write.emit. Keeps no operation.
"""

import mmap
from pathlib import Path

import orjson

from handler.contract.catalog_lines import CatalogError, read_documentation, read_operation
from handler.contract.operation import CATALOG_FORMAT, Documentation, Operation
from handler.contract.routes import Routes, TrieNode


class Catalog:
    def __init__(self, path: Path) -> None:
        self.path = path
        # A map of the file: it stays whole when another build puts a new file in its place.
        self._text = _mapped(path)
        start = self._text.find(b"\n") + 1  # the array's opening bracket
        end = self._text.find(b"\n", start)
        try:
            index = orjson.loads(self._text[start:end].rstrip(b","))
            found = index["format"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CatalogError(f"{path} is no catalogue of operations: `queryport build` writes one") from None
        if found != CATALOG_FORMAT:
            raise CatalogError(
                f"{path} has the format {found}, and this handler reads format {CATALOG_FORMAT}: "
                "build the catalogue with the version of Queryport that the handler is from"
            )
        self.fingerprint: str = index["fingerprint"]
        self.schema = self.fingerprint.partition("-")[0]
        """The fingerprint of the schema that the operations were compiled against."""
        self._lines_at = end + 1
        self.routes = Routes(index["routes"], self._branch)
        # {"orders.get_order":[offset, length, length of the documentation], …}, searched and not parsed.
        self._places = self._bytes(*index["operations"])

    def __contains__(self, name: str) -> bool:
        return self._found(name) >= 0

    @property
    def names(self) -> list[str]:
        return list(orjson.loads(self._places))

    def operation(self, name: str) -> Operation:
        """Read one operation, without its documentation. Raises KeyError if there is none of the name."""
        offset, length, _ = self._place(name)
        return read_operation(self._bytes(offset, length))

    def documentation(self, name: str) -> Documentation:
        """Read an operation's documentation. Raises KeyError if there is none of the name."""
        offset, length, documented = self._place(name)
        return read_documentation(self._bytes(offset + length + len(b",\n"), documented))

    def _place(self, name: str) -> tuple[int, int, int]:
        found = self._found(name)
        if found < 0:
            raise KeyError(name)
        start = found + len(orjson.dumps(name)) + len(b",:")
        offset, length, documented = orjson.loads(self._places[start : self._places.index(b"]", start) + 1])
        return offset, length, documented

    def _found(self, name: str) -> int:
        try:
            key = orjson.dumps(name) + b":["
        except orjson.JSONEncodeError:  # half a surrogate pair, which no operation's name has
            return -1
        # Within a name, a quotation mark would have a backslash before it, and no comma.
        return 0 if self._places.startswith(b"{" + key) else self._places.find(b"," + key)

    def _branch(self, offset: int, length: int) -> TrieNode:
        branch: TrieNode = orjson.loads(self._bytes(offset, length))
        return branch

    def _bytes(self, offset: int, length: int) -> bytes:
        start = self._lines_at + offset
        return self._text[start : start + length]


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise CatalogError(f"{path} does not exist: `queryport build` writes it") from None
    except ValueError:
        raise CatalogError(f"{path} is empty: `queryport build` writes it") from None
