"""The local Lambda's processes, started or copied, end when they are told to and know nothing of each other."""

import asyncio
import signal
import sys
from pathlib import Path

import orjson
import psutil
import pytest

from queryport.compile.write.emit import write_catalog
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import Environment, Process
from queryport.local.lambda_environments import operation_variables
from queryport.local.lambda_processes import Processes, Starts


def _starts(log: HandlerLog) -> Processes:
    return Starts(log, spare=True)


def _copies(log: HandlerLog) -> Processes:
    if sys.platform != "linux":
        pytest.skip("no system that has processes copied")
    from queryport.local.lambda_copies import Copies

    return Copies(log)


@pytest.fixture(params=[_starts, _copies])
def processes(request: pytest.FixtureRequest, tmp_path: Path) -> Processes:
    made: Processes = request.param(HandlerLog(tmp_path / "handler.log"))
    return made


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The variables of a function without operations."""
    write_catalog(tmp_path / "catalog.json", [], fingerprint="f00d")
    return operation_variables(tmp_path / "catalog.json", "http://127.0.0.1:1", "app")


def _family() -> set[psutil.Process]:
    return {one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE}


class _Known:
    """A process that the test knows the number of."""

    def __init__(self, process: Process) -> None:
        self.socket = process.socket
        self.end = process.end
        self._process = process

    def started(self, pid: int) -> None:
        self.known = psutil.Process(pid)
        self._process.started(pid)


async def _started(processes: Processes, variables: dict[str, str], process: Process | None = None) -> Environment:
    environment = Environment(0, process or processes.take())
    await environment.import_handler(variables)
    processes.prepare()
    return environment


async def _error(environment: Environment) -> str:
    event = {"event": {"operation": "none"}, "request_id": "1", "trace": "", "deadline_ms": 9e12, "function_arn": ""}
    told: str = orjson.loads((await environment.call(orjson.dumps(event))).payload)["errorType"]
    return told


def test_each_has_the_variables_that_it_is_given_and_ends_when_it_is_told_to(
    processes: Processes, variables: dict[str, str]
) -> None:
    before = _family()

    async def call() -> list[str]:
        environments = [await _started(processes, given) for given in (variables, {}, variables)]
        try:
            return [await _error(environment) for environment in environments]
        finally:
            for environment in environments:
                environment.end()
            processes.end()

    assert asyncio.run(call()) == ["UnknownOperation", "SettingsError", "UnknownOperation"]
    assert _family() == before


def test_one_that_takes_no_signal_is_killed(
    processes: Processes, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _family()

    async def start_and_end() -> None:
        handled = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            environment = await _started(processes, variables)
        finally:
            signal.signal(signal.SIGTERM, handled)
        for module in ("lambda_processes", "lambda_copies"):
            monkeypatch.setattr(f"queryport.local.{module}.SECONDS_TO_END", 0.0, raising=False)
        environment.end()
        processes.end()

    asyncio.run(start_and_end())
    assert _family() == before


def test_one_that_was_never_started_ends(processes: Processes) -> None:
    before = _family()
    processes.take().end()
    processes.end()
    _, alive = psutil.wait_procs(_family() - before, timeout=30)
    assert alive == []


def test_the_death_of_one_is_none_of_the_others(processes: Processes, variables: dict[str, str]) -> None:
    """Not even that of the one that the others are copies of."""
    before = _family()

    async def call() -> list[str]:
        kept, killed = _Known(processes.take()), _Known(processes.take())
        first = await _started(processes, variables, kept)
        second = await _started(processes, variables, killed)
        for process in _family() - before - {kept.known}:
            process.kill()
            process.wait()
        environments = (first, second, await _started(processes, variables))
        try:
            return [await _error(environment) for environment in environments]
        finally:
            for environment in environments:
                environment.end()
            processes.end()

    assert asyncio.run(call()) == ["UnknownOperation", "Runtime.ExitError", "UnknownOperation"]
    assert _family() == before
