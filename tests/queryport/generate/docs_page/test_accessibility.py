"""The page by keyboard alone, for screen readers, on a phone, in light and in dark."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Browser, Page, expect

from tests.queryport.generate.docs_page.conftest import Visitor
from tests.support.projects import Served

pytestmark = pytest.mark.browser

_PHONE = {"width": 375, "height": 740}
_DESK = {"width": 1280, "height": 860}
_SERIOUS = ("serious", "critical", "moderate")


@pytest.fixture(params=["desk-light", "desk-dark", "phone-light", "phone-dark"])
def looked_at(request: pytest.FixtureRequest, chromium: Browser, served: Served) -> Iterator[Visitor]:
    device, scheme = request.param.split("-")
    visitor = Visitor(
        chromium,
        served.printed("Function URL"),
        viewport=_PHONE if device == "phone" else _DESK,
        color_scheme=scheme,
        # axe asks for the page's text as it finally looks.
        reduced_motion="reduce",
        bypass_csp=True,  # axe is a script of its own
    )
    yield visitor
    visitor.check()
    visitor.context.close()


def _faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in _SERIOUS
        for node in fault["nodes"]
    ]


def _fits(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def test_axe_finds_nothing(looked_at: Visitor) -> None:
    page = looked_at.open_list()
    assert _faults(page) == []
    assert _fits(page)

    page = looked_at.open("books.list")
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_role("table").wait_for()
    page.get_by_text("Headers", exact=False).last.click()
    assert _faults(page) == []
    assert _fits(page)

    page = looked_at.open("books.add")
    page.get_by_role("button", name="Call and change").click()
    page.locator(".flaw").first.wait_for()
    assert _faults(page) == []
    assert _fits(page)

    page.get_by_role("button", name="Sign in").first.click()
    page.get_by_role("dialog").wait_for()
    assert _faults(page) == []
    assert _fits(page)


def test_one_thing_at_a_time_on_a_phone(chromium: Browser, served: Served) -> None:
    visitor = Visitor(chromium, served.printed("Function URL"), viewport=_PHONE, color_scheme="dark", has_touch=True)
    page = visitor.open_list()
    expect(page.locator("main")).to_contain_text("All that readers ask.")
    expect(page.locator("main .folders")).to_be_hidden()
    page.get_by_role("link", name="list").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("The books, in pages")
    expect(page.locator("nav")).to_be_hidden()
    page.get_by_role("button", name="Call", exact=True).tap()
    table = page.get_by_role("table")
    expect(table).to_be_in_viewport()
    assert _fits(page)
    page.get_by_role("link", name="All operations").tap()
    expect(page.get_by_role("searchbox")).to_be_visible()
    small = page.evaluate(
        "[...document.querySelectorAll('a.entry, summary, button')].filter((each) => each.offsetParent)"
        ".map((each) => each.getBoundingClientRect()).filter(({height}) => height < 44).length"
    )
    assert small == 0
    visitor.check()
    visitor.context.close()


def test_everything_works_by_keyboard(visitor: Visitor) -> None:
    page = visitor.open()
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    press("Enter")
    expect(page.locator("main")).to_be_focused()
    press("/")
    page.keyboard.type("one book")
    press("ArrowDown")
    expect(page.get_by_role("link", name="books.get")).to_be_focused()
    press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    press("ArrowDown")
    press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("One book")
    expect(heading).to_be_focused()  # where a screen reader goes on
    press("Tab")
    expect(page.get_by_role("button", name="Fill in an example")).to_be_focused()
    press("Tab")
    page.keyboard.type("3")
    press("Enter")
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_contain_text("Book 3")
    expect(page.locator("article > [role=status]")).to_have_text("Answer 200 OK")
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    press("ArrowLeft")
    expect(page.get_by_role("tab", name="Step Functions")).to_be_focused()
    expect(page.get_by_role("tab", name="Step Functions")).to_have_attribute("aria-selected", "true")
    press("ArrowRight")
    expect(page.get_by_role("tab", name="curl")).to_be_focused()
    page.get_by_role("button", name="Sign in").first.focus()
    press("Enter")
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign in").first).to_be_focused()


def test_the_focus_is_kept_by_keyboard_on_a_phone(chromium: Browser, served: Served) -> None:
    visitor = Visitor(chromium, served.printed("Function URL"), viewport={"width": 390, "height": 844})
    page = visitor.open("books.find")
    press = page.keyboard.press
    search = page.get_by_role("searchbox")
    expect(search).to_be_hidden()
    press("/")
    expect(search).to_be_focused()
    page.keyboard.type("books.find")
    press("Enter")  # one hit is opened
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    add = page.get_by_role("button", name="Add a condition")
    add.focus()
    press("Enter")
    expect(page.get_by_label("Column of condition 1")).to_be_focused()
    add.focus()
    press("Enter")
    expect(page.get_by_label("Column of condition 2")).to_be_focused()
    for left in ("Column of condition 1", None):
        page.get_by_role("button", name="Remove condition 1").focus()
        press("Enter")
        expect(page.get_by_label(left) if left else add).to_be_focused()
    button = page.get_by_role("button", name="Call", exact=True)
    button.focus()
    press("Enter")
    page.get_by_role("table").wait_for()
    expect(button).to_be_focused()
    page.get_by_role("button", name="Next page").focus()
    for _ in range(9):
        press("Enter")
        expect(button).not_to_have_text("Calling…")
        expect(page.get_by_role("button", name="Next page")).to_be_focused()
    visitor.check()
    visitor.context.close()


def test_a_header_that_is_asked_for_is_pointed_at(visitor: Visitor) -> None:
    page = visitor.open("books.retitle")
    page.get_by_role("button", name="Fill in an example").click()
    header = page.get_by_label("If-Match", exact=True)
    page.get_by_label("Send If-Match").uncheck()
    page.get_by_role("button", name="Call and change").click()
    expect(header).to_be_focused()
    expect(header).to_have_attribute("aria-invalid", "true")


def test_an_answer_names_the_labels_of_its_enums(visitor: Visitor) -> None:
    page = visitor.open("books.find")
    expect(page.locator("dl.columns-list").first).to_contain_text("one of soft, hard")


def test_the_focus_is_always_seen(visitor: Visitor) -> None:
    page = visitor.open("books.list")
    seen: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none" or name == "BODY", name
        seen.add(name)
    assert {"A", "BUTTON", "INPUT", "SELECT", "SUMMARY"} <= seen


def test_colours_are_chosen(visitor: Visitor) -> None:
    page = visitor.open()
    light, dark = "rgb(246, 247, 249)", "rgb(14, 17, 22)"
    expect(page.locator("body")).to_have_css("background-color", light)
    for name in ("auto", "light"):
        page.get_by_role("button", name=f"Colours: {name}").click()
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.get_by_role("button", name="Colours: dark").click()
    expect(page.locator("body")).to_have_css("background-color", light)
