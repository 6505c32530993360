"""A bank behind the emulator, whose calls suffer what a test arms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from tests.campaign.bank import Caller, callers, compile_bank, prepare_bank
from tests.support.databases import suite_database
from tests.support.projects import eventually

ONE_ROW = {
    "store": """
        INSERT INTO named (name, note) SELECT n, 'x' FROM unnest(:names::text[]) n
        ON CONFLICT (name) DO UPDATE SET note = 'y' RETURNING note
    """,
    "first": "UPDATE named SET note = 'z' WHERE name IN (SELECT name FROM named LIMIT :n) RETURNING note",
    "number": "UPDATE named SET note = :number::text::integer::text WHERE true RETURNING note",
    "refuse": "SELECT refuse(:sqlstate) AS note",
}
"""Statements that each of the results of one row has: `store_one`, `store_maybe`, `store_value` …"""

QUERIES = {
    "name_it": "-- result: one\nINSERT INTO named (name, note) VALUES (:name, 'x') RETURNING name, note",
    "name_for_a_second": "-- keep: 1s\nINSERT INTO named (name) VALUES (:name)",
    "name_unkept": "-- result: one\n-- answer: none\nINSERT INTO named (name, note) VALUES (:name, 'x') RETURNING note",
    "count_unkept": "-- answer: none\nUPDATE named SET note = 'y' WHERE name LIKE :name",
    "value_unkept": "-- result: value\n-- answer: none\nSELECT note(:name)",
    "made_unkept": """
        -- http: POST /unkept
        -- status: 201
        -- location: /unkept/{name}
        -- result: one
        -- answer: none
        INSERT INTO named (name) VALUES (:name) RETURNING name
    """,
    "steps_unkept": """
        -- answer: none
        INSERT INTO named (name) VALUES (:name || '1');
        INSERT INTO named (name) VALUES (:name || '2') RETURNING name
    """,
    "batch_unkept": "-- batch: true\n-- answer: none\nINSERT INTO named (name) VALUES (:name)",
    "silent_unkept": "-- result: none\n-- answer: none\nINSERT INTO named (name) VALUES (:name)",
    "name_with_key": "-- idempotency: required\nINSERT INTO named (name) VALUES (:name)",
    "name_without_key": "-- idempotency: off\nINSERT INTO named (name) VALUES (:name)",
    "by_function": "-- result: value\nSELECT note(:name)",
    "no_value": "-- result: value\nUPDATE named SET note = NULL WHERE name = :name RETURNING note",
    "rename_all": "-- result: one\nUPDATE named SET note = :note WHERE name LIKE :like RETURNING name",
    "maybe_rename": "-- result: maybe\nUPDATE named SET note = :note WHERE name LIKE :like RETURNING name",
    "rename_and_count": """
        -- result: one
        WITH changed AS (UPDATE named SET note = :note WHERE name LIKE :like RETURNING name)
        SELECT name FROM changed WHERE false
    """,
    "many_names": "INSERT INTO named (name) SELECT :prefix || n FROM generate_series(1, :count) n RETURNING name",
    "slow_name": "INSERT INTO named (name) SELECT :name FROM pg_sleep(:seconds)",
    "slow_steps": """
        INSERT INTO named (name) VALUES (:name);
        SELECT 1 AS one FROM pg_sleep(:seconds);
        UPDATE named SET note = 'done' WHERE name = :name
    """,
    "late_refusal": """
        INSERT INTO named (name) VALUES (:name);
        UPDATE account SET balance = balance - :amount WHERE account_id = 1
    """,
    "no_such_account": """
        INSERT INTO named (name) VALUES (:name);
        -- @account
        SELECT account_id, balance FROM account WHERE account_id = ANY(:ids);
        UPDATE named SET note = :account.balance::text WHERE name = :name
    """,
    "temporary": """
        -- result: many
        CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT n FROM unnest(:numbers::integer[]) n;
        -- @biggest
        SELECT max(n) AS n, jsonb_build_object('all', array_agg(n ORDER BY n)) AS doc, array_agg(n ORDER BY n) AS list
        FROM wanted;
        DELETE FROM wanted WHERE n = :biggest.n;
        -- @result
        SELECT n, :biggest.doc::jsonb AS doc, :biggest.list::integer[] AS list FROM wanted ORDER BY n;
        DROP TABLE wanted
    """,
    **{
        f"{name}_{result}": f"-- result: {result}\n{text}"
        for result in ("one", "maybe", "value")
        for name, text in ONE_ROW.items()
    },
    "name_as_writer": "-- role: pg_write_all_data\nINSERT INTO named (name, note) VALUES (:name, current_user)",
    "names_that_are_there": "SELECT name FROM named ORDER BY name",
    "patch": """
        -- http: PATCH /named/{name}
        -- result: one
        -- params: {note: {patch: true}, rank: {patch: true}}
        UPDATE named SET note = :note, rank = :rank WHERE name = :name RETURNING name, note, rank
    """,
    "name_or_patch": """
        -- params: {note: {patch: true}, rank: {patch: true}}
        INSERT INTO named (name, note, rank) VALUES (:name, :note, :rank)
        ON CONFLICT (name) DO UPDATE SET note = :note, rank = :rank
    """,
    "patch_in_steps": """
        -- isolation: serializable
        -- params: {note: {patch: true}, rank: {patch: true}, other: {patch: true}}
        -- @changed
        UPDATE named SET note = :note, rank = :rank WHERE name = :name RETURNING name;
        INSERT INTO named (name, note) VALUES (:changed.name || '2', :other);
    """,
    "patch_many": """
        -- batch: true
        -- params: {note: {patch: true}, rank: {patch: true}}
        UPDATE named SET note = :note, rank = :rank WHERE name = :name
    """,
    "versioned": """
        -- http: GET /documents/{id}
        -- result: one
        -- etag: version
        SELECT id, title, version FROM document WHERE id = :id
    """,
    "perhaps_versioned": """
        -- http: GET /perhaps/{id}
        -- result: maybe
        -- etag: version
        SELECT title, nullif(version, 1) AS version FROM document WHERE id = :id
    """,
    "version_of": """
        -- http: GET /documents/{id}/version
        -- result: value
        -- etag: version
        SELECT version FROM document WHERE id = :id
    """,
    "retitle": """
        -- http: PATCH /documents/{id}
        -- result: one
        -- etag: {column: version, required: true}
        -- params: {title: {patch: true}, stars: {patch: true}}
        UPDATE document SET title = :title, stars = :stars WHERE id = :id RETURNING id, title, version
    """,
    "retitle_in_steps": """
        -- isolation: repeatable read
        -- result: one
        -- etag: version
        UPDATE document d SET title = :title WHERE d.id = :id RETURNING id, title, d.version
    """,
    "retitle_uncounted": """
        -- etag: version
        UPDATE document SET title = :title WHERE id = ANY(:ids)
    """,
    "retitle_silently": """
        -- result: none
        -- etag: version
        UPDATE document SET title = :title WHERE id = :id RETURNING id, version
    """,
    "retitle_maybe": """
        -- result: maybe
        -- etag: v
        -- params: {stars: {optional: true}}
        WITH named AS (SELECT :id::int AS id)
        UPDATE document AS d SET title = :title FROM named, generate_series(1, 2)
        WHERE d.id = named.id AND (:stars IS NULL OR d.stars = :stars) RETURNING d.id, d.version AS v
    """,
    "shred": """
        -- http: DELETE /documents/{id}
        -- etag: version
        -- result: value
        DELETE FROM document WHERE id = :id RETURNING title
    """,
    "any_state": "-- result: one\nUPDATE document SET title = :title WHERE id = :id RETURNING version",
    "write_document": """
        -- http: POST /documents
        -- result: one
        -- status: 201
        -- location: /documents/{id}
        -- etag: version
        INSERT INTO document (id, title) VALUES (:id, :title) RETURNING id, version
    """,
    "name_later": "-- result: one\nINSERT INTO later (name) VALUES (:name) RETURNING name",
    "pages_that_write": """
        -- page: {by: [n], unique: true}
        SELECT n, note('page ' || n) AS length FROM generate_series(1, 3) n
    """,
    "name_many": """
        -- batch: true
        -- params: {name: {maxLength: 10}, note: {default: none}}
        INSERT INTO named (name, note) VALUES (:name, :note)
    """,
}


@dataclass(frozen=True)
class Bank:
    url: str
    connection: psycopg.Connection
    """To the database itself; each statement is a transaction of its own."""
    emulator: Emulator
    new_caller: Callable[[float], Caller]
    caller: Caller
    catalog: Path

    def call(self, operation: str, parameters: Any, key: str | None = None) -> dict[str, Any]:
        return self.caller.call(operation, parameters, key)

    def value(self, sql: str) -> Any:
        row = self.connection.execute(sql.encode()).fetchone()
        return row[0] if row else None

    def run(self, sql: str) -> None:
        self.connection.execute(sql.encode())

    def names(self) -> list[str]:
        found: list[str] | None = self.value("SELECT array_agg(name ORDER BY name) FROM named")
        return found or []

    def wait_for_a_lock(self) -> None:
        """Return when a statement waits for another one's lock."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        eventually(lambda: self.value(waiting) > 0)

    def requests(self) -> list[str]:
        """The operations of the Data API that were called since the log was cleared."""
        return [call.operation for call in self.emulator.log]


@pytest.fixture(scope="session")
def open_for_business(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    database = suite_database(postgres, "bank_suite", lambda url: prepare_bank(url, 5))
    queries = {name: "\n".join(line.strip() for line in text.strip().splitlines()) for name, text in QUERIES.items()}
    catalog = compile_bank(database.url, tmp_path_factory.mktemp("bank"), queries)
    make = callers(catalog, queryport_emulator.url, database.name)
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield Bank(database.url, connection, queryport_emulator, make, make(20.0), catalog)


@pytest.fixture
def bank(open_for_business: Bank, emulator: Emulator) -> Bank:
    """The bank with its accounts full and its books empty."""
    del emulator  # without faults, and with an empty log

    bank = open_for_business
    # Of a few rows: TRUNCATE takes fifty times as long.
    bank.run(
        "DELETE FROM document; DELETE FROM movement; DELETE FROM later; DELETE FROM named;"
        "DELETE FROM queryport.idempotency_key;"
        "UPDATE account SET balance = 1000 WHERE balance <> 1000"
    )
    return bank
