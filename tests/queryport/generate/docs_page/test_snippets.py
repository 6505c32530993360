"""The code that the page shows runs, and sends what is in the form: curl, Node, Python, boto3, Step Functions."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from statelint.linter import Linter  # type: ignore[import-untyped]  # it ships no types

from tests.queryport.generate.docs_page.conftest import Visitor
from tests.support.projects import Served

pytestmark = pytest.mark.browser

TEXT = "O'Hara said \"no\" to $HOME, ${x} `id` \\n \\' \U0001f600 é%2F&?=+"
LONG = "9007199254740993"


def snippet(page: Page, language: str) -> str:
    page.get_by_role("tab", name=language, exact=True).click()
    return page.get_by_role("region", name=f"{language} code").inner_text()


def run(language: str, text: str, folder: Path, served: Served) -> Any:
    """The `data` that a snippet prints, or the whole answer in the case of curl."""
    url = served.printed("Function URL")
    environment = os.environ | {
        "AWS_ENDPOINT_URL_LAMBDA": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    if language == "curl":
        command = ["bash", "-c", text.replace("curl ", "curl --silent --show-error ", 1)]
    elif language == "JavaScript":
        path = folder / "snippet.mjs"
        path.write_text(text.replace("console.log(data)", "console.log(JSON.stringify(data))"))
        command = ["node", str(path)]
    else:
        path = folder / "snippet.py"
        path.write_text("import json\n" + text.replace("\nprint(", "\nprint(json.dumps(") + ")")
        command = [sys.executable, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["data"] if language == "curl" else answer


@pytest.mark.parametrize("language", ["curl", "JavaScript", "Python", "boto3"])
@pytest.mark.parametrize("operation", ["echo.body", "echo.path"])
def test_code_sends_what_is_in_the_form(
    visitor: Visitor, served: Served, tmp_path: Path, operation: str, language: str
) -> None:
    program = {"curl": "curl", "JavaScript": "node"}.get(language)
    if program is not None and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    page = visitor.open(operation)
    form = page.locator("form")
    form.get_by_label("text", exact=True).fill(TEXT)
    form.get_by_label("list", exact=True).fill(f"a, b\n{TEXT}\n")
    expected: dict[str, Any] = {"text": TEXT, "list": ["a, b", TEXT]}
    for number in (2, int(LONG)):
        form.get_by_label("number", exact=True).fill(str(number))
        # JavaScript itself prints another number, whatever is sent: PostgreSQL is asked for its text.
        expected |= {"digits": str(number)}
        got = run(language, snippet(page, language), tmp_path, served)
        assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("language", ["curl", "JavaScript", "Python", "boto3"])
def test_code_sends_the_conditions_of_a_list(visitor: Visitor, served: Served, tmp_path: Path, language: str) -> None:
    program = {"curl": "curl", "JavaScript": "node"}.get(language)
    if program is not None and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    page = visitor.open("books.find")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Operator of condition 1").select_option("is one of")
    page.get_by_label("Value of condition 1").fill("Book 3, Book 4, it's 5%")
    page.locator("form").get_by_label("sort", exact=True).fill("-title")
    rows = run(language, snippet(page, language), tmp_path, served)
    assert [row["title"] for row in rows] == ["Book 4", "Book 3"]


def test_a_task_state_calls_with_what_is_in_the_form(visitor: Visitor, served: Served) -> None:
    page = visitor.open("echo.body")
    form = page.locator("form")
    form.get_by_label("text", exact=True).fill(TEXT)
    form.get_by_label("number", exact=True).fill(LONG)
    form.get_by_label("list", exact=True).fill("x")
    state = json.loads(snippet(page, "Step Functions"))
    payload = state["Parameters"]["Payload"]
    assert payload["operation"] == "echo.body"
    assert payload["parameters"] == {"text": TEXT, "number": int(LONG), "list": ["x"]}
    assert served.call("echo.body", **payload["parameters"]).json()["data"]["digits"] == LONG
    leads_to = {catcher["Next"]: {"Type": "Fail"} for catcher in state["Catch"]}
    machine = {"StartAt": "Echo", "States": {"Echo": state, **leads_to}}
    assert Linter.validate(machine) == []


def test_code_without_parameters_and_for_incomplete_forms(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    page = visitor.open("books.count")
    assert run("Python", snippet(page, "Python"), tmp_path, served) == served.value("books.count")
    page = visitor.open("echo.path")
    expect(page.get_by_role("tabpanel")).to_contain_text("Fill in the form")


def test_code_is_copied(visitor: Visitor) -> None:
    page = visitor.open("books.count")
    text = snippet(page, "curl")
    page.locator("section", has=page.get_by_role("tablist")).get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
