"""What callers are told of each kind of broken constraint, over HTTP and directly."""

import re

import pytest

from handler.contract.errors import BusinessRule, OperationError
from tests.constraints.cases import CASES
from tests.constraints.conftest import Broken
from tests.support.log import kept_log


@pytest.mark.parametrize("name", CASES)
def test_a_broken_constraint_is_told_in_its_author_s_words(broken: Broken, name: str) -> None:
    case = CASES[name]
    with pytest.raises(OperationError) as caught:
        broken.function.invoke({"operation": name, "parameters": case.parameters})
    error = caught.value
    assert (type(error).__name__, error.detail) == (case.error, case.detail)
    assert [flaw.pointer for flaw in error.flaws] == ([case.pointer] if case.pointer else [])
    answer = broken.function.http("POST", f"/operations/{name}", body=case.parameters)
    problem = answer.json
    assert answer.status == problem["status"] == (case.status or error.status)
    assert (problem["code"], problem["detail"]) == (case.error, case.detail)
    assert [each["pointer"] for each in problem.get("errors", [])] == ([case.pointer] if case.pointer else [])
    names = {violation.name for violation in broken.operations[name].violations if violation.kind != "not null"}
    assert not names & set(re.findall(r"\w+", answer.text)) - {"SH001", ""}
    possible = {(each.code, each.status) for each in broken.operations[name].documentation.errors}
    if case.error != "InvalidParameters" and name not in ("no_partition", "check_option", "raise_with_a_class"):
        assert (case.error, answer.status) in possible


def test_a_hint_reaches_the_caller_and_a_json_object_in_it_as_details(broken: Broken) -> None:
    for advice, told in (("Try later", {"hint": "Try later"}), ('{"left": 2.5}', {"details": {"left": 2.5}})):
        answer = broken.function.http("POST", "/operations/advise", body={"advice": advice})
        assert (answer.status, answer.json["code"], answer.json["detail"]) == (422, "BusinessRule", "No")
        assert {name: answer.json[name] for name in ("hint", "details") if name in answer.json} == told
    with pytest.raises(BusinessRule, match=re.escape('No {"left": 2.5}')):
        broken.function.task("advise", advice='{"left": 2.5}')


def test_no_log_line_above_debug_names_a_constraint(broken: Broken) -> None:
    with kept_log() as log:
        for name, case in CASES.items():
            broken.function.http("POST", f"/operations/{name}", body=case.parameters)
    names = {violation.name for operation in broken.operations.values() for violation in operation.violations}
    logged = set(re.findall(r"[a-z]+(?:_[a-z]+)+", log.getvalue()))
    assert "duration_ms" in logged
    assert not {name for name in names if "_" in name} & logged
