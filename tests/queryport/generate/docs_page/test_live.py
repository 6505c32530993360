"""`queryport serve` tells an open page of every save."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.queryport.generate.docs_page.conftest import Visitor, copied_library
from tests.support.projects import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    with Served(copied_library(tmp_path)) as served:
        yield served


def test_a_save_shows_on_the_open_page(own: Served, chromium: Browser) -> None:
    visitor = Visitor(chromium, own.printed("Function URL"))
    assert own.printed("Documentation") == f"{visitor.url}/docs"
    page = visitor.open("books.get")
    page.get_by_label("book_id", exact=True).fill("3")
    path = own.project / "sql_queries/books/get.sql"
    text = path.read_text()
    path.write_text(text.replace("One book", "The one book").replace(", price FROM", ", price, cover FROM"))
    expect(page.get_by_role("heading", level=1)).to_have_text("The one book")
    expect(page.get_by_role("region", name="SQL")).to_contain_text("price, cover")
    expect(page.get_by_label("book_id", exact=True)).to_have_value("3")
    expect(page.locator(".bar-news")).to_contain_text("Taken up")

    path.write_text(text.replace("title, price", "title, prize"))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("sql_queries/books/get.sql:")
    expect(alert).to_contain_text('column "prize" does not exist')
    path.write_text(text)
    expect(alert).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("One book")
    visitor.check()
    visitor.context.close()


def test_events_end_with_serve(own: Served) -> None:
    url = own.printed("Function URL")
    with httpx.stream("GET", f"{url}/docs/changes", timeout=30) as events:
        lines = events.iter_lines()
        assert next(lines) == 'data: {"number":1,"problems":[]}'
        own.stop()
        assert list(lines) == [""]
    assert own.process.returncode == 0
