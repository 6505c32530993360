import os
from collections.abc import Callable
from pathlib import Path

import pytest

from queryport.console.failure import CommandError
from queryport.local.handler_log import HandlerLog


def test_a_log_that_is_too_large_is_put_aside_and_written_on(tmp_path: Path) -> None:
    log = HandlerLog(tmp_path / "handler.log", largest=10)
    with log.open() as first, log.open() as second:
        first.write(b"0123456789")
        first.flush()
        log.rotate()
        assert log.path.read_bytes() == b"0123456789"
        second.write(b"ab")
        second.flush()
        log.rotate()
        first.write(b"new")
        first.flush()
    assert log.path.read_bytes() == b"new"
    assert (tmp_path / "handler.log.1").read_bytes() == b"0123456789ab"


def test_a_log_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    HandlerLog(tmp_path / "handler.log").rotate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_told_and_waited_for_by_nobody(tmp_path: Path, make: Callable[[Path], object]) -> None:
    log = HandlerLog(tmp_path / "handler.log")
    make(log.path)
    with pytest.raises(CommandError, match=r"handler\.log, where the function's log goes, cannot be written"):
        log.clear()
    with pytest.raises(OSError, match=r"handler\.log"):
        log.open()
