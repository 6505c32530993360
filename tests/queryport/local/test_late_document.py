"""The OpenAPI document of `queryport serve` is written when it is first asked for; test_invoke_api.py asks for it."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from handler.http.request import HttpRequest
from queryport.compile.read.earlier_reading import ChangedMeanwhileError
from queryport.local.lambda_environment import InvocationResult, LambdaEvent
from queryport.local.late_document import LateDocument


def event(path: str, method: str = "GET") -> dict[str, Any]:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "localhost"},
        "requestContext": {"http": http, "requestId": "1", "stage": "$default"},
        "isBase64Encoded": False,
    }


def _asked(late: LateDocument, *events: object) -> list[InvocationResult | None]:
    async def ask() -> list[InvocationResult | None]:
        return await asyncio.gather(*[late(LambdaEvent(event)) for event in events])

    return asyncio.run(ask())


def test_it_is_written_once_however_many_ask() -> None:
    written: list[int] = []
    late = LateDocument(lambda: written.append(1))
    assert _asked(late, *[event("/openapi.json")] * 5) == [None] * 5
    assert _asked(late, event("/openapi.json", "HEAD")) == [None]
    assert written == [1]


@pytest.mark.parametrize(
    "path",
    [
        *("/openapi.json", "/%6Fpenapi%2Ejson", "xopenapi.json", "/", "", "/openapi", "/openapi.json/"),
        *("//openapi.json", "/openapi.json%2F", "/books/3", "/operations/openapi.json", "/%2Fopenapi.json"),
    ],
)
@pytest.mark.parametrize("is_text", [False, True])
def test_it_is_written_for_the_paths_that_the_handler_reads_as_its_own(path: str, *, is_text: bool) -> None:
    written: list[int] = []
    asked = event(path)
    _asked(LateDocument(lambda: written.append(1)), orjson.Fragment(orjson.dumps(asked)) if is_text else asked)
    assert bool(written) is (HttpRequest.of(asked).segments == ["openapi.json"])


@pytest.mark.parametrize("event", [None, 3, "x", [], {}, {"operation": "a.b"}, {"rawPath": 3}, {"rawPath": None}])
def test_it_is_not_written_for_other_events(event: object) -> None:
    written: list[int] = []
    assert _asked(LateDocument(lambda: written.append(1)), orjson.Fragment(orjson.dumps(event))) == [None]
    assert not written


def test_a_document_that_cannot_be_written_fails_the_call_and_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "openapi.json"
    late = LateDocument(path.touch)
    (failed,) = _asked(late, event("/openapi.json"))
    assert failed is not None
    assert failed.failed
    assert b"No such file or directory" in failed.payload
    path.parent.mkdir()
    assert _asked(late, event("/openapi.json")) == [None]
    assert path.exists()


def test_a_file_that_was_changed_meanwhile_fails_the_call() -> None:
    def changed() -> None:
        raise ChangedMeanwhileError(Path("queries/one.sql"))

    (failed,) = _asked(LateDocument(changed), event("/openapi.json"))
    assert failed is not None
    assert b"queries/one.sql was changed" in failed.payload
