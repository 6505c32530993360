"""The OpenAPI document tells what callers may ask of a list."""

import json
from typing import Any

import pytest

from queryport.compile import Compilation
from queryport.generate.openapi import Described, Heading, document_of


@pytest.fixture(scope="module")
def document(compilation: Compilation) -> Any:
    return json.loads(document_of([Described(each) for each in compilation.operations], Heading()).text)


def _resolved(document: Any, value: Any) -> Any:
    while "$ref" in value:
        found = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        value = found
    return value


def test_each_condition_is_a_parameter_of_its_own(document: Any) -> None:
    route = document["paths"]["/items"]["get"]
    found = {parameter["name"]: _resolved(document, parameter) for parameter in route["parameters"]}
    others = {name for name in found if not name.startswith("filter")}
    assert others == {"limit", "cursor", "sort", "count"}
    assert not any(parameter["required"] or parameter.get("style") == "deepObject" for parameter in found.values())

    def operators(column: str) -> set[str]:
        names = [name.removesuffix("]").split("][") for name in found if name.startswith(f"filter[{column}][")]
        return {operator for _, operator in names}

    assert operators("total") == {"eq", "ne", "lt", "lte", "gt", "gte", "in", "is_null"}
    assert operators("status") == {*operators("total"), "like", "ilike"}
    assert operators("tags") == {*operators("total"), "contains"} - {"in"}
    assert operators("raw") == {"is_null"}
    assert found["filter[total][in]"]["schema"]["type"] == "array"
    assert (found["filter[total][in]"]["style"], found["filter[total][in]"]["explode"]) == ("form", True)
    of_body = document["paths"]["/operations/paged"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    conditions = _resolved(document, _resolved(document, of_body)["properties"]["filter"]["anyOf"][0])["properties"]
    assert {column: set(_resolved(document, each)["properties"]) for column, each in conditions.items()} == {
        column: operators(column) for column in conditions
    }
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
