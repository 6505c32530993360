"""A library to look at, `queryport serve` over it, and visitors of its page."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.projects import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIBRARY = Path(__file__).with_name("library")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out modules whose tests would be deselected, and which import playwright for a sixth of a second."""
    if "not browser" not in config.option.markexpr or collection_path.suffix != ".py":
        return None
    return "\npytestmark = pytest.mark.browser\n" in collection_path.read_text() or None


HOSTILE = '<script>window.harmed = 1</script>"\'><img src=x onerror="window.harmed = 2">'
"""The title of the last book."""

_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`);
});
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(copied_library(tmp_path_factory.mktemp("served"))) as served:
        yield served


def copied_library(folder: Path) -> Path:
    """A copy of the library, in which files may be changed."""
    return shutil.copytree(LIBRARY, folder / "library")


class Visitor:
    """A browser of its own on the page, which remembers what went wrong there."""

    def __init__(self, chromium: "Browser", url: str, **options: Any) -> None:
        self.url = url
        self.context = chromium.new_context(
            viewport=options.pop("viewport", {"width": 1280, "height": 860}),
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        self.context.add_init_script(_WATCH)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, operation: str = "") -> "Page":
        self.page.goto(f"{self.url}/docs" + (f"#/{operation}" if operation else ""))
        self.page.get_by_role("heading", level=1).wait_for()
        return self.page

    def open_list(self) -> "Page":
        """The list of operations, which is all that a narrow screen shows at first."""
        self.page.goto(f"{self.url}/docs")
        self.page.locator("nav summary").first.wait_for()
        return self.page

    def check(self) -> None:
        """Assert that nothing failed, nothing was refused by the policy, and nothing left the page's own origin."""
        assert self.errors == []
        assert self.page.evaluate("violations") == []
        assert self.page.evaluate("window.harmed") is None
        assert [url for url in self.requests if not url.startswith((self.url, "data:"))] == []


@pytest.fixture
def visitor(chromium: "Browser", served: Served) -> Iterator[Visitor]:
    visitor = Visitor(chromium, served.printed("Function URL"))
    yield visitor
    visitor.check()
    visitor.context.close()
