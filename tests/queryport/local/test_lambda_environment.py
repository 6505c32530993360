"""The processes of the local Lambda end when they are told to, or all the same."""

import signal
from pathlib import Path

import psutil
import pytest

from queryport.local import lambda_environment
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import Process


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_process_ends_when_it_is_told_to(tmp_path: Path) -> None:
    before = _children()
    process = Process(HandlerLog(tmp_path / "handler.log"))
    assert len(_children() - before) == 1
    process.end()
    assert _children() == before


def test_a_process_that_takes_no_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_environment, "_SECONDS_TO_END", 0.0)
    before = _children()
    handled = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        process = Process(HandlerLog(tmp_path / "handler.log"))
    finally:
        signal.signal(signal.SIGTERM, handled)
    process.end()
    assert _children() == before
