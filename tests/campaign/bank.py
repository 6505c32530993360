"""A bank whose money is moved in every way that Queryport knows: the schema, the query files, and callers of them.

Every movement is written down under the ticket that its caller gave it, and no constraint keeps a ticket from being
written twice: whoever doubles a write is found out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from queryport.testing.function import cold_start, function_environment
from tests.support.compiling import compile_to_catalog
from tests.support.databases import with_our_tables
from tests.support.function import Function
from tests.support.projects import write

SCHEMA = """
CREATE TABLE account (
  account_id integer PRIMARY KEY,
  balance bigint NOT NULL CONSTRAINT no_overdraft CHECK (balance >= 0)
);
CREATE TABLE movement (
  movement_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  ticket text NOT NULL,
  source integer NOT NULL REFERENCES account,
  target integer NOT NULL REFERENCES account,
  amount bigint NOT NULL
);
CREATE INDEX movement_ticket ON movement (ticket);
CREATE TABLE named (name text PRIMARY KEY, note text, rank integer NOT NULL DEFAULT 7);
CREATE TABLE document (
  id integer PRIMARY KEY, title text NOT NULL, stars integer NOT NULL DEFAULT 3, version bigint NOT NULL DEFAULT 1
);
CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER document_version BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION next_version();
CREATE TABLE later (name text REFERENCES named DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION refuse(sqlstate text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'refused' USING ERRCODE = sqlstate;
END $$;
CREATE FUNCTION note(name text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO named VALUES (note.name, 'by function');
  RETURN length(note.name);
END $$;
CREATE FUNCTION move(ticket text, source integer, target integer, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE moved bigint;
BEGIN
  UPDATE account SET balance = balance - move.amount WHERE account_id = move.source;
  UPDATE account SET balance = balance + move.amount WHERE account_id = move.target;
  INSERT INTO movement (ticket, source, target, amount)
  VALUES (move.ticket, move.source, move.target, move.amount) RETURNING movement_id INTO moved;
  RETURN moved;
END $$;
CREATE FUNCTION seems_to_read(ticket text, source integer, target integer, amount bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN move(ticket, source, target, amount); END $$;
"""

_MOVE = """
WITH taken AS (
  UPDATE account SET balance = balance - :amount WHERE account_id = :source RETURNING account_id
), given AS (
  UPDATE account SET balance = balance + :amount WHERE account_id = :target RETURNING account_id
)
INSERT INTO movement (ticket, source, target, amount)
SELECT :ticket, taken.account_id, given.account_id, :amount FROM taken CROSS JOIN given
"""

QUERIES = {
    "move_at_once": f"-- result: one\n-- http: POST /movements\n{_MOVE} RETURNING movement_id, ticket, amount",
    "move_uncounted": _MOVE,
    "move_unseen": "-- result: one\nSELECT seems_to_read(:ticket, :source, :target, :amount) AS movement_id",
    "move_many": f"-- batch: true\n-- http: POST /movements/many\n{_MOVE}",
    "move_in_steps": """
        -- result: one
        -- params: {amount: {minimum: 1}}
        -- @taken
        UPDATE account SET balance = balance - :amount WHERE account_id = :source RETURNING account_id, balance;
        -- @given
        UPDATE account SET balance = balance + :amount WHERE account_id = :target RETURNING account_id;
        -- @result
        INSERT INTO movement (ticket, source, target, amount)
        VALUES (:ticket, :taken.account_id, :given.account_id, :amount)
        RETURNING movement_id, ticket, amount;
        UPDATE account SET balance = balance WHERE account_id = :taken.account_id
    """,
    "move_serializable": """
        -- isolation: serializable
        -- retry: 5
        UPDATE account SET balance = balance - :amount WHERE account_id = :source;
        UPDATE account SET balance = balance + :amount WHERE account_id = :target;
        INSERT INTO movement (ticket, source, target, amount) VALUES (:ticket, :source, :target, :amount)
    """,
    "balance": "-- result: value\nSELECT balance FROM account WHERE account_id = :account_id",
}


def text_of(name: str) -> str:
    """A query file's text, its indentation taken off."""
    return "\n".join(line.strip() for line in QUERIES[name].strip().splitlines())


def prepare_bank(url: str, accounts: int) -> None:
    """Fills a database with the bank's tables, and with accounts of 1000 each."""
    with_our_tables(SCHEMA)(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO account SELECT n, 1000 FROM generate_series(1, %s) n", [accounts])


def compile_bank(url: str, folder: Path, queries: dict[str, str] | None = None) -> Path:
    """Compiles the query files, and more of a suite's own, and answers where their catalogue is."""
    texts = {name: text_of(name) for name in QUERIES} | (queries or {})
    catalog, _ = compile_to_catalog(write(folder, {f"{name}.sql": text for name, text in texts.items()}), url)
    return catalog


class Caller(Function):
    """A Lambda environment of its own: what one caller's calls go to."""

    def call(self, operation: str, parameters: Any, key: str | None = None) -> dict[str, Any]:
        """A direct invocation. Raises one of handler.contract.errors."""
        event = {"operation": operation, "parameters": parameters}
        answer: dict[str, Any] = self.invoke(event if key is None else event | {"idempotency_key": key})
        return answer

    def rehearse(self, operation: str, parameters: Any) -> dict[str, Any]:
        """A direct invocation whose change is taken back. Raises one of handler.contract.errors."""
        answer: dict[str, Any] = self.invoke({"operation": operation, "parameters": parameters, "rollback": True})
        return answer


def callers(catalog: Path, endpoint: str, database: str) -> Callable[[float], Caller]:
    """Makes callers whose calls may last so many seconds."""
    environment = function_environment(endpoint, database, catalog) | {
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_SERVICE_NAME": "bank",  # a level is that of all loggers of a name
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    return lambda seconds: Caller(cold_start(environment), seconds)
