"""A port that a command cannot have is told with one that it can."""

import re
import socket

import pytest

from queryport.web.listener import PortTakenError, listen, listen_by_option

HOST = "127.0.0.1"


def test_a_taken_port_is_told_with_the_option_and_the_next_free_one() -> None:
    with listen(HOST, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            listen_by_option(HOST, port, "--port")
    told = re.fullmatch(
        rf"port {port} cannot be used \(Address already in use\): choose another, --port (\d+) is free",
        str(caught.value),
    )
    assert told is not None
    with listen_by_option(HOST, int(told[1]), "--port") as free:
        assert free.getsockname()[1] > port


def test_no_other_port_is_proposed_for_an_address_of_another_machine() -> None:
    with pytest.raises(PortTakenError, match=r"192.0.2.1 cannot be listened on \(.*\), at whichever port"):
        listen_by_option("192.0.2.1", 8080, "--port")


def test_the_last_port_has_none_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queryport.web.listener.next_free", lambda *_: None)
    with (
        socket.create_server((HOST, 0)) as taken,
        pytest.raises(PortTakenError, match=r": choose another with --port$"),
    ):
        listen_by_option(HOST, taken.getsockname()[1], "--port")
