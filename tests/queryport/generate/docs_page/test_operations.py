"""Looking at operations in a real browser: the list, the search, an operation's page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.queryport.generate.docs_page.conftest import HOSTILE, Visitor

pytestmark = pytest.mark.browser


def entries(page: Page) -> list[str]:
    return page.locator("nav a.entry .entry-name").all_inner_texts()


def test_lists_the_operations_by_folder(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page).to_have_title("The library")
    expect(page.get_by_role("heading", level=1)).to_have_text("The library")
    expect(page.locator("main em")).to_have_text("readers")
    assert entries(page) == [
        "add",
        "count",
        "find",
        "get",
        "list",
        "remove",
        "retitle",
        "body",
        "path",
        "picture",
        "size",
        "key",
        "who",
    ]
    assert page.locator("nav summary").all_inner_texts() == ["books\n7", "echo\n2", "files\n2", "mine\n2"]


def test_finds_operations_as_one_types(visitor: Visitor) -> None:
    page = visitor.open()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search the operations")
    expect(search).to_be_focused()
    for text, found in (
        ("boo", ["books.add", "books.count", "books.find", "books.get", "books.list", "books.remove", "books.retitle"]),
        ("books pages", ["books.list"]),
        ("/books/{", ["books.get", "books.remove", "books.retitle"]),
        ("TAKE A BOOK", ["books.remove"]),
    ):
        search.fill(text)
        assert sorted(entries(page)) == sorted(found)
        expect(page.locator("nav [role=status]")).to_contain_text(str(len(found)))
    search.fill("nothing like it")
    expect(page.locator("nav")).to_contain_text("Nothing has “nothing like it”")


def test_an_operations_page_tells_all_that_is_known(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    expect(page).to_have_title("books.list · The library")
    main = page.locator("main")
    expect(main.get_by_role("heading", level=1)).to_have_text("The books, in pages")
    facts = main.get_by_role("list", name="Facts")
    for fact in ("answers rows", "reads only", "in pages", "for IAM", "for anyone"):
        expect(facts).to_contain_text(fact)
    expect(main.locator(".route")).to_have_text("GET/books")
    expect(main.get_by_role("region", name="SQL")).to_contain_text("SELECT book_id, title, price, cover")
    expect(main.get_by_label("cover", exact=True).locator("option")).to_have_text(["not sent", "soft", "hard"])
    expect(main.locator(".field", has_text="limit")).to_contain_text("1 to 50 · default 5")
    columns = main.locator(".columns-list").first
    assert columns.locator("dt").all_inner_texts() == [
        *("book_id", "title", "price", "cover", "tags", "details", "published")
    ]
    expect(columns).to_contain_text("date · or null")
    expect(main.locator(".failures")).to_contain_text("InvalidParameters")
    expect(main.locator(".failures li", has_text="Throttled")).to_contain_text("may be repeated")


def test_texts_of_others_are_shown_as_the_texts_that_they_are(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    prose = page.locator("main .prose").first
    expect(prose).to_contain_text("<script>window.harmed = 3</script>")
    expect(prose).to_contain_text("<img src=x onerror='window.harmed = 4'>")
    expect(prose.locator("strong")).to_have_text("one")
    expect(prose.get_by_text("a link")).to_be_visible()
    assert prose.locator("a, img, script").count() == 0
    page.get_by_label("limit", exact=True).fill("50")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    page.get_by_role("button", name="JSON", exact=True).click()
    expect(page.get_by_role("region", name="The answer as JSON")).to_contain_text("<script>window.harmed = 1</script>")


def test_an_unknown_operation_is_said_to_be_unknown(visitor: Visitor) -> None:
    page = visitor.open("books.<b>")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such operation")
    expect(page.locator("main code")).to_have_text("books.<b>")
    page = visitor.open("books.%E0")
    expect(page.locator("main code")).to_have_text("books.%E0")


def test_what_was_typed_stays_while_another_operation_is_looked_at(visitor: Visitor) -> None:
    page = visitor.open("books.get")
    page.get_by_label("book_id", exact=True).fill("3")
    page.locator("nav").get_by_role("link", name=re.compile("add")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a book")
    page.go_back()
    expect(page.get_by_label("book_id", exact=True)).to_have_value("3")
