"""`GET /docs`: the page beside the catalogue, with its policy and an ETag, compressed where the caller takes it."""

import gzip
from base64 import b64decode
from collections.abc import Mapping

import pytest

from handler.contract.operation import Operation
from handler.settings import Settings
from queryport.generate.docs_page import docs_page
from queryport.generate.docs_page.files import write_docs_page
from tests.support.function import Function, NewFunction, Response
from tests.support.operations import operation

_OPERATION: Operation = operation("SELECT 1", name="a.one")


@pytest.fixture
def function(new_function: NewFunction, environment: Mapping[str, str]) -> Function:
    write_docs_page(Settings.from_environment(environment).catalog, wanted=True)
    return new_function(_OPERATION)


def _get(function: Function, *, method: str = "GET", **headers: str) -> Response:
    function.caller = None
    return function.http(method, "/docs", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_everybody_gets_the_page(function: Function) -> None:
    response = _get(function)
    assert response.status == 200
    assert response.text.encode() == docs_page()
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert response.headers["content-security-policy"].endswith("; frame-ancestors 'none'")
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-cache"


def test_it_is_compressed_for_those_who_take_it(function: Function) -> None:
    response = _get(function, accept_encoding="br, gzip")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "accept-encoding"
    assert gzip.decompress(b64decode(response.text)) == docs_page()


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_one_who_has_it_already_gets_nothing(function: Function, encoding: str) -> None:
    etag = _get(function, accept_encoding=encoding).headers["etag"]
    response = _get(function, accept_encoding=encoding, if_none_match=etag)
    assert (response.status, response.text) == (304, "")
    assert response.headers["etag"] == etag
    assert _get(function, accept_encoding=encoding, if_none_match='"another"').status == 200


def test_head_has_the_headers_alone(function: Function) -> None:
    head = _get(function, method="HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["content-length"] == str(len(docs_page()))
    assert _get(function, method="OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
    assert _get(function, method="POST").status == 405


def test_there_is_none_without_its_file(new_function: NewFunction) -> None:
    assert _get(new_function(_OPERATION)).status == 404
