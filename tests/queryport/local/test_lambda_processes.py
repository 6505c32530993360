"""The local Lambda's processes, started or copied, end when they are told to and know nothing of each other."""

import asyncio
import errno
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import orjson
import psutil
import pytest

from queryport.local import lambda_processes
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import Environment, Process
from queryport.local.lambda_environments import LambdaEnvironments
from queryport.local.lambda_processes import Processes, Starts
from tests.support.projects import write


def _starts(log: HandlerLog) -> Processes:
    return Starts(log, spare=True)


def _copies(log: HandlerLog) -> Processes:
    if sys.platform != "linux":
        pytest.skip("no system that has processes copied")
    from queryport.local.lambda_copies import Copies, can_copy

    if not can_copy():
        pytest.skip("no descriptors of processes")
    return Copies(log)


HANDLER = """
import os
import signal

NAME = os.environ["NAME"]


def lambda_handler(event, context):
    return NAME
"""


@pytest.fixture(params=[_starts, _copies])
def processes(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    """The processes of a function that reads its variables when it is imported, as ours does, but in no time."""
    write(tmp_path, {"quick/__init__.py": "", "quick/main.py": HANDLER})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(lambda_processes, "HANDLER", "quick.main.lambda_handler")
    made: Processes = request.param(HandlerLog(tmp_path / "handler.log"))
    return made


def _family() -> set[psutil.Process]:
    """What runs below this process, but for the run's PostgreSQL, whose sessions are other workers' too."""
    found = set()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE and one.name() != "postgres":
                found.add(one)
    return found


class _Known:
    """A process that the test knows the number of."""

    def __init__(self, process: Process) -> None:
        self.socket = process.socket
        self.end = process.end
        self.wait = process.wait
        self._process = process

    def started(self, pid: int) -> None:
        self.known = psutil.Process(pid)
        self._process.started(pid)

    @property
    def lives(self) -> bool:
        return self._process.lives


async def _started(processes: Processes, name: str | None, process: Process | None = None) -> Environment:
    environment = Environment(0, process or processes.take())
    await environment.import_handler({} if name is None else {"NAME": name})
    processes.prepare()
    return environment


def _end(*environments: Environment) -> None:
    for environment in environments:
        environment.end()
    for environment in environments:
        environment.wait()


async def _answer(environment: Environment) -> str:
    """The name that the function has, or that of its error."""
    event = {"event": {}, "request_id": "1", "trace": "", "deadline_ms": 9e12, "function_arn": ""}
    result = await environment.call(orjson.dumps(event))
    answer = orjson.loads(result.payload)
    return str(answer["errorType"] if result.failed else answer)


def test_each_has_the_variables_that_it_is_given_and_ends_when_it_is_told_to(processes: Processes) -> None:
    before = _family()

    async def call() -> list[str]:
        environments = [await _started(processes, given) for given in ("first", None, "third")]
        try:
            return [await _answer(environment) for environment in environments]
        finally:
            _end(*environments)
            processes.end()

    assert asyncio.run(call()) == ["first", "KeyError", "third"]
    assert _family() == before


def test_one_that_takes_no_signal_is_killed(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _family()

    async def start_and_end() -> None:
        deaf = _Known(processes.take())
        environment = await _started(processes, "deaf", deaf)
        deaf.known.suspend()
        while deaf.known.status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.01)
        for module in ("lambda_processes", "lambda_copies"):
            monkeypatch.setattr(f"queryport.local.{module}.SECONDS_TO_END", 0.0, raising=False)
        _end(environment)
        processes.end()

    asyncio.run(start_and_end())
    assert _family() == before


def test_one_that_a_tool_which_ignores_signals_starts_ends_by_them(processes: Processes) -> None:
    """As a tool does that is being stopped."""

    async def start_and_tell() -> list[psutil.Process]:
        told = _Known(processes.take())
        environment = await _started(processes, "told", told)
        told.known.terminate()
        _, alive = psutil.wait_procs([told.known], timeout=30)
        _end(environment)
        return alive

    handled = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert asyncio.run(start_and_tell()) == []
        processes.end()
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


def test_one_that_was_never_started_ends(processes: Processes) -> None:
    before = _family()
    process = processes.take()
    process.end()
    process.wait()
    processes.end()
    _, alive = psutil.wait_procs(_family() - before, timeout=30)
    assert alive == []


def test_the_death_of_one_is_none_of_the_others(processes: Processes) -> None:
    """Not even that of the one that the others are copies of."""
    before = _family()

    async def call() -> list[str]:
        kept, killed = _Known(processes.take()), _Known(processes.take())
        first = await _started(processes, "first", kept)
        second = await _started(processes, "second", killed)
        for process in _family() - before - {kept.known}:
            process.kill()
            process.wait()
        environments = (first, second, await _started(processes, "third"))
        try:
            return [await _answer(environment) for environment in environments]
        finally:
            _end(*environments)
            processes.end()

    assert asyncio.run(call()) == ["first", "Runtime.ExitError", "third"]
    assert _family() == before


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")
@pytest.mark.parametrize("lacking", ["a system", "a Python"])
def test_they_are_started_where_they_cannot_be_copied(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if lacking == "a Python":
        monkeypatch.delattr(os, "pidfd_open")
    else:
        monkeypatch.setattr(os, "pidfd_open", Mock(side_effect=OSError(errno.ENOSYS, "Function not implemented")))
    assert isinstance(LambdaEnvironments({}, Path(os.devnull))._processes, Starts)
