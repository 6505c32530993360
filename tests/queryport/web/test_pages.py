"""Which requests are taken for a foreign web page's, by every header that tells."""

import itertools

import httpx
import pytest
from starlette.responses import PlainTextResponse

from queryport.web.pages import ANY_ORIGIN, Allowed, Cors, Pages, guarded, hostname

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 (nothing listens)
OURS = ("localhost:8081", "127.0.0.1:8081", "127.0.0.1", "[::1]:8081", "LOCALHOST:1", "localhost.:80", "app.localhost")
FOREIGN = ("evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:8081", "", "[::2]:1")


def _passes(pages: Pages, **headers: str) -> bool:
    return _refusal(pages, headers, reads=False) is None


def _refusal(pages: Pages, headers: dict[str, str], *, reads: bool) -> str | None:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return pages.refusal(given, reads=reads)


def _pages(address: str, allowed: Allowed | None = None) -> Pages:
    return Pages(PlainTextResponse("through"), address, allowed or Allowed())


@pytest.mark.parametrize("host", OURS)
def test_the_machines_own_names_pass(host: str) -> None:
    for address in ("127.0.0.1", "localhost", "::1"):
        assert _passes(_pages(address), host=host)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_server_on_loopback_is_asked_by_no_other_name(host: str) -> None:
    assert not _passes(_pages(LOOPBACK), host=host)
    # A name that was pointed at this machine: to the browser the page and the server are of one origin.
    assert not _passes(_pages(LOOPBACK), host=host, origin=f"http://{host}", sec_fetch_site="same-origin")


@pytest.mark.parametrize(
    "host", [*OURS, "emulator:8081", "data-api", "host.docker.internal:8081", "192.168.1.9", "a.b"]
)
def test_clients_in_containers_pass_by_any_name(host: str) -> None:
    assert _passes(_pages(EVERYWHERE), host=host)


def test_what_a_page_can_read_unseen_is_read_by_no_name_that_can_be_registered() -> None:
    for host, passes in (("evil.example:8081", False), ("emulator:8081", True), ("192.168.1.9:8081", True)):
        assert (_refusal(_pages(EVERYWHERE), {"host": host}, reads=True) is None) is passes
        assert _refusal(_pages(EVERYWHERE, Allowed(hosts=(hostname(host),))), {"host": host}, reads=True) is None


def test_no_page_is_let_in_by_a_name_that_can_be_registered() -> None:
    for host, passes in (("evil.example:8081", False), ("emulator:8081", True), ("192.168.1.9:8081", True)):
        assert _passes(_pages(EVERYWHERE), host=host, origin=f"http://{host}") is passes


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        *itertools.product(
            ("http://evil.example", "http://localhost:3000", "http://127.0.0.1", "null", "", "file://"),
            ("cross-site", "same-site", "same-origin", "none", None),
        ),
        (None, "cross-site"),
        (None, "same-site"),
        (None, "something new"),
    ],
)
def test_foreign_pages_are_refused(origin: str | None, site: str | None) -> None:
    given = {"origin": origin, "sec_fetch_site": site}
    headers = {name: value for name, value in given.items() if value is not None}
    for address in (LOOPBACK, EVERYWHERE):
        assert not _passes(_pages(address), host="127.0.0.1:8081", **headers)


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_pages_of_the_servers_own_and_typed_addresses_pass(site: str | None) -> None:
    headers = {} if site is None else {"sec_fetch_site": site}
    for address in (LOOPBACK, EVERYWHERE):
        assert _passes(_pages(address), host="localhost:8081", **headers)
        assert _passes(_pages(address), host="localhost:8081", origin="http://localhost:8081", **headers)


def test_what_is_allowed_passes() -> None:
    allowed = Allowed(origins=("http://localhost:5173/",), hosts=("Shop.Example",))
    pages = _pages(LOOPBACK, allowed)
    assert _passes(pages, host="shop.example:8081")
    assert _passes(pages, host="localhost:8081", origin="http://localhost:5173", sec_fetch_site="same-site")
    assert not _passes(pages, host="localhost:8081", origin="http://localhost:5174", sec_fetch_site="same-site")
    assert not _passes(pages, host="evil.example", origin="http://localhost:5173")


def test_a_request_without_host_is_no_browsers() -> None:
    assert _passes(_pages(LOOPBACK))


async def _answers(method: str, allowed: Allowed, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(guarded(PlainTextResponse("through"), LOOPBACK, allowed))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8081") as client:
        return await client.request(method, "/", headers=headers)


def _answer(method: str, *origins: str, **headers: str) -> httpx.Response:
    return _told(method, Cors(), *origins, **headers)


def _told(method: str, cors: Cors, *origins: str, **headers: str) -> httpx.Response:
    import asyncio

    return asyncio.run(_answers(method, Allowed(origins, cors=cors), **headers))


def test_a_refusal_says_what_to_do() -> None:
    answer = _answer("POST", Origin="http://evil.example")
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        "a web page of 'http://evil.example' may not call this server: allow its origin with --allow-origin"
    )
    assert "access-control-allow-origin" not in answer.headers


def test_browsers_are_told_of_allowed_origins() -> None:
    page = "http://localhost:5173"
    asked = {"Origin": page, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-mine"}
    assert _answer("OPTIONS", page, **asked).headers["access-control-allow-origin"] == page
    answer = _answer("GET", page, Origin=page)
    assert (answer.text, answer.headers["access-control-allow-origin"]) == ("through", page)
    assert "access-control-allow-origin" not in _answer("OPTIONS", "http://localhost:1", **asked).headers


@pytest.mark.parametrize(
    ("host", "name"), [("A.b:1", "a.b"), ("[::1]:1", "::1"), ("[::1]", "::1"), ("x.", "x"), (":1", "")]
)
def test_a_hosts_name(host: str, name: str) -> None:
    assert hostname(host) == name


def test_a_browser_is_told_what_the_settings_say() -> None:
    page = "https://shop.example"
    cors = Cors(("GET", "PUT"), ("authorization", "if-match"), ("etag", "link"), 60, credentials=True)
    asked = {"Origin": page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
    told = _told("OPTIONS", cors, page, **asked).headers
    assert (told["access-control-allow-origin"], told["access-control-allow-methods"]) == (page, "GET, PUT")
    assert {"authorization", "if-match"} <= {
        each.strip().lower() for each in told["access-control-allow-headers"].split(",")
    }
    assert (told["access-control-max-age"], told["access-control-allow-credentials"]) == ("60", "true")
    answer = _told("GET", cors, page, Origin=page).headers
    assert (answer["access-control-allow-origin"], answer["access-control-expose-headers"]) == (page, "etag, link")
    assert "origin" in answer["vary"].lower()


@pytest.mark.parametrize(
    ("method", "headers"), [("DELETE", "if-match"), ("PUT", "x-other")], ids=["another method", "another header"]
)
def test_a_browser_is_refused_what_the_settings_do_not_say(method: str, headers: str) -> None:
    page = "https://shop.example"
    asked = {"Origin": page, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    assert _told("OPTIONS", Cors(("PUT",), ("if-match",)), page, **asked).status_code == 400


@pytest.mark.parametrize(
    ("page", "passes"),
    [
        ("http://localhost:5173", True),
        ("https://app.localhost", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:5173", True),
        ("http://localhost.evil.example", False),
        ("http://evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("null", False),
    ],
)
def test_any_page_means_any_of_this_machine(page: str, passes: bool) -> None:  # noqa: FBT001
    answer = _answer("GET", ANY_ORIGIN, Origin=page)
    assert answer.status_code == (200 if passes else 403)
    assert answer.headers.get("access-control-allow-origin") == (page if passes else None)
