"""A hostile web page in a real browser, against `queryport serve` and its emulator."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.projects import BOOKSHOP, Served, eventually, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_PAGE = Path(__file__).with_name("hostile_page.html").read_text()
_SHOP_PAGE = Path(__file__).with_name("shop_page.html").read_text()

_SHOP = BOOKSHOP | {"sql_queries/books/spoil.sql": "UPDATE book SET title = 'spoilt'\n"}


class _Site:
    """A web site with one page, and what the page reported."""

    def __init__(self) -> None:
        self.page = ""
        self.reports: list[dict[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(site.page.encode())

            def do_POST(self) -> None:
                site.reports.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port


@pytest.fixture
def site() -> Iterator[_Site]:
    site = _Site()
    thread = threading.Thread(target=site.server.serve_forever, daemon=True)
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(write(tmp_path_factory.mktemp("shop"), _SHOP)) as served:
        yield served


def _visit(
    site: _Site, chromium: "Browser", served: Served, origin: str, *, api: str = "", url: str = "", page: str = _PAGE
) -> dict[str, str]:
    """What a page of the site reports that a new visitor opens by an origin."""
    addresses = [api or served.printed("RDS Data API"), url or served.printed("Function URL")]
    site.page = page.replace("ADDRESSES", json.dumps(addresses))
    with chromium.new_context() as visitor:
        visitor.new_page().goto(f"{origin}:{site.port}/")
        eventually(lambda: bool(site.reports), 60)
    return site.reports[-1]


def _unharmed(served: Served) -> None:
    api = served.printed("RDS Data API")
    assert httpx.get(f"{api}/_queryport/faults").json() == []
    assert not [call for call in httpx.get(f"{api}/_queryport/log").json() if "from a page" in (call["sql"] or "")]
    assert served.client.get("/books/1").json()["data"]["title"] == "Book 1"
    assert served.value("books.count") == 5


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "http://localhost"])
def test_a_page_on_another_port_does_nothing(site: _Site, served: Served, chromium: "Browser", origin: str) -> None:
    report = _visit(site, chromium, served, origin)
    assert {report[name] for name in report if name.startswith("no-cors")} == {
        "opaque 0"
    }  # sent, and answered with 403
    assert {report[name] for name in report if not name.startswith("no-cors")} == {"failed"}
    assert len(report) == 16
    _unharmed(served)


def test_a_page_of_a_foreign_domain_does_nothing(site: _Site, served: Served, chromium: "Browser") -> None:
    report = _visit(site, chromium, served, "http://evil.example")
    assert set(report.values()) <= {"opaque 0", "failed"}
    _unharmed(served)


def test_a_page_whose_domain_now_means_this_machine_does_nothing(
    site: _Site, served: Served, chromium: "Browser"
) -> None:
    """DNS rebinding: the browser takes the server for the page's own site."""
    ports = [served.printed(label).rpartition(":")[2] for label in ("RDS Data API", "Function URL")]
    api, url = (f"http://evil.example:{port}" for port in ports)
    report = _visit(site, chromium, served, "http://evil.example", api=api, url=url)
    assert set(report.values()) <= {"opaque 0", "failed"}
    _unharmed(served)
    # The page itself, had it been loaded from our port: of one origin with the server.
    for address in (api, url):
        port = address.rpartition(":")[2]
        answer = httpx.post(
            f"http://127.0.0.1:{port}/operations/books.spoil",
            headers={"Host": f"evil.example:{port}", "Origin": address, "Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == 403
    _unharmed(served)


def test_a_page_that_is_allowed_works(site: _Site, chromium: "Browser", tmp_path: Path) -> None:
    with Served(write(tmp_path / "shop", _SHOP), "--allow-origin", f"http://127.0.0.1:{site.port}") as served:
        report = _visit(site, chromium, served, "http://127.0.0.1")
        # It may do all that a program on this machine may, and see that it did.
        assert report["cors fault"] == "cors 201"
        assert report["cors log"] == "cors 200"
        assert report["preflight"].startswith("cors ")
        api = served.printed("RDS Data API")
        assert len(httpx.get(f"{api}/_queryport/faults").json()) == 2


def test_a_page_that_the_projects_settings_let_in_works_and_others_do_not(
    site: _Site, chromium: "Browser", tmp_path: Path
) -> None:
    settings = f'[http.cors]\nallow_origins = ["http://shop.example:{site.port}"]\n'
    with Served(write(tmp_path / "shop", _SHOP | {"queryport.toml": settings})) as served:
        report = _visit(site, chromium, served, "http://shop.example", page=_SHOP_PAGE)
        assert report == {
            "read": "200 Book 1 true",
            "condition": "304",
            "write": "200 true",
            "unlisted": "failed",
        }
        site.reports.clear()
        others = _visit(site, chromium, served, "http://evil.example", page=_SHOP_PAGE)
        assert set(others.values()) == {"failed"}
        assert len(others) == 4
