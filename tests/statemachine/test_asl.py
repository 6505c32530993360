"""`queryport asl`: the states that it prints for the example's operations, checked and executed."""

import json
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter  # type: ignore[import-untyped]  # it ships no types

from handler.contract.errors import ERRORS
from handler.contract.execution import Batch
from handler.contract.operation import Documentation, Idempotency, Operation, PossibleError
from queryport.compile import Compilation
from queryport.emulator import Fault
from queryport.generate.asl import ANSWER_LOST, IDEMPOTENCY_KEY, may_run_twice, retriers, state_machine, task_state
from tests.statemachine.conftest import MACHINES, Shop, filled_in, machine

PASSING = {error.__name__ for error in ERRORS if error.may_be_repeated and not error.over_http_alone}


def _operation(compilation: Compilation, name: str) -> Operation:
    return next(operation for operation in compilation.operations if operation.name == name)


def _names(clauses: list[dict[str, Any]]) -> list[str]:
    return [name for clause in clauses for name in clause["ErrorEquals"]]


def _tasks(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """All Task states, those within Map states included."""
    found = []
    for state in definition["States"].values():
        if state["Type"] == "Task":
            found.append(state)
        elif state["Type"] == "Map":
            found += _tasks(state["ItemProcessor"])
    return found


def test_every_operation_makes_a_valid_state_machine(compilation: Compilation) -> None:
    for operation in compilation.operations:
        assert Linter.validate(state_machine(operation)) == []


@pytest.mark.parametrize("path", sorted(MACHINES.glob("*.asl.json")), ids=lambda path: path.name)
def test_the_projects_state_machines_are_valid(path: Path) -> None:
    assert Linter.validate(json.loads(path.read_text())) == []


@pytest.mark.parametrize("path", sorted(MACHINES.glob("*.asl.json")), ids=lambda path: path.name)
def test_the_projects_tasks_retry_what_is_safe_for_their_operations(path: Path, compilation: Compilation) -> None:
    for task in _tasks(json.loads(path.read_text())):
        name = task["Parameters"]["Payload"]["operation"]
        assert task["Retry"] == task_state(_operation(compilation, name))["Retry"], name


def test_a_read_is_repeated_where_the_answer_was_lost(compilation: Compilation) -> None:
    names = set(_names(retriers(_operation(compilation, "orders.get_order"))))
    assert names == PASSING | {"Lambda.TooManyRequestsException", *ANSWER_LOST}


def test_a_write_without_a_key_is_repeated_only_where_it_did_not_run(compilation: Compilation) -> None:
    operation = _operation(compilation, "orders.reserve_stock")._replace(idempotency=Idempotency.OFF)
    assert not may_run_twice(operation)
    assert set(_names(retriers(operation))) == PASSING | {"Lambda.TooManyRequestsException"}
    unknown = next(c for c in task_state(operation)["Catch"] if c["Next"] == "ReserveStockOutcomeUnknown")
    assert unknown["ErrorEquals"] == ["OutcomeUnknown", *ANSWER_LOST]
    assert "idempotency_key.$" not in task_state(operation)["Parameters"]["Payload"]


def test_a_write_with_a_key_is_repeated_like_a_read(compilation: Compilation) -> None:
    operation = _operation(compilation, "orders.reserve_stock")
    lost = {"Lambda.TooManyRequestsException", "OutcomeUnknown", *ANSWER_LOST}
    assert set(_names(retriers(operation))) == PASSING | lost
    assert task_state(operation)["Parameters"]["Payload"]["idempotency_key.$"] == IDEMPOTENCY_KEY
    assert "ReserveStockOutcomeUnknown" not in {clause["Next"] for clause in task_state(operation)["Catch"]}


def test_a_batch_takes_all_its_elements(compilation: Compilation) -> None:
    operation = _operation(compilation, "orders.reserve_stock")._replace(execution=Batch(()))
    assert task_state(operation)["Parameters"]["Payload"]["parameters.$"] == "$.parameters"


def test_no_error_is_repeated_twice_over(compilation: Compilation) -> None:
    for operation in compilation.operations:
        state = task_state(operation)
        for clauses in (state["Retry"], state["Catch"]):
            assert len(_names(clauses)) == len(set(_names(clauses)))


def test_a_task_passes_the_required_parameters_and_the_cursor_of_the_next_page(compilation: Compilation) -> None:
    state = task_state(_operation(compilation, "orders.list_orders"))
    payload = state["Parameters"]["Payload"]
    assert payload["operation"] == "orders.list_orders"
    assert payload["parameters"] == {"customer_id.$": "$.customer_id"}
    assert state["ResultSelector"]["next.$"] == "$.Payload.next"


def test_a_state_that_is_required_is_passed_and_another_one_is_caught(compilation: Compilation) -> None:
    changing = task_state(_operation(compilation, "catalogue.change_book"))
    assert changing["Parameters"]["Payload"]["if_match.$"] == "$.if_match"
    assert ["PreconditionFailed"] in [catcher["ErrorEquals"] for catcher in changing["Catch"]]
    assert "if_match.$" not in task_state(_operation(compilation, "catalogue.set_price"))["Parameters"]["Payload"]


def test_an_operation_without_a_summary_has_no_comment(compilation: Compilation) -> None:
    assert "Comment" not in task_state(
        _operation(compilation, "orders.get_order")._replace(documentation=Documentation())
    )


def _printed(compilation: Compilation, name: str) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(filled_in(json.dumps(state_machine(_operation(compilation, name)))))
    return definition


@pytest.mark.slow
def test_what_is_printed_runs_as_it_stands(shop: Shop, compilation: Compilation) -> None:
    execution = shop.execute(_printed(compilation, "orders.order_status"), {"order_id": 1})
    assert execution.output == {"order_id": 1, "order_status": {"data": "placed"}}


@pytest.mark.slow
def test_a_missing_row_reaches_its_catcher(shop: Shop, compilation: Compilation) -> None:
    execution = shop.execute(_printed(compilation, "orders.order_status"), {"order_id": 99})
    assert (execution.status, execution.error) == ("FAILED", "NotFound")
    assert execution.cause["errorMessage"] == "orders.order_status found no row for these parameters"


@pytest.mark.slow
def test_a_violation_is_caught_by_its_name(shop: Shop, compilation: Compilation) -> None:
    definition = _printed(compilation, "orders.reserve_stock")
    assert shop.execute(definition, {"order_id": 1}).status == "SUCCEEDED"
    again = shop.execute(definition, {"order_id": 1})
    assert (again.status, again.error) == ("FAILED", "UniqueViolation")


@pytest.mark.slow
def test_a_throttled_call_is_made_again(shop: Shop, compilation: Compilation) -> None:
    # The function itself tries four times before it gives up.
    shop.emulator.faults.arm(Fault(kind="throttle", calls=5))
    execution = shop.execute(_printed(compilation, "orders.order_status"), {"order_id": 1})
    assert execution.status == "SUCCEEDED"
    assert len(shop.door.events) == 2


def test_the_machines_name_operations_that_exist(compilation: Compilation) -> None:
    known = {operation.name for operation in compilation.operations}
    for path in MACHINES.glob("*.asl.json"):
        tasks = _tasks(machine(path.name.removesuffix(".asl.json")))
        assert tasks
        assert {task["Parameters"]["Payload"]["operation"] for task in tasks} <= known


def test_the_names_that_a_project_gives_are_caught_with_the_refusals(compilation: Compilation) -> None:
    task = task_state(_operation(compilation, "customers.register_customer"))
    (refused,) = [clause for clause in task["Catch"] if clause["Next"].endswith("Refused")]
    assert {"UniqueViolation", "EmailTaken"} <= set(refused["ErrorEquals"])
    read = _operation(compilation, "orders.get_order")
    read = read._replace(documentation=Documentation(errors=(PossibleError("Closed", 409, "BusinessRule"),)))
    assert "Closed" in _names(task_state(read)["Catch"])
