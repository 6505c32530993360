"""What the Lambda imports: nothing of the tool, nothing that does not ship, and nothing that is slow for no use."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from queryport.compile.write.emit import write_catalog
from queryport.testing.function import function_environment
from tests.support.repository import ROOT

_SHIPS = {
    "aws_lambda_powertools",
    "botocore",
    "boto3",
    "cryptography",
    "jsonschema",
    "jwt",
    "orjson",
    "re2",
    "urllib3",
    "handler",
}
_FORBIDDEN = {
    "cryptography",  # as jwt: for the first token
    "jwt",
    "aws_xray_sdk",
    "boto3",  # its clients are botocore's; its own layer costs a tenth of the start-up
    "attr",  # comes with jsonschema, as do referencing and rpds
    "hypothesis",
    "jsonschema",  # only a call that is wrong needs it
    "moto",
    "psycopg",
    "pydantic",
    "pytest",
    "queryport",
    "re2",  # only an author's pattern needs it
    "referencing",
    "rpds",
    "s3transfer",
    "starlette",
    "yaml",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Returns the words that a program prints in a process with the environment of the Lambda."""
    catalog = tmp_path_factory.mktemp("imports") / "catalog.json"
    write_catalog(catalog, [], fingerprint="")
    environment = {
        **os.environ,
        **function_environment("http://127.0.0.1:9", "shop", catalog),
        **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nowhere"),
    }

    def run(program: str) -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()

    return run


@pytest.fixture(scope="module")
def started(told: Callable[[str], list[str]]) -> list[str]:
    """What a process that has started as the Lambda does says of its garbage collection and its modules."""
    facts = "gc.isenabled(), gc.get_freeze_count() > 10_000, *sys.modules"
    return told(f"import gc, sys, handler.main; print({facts})")


@pytest.fixture(scope="module")
def imported(started: list[str]) -> set[str]:
    return set(started[2:])


def test_garbage_is_collected_again_after_start_up_and_what_start_up_made_is_left_alone(started: list[str]) -> None:
    assert started[:2] == ["True", "True"]


def test_a_start_takes_as_many_page_faults_however_deep_the_runtime_s_own_calls_are(
    told: Callable[[str], list[str]],
) -> None:
    # Hundreds to thousands more where its frames fall on an edge of the interpreter's chunks: see handler/main.py.
    program = """
from resource import RUSAGE_SELF, getrusage

def page_faults(depth):
    if depth > 0:
        return page_faults(depth - 1)
    before = getrusage(RUSAGE_SELF).ru_minflt
    import handler.main
    return getrusage(RUSAGE_SELF).ru_minflt - before
"""
    faults = [int(told(f"{program}\nprint(page_faults({depth}))")[0]) for depth in (0, 16, 64)]
    assert max(faults) - min(faults) < 200


def test_start_up_imports_nothing_that_is_slow_or_does_not_ship(imported: set[str]) -> None:
    assert not {module.partition(".")[0] for module in imported} & _FORBIDDEN


def test_start_up_leaves_out_botocore_s_session_where_there_are_no_files_for_it_to_read(imported: set[str]) -> None:
    assert not {"botocore.session", "botocore.client", "botocore.handlers"} & imported


def test_start_up_imports_everything_that_a_call_needs(imported: set[str]) -> None:
    # Lambda gives start-up a full processor and a call what the function pays for.
    assert {
        "handler.contract.validation",
        "botocore.auth",
        "urllib3.connection",
        "aws_lambda_powertools.logging",
        "handler.engine.engine",
    } <= imported


def test_a_call_that_is_right_does_without_jsonschema_and_one_that_is_wrong_has_its_words() -> None:
    program = """
import sys
from handler.contract.validation import Validator
schema = {"type": "object", "properties": {"day": {"type": ["string", "null"], "format": "date"}}}
check = Validator(schema)
assert check.flaws({"day": "2026-01-31"}) == ()
assert not {"jsonschema", "attr", "referencing", "re2"} & sys.modules.keys()
assert [flaw.pointer for flaw in check.flaws({"day": "yesterday"})] == ["/day"]
assert "jsonschema" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize("path", sorted((ROOT / "handler").rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_imports_only_what_ships(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            package = name.partition(".")[0]
            assert package in _SHIPS or package in sys.stdlib_module_names, f"{path.name} imports {name}"
