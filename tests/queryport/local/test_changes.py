"""The events by which `queryport serve` tells open pages of a save."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import Response

from queryport.local import changes
from queryport.local.changes import Changes
from queryport.local.http_thread import ADDRESS, HttpThread
from queryport.web.listener import listen


class _Running:
    def __init__(self) -> None:
        listener = listen(ADDRESS, 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.changes = Changes(Response("another's answer"))
        self.http = HttpThread(self.changes, listener)


@pytest.fixture
def running() -> Iterator[_Running]:
    running = _Running()
    with running.http:
        yield running
        running.http.run(running.changes.close())


def test_each_change_is_told_to_every_page(running: _Running) -> None:
    url = f"{running.url}/docs/changes"
    with httpx.stream("GET", url) as first, httpx.stream("GET", url) as second:
        assert first.headers["content-type"].startswith("text/event-stream")
        assert first.headers["cache-control"] == "no-store"
        told = [first.iter_lines(), second.iter_lines()]
        for number, problems in enumerate(([], ["a.sql:1:1 <wrong>\n  ^"], [])):
            if number:
                running.http.run(running.changes.announce(problems))
            expected = httpx.Response(200, json={"number": number, "problems": problems}).text
            for lines in told:
                assert (next(lines), next(lines)) == (f"data: {expected}", "")


def test_a_page_that_comes_late_learns_how_things_are(running: _Running) -> None:
    running.http.run(running.changes.announce(["wrong"]))
    with httpx.stream("GET", f"{running.url}/docs/changes") as events:
        assert next(events.iter_lines()) == 'data: {"number":1,"problems":["wrong"]}'


def test_all_connections_end_at_the_end(running: _Running) -> None:
    with httpx.stream("GET", f"{running.url}/docs/changes") as events:
        lines = events.iter_lines()
        assert next(lines).startswith("data: ")
        running.http.run(running.changes.close())
        assert list(lines) == [""]


def test_a_silent_connection_gets_a_sign_of_life(running: _Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_SECONDS_BETWEEN_SIGNS", 0.01)
    with httpx.stream("GET", f"{running.url}/docs/changes") as events:
        lines = events.iter_lines()
        assert [next(lines) for _ in range(4)][2:] == [": still here", ""]


def test_all_else_goes_to_the_application(running: _Running) -> None:
    for method, path in (("POST", "/docs/changes"), ("GET", "/docs"), ("GET", "/docs/changes/more")):
        assert httpx.request(method, running.url + path).text == "another's answer"
