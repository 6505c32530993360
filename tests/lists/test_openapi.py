"""The OpenAPI document tells what callers may ask of a list."""

import json
from pathlib import Path
from typing import Any

import pytest

from queryport.generate.openapi import Described, Heading, document_of
from queryport.testing.databases import FreshDatabase
from tests.lists.conftest import compiled_lists


@pytest.fixture(scope="module")
def document(suite: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Any:
    _, compilation = compiled_lists(Path(tmp_path_factory.mktemp("openapi")), suite.url)
    return json.loads(document_of([Described(each) for each in compilation.operations], Heading()).text)


def _resolved(document: Any, value: Any) -> Any:
    while "$ref" in value:
        found = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        value = found
    return value


def test_a_query_string_has_a_deep_object_of_filters(document: Any) -> None:
    route = document["paths"]["/items"]["get"]
    found = {parameter["name"]: _resolved(document, parameter) for parameter in route["parameters"]}
    assert found.keys() == {"limit", "cursor", "sort", "filter", "count"}
    assert (found["filter"]["style"], found["filter"]["explode"]) == ("deepObject", True)
    columns = _resolved(document, found["filter"]["schema"])["properties"]
    total = _resolved(document, columns["total"])["properties"]
    assert set(total) == {"eq", "ne", "lt", "lte", "gt", "gte", "in", "is_null"}
    assert set(_resolved(document, columns["status"])["properties"]) == {*total, "like", "ilike"}
    assert set(_resolved(document, columns["tags"])["properties"]) == {*total, "contains"} - {"in"}
    assert set(_resolved(document, columns["raw"])["properties"]) == {"is_null"}
    assert (found["sort"]["style"], found["sort"]["explode"]) == ("form", True)
    items = _resolved(document, found["sort"]["schema"]["items"])
    assert {"total", "-total"} <= set(items["enum"])
    assert _resolved(document, found["count"]["schema"])["enum"] == ["exact"]


def test_an_answer_has_its_cursor_its_link_and_the_number(document: Any) -> None:
    answer = document["paths"]["/items"]["get"]["responses"]["200"]
    assert {"link", "x-total-count"} <= answer["headers"].keys()
    schema = _resolved(document, answer["content"]["application/json"]["schema"])
    assert schema["required"] == ["data", "next"]
    assert schema["properties"]["total"]["type"] == "integer"
    whole = _resolved(document, document["paths"]["/whole"]["get"]["responses"]["200"])
    assert whole["headers"].keys().isdisjoint({"link", "x-total-count"})
    by_name = _resolved(document, document["paths"]["/operations/paged"]["post"]["responses"]["200"])
    assert "x-total-count" in by_name["headers"]


def test_a_body_has_them_too(document: Any) -> None:
    body = document["paths"]["/items/search"]["post"]["requestBody"]["content"]["application/json"]
    assert {"sort", "filter"} <= set(_resolved(document, body["schema"])["properties"])
    assert body["example"]["filter"] == {"total": {"is_null": False}}
