"""Who sees what of the bookshop: customers, staff, partners, the reporting role, anybody at all."""

import csv
import json
from io import StringIO
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from handler import errors
from handler.identity.api_keys import hash_of
from queryport.compile import Compilation
from queryport.emulator import Emulator
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.catalog_files import write_callable
from queryport.project.databases import Scripts
from queryport.project.project import Project
from queryport.project.workspace import Build
from queryport.testing.calls import Calls, Compiled
from queryport.testing.function import cold_start, function_environment
from tests.support.databases import run_script, template_database
from tests.support.function import IAM_CALLER, Function
from tests.support.repository import MIGRATIONS, QUERIES, ROOT

pytestmark = pytest.mark.slow

ALICE = "a11ce000-0000-4000-8000-000000000001"
BOB = "b0b00000-0000-4000-8000-000000000002"
AS_ALICE = {"sub": "alice", "customer_id": ALICE}
AS_BOB = {"sub": "bob", "customer_id": BOB}
AS_STAFF = {"sub": "sam", "scope": "openid shop.staff"}
PARTNER_KEY = "qp_partner_of_the_tests_0001"
OTHER_KEY = "qp_somebody_of_the_tests_0002"

# Five orders of each in turn: the odd ones are Alice's, the even ones Bob's.
PEOPLE = f"""
INSERT INTO subjects (name) VALUES ('Fiction');
INSERT INTO books (isbn, title, byline, publisher, subject_id, format, published_on)
SELECT isbn, 'A Book', 'Ada Writer', publisher, subject_id, 'paperback', '2015-05-01'
FROM subjects CROSS JOIN (VALUES ('9780306406157', 'Old House'), ('9783161484100', 'New House')) AS b (isbn, publisher);
INSERT INTO book_prices (book_id, during, price) SELECT book_id, '[2015-05-01,)', 10 FROM books;
INSERT INTO stock (book_id, on_hand) SELECT book_id, 3 FROM books;
INSERT INTO customers (customer_id, email, name, address) VALUES
    ('{ALICE}', 'alice@example.com', 'Alice', ROW('Alice', '1 High Street', 'Cork', NULL, 'IE')),
    ('{BOB}', 'bob@example.com', 'Bob', ROW('Bob', '2 High Street', 'Cork', NULL, 'IE'));
INSERT INTO accounts (kind, customer_id) SELECT 'customer', customer_id FROM customers;
INSERT INTO transfers (from_account, to_account, amount, reason)
SELECT shop.account_id, own.account_id, 15, 'voucher'
FROM accounts AS shop CROSS JOIN accounts AS own WHERE shop.kind = 'vouchers' AND own.kind = 'customer';
INSERT INTO orders (customer_id, ship_to, subtotal, shipping, placed_at)
SELECT customer_id, address, 10, 0, timestamptz '2026-01-01Z' + n * interval '1 day'
FROM generate_series(1, 10) AS n
JOIN customers ON customer_id = CASE n % 2 WHEN 1 THEN '{ALICE}' ELSE '{BOB}' END::uuid
ORDER BY n;
INSERT INTO order_lines (order_id, line_no, book_id, quantity, unit_price) SELECT order_id, 1, 1, 1, 10 FROM orders;
INSERT INTO payments (order_id, method, status, amount) SELECT order_id, 'card', 'captured', 10 FROM orders;
INSERT INTO reviews (book_id, customer_id, rating) SELECT 1, customer_id, 4 FROM customers;
"""  # noqa: S608 (our own constants)
ALICES = [9, 7, 5, 3, 1]
BOBS = [10, 8, 6, 4, 2]

OPEN_TO_ANYONE = {
    "catalogue.list_books": {},
    "catalogue.search_books": {"words": "book"},
    "catalogue.get_book": {"book_id": 1},
    "catalogue.get_book_by_isbn": {"isbn": "9780306406157"},
    "catalogue.subject_tree": {},
    "catalogue.also_bought": {"book_id": 1},
    "catalogue.price_on": {"book_id": 1},
    "catalogue.get_thumbnail": {"book_id": 1},
    "catalogue.find_authors": {"starts_with": "ad"},
    "catalogue.books_by_id": {"book_ids": [1, 2]},
}


@pytest.fixture(scope="session")
def compiled_queryport_project(
    postgres: EmbeddedPostgres, compilation: Compilation, tmp_path_factory: pytest.TempPathFactory
) -> Compiled:
    """What the package's own fixture makes, of the compilation that all suites share, with two customers."""
    project = Project.load(ROOT)
    build = Build(project, Scripts.of(project), compilation)
    catalog = tmp_path_factory.mktemp("callers") / "catalog.json"
    write_callable(catalog, build, local=False)
    return Compiled(catalog, template_database(postgres, "shop_of_two", _fill).name, build)


def _fill(url: str) -> None:
    apply(url, MIGRATIONS)
    run_script(url, PEOPLE)


@pytest.fixture
def shop(queryport_call: Calls) -> Calls:
    """The package's own fixture, run as the role `bookshop_app`, with two customers."""
    return queryport_call


@pytest.fixture
def by_key(
    shop: Calls,
    queryport_project: tuple[Any, str],
    queryport_role_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Function:
    """The function with API keys, on the same database; Secrets Manager alone is not the real one."""
    keys = [
        {"name": "partner-old-house", "hash": hash_of(PARTNER_KEY), "claims": {"publisher": "Old House"}},
        {"name": "somebody", "hash": hash_of(OTHER_KEY), "claims": {"publisher": "Old House"}},
    ]
    monkeypatch.setattr(
        "aws_lambda_powertools.utilities.parameters.get_secret", lambda *_args, **_options: json.dumps({"keys": keys})
    )
    database = str(conninfo_to_dict(shop.database_url)["dbname"])
    environment = function_environment(queryport_role_emulator.url, database, queryport_project[0])
    function = Function(cold_start({**environment, "QUERYPORT_API_KEYS_SECRET_ARN": "arn:keys"}))
    function.caller = None
    return function


def _orders(answer: Any) -> list[int]:
    return [row["order_id"] for row in answer["data"]]


def test_customers_see_their_own_orders_and_no_others(shop: Calls) -> None:
    for claims, customer, other, own in ((AS_ALICE, ALICE, BOB, ALICES), (AS_BOB, BOB, ALICE, BOBS)):
        assert _orders(shop.http("GET", "/me/orders", claims=claims).json) == own
        assert _orders(shop.http("GET", f"/customers/{customer}/orders", claims=claims).json) == own
        assert _orders(shop.http("GET", f"/customers/{other}/orders", claims=claims).json) == []
        for order in range(1, 11):
            for path in (f"/orders/{order}", f"/orders/{order}/status"):
                assert shop.http("GET", path, claims=claims).status == (200 if order in own else 404)
        one = shop.http("GET", f"/orders/{own[0]}", claims=claims).json["data"]
        assert (one["customer_id"], len(one["lines"]), len(one["payments"])) == (customer, 1, 1)


def test_customers_see_and_change_no_one_but_themselves(shop: Calls) -> None:
    assert shop.http("GET", f"/customers/{ALICE}", claims=AS_ALICE).json["data"]["credit"] == 15
    assert shop.http("GET", f"/customers/{BOB}", claims=AS_ALICE).status == 404
    assert len(shop.http("GET", f"/customers/{ALICE}/statement", claims=AS_ALICE).json["data"]) == 1
    assert shop.http("GET", f"/customers/{BOB}/statement", claims=AS_ALICE).json["data"] == []
    moved = {"address": {"recipient": "A", "street": "3 Low Street", "city": "Cork", "postcode": None, "country": "IE"}}
    assert shop.http("PUT", f"/customers/{ALICE}/address", body=moved, claims=AS_ALICE).status == 200
    assert shop.http("PUT", f"/customers/{BOB}/address", body=moved, claims=AS_ALICE).status == 404
    shop.http("PUT", f"/customers/{BOB}/preferences", body={"preferences": {"spam": True}}, claims=AS_ALICE)
    assert shop("customers.get_customer", customer_id=BOB)["preferences"] == {}


def test_customers_write_in_no_name_but_their_own(shop: Calls) -> None:
    wanted: dict[str, Any] = {"lines": [{"book_id": 1, "quantity": 1}]}
    placed = shop.http("POST", "/orders", body={"customer_id": ALICE, **wanted}, claims=AS_ALICE)
    assert placed.status == 201, placed.text
    assert placed.headers["location"] == f"/orders/{placed.json['data']['order_id']}"
    wanted["ship_to"] = {"recipient": "A", "street": "1 High Street", "city": "Cork", "postcode": None, "country": "IE"}
    assert shop.http("POST", "/orders", body={"customer_id": BOB, **wanted}, claims=AS_ALICE).status == 403
    assert len(shop("orders.list_orders", customer_id=BOB)) == 5

    assert shop.http("PUT", f"/books/1/reviews/{ALICE}", body={"rating": 5}, claims=AS_ALICE).status == 200
    assert shop.http("PUT", f"/books/1/reviews/{BOB}", body={"rating": 1}, claims=AS_ALICE).status == 403
    assert shop.http("PUT", f"/books/2/reviews/{BOB}", body={"rating": 1}, claims=AS_ALICE).status == 403
    assert shop.http("DELETE", f"/books/1/reviews/{BOB}", claims=AS_ALICE).json["data"] == 0
    assert shop.http("DELETE", f"/books/1/reviews/{ALICE}", claims=AS_ALICE).json["data"] == 1


def test_what_is_the_shops_is_not_for_customers(shop: Calls) -> None:
    for method, path, body in (
        ("GET", "/customers", None),
        ("GET", "/reports/cohorts", None),
        ("GET", "/partner/stock", None),
        ("POST", "/orders/1/shipment", {"tracking_code": "ABCD1"}),
        ("PUT", "/books/1/price", {"price": 1, "from_day": "2026-01-01"}),
        ("POST", "/operations/orders.release_lapsed", {}),
    ):
        assert shop.http(method, path, body=body, claims=AS_ALICE).status == 403, path


def test_staff_see_all(shop: Calls) -> None:
    assert _orders(shop.http("GET", f"/customers/{ALICE}/orders", claims=AS_STAFF).json) == ALICES
    assert _orders(shop.http("GET", f"/customers/{BOB}/orders", claims=AS_STAFF).json) == BOBS
    assert {shop.http("GET", f"/orders/{order}", claims=AS_STAFF).status for order in range(1, 11)} == {200}
    assert len(shop.http("GET", "/customers", claims=AS_STAFF).json["data"]) == 2
    assert (
        shop.http("PUT", "/books/1/price", body={"price": 9, "from_day": "2026-01-01"}, claims=AS_STAFF).status == 200
    )


# Where nothing is changed, the cases share a database, and tell their own names as subtests.


def test_another_scope_is_no_staff(shop: Calls, subtests: pytest.Subtests) -> None:
    for scope in ("shop.staffing", "not-shop.staff", "shop", "SHOP.STAFF", ["shop.stuff"], None, 7):
        with subtests.test(scope=scope):
            claims = {"sub": "eve", "scope": scope}
            assert shop.http("GET", "/customers", claims=claims).status == 403
            assert shop.http("GET", "/orders/1", claims=claims).status == 404
            assert shop.http("GET", f"/customers/{ALICE}/orders", claims=claims).json["data"] == []


def test_a_claim_of_another_type_is_nobodys(shop: Calls, subtests: pytest.Subtests) -> None:
    strange = (7, "7", "", "alice", None, True, [ALICE], {"is": ALICE}, ALICE + "0", f"{ALICE}' OR true --", 'a"b\\')
    for claim in strange:
        with subtests.test(claim=claim):
            claims = {"sub": "eve", "customer_id": claim}
            assert shop.http("GET", "/me/orders", claims=claims).status == 403
            assert shop.http("GET", "/orders/1", claims=claims).status == 404
            assert shop.http("GET", f"/customers/{ALICE}/orders", claims=claims).json["data"] == []
            with pytest.raises(errors.NotAllowed):
                shop("mine.my_orders", claims=claims)


def test_whose_orders_they_are_cannot_be_sent(shop: Calls) -> None:
    assert shop.http("GET", f"/me/orders?customer_id={BOB}", claims=AS_ALICE).status == 400
    assert shop.http("GET", "/me/orders", claims={"sub": "eve"}).status == 403
    with pytest.raises(errors.InvalidParameters):
        shop("mine.my_orders", customer_id=BOB, claims=AS_ALICE)


def test_a_cursor_of_another_shows_no_row_of_theirs(shop: Calls) -> None:
    for path in ("/me/orders", f"/customers/{BOB}/orders"):
        first = shop.http("GET", f"{path}?limit=2", claims=AS_BOB).json
        assert _orders(first) == BOBS[:2]
        stolen = shop.http("GET", f"{path}?limit=2&cursor={first['next']}", claims=AS_ALICE)
        assert stolen.status == 200, stolen.text
        assert set(_orders(stolen.json)) <= set(ALICES)


def test_the_same_key_of_two_callers_is_two_keys(shop: Calls) -> None:
    header = {"Idempotency-Key": "4f3c2a1e-0000-4000-8000-000000000001"}
    answers = [
        shop.http(
            "POST",
            "/orders",
            body={"customer_id": claims["customer_id"], "lines": [{"book_id": 1, "quantity": 1}]},
            headers=header,
            claims=claims,
        )
        for claims in (AS_ALICE, AS_BOB, AS_ALICE)
    ]
    assert [answer.status for answer in answers] == [201, 201, 201], answers
    alices, bobs, again = (answer.json["data"] for answer in answers)
    assert alices["order_id"] != bobs["order_id"]
    assert again == alices


def test_direct_callers_see_all_or_what_the_one_sees_for_whom_they_speak(shop: Calls) -> None:
    assert len(shop("orders.list_orders", customer_id=BOB)) == 5
    assert shop("orders.list_orders", customer_id=BOB, claims=AS_ALICE) == []
    assert shop("orders.list_orders", customer_id=BOB, claims={"customer_id": ALICE}) == []
    assert shop("orders.list_orders", customer_id=BOB, claims={"sub": "eve"}) == []
    assert [row["order_id"] for row in shop("mine.my_orders", claims=AS_ALICE)] == ALICES


def test_the_catalogue_is_open_to_anyone(shop: Calls, subtests: pytest.Subtests) -> None:
    for operation, values in OPEN_TO_ANYONE.items():
        with subtests.test(operation):
            as_json = {"accept": "application/json"}
            answer = shop.http("POST", f"/operations/{operation}", body=values, headers=as_json, anonymous=True)
            assert answer.status == 200, answer.text
            assert answer.json["data"] == shop(operation, values)


def test_nothing_else_is(shop: Calls) -> None:
    names = [".".join(path.relative_to(QUERIES).with_suffix("").parts) for path in QUERIES.rglob("*.sql")]
    assert set(OPEN_TO_ANYONE) < set(names)
    answers = {name: shop.http("POST", f"/operations/{name}", body={}, anonymous=True).status for name in names}
    assert {status for name, status in answers.items() if name not in OPEN_TO_ANYONE} == {401}
    assert shop.http("POST", "/operations/queryport.purge_idempotency_keys", body={}, anonymous=True).status == 404


def test_a_partner_sees_the_stock_of_its_own_books(by_key: Function) -> None:
    def get(path: str, key: str) -> Any:
        return by_key.http("GET", path, headers={"X-Api-Key": key})

    assert [row["book_id"] for row in get("/partner/stock", PARTNER_KEY).json["data"]] == [1]
    assert (
        by_key.http("GET", "/partner/stock", query="publisher=New+House", headers={"X-Api-Key": PARTNER_KEY}).status
        == 400
    )
    assert get("/books/2", PARTNER_KEY).status == 200
    for path in ("/orders/1", "/me/orders", "/customers", f"/customers/{ALICE}/orders", "/reports/cohorts"):
        assert get(path, PARTNER_KEY).status == 403, path
    assert get("/partner/stock", OTHER_KEY).status == 403
    assert get("/partner/stock", PARTNER_KEY + "x").status == 401
    assert by_key.http("GET", "/partner/stock").status == 401


def test_who_the_best_customers_are_is_for_the_reporting_role(by_key: Function, subtests: pytest.Subtests) -> None:
    for arn, status in (
        ("arn:aws:sts::123456789012:assumed-role/reporting-nightly/session", 200),
        (IAM_CALLER["userArn"], 403),
        ("arn:aws:sts::123456789012:assumed-role/shop/reporting-nightly", 403),
        ("arn:aws:iam::123456789012:user/reporting-nightly", 403),
    ):
        with subtests.test(arn):
            by_key.caller = {**IAM_CALLER, "userArn": arn}
            answer = by_key.http("POST", "/operations/reports.best_customers", body={})
            assert answer.status == status
            assert by_key.http("GET", "/orders/1").status == 200
            if status == 200:
                assert [row["orders"] for row in answer.json["data"]] == [5, 5]


def test_an_operation_without_a_caller_finds_nobodys_rows(shop: Calls, queryport_role_emulator: Emulator) -> None:
    """The policies hold by themselves, for a statement that forgets to say on whose behalf it runs."""
    database = conninfo_to_dict(shop.database_url)["dbname"]
    with psycopg.connect(queryport_role_emulator.database_url, dbname=str(database)) as connection:
        for table in ("customers", "orders", "payments", "accounts", "transfers"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)  # noqa: S608 (our own)


def test_a_picture_goes_in_and_out_as_itself(shop: Calls) -> None:
    picture = bytes.fromhex("424d0a1a00ff")
    path, as_bitmap = "/books/1/thumbnail", {"content-type": "image/bmp"}
    stored = shop.http("PUT", path, body=picture, headers=as_bitmap)
    assert (stored.status, stored.text) == (204, "")
    answer = shop.http("GET", path, anonymous=True)
    assert (answer.status, answer.headers["content-type"], answer.content) == (200, "image/bmp", picture)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    refused = shop.http("PUT", path, body=b"GIF89a", headers={"content-type": "image/gif"})
    assert (refused.status, "image/bmp" in refused.json["detail"]) == (415, True)


def test_a_report_is_read_by_a_spreadsheet(shop: Calls) -> None:
    rows = shop("reports.monthly_revenue")
    answer = shop.http("GET", "/reports/monthly-revenue.csv")
    header, *lines = csv.reader(StringIO(answer.text, newline=""))
    assert answer.headers["content-type"].startswith("text/csv")
    assert header == list(rows[0])
    assert [line[0] for line in lines] == [row["month"] for row in rows]
