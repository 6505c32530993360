"""`GET /openapi.json`: whole or cut for its caller, with an ETag, compressed where the caller takes it."""

import gzip
import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handler.contract.operation import Access, Http, Operation
from handler.settings import Settings
from queryport.generate.openapi import Described, Heading, document_of
from queryport.generate.openapi.files import write_document
from tests.support.function import Function, NewFunction, Response
from tests.support.operations import INTEGER, operation

_OPEN = operation("SELECT 1", name="a.open", http=Http("GET", "/things"))._replace(access=Access(("anyone",)))
_SIGNED = operation(
    "SELECT 1", name="b.signed", parameters={"id": INTEGER}, http=Http("DELETE", "/things"), read_only=False
)

Publish = Callable[..., Function]


@pytest.fixture
def publish(new_function: NewFunction, environment: Mapping[str, str]) -> Publish:
    """Makes a function with an OpenAPI document for the given readers."""

    def make(*operations: Operation, readers: str = "callers", fingerprint: str = "f00d") -> Function:
        described = [Described(each, each.name.partition(".")[0]) for each in operations]
        document = document_of(described, Heading())
        write_document(Settings.from_environment(environment).catalog, document, fingerprint, readers)
        return new_function(*operations)

    return make


def _get(function: Function, *, method: str = "GET", anonymous: bool = False, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    function.caller = None if anonymous else {"userArn": "arn:aws:iam::123456789012:user/ada"}
    return function.http(method, "/openapi.json", headers=named)


def _document(response: Response) -> Any:
    packed = response.headers.get("content-encoding") == "gzip"
    return json.loads(gzip.decompress(b64decode(response.text)) if packed else response.text)


def test_it_is_whole_for_one_who_may_call_everything(publish: Publish) -> None:
    response = _get(publish(_OPEN, _SIGNED))
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    document = _document(response)
    assert sorted(document["paths"]) == ["/operations/a.open", "/operations/b.signed", "/things"]
    assert sorted(document["paths"]["/things"]) == ["delete", "get"]


def test_a_caller_sees_what_it_may_call_and_nothing_of_the_rest(publish: Publish) -> None:
    response = _get(publish(_OPEN, _SIGNED), anonymous=True)
    document = _document(response)
    assert sorted(document["paths"]) == ["/operations/a.open", "/things"]
    assert sorted(document["paths"]["/things"]) == ["get"]
    assert [tag["name"] for tag in document["tags"]] == ["a"]
    assert "b.signed" not in response.text


def test_everybody_sees_a_public_one(publish: Publish) -> None:
    function = publish(_OPEN, _SIGNED, readers="public")
    assert _get(function).text == _get(function, anonymous=True).text
    assert "b.signed" in _get(function).text


def test_a_document_of_nothing_is_still_one(publish: Publish) -> None:
    document = _document(_get(publish(_SIGNED), anonymous=True))
    assert document["paths"] == {}
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize("anonymous", [True, False])
def test_it_is_compressed_for_those_who_take_it(publish: Publish, *, anonymous: bool) -> None:
    function = publish(_OPEN, _SIGNED)
    plain = _get(function, anonymous=anonymous)
    packed = _get(function, anonymous=anonymous, accept_encoding="br;q=1, gzip;q=0.8, *;q=0.1")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert _document(packed) == _document(plain)
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *"])
def test_it_is_not_compressed_for_others(publish: Publish, accepted: str) -> None:
    assert "content-encoding" not in _get(publish(_OPEN), accept_encoding=accepted).headers


@pytest.mark.parametrize("anonymous", [True, False])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_one_who_has_it_already_gets_nothing(publish: Publish, encoding: str, *, anonymous: bool) -> None:
    function = publish(_OPEN, _SIGNED)
    etag = _get(function, anonymous=anonymous, accept_encoding=encoding).headers["etag"]
    assert not etag.startswith("W/")
    for wanted in (etag, f'"other", W/{etag}', "*"):
        response = _get(function, anonymous=anonymous, accept_encoding=encoding, if_none_match=wanted)
        assert (response.status, response.text) == (304, "")
        assert response.headers["etag"] == etag
    assert _get(function, anonymous=anonymous, if_none_match='"other"').status == 200


def test_callers_with_other_rights_have_other_tags(publish: Publish) -> None:
    function = publish(_OPEN, _SIGNED)
    assert _get(function).headers["etag"] != _get(function, anonymous=True).headers["etag"]


def test_head_has_the_headers_alone(publish: Publish) -> None:
    function = publish(_OPEN)
    got, head = _get(function, accept_encoding="gzip"), _get(function, method="HEAD", accept_encoding="gzip")
    assert (head.status, head.text) == (200, "")
    assert head.headers["etag"] == got.headers["etag"]
    assert _get(function, method="OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
    assert _get(function, method="POST").status == 405


def test_there_is_none_without_its_files(new_function: NewFunction) -> None:
    assert _get(new_function(_OPEN)).status == 404


def test_that_of_another_build_is_none(publish: Publish) -> None:
    assert _get(publish(_OPEN, fingerprint="another")).status == 404


def test_one_that_lambda_cannot_pass_is_refused(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    function = publish(_OPEN)
    monkeypatch.setattr("handler.http.openapi.LAMBDA_PAYLOAD_BYTES", 4000)
    response = _get(function)
    assert (response.status, json.loads(response.text)["code"]) == (422, "ResultTooLarge")


def test_few_documents_are_kept(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handler.http.openapi._MOST_KEPT", 1)
    function = publish(_OPEN, _SIGNED, operation("SELECT 1", name="c.direct")._replace(access=Access(("jwt",))))
    for _ in range(2):
        assert "b.signed" in _get(function).text
        assert "b.signed" not in _get(function, anonymous=True).text


def test_an_index_without_a_document_is_not_told_as_one(publish: Publish, environment: Mapping[str, str]) -> None:
    function = publish(_OPEN)
    folder = Path(environment["QUERYPORT_CATALOG"]).parent
    (folder / "openapi.json").unlink()
    assert _get(function).status == 500
