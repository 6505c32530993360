"""Events that come at the same time, and the environments that they get: real processes, with a handler made for it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from queryport.local import lambda_environments, lambda_processes
from queryport.local.function_url import response_for
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import InvocationResult, LambdaEvent
from queryport.local.lambda_environments import FunctionClosedError, LambdaEnvironments
from queryport.local.lambda_processes import Starts
from tests.support.descriptors import descriptors
from tests.support.projects import write

HANDLER = """
import os
import time
from pathlib import Path

FOLDER = Path(os.environ["FOLDER"])
if "STANDS_STILL" in os.environ:
    time.sleep(3600)


def lambda_handler(event, context):
    if event == "wait":
        FOLDER.joinpath(str(os.getpid())).touch()
        time.sleep(3600)
    if event == "surrogate":
        raise ValueError(chr(0xD800))
    print(event, flush=True)
    return os.getpid()
"""

T = TypeVar("T")

MOST_ENVIRONMENTS = 3
"""So many at once, and no more; each is a process that is started, so there are fewer than a `serve` has."""

MOST = 60.0
"""The seconds after which a call that is never answered fails its test."""


@pytest.fixture(params=["started", "copied"])
def function(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LambdaEnvironments:
    """A function whose handler is imported in no time, in processes of each kind."""
    if request.param == "copied" and sys.platform != "linux":
        pytest.skip("no system that has processes copied")
    write(tmp_path, {"quick/__init__.py": "", "quick/main.py": HANDLER, "calls/empty": ""})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(lambda_processes, "HANDLER", "quick.main.lambda_handler")
    if request.param == "started":

        def starts(log: HandlerLog, *, many: bool) -> Starts:
            return Starts(log, spare=many)

        monkeypatch.setattr(lambda_environments, "_processes", starts)
    variables = {"FOLDER": str(tmp_path / "calls")}
    return LambdaEnvironments(variables, tmp_path / "handler.log", limit=MOST_ENVIRONMENTS)


def _run(function: LambdaEnvironments, use: Callable[[], Awaitable[T]]) -> T:
    """Use the function until it is closed, and leave no process of it behind."""
    before = _children()

    async def used() -> T:
        async with asyncio.timeout(MOST):
            try:
                return await use()
            finally:
                await function.close()

    outcome = asyncio.run(used())
    _, alive = psutil.wait_procs(_children() - before, timeout=30)
    assert alive == []
    return outcome


def _children() -> set[psutil.Process]:
    """The processes below this one, but PostgreSQL's and those that end while they are looked at."""
    found = set()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if one.name() != "postgres":
                found.add(one)
    return found


async def _called(function: LambdaEnvironments, event: str = "number") -> psutil.Process:
    """The process that answered."""
    outcome = await function.invoke(LambdaEvent(event))
    assert not outcome.failed, outcome.payload
    return psutil.Process(int(outcome.payload))


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "calls", [MOST_ENVIRONMENTS - 1, MOST_ENVIRONMENTS, MOST_ENVIRONMENTS + 1, 3 * MOST_ENVIRONMENTS]
)
def test_each_of_many_calls_is_told_of_a_start_that_fails(function: LambdaEnvironments, calls: int) -> None:
    function._variables.clear()

    async def call() -> list[InvocationResult]:
        return await asyncio.gather(*(function.invoke(LambdaEvent("number")) for _ in range(calls)))

    outcomes = _run(function, call)
    assert [outcome.failed for outcome in outcomes] == [True] * calls
    assert all(b'"KeyError"' in outcome.payload for outcome in outcomes)


def test_a_call_waits_no_longer_for_a_start_than_for_an_answer(
    function: LambdaEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_environments, "FUNCTION_SECONDS", 0.2)
    function._variables["STANDS_STILL"] = "1"

    async def call() -> list[InvocationResult]:
        return await asyncio.gather(*(function.invoke(LambdaEvent("number")) for _ in range(MOST_ENVIRONMENTS + 1)))

    outcomes = _run(function, call)
    assert [b"Sandbox.Timedout" in outcome.payload for outcome in outcomes] == [True] * (MOST_ENVIRONMENTS + 1)


def test_calls_are_told_of_the_end_whether_they_run_or_wait(function: LambdaEnvironments, tmp_path: Path) -> None:
    async def call() -> list[InvocationResult | BaseException]:
        calls = [asyncio.create_task(function.invoke(LambdaEvent("wait"))) for _ in range(MOST_ENVIRONMENTS + 4)]
        await _until(lambda: len(list((tmp_path / "calls").iterdir())) == 1 + MOST_ENVIRONMENTS)
        await function.close()
        calls.append(asyncio.create_task(function.invoke(LambdaEvent("number"))))
        await function.replace({})
        await function.warm_up()
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = _run(function, call)
    assert [type(outcome) for outcome in outcomes] == [FunctionClosedError] * (MOST_ENVIRONMENTS + 5)


@pytest.mark.parametrize(
    "left", [*range(7), 8, 10, 12, *(pytest.param(left, marks=pytest.mark.long) for left in (7, 9, 11))]
)
def test_all_environments_can_be_used_when_descriptors_had_run_out(
    function: LambdaEnvironments, tmp_path: Path, left: int
) -> None:
    """Whatever part of a start lacks one; with twelve left, none does."""

    async def waiting() -> None:
        # A start that had failed by then, and was left over, is told to the first call that gets it.
        while (await function.invoke(LambdaEvent("wait"))).failed:
            pass

    async def use() -> None:
        await function.warm_up()
        await _called(function)
        calls = [asyncio.create_task(function.invoke(LambdaEvent("number"))) for _ in range(6)]
        with descriptors(left):
            await asyncio.gather(*calls)
            await function.replace(function._variables)
            await asyncio.gather(*(function.invoke(LambdaEvent("number")) for _ in range(6)))
        busy = [asyncio.create_task(waiting()) for _ in range(MOST_ENVIRONMENTS)]
        await _until(lambda: len(list((tmp_path / "calls").iterdir())) == 1 + MOST_ENVIRONMENTS)
        await function.close()
        await asyncio.gather(*busy, return_exceptions=True)

    _run(function, use)


def test_an_error_may_have_characters_that_utf_8_has_not(function: LambdaEnvironments) -> None:
    async def call() -> InvocationResult:
        return await function.invoke(LambdaEvent("surrogate"))

    response, told = response_for(_run(function, call))
    assert response.status_code == 502
    assert (told or "").startswith("ValueError: \ud800\n")


def test_a_call_gets_another_environment_where_an_idle_one_has_died(function: LambdaEnvironments) -> None:
    async def call() -> tuple[psutil.Process, psutil.Process]:
        first = await _called(function)
        first.kill()
        await _until(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE)
        return first, await _called(function)

    first, second = _run(function, call)
    assert first != second


def test_a_log_that_is_removed_comes_back_with_the_next_environment(
    function: LambdaEnvironments, tmp_path: Path
) -> None:
    log = tmp_path / "handler.log"

    async def call() -> str:
        await _called(function, "before")
        assert "before" in log.read_text()
        log.unlink()
        for _ in range(2):  # the first may get a process that was started ahead of time
            await function.replace(function._variables)
            await _until(lambda: bool(function._idle))
        await _called(function, "behind")
        return log.read_text()

    logged = _run(function, call)
    assert "behind" in logged
    assert "before" not in logged


def test_a_call_is_answered_where_the_log_cannot_be_put_aside(function: LambdaEnvironments, tmp_path: Path) -> None:
    function._log = HandlerLog(tmp_path / "handler.log", 0)
    write(tmp_path, {"handler.log": "too much", "handler.log.1/is/a/folder": ""})

    async def call() -> tuple[psutil.Process, psutil.Process]:
        return await _called(function), await _called(function)

    first, second = _run(function, call)
    assert first == second
    assert "too much" in (tmp_path / "handler.log").read_text()


def test_calls_go_on_while_an_environment_does_not_end(
    function: LambdaEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("lambda_processes", "lambda_copies"):
        monkeypatch.setattr(f"queryport.local.{module}.SECONDS_TO_END", MOST / 2, raising=False)

    async def call() -> tuple[psutil.Process, psutil.Process]:
        stopped = await _called(function)
        stopped.suspend()
        await _until(lambda: stopped.status() == psutil.STATUS_STOPPED)
        try:
            await function.replace(function._variables)
            other = await _called(function)
            assert stopped.status() == psutil.STATUS_STOPPED
        finally:
            stopped.resume()
        return stopped, other

    stopped, other = _run(function, call)
    assert stopped != other
