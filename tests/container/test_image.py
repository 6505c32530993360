"""What the function's image holds, and what it does not."""

import json
import re
import tarfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container.docker import FUNCTION, output, python
from tests.container.function import started
from tests.support.repository import ROOT

BASE = "public.ecr.aws/lambda/python:3.13"
OWN_LAYERS_MB = 30


@pytest.fixture(scope="module")
def own_layers(image: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The paths of all that the image has beyond its base."""
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    output("save", "--output", str(archive), image)
    (base,) = json.loads(output("image", "inspect", BASE))
    try:
        return sorted(_paths_above(archive, len(base["RootFS"]["Layers"])))
    finally:
        archive.unlink()


def _paths_above(archive: Path, layers_of_the_base: int) -> Iterator[str]:
    with tarfile.open(archive) as image:
        manifest = image.extractfile("manifest.json")
        assert manifest is not None
        for layer in json.load(manifest)[0]["Layers"][layers_of_the_base:]:
            with tarfile.open(fileobj=image.extractfile(layer)) as content:
                yield from (member.name for member in content if not member.isdir())


def test_it_is_the_base_image_with_a_task_root(own_layers: list[str], inspected: dict[str, Any]) -> None:
    (base,) = json.loads(output("image", "inspect", BASE))
    layers = base["RootFS"]["Layers"]
    assert inspected["RootFS"]["Layers"][: len(layers)] == layers
    assert [path for path in own_layers if not path.startswith("var/task/")] == []
    assert inspected["Config"]["Entrypoint"] == base["Config"]["Entrypoint"]


def test_its_own_layers_are_small(inspected: dict[str, Any], tell: Callable[[str], None]) -> None:
    (base,) = json.loads(output("image", "inspect", BASE))
    own = (inspected["Size"] - base["Size"]) / 1e6
    tell(f"\nown layers: {own:.1f} MB")
    assert own <= OWN_LAYERS_MB


def test_it_runs_as_an_unprivileged_user(inspected: dict[str, Any]) -> None:
    assert inspected["Config"]["User"] == "1000"
    assert python(FUNCTION, "import os; print(os.getuid())") == "1000"


def test_every_file_is_readable_by_any_user(image: str) -> None:
    script = """
import os
print(sum(not os.access(os.path.join(at, name), os.R_OK) for at, _, names in os.walk("/var/task") for name in names))
"""
    assert output("run", "--rm", "--user", "4321", "--entrypoint", "/var/lang/bin/python3", image, "-c", script) == "0"


def test_a_call_writes_no_file(image: str) -> None:
    with started(image) as container:
        health = {"version": "2.0", "rawPath": "/health", "requestContext": {"http": {"method": "GET"}}}
        assert container.function.invoke(health)["statusCode"] == 200
        assert output("diff", container.name) == ""


def test_every_module_has_bytecode_that_is_never_compared(image: str) -> None:
    """The handler's modules beside their source, all others in its place."""
    script = """
import importlib.util, os
modules, wrong = 0, []
for at, _, names in os.walk("/var/task"):
    for name in names:
        path = os.path.join(at, name)
        if name.endswith(".pyc"):
            modules += 1
            if open(path, "rb").read(8) != importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little"):
                wrong.append(path)
        if name.endswith(".py"):
            hashed = importlib.util.source_hash(open(path, "rb").read())
            if open(importlib.util.cache_from_source(path), "rb").read(16)[8:] != hashed:
                wrong.append(path)
            if not path.startswith("/var/task/handler/"):
                wrong.append(path)
print(modules, *wrong)
"""
    modules, *wrong = python(image, script).split()
    assert int(modules) > 300
    assert wrong == []


def test_the_services_that_a_function_calls_are_known_and_the_others_left_out(image: str) -> None:
    script = """
import boto3, jwt, jsonschema, re2
from aws_lambda_powertools.utilities import parameters
for service in ("s3", "secretsmanager", "ssm", "lambda", "sts", "dynamodb", "appconfigdata", "rds-data"):
    print(boto3.client(service, region_name="eu-west-1").meta.endpoint_url.startswith("https://"))
print(len(boto3.Session().get_available_services()))
"""
    *known, services = python(image, script).split()
    assert known == ["True"] * 8
    assert int(services) < 20


def test_it_holds_what_the_handler_needs_as_locked_and_nothing_else(image: str) -> None:
    script = """
import importlib.metadata as m
print(*sorted(f"{d.name.lower().replace('_', '-')}=={d.version}" for d in m.distributions(path=["/var/task"])))
"""
    assert set(python(image, script).split()) == _needed()


def _needed() -> set[str]:
    """What the handler depends on, directly and through others, with the versions of the lock file."""
    packages = {each["name"]: each for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    needed: dict[str, str] = {}
    wanted = list(packages["queryport"]["dependencies"])
    while wanted:
        wish = wanted.pop()
        package = packages[wish["name"]]
        if wish["name"] not in needed:
            needed[wish["name"]] = package["version"]
            wanted += package.get("dependencies", [])
        for extra in wish.get("extra", []):
            wanted += package["optional-dependencies"][extra]
    return {f"{name}=={version}" for name, version in needed.items()}


def test_its_bill_of_materials_names_what_it_holds(image: str) -> None:
    script = """
import importlib.metadata as m, json
print(json.dumps(sorted([d.name.lower().replace("_", "-"), d.version] for d in m.distributions(path=["/var/task"]))))
print(open("/var/task/sbom.cdx.json").read())
"""
    installed, _, bill = python(image, script).partition("\n")
    components = json.loads(bill)["components"]
    assert sorted([each["name"], each["version"]] for each in components) == json.loads(installed)


def test_it_holds_no_sources_of_the_build(own_layers: list[str]) -> None:
    foreign = re.compile(r"\.sql$|/tests?/|/queryport/|/bin/|\.cache/|uv\.lock$|pyproject\.toml$")
    assert [path for path in own_layers if foreign.search(path)] == []


def test_its_catalogue_has_every_query_file(image: str) -> None:
    script = """
from pathlib import Path
from handler.contract.catalog import Catalog
print(*Catalog(Path("/var/task/catalog.json")).names)
"""
    files = {
        ".".join(path.relative_to(ROOT / "sql_queries").with_suffix("").parts)
        for path in ROOT.glob("sql_queries/**/*.sql")
    }
    assert {name for name in python(image, script).split() if not name.startswith("queryport.")} == files
