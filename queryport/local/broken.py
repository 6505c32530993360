"""Answers for operations whose file does not compile, while `queryport serve` goes on with all the others.

Such an operation answers what is wrong with its file. Its last good version would be the wrong answer: the result of a
text that is no longer there. A file that never compiled is known by its name alone, one that did also by its route.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import orjson
from starlette.responses import Response

from handler.contract.catalog import Catalog
from handler.contract.routes import Routes
from queryport.compile import Compilation, Problem
from queryport.compile.write.emit import write_catalog
from queryport.compile.write.encoded import EncodedOperation, EncodedOperations
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import shown

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
        paths = queries.rglob("*.sql") if found else ()
        names = {shown(path): _operation_name(path.relative_to(queries)) for path in paths}
        errors: dict[str, Problem] = {}
        for problem in found:
            if problem.path in names:
                errors.setdefault(names[problem.path], problem)
        good = compilation.operations.encoded
        self._last_good |= {operation.name: operation for operation in good}
        stale = [operation for name, operation in self._last_good.items() if name in errors]
        # A request is matched against all routes, as the handler would do it; of two alike the working one wins.
        self._routes = _routes(EncodedOperations([*stale, *good])) if stale else None
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


def _routes(operations: EncodedOperations) -> Routes:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "catalog.json"
        write_catalog(path, operations, "")
        return Catalog(path).routes


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
