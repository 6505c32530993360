"""Answers for operations whose file does not compile, while `queryport serve` goes on with all the others.

Such an operation answers what is wrong with its file. Its last good version would be the wrong answer: the result of a
text that is no longer there. A file that never compiled is known by its name alone, one that did also by its route.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from handler.contract.routes import Routes, TrieNode
from queryport.compile import Compilation, Problem
from queryport.compile.write.emit import trie
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import shown
from queryport.local.lambda_environment import InvocationResult, LambdaEvent, error

if TYPE_CHECKING:
    from queryport.compile.write.encoded import EncodedOperation

STATUS = 500
CODE = "DoesNotCompile"


class BrokenOperations:
    """Finds the operations of each version of the function that do not compile, by the routes that they last had."""

    def __init__(self) -> None:
        self._last_good: dict[str, EncodedOperation] = {}

    def answers(self, compilation: Compilation, queries: Path) -> "BrokenAnswers":
        """Return the answers of a version, which is a compilation of the files in `queries`."""
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
        return BrokenAnswers(errors, Routes(trie([*stale, *good]), _elsewhere) if stale else None)


@dataclass(frozen=True, slots=True)
class BrokenAnswers:
    """The step before a version's environments handle an event; see `Prepare`.

    They belong to the version as its operations do: each event meets one or the other of the two, at every moment.
    """

    errors: Mapping[str, Problem]
    routes: Routes | None

    async def __call__(self, event: LambdaEvent) -> InvocationResult | None:
        """Return the outcome of a call of a broken operation."""
        if not self.errors:
            return None
        content = event.content
        if not isinstance(content, dict):
            return None
        context = content.get("requestContext") if content.get("version") == "2.0" else None
        http = context.get("http") if isinstance(context, dict) else None
        if isinstance(http, dict):
            name = self._requested(str(http.get("method")), str(content.get("rawPath") or "/"))
        else:
            name = str(content.get("operation"))
        if name is None or name not in self.errors:
            return None
        problem = self.errors[name]
        detail = f"{problem.place}: {problem.code} {problem.message}"
        return _response(name, detail) if isinstance(http, dict) else error(CODE, detail)

    def _requested(self, method: str, path: str) -> str | None:
        """The operation that a request is for."""
        segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
        if len(segments) == 2 and segments[0] == "operations":
            return segments[1]
        match = self.routes.match(method, segments) if self.routes else None
        return None if match is None else match.operation


def _elsewhere(offset: int, length: int) -> TrieNode:
    """Read a branch that is not in memory, of which there is none."""
    raise LookupError(offset, length)


def _operation_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _response(name: str, detail: str) -> InvocationResult:
    problem = {
        "type": f"urn:queryport:error:{CODE}",
        "title": "The operation's file does not compile",
        "status": STATUS,
        "detail": detail,
        "code": CODE,
        "retryable": False,
        "operation": name,
    }
    answer = {
        "statusCode": STATUS,
        "headers": {"content-type": "application/problem+json"},
        "body": orjson.dumps(problem).decode(),
    }
    return InvocationResult(orjson.dumps(answer), failed=False)
