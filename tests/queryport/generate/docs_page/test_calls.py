"""Calling operations through the page in a real browser: forms, answers, problems, pages, writes, credentials."""

import json
import re
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.queryport.generate.docs_page.conftest import Visitor
from tests.support.projects import QUERYPORT, Served

pytestmark = pytest.mark.browser


def call(page: Page, name: str = "Call") -> Locator:
    """Press a button of the form, and wait for the answer."""
    with page.expect_response(lambda response: "/docs" not in response.url):
        page.get_by_role("button", name=name, exact=True).click()
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_have_attribute("aria-busy", "false")
    return answer


def field(page: Page, name: str) -> Locator:
    return page.locator("form").get_by_label(name, exact=True)


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def column(answer: Locator, number: int) -> list[str]:
    return answer.locator(f"tbody td:nth-child({number})").all_inner_texts()


def test_rows_are_a_table_that_sorts(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    field(page, "limit").fill("50")
    answer = call(page)
    expect(answer.locator(".status")).to_contain_text(re.compile(r"200 .*\d ms.*kB.*13 rows"))
    assert answer.locator("thead th").count() == 7
    price = answer.get_by_role("columnheader", name="price")
    price.get_by_role("button").click()
    expect(price).to_have_attribute("aria-sort", "ascending")
    # As PostgreSQL wrote them, to the last zero.
    assert column(answer, 3)[:3] == ["1.00", "88.50", "89.50"]
    price.get_by_role("button").click()
    assert column(answer, 3)[0] == "99.50"
    price.get_by_role("button").click()
    expect(price).to_have_attribute("aria-sort", "none")
    assert column(answer, 1)[-1] == "9007199254740991"
    published = answer.get_by_role("columnheader", name="published")
    published.get_by_role("button").click()
    assert column(answer, 7)[-1] == "null"  # null comes last in either direction
    published.get_by_role("button").click()
    assert column(answer, 7)[-1] == "null"


def test_nested_values_are_folded(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    answer = call(page)
    cell = answer.locator("tbody tr").first.locator("td").nth(5)
    expect(cell.locator("pre")).to_have_count(0)
    cell.get_by_text("2 members").click()
    assert json.loads(cell.locator("pre").inner_text()) == {"by": ["Ada", 1], "pages": 1}
    assert column(answer, 5)[2] == "[]"


def test_rows_are_copied_as_csv_and_as_json(visitor: Visitor, served: Served) -> None:
    page = visitor.open("books.list")
    field(page, "limit").fill("2")
    answer = call(page)
    answer.get_by_role("button", name="Copy CSV").click()
    expect(answer).to_contain_text("CSV copied")
    assert clipboard(page).split("\r\n") == [
        "book_id,title,price,cover,tags,details,published",
        '1,Book 1,99.50,soft,"[""tag 1"", ""x""]","{""by"": [""Ada"", 1], ""pages"": 1}",2026-01-02',
        '2,Book 2,98.50,hard,"[""tag 2"", ""x""]","{""by"": [""Ada"", 2], ""pages"": 2}",2026-01-03',
        "",
    ]
    answer.get_by_role("button", name="Copy JSON").click()
    expect(answer).to_contain_text("JSON copied")
    assert json.loads(clipboard(page)) == served.client.get("/books?limit=2").json()["data"]
    assert '"price": 99.50' in clipboard(page)


def test_the_answers_headers_are_shown(visitor: Visitor) -> None:
    page = visitor.open("books.count")
    answer = call(page)
    expect(answer.locator(".big")).to_have_text(re.compile(r"^\d+$"))
    answer.get_by_text("Headers").click()
    expect(answer.locator(".headers dl")).to_contain_text("content-type")
    expect(answer.locator(".headers dl")).to_contain_text("application/json")


def test_pages_are_turned_to_and_fro(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    answer = call(page)
    assert column(answer, 1) == ["1", "2", "3", "4", "5"]
    expect(answer.get_by_role("button", name="Previous page")).to_be_disabled()
    for first in ("6", "11"):
        answer.get_by_role("button", name="Next page").click()
        expect(answer.locator("tbody td").first).to_have_text(first)
    expect(answer.get_by_role("button", name="Next page")).to_be_disabled()
    answer.get_by_role("button", name="Previous page").click()
    expect(answer.locator("tbody td").first).to_have_text("6")
    # Other parameters begin anew.
    field(page, "cover").select_option("hard")
    expect(field(page, "cursor")).to_have_value("")
    call(page)
    assert column(answer, 1) == ["2", "4", "6", "8", "10"]


def test_a_list_is_filtered_sorted_and_counted(visitor: Visitor) -> None:
    page = visitor.open("books.find")
    add = page.get_by_role("button", name="Add a condition")
    conditions = (
        ("price", "at most", "98.50"),
        ("cover", "equals", "hard"),
        ("title", "is one of", "Book 2, Book 4, Book 12, x"),
    )
    for number, (name, operator, value) in enumerate(conditions, 1):
        add.click()
        page.get_by_label(f"Column of condition {number}").select_option(name)
        page.get_by_label(f"Operator of condition {number}").select_option(operator)
        given = page.get_by_label(f"Value of condition {number}")
        if name == "cover":
            given.select_option(value)
        else:
            given.fill(value)
    field(page, "sort").fill("price\n-title")
    field(page, "count").select_option("exact")
    field(page, "limit").fill("2")
    answer = call(page)
    assert column(answer, 2) == ["Book 12", "Book 4"]
    expect(answer.locator(".status")).to_contain_text("2 rows of 3")
    assert "filter%5Bprice%5D%5Blte%5D=98.50" in page.locator("[role=tabpanel] code").inner_text()
    page.get_by_role("button", name="Remove condition 3").click()
    call(page)
    assert column(answer, 2) == ["Book 12", "Book 10"]
    page.get_by_label("Value of condition 1").fill("cheap")
    answer = call(page)
    expect(page.locator(".flaw")).to_contain_text("price/lte")
    page.get_by_label("Column of condition 1").select_option("published")
    page.get_by_label("Operator of condition 1").select_option("is null")
    call(page)
    expect(answer.locator(".status")).to_contain_text("2 rows of 3")
    assert column(answer, 5) == ["null", "null"]


def test_rows_come_in_other_formats(visitor: Visitor) -> None:
    page = visitor.open("books.find")
    field(page, "limit").fill("1")
    field(page, "Answer as").select_option("text/csv")
    answer = call(page)
    expect(answer.get_by_role("region", name="The answer's body")).to_contain_text(
        '"book_id","title","price","cover","published","details"\n1,"Book 1",99.50,"soft","2026-01-02"'
    )
    field(page, "Answer as").select_option("")
    expect(call(page).locator("tbody tr")).to_have_count(1)


def test_a_picture_is_shown(visitor: Visitor) -> None:
    page = visitor.open("files.picture")
    answer = call(page)
    picture = answer.get_by_role("img", name="The answer")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [2, 3]
    expect(answer).to_contain_text("bytes of image/png")
    expect(answer.get_by_role("link", name="Save")).to_have_attribute("download", "answer")


def test_bytes_are_taken_out_of_a_file(visitor: Visitor) -> None:
    page = visitor.open("files.size")
    page.get_by_role("button", name="Fill in an example").click()
    expect(call(page).locator(".big")).to_have_text("2")
    chooser = page.get_by_label("A file for content")
    chooser.set_input_files({"name": "some.bin", "mimeType": "application/octet-stream", "buffer": b"\x00\x0a\xff"})
    expect(field(page, "content")).to_have_value("\\x000aff")
    expect(call(page).locator(".big")).to_have_text("3")


def test_a_problem_is_told_at_its_very_field(visitor: Visitor) -> None:
    page = visitor.open("books.get")
    field(page, "book_id").fill("three")
    answer = call(page)
    expect(answer).to_contain_text("InvalidParameters")
    expect(answer).to_contain_text("Nothing was done.")
    expect(field(page, "book_id")).to_have_attribute("aria-invalid", "true")
    expect(field(page, "book_id")).to_be_focused()
    expect(field(page, "book_id")).to_have_accessible_description(re.compile("must be a whole number"))
    field(page, "book_id").fill("0")
    expect(field(page, "book_id")).not_to_have_attribute("aria-invalid", "true")
    call(page)
    expect(page.locator(".flaw")).to_contain_text("1")
    field(page, "book_id").fill("77")
    expect(call(page)).to_contain_text("NotFound")


def test_a_problem_inside_of_a_value_is_told_with_its_place(visitor: Visitor) -> None:
    page = visitor.open("books.add")
    page.get_by_role("button", name="Fill in an example").click()
    field(page, "tags").fill("a\nb\nc\nd")
    field(page, "title").fill("")
    call(page, "Call and change")
    assert page.locator(".field-bad label").all_inner_texts()[0] in ("tags", "title")
    assert page.locator(".flaw").count() == 2
    field(page, "details").fill("{no json")
    page.get_by_role("button", name="Call and change").click()
    expect(page.locator(".flaw")).to_contain_text("is not valid JSON")
    expect(field(page, "details")).to_be_focused()


def _fill_book(page: Page, title: str) -> None:
    field(page, "title").fill(title)
    field(page, "price").fill("12.50")
    field(page, "cover").select_option("hard")
    field(page, "tags").fill("old\nrare, and 'quoted'")
    field(page, "details").fill('{"pages": 9007199254740993}')


def test_a_write_is_tried_without_changing_anything(visitor: Visitor, served: Served) -> None:
    before = served.value("books.count")
    page = visitor.open("books.add")
    _fill_book(page, "Tried")
    answer = call(page, "Try without changing anything")
    expect(answer).to_contain_text("nothing has changed")
    expect(answer.locator(".record")).to_contain_text("Tried")
    assert served.value("books.count") == before
    answer = call(page, "Call and change")
    expect(answer.locator(".notice")).to_have_count(0)
    assert served.value("books.count") == int(str(before)) + 1
    # Every digit went there and came back.
    expect(answer.locator(".record")).to_contain_text(re.compile("900719925474099[3-9]"))
    answer.get_by_role("button", name="JSON", exact=True).click()
    expect(answer.locator("pre")).to_contain_text('"pages": 9007199254740993')
    expect(answer.locator("pre")).to_contain_text("\"rare, and 'quoted'\"")
    expect(call(page, "Call and change")).to_contain_text("UniqueViolation")


def test_an_idempotency_key_makes_the_change_once(visitor: Visitor) -> None:
    page = visitor.open("books.add")
    _fill_book(page, "Once")
    page.get_by_role("button", name="New key").click()
    assert re.fullmatch("[0-9a-f]{32}", field(page, "Idempotency-Key").input_value())
    call(page, "Call and change")
    answer = call(page, "Call and change")
    expect(answer.locator(".status")).to_contain_text("replayed")


def test_null_nothing_and_an_empty_text_are_told_apart(visitor: Visitor) -> None:
    page = visitor.open("books.add")
    _fill_book(page, "Null")
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request.post_data_json) if request.method == "POST" else None)
    page.get_by_role("checkbox", name="Send null as published").check()
    field(page, "details").fill("")
    field(page, "tags").fill("")
    call(page, "Try without changing anything")
    assert sent[-1] == {"title": "Null", "price": 12.50, "cover": "hard", "tags": [], "published": None}
    page.get_by_role("checkbox", name="Send null as published").uncheck()
    page.get_by_role("checkbox", name="Send tags").uncheck()
    call(page, "Try without changing anything")
    assert sent[-1] == {"title": "Null", "price": 12.50, "cover": "hard"}


def test_deleting_says_how_many_rows_changed(visitor: Visitor) -> None:
    page = visitor.open("books.remove")
    field(page, "book_id").fill("12")
    answer = call(page, "Try without changing anything")
    expect(answer).to_contain_text("1 row changed")


def test_a_token_is_kept_in_memory_alone(visitor: Visitor, served: Served) -> None:
    token = subprocess.run(
        [QUERYPORT, "token", "--project", served.project, "--claim", "sub=ada"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    page = visitor.open("mine.who")
    answer = call(page)
    expect(answer).to_contain_text("NotAllowed")
    answer.get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_role("radio", name="Token").check()
    dialog.get_by_role("textbox", name="Token").fill(f"Bearer {token}")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(call(page).locator(".big")).to_have_text("ada")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert token not in kept
    assert token not in page.content()
    assert "Bearer $QUERYPORT_TOKEN" in page.locator("[role=tabpanel] code").inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(call(page)).to_contain_text("NotAllowed")
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_an_api_key_is_checked_and_kept_in_memory_alone(visitor: Visitor, served: Served) -> None:
    made = subprocess.run(
        [QUERYPORT, "key", "new", "reader", "--local", "--project", served.project],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"qp_\S+", made.stdout)
    assert found is not None
    page = visitor.open("mine.key")
    page.get_by_role("button", name="Sign in").first.click()
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_role("radio", name="API key").check()
    secret = dialog.get_by_role("textbox", name="API key")
    secret.fill("qp_nobodys")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("The function does not accept it.")
    expect(secret).to_have_attribute("aria-invalid", "true")
    secret.fill(found[0])
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(call(page).locator(".big")).to_have_text("key:reader")
    assert found[0] not in page.content()
    assert "x-api-key: $QUERYPORT_API_KEY" in page.locator("[role=tabpanel] code").inner_text()


def test_a_server_that_went_away_is_told(visitor: Visitor) -> None:
    page = visitor.open("books.count")
    page.context.set_offline(True)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
    page.context.set_offline(False)
