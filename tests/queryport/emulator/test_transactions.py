"""Transactions: their session, their calls one at a time, how they end, and what the service says of the ended ones."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.emulator import Emulator, Limits
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.emulator.conftest import NewEmulator
from tests.support.data_api import Api, Refusal, long, refused
from tests.support.databases import NewDatabase
from tests.support.projects import eventually

EXPIRED = "Transaction may be expired."
ENDED = "One previous call resulted in a termination of your transaction."
ABORTED = "Transaction has been aborted due to an error from a previous call."


def not_found(refusal: Refusal, transaction: str, cause: str) -> bool:
    return (refusal.code, refusal.status, refusal.message) == (
        "TransactionNotFoundException",
        404,
        f"Transaction {transaction} isn't found. {cause}",
    )


def test_commit_keeps_and_rollback_forgets(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    for a, end in ((1, api.commit), (2, api.rollback)):
        transaction = api.begin()
        api.execute("INSERT INTO t VALUES (:a)", long("a", a), transactionId=transaction)
        end(transaction)
    assert api.rows("SELECT a FROM t") == [[{"longValue": 1}]]


def test_the_statuses_are_awss_own(api: Api) -> None:
    assert api.commit(api.begin()) == "Transaction Committed"
    assert api.rollback(api.begin()) == "Rollback Complete"


def test_ids_are_opaque_and_never_the_same(api: Api) -> None:
    one, two = api.begin(), api.begin()
    assert one != two
    assert len(one) == len(two) == 184


def test_an_uncommitted_write_is_seen_by_its_transaction_alone(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    transaction = api.begin()
    api.execute("INSERT INTO t VALUES (1)", transactionId=transaction)
    assert api.value("SELECT count(*) FROM t", transactionId=transaction) == 1
    assert api.value("SELECT count(*) FROM t") == 0


def test_what_a_session_can_do_a_transaction_can(api: Api) -> None:
    transaction = api.begin()

    def run(sql: str) -> object:
        return api.execute(sql, transactionId=transaction)

    run("CREATE TABLE made (a int)")
    run("CREATE TEMP TABLE kept (a int)")
    run("INSERT INTO kept VALUES (1)")
    run("SELECT set_config('app.who', 'bob', true)")
    run("PREPARE twice (int) AS SELECT $1 * 2")
    run("SAVEPOINT here")
    assert api.refusal("SELECT 1 / 0", transactionId=transaction).code == "DatabaseErrorException"
    run("ROLLBACK TO SAVEPOINT here")
    run("RELEASE SAVEPOINT here")
    run("DECLARE many SCROLL CURSOR FOR SELECT generate_series(1, 10)")
    assert api.rows("FETCH 2 FROM many", transactionId=transaction) == [[{"longValue": 1}], [{"longValue": 2}]]
    assert api.execute("MOVE RELATIVE -1 FROM many", transactionId=transaction)["numberOfRecordsUpdated"] == 1
    assert api.value("FETCH 1 FROM many", transactionId=transaction) == 2
    assert api.value("EXECUTE twice(21)", transactionId=transaction) == 42
    assert api.value("SELECT current_setting('app.who')", transactionId=transaction) == "bob"
    assert api.value("SELECT count(*) FROM kept", transactionId=transaction) == 1
    api.commit(transaction)
    assert api.value("SELECT count(*) FROM made") == 0
    assert "kept" in api.refusal("SELECT * FROM kept").message


def test_after_an_error_only_rollback_helps(api: Api) -> None:
    transaction = api.begin()
    api.refusal("SELECT 1 / 0", transactionId=transaction)
    refusal = api.refusal("SELECT 1", transactionId=transaction)
    assert refusal.message.endswith("commands ignored until end of transaction block; SQLState: 25P02")
    api.rollback(transaction)
    assert not_found(api.refusal("SELECT 1", transactionId=transaction), transaction, ENDED)


def test_committing_a_failed_transaction_saves_nothing(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    transaction = api.begin()
    api.execute("INSERT INTO t VALUES (1)", transactionId=transaction)
    api.refusal("SELECT 1 / 0", transactionId=transaction)
    api.commit(transaction)
    assert api.value("SELECT count(*) FROM t") == 0


def test_an_id_that_never_was_may_be_expired(api: Api) -> None:
    assert not_found(api.refusal("SELECT 1", transactionId="AAAA"), "AAAA", EXPIRED)
    assert not_found(refused(lambda: api.commit("AAAA")), "AAAA", EXPIRED)
    assert not_found(refused(lambda: api.rollback("AAAA")), "AAAA", EXPIRED)


def test_a_transaction_is_of_one_cluster(api: Api) -> None:
    transaction = api.begin()
    other = api.addressed["resourceArn"] + "-2"
    refusal = api.refusal("SELECT 1", transactionId=transaction, resourceArn=other)
    assert not_found(refusal, transaction, EXPIRED)


def test_a_transaction_whose_session_dies_was_aborted(api: Api, postgres: EmbeddedPostgres) -> None:
    transaction = api.begin()
    pid = api.value("SELECT pg_backend_pid()", transactionId=transaction)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))
    refusal = api.refusal("SELECT 1", transactionId=transaction)
    if refusal.code == "DatabaseUnavailableException":  # the call was quicker than the news
        refusal = api.refusal("SELECT 1", transactionId=transaction)
    assert not_found(refusal, transaction, ABORTED)


def test_a_session_that_dies_during_a_statement_says_its_last_words(api: Api, postgres: EmbeddedPostgres) -> None:
    transaction = api.begin()
    pid = api.value("SELECT pg_backend_pid()", transactionId=transaction)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.refusal, "SELECT pg_sleep(9)", transactionId=transaction)
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            active = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND query LIKE '%%sleep%%'"
            while connection.execute(active, (pid,)).fetchone() is None:
                pass
            connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        refusal = answer.result()
    assert refusal.message == "FATAL: terminating connection due to administrator command; SQLState: 57P01"
    assert not_found(api.refusal("SELECT 1", transactionId=transaction), transaction, ABORTED)


@pytest.mark.parametrize(
    "limits", [Limits(transaction_idle_seconds=1.0), Limits(transaction_total_seconds=1.0)], ids=["idle", "total"]
)
def test_a_transaction_expires(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api], limits: Limits) -> None:
    emulator = new_emulator(limits=limits)
    api = new_api(emulator)
    api.execute("CREATE TABLE t (a int)")
    transaction = api.begin()
    api.execute("INSERT INTO t VALUES (1)", transactionId=transaction)
    time.sleep(1.05)
    assert not_found(api.refusal("SELECT 1", transactionId=transaction), transaction, EXPIRED)
    assert not_found(refused(lambda: api.rollback(transaction)), transaction, EXPIRED)
    assert api.value("SELECT count(*) FROM t") == 0


def test_a_client_that_vanishes_leaves_no_transaction_behind(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    emulator = new_emulator(limits=Limits(transaction_idle_seconds=1.0))
    api = new_api(emulator)
    api.execute("CREATE TABLE t (a int)")
    api.execute("LOCK TABLE t", transactionId=api.begin())
    assert emulator.status()["transactions"] == 1
    eventually(lambda: emulator.status()["transactions"] == 0)
    assert api.value("SELECT count(*) FROM t") == 0


@pytest.mark.slow
def test_sixty_four_transactions_at_once(api: Api, emulator: Emulator) -> None:
    api.execute("CREATE TABLE t (a int)")

    def work(number: int) -> int:
        transaction = api.begin()
        for step in range(3):
            api.execute("INSERT INTO t VALUES (:a)", long("a", number * 10 + step), transactionId=transaction)
        seen: int = api.value("SELECT count(*) FROM t", transactionId=transaction)
        open_now.append(emulator.status()["transactions"])
        barrier.append(number)
        while len(barrier) < 64:
            time.sleep(0.01)
        api.commit(transaction)
        return seen

    open_now: list[int] = []
    barrier: list[int] = []
    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(work, range(64))) == [3] * 64
    assert max(open_now) == 64
    assert api.value("SELECT count(DISTINCT a) FROM t") == 192
    assert emulator.status()["transactions"] == 0


def test_open_transactions_leave_room_for_others(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> None:
    api = new_api(new_emulator(limits=Limits(transactions=5)))
    opened = [api.begin() for _ in range(5)]
    refusal = refused(api.begin)
    assert (refusal.code, refusal.message) == (
        "DatabaseErrorException",
        "FATAL: sorry, too many clients already; SQLState: 53300",
    )
    assert api.value("SELECT 1") == 1
    api.rollback(opened.pop())
    api.begin()


def test_the_limit_of_transactions_holds_when_they_begin_at_once(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    emulator = new_emulator(limits=Limits(transactions=3))
    api = new_api(emulator)

    def begin(_: int) -> bool:
        try:
            api.begin()
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(begin, range(16))) == 3
    assert emulator.status()["transactions"] == 3


@pytest.mark.slow
def test_idle_sessions_make_room_where_postgresql_is_full(
    new_database: NewDatabase, postgres: EmbeddedPostgres
) -> None:
    databases = [new_database() for _ in range(3)]
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 2")
        try:
            names = [str(conninfo_to_dict(url)["dbname"]) for url in databases]
            with Emulator(make_conninfo(databases[0], user="crowded")) as emulator, Api(emulator.url, None) as api:
                for name in [*names, *names]:
                    assert api.value("SELECT current_database()", database=name) == name
        finally:
            connection.execute("DROP ROLE crowded")
