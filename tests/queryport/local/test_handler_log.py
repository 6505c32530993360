from pathlib import Path

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
