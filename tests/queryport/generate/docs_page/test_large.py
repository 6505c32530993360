"""The page of a thousand operations: only what is looked at is in the document that the browser lays out."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect

from handler.contract.operation import Documentation, Http
from queryport.generate.docs_page import docs_page
from queryport.generate.docs_page.assemble import policy_of
from queryport.generate.openapi import Described, Heading, document_of
from tests.queryport.generate.docs_page.conftest import Visitor
from tests.support.operations import INTEGER, operation

pytestmark = pytest.mark.browser

_OPERATIONS = 1000
_FOLDERS = 25
_MOST_ELEMENTS = 1500


def _document() -> bytes:
    described = []
    for number in range(_OPERATIONS):
        folder = f"folder_{number % _FOLDERS}"
        made = operation(
            "SELECT 1",
            name=f"{folder}.operation_{number}",
            parameters={"id": INTEGER},
            http=Http("GET", f"/{folder}/{{id}}/of/{number}"),
        )._replace(documentation=Documentation(f"Does the thing number {number}", "In a *few* words."))
        described.append(Described(made, folder, "", "SELECT 1"))
    return document_of(described, Heading("Many")).text


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    contents = {
        "/docs": ("text/html; charset=utf-8", docs_page()),
        "/openapi.json": ("application/json", _document()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = contents[self.path]
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.send_header("content-security-policy", policy_of(docs_page()))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_thousand_operations_are_looked_through(chromium: Browser, url: str) -> None:
    visitor = Visitor(chromium, url)
    page = visitor.open_list()
    count = "document.querySelectorAll('*').length"
    expect(page.locator("nav [role=status]")).to_have_text("1,000 operations")
    assert page.locator("nav summary").count() == _FOLDERS
    assert page.locator("nav a.entry").count() == 0  # every folder is closed
    assert page.evaluate(count) < _MOST_ELEMENTS
    page.get_by_role("searchbox").fill("number")
    expect(page.locator("nav")).to_contain_text("and 900 more")
    assert page.evaluate(count) < _MOST_ELEMENTS
    page.get_by_role("searchbox").fill("number 777")
    page.get_by_role("link", name="folder_2.operation_777").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the thing number 777")
    page.get_by_role("searchbox").fill("")
    # The folder of what is looked at is open.
    expect(page.locator("nav a[aria-current=page]")).to_contain_text("operation_777")
    assert page.locator("nav a.entry").count() == _OPERATIONS // _FOLDERS
    visitor.check()
    visitor.context.close()
