"""Answers for operations whose file does not compile, while `queryport serve` goes on with all the others.

Such an operation answers what is wrong with its file. Its last good version would be the wrong answer: the result of a
text that is no longer there. A file that never compiled is known by its name alone, one that did also by its route.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson
from starlette.responses import Response

from handler.contract.routes import Routes, TrieNode
from queryport.compile import Compilation, Problem
from queryport.compile.write.emit import trie
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import shown

if TYPE_CHECKING:
    from queryport.compile.write.encoded import EncodedOperation

STATUS = 500
CODE = "DoesNotCompile"


class BrokenOperations:
    """The operations that do not compile at the moment; tells requests to them from all others."""

    def __init__(self) -> None:
        self._errors: dict[str, Problem] = {}
        self._routes: Routes | None = None
        self._last_good: dict[str, EncodedOperation] = {}

    def update(self, compilation: Compilation, queries: Path) -> None:
        """Take note of a compilation of the files in `queries`."""
        found = [problem for problem in compilation.problems if problem.severity is Severity.ERROR]
        # By their names first, since the way in which a path is shown takes a look at the disk.
        wanted = {problem.path.name for problem in found}
        paths = [path for path in queries.rglob("*.sql") if path.name in wanted] if found else ()
        names = {shown(path): _operation_name(path.relative_to(queries)) for path in paths}
        errors: dict[str, Problem] = {}
        for problem in found:
            if problem.path in names:
                errors.setdefault(names[problem.path], problem)
        good = compilation.operations.encoded
        self._last_good |= {operation.name: operation for operation in good}
        stale = [operation for name, operation in self._last_good.items() if name in errors]
        # A request is matched against all routes, as the handler would do it; of two alike the working one wins.
        self._routes = Routes(trie([*stale, *good]), _elsewhere) if stale else None
        self._errors = errors

    def __call__(self, method: str, path: str) -> Response | None:
        """The answer to a request, if it is for a broken operation."""
        if not self._errors:
            return None
        segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
        match = self._routes.match(method, segments) if self._routes else None
        if len(segments) == 2 and segments[0] == "operations":
            name = segments[1]
        elif match is not None:
            name = match.operation
        else:
            return None
        problem = self._errors.get(name)
        return None if problem is None else _response(name, problem)


def _elsewhere(offset: int, length: int) -> TrieNode:
    """Read a branch that is not in memory, of which there is none."""
    raise LookupError(offset, length)


def _operation_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _response(name: str, problem: Problem) -> Response:
    document = {
        "type": f"urn:queryport:error:{CODE}",
        "title": "The operation's file does not compile",
        "status": STATUS,
        "detail": f"{problem.place}: {problem.code} {problem.message}",
        "code": CODE,
        "retryable": False,
        "operation": name,
    }
    return Response(orjson.dumps(document), STATUS, media_type="application/problem+json")
