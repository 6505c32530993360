"""A bank whose money is moved in every way that Queryport knows: the schema, the query files, and callers of them.

Every movement is written down under the ticket that its caller gave it, and no constraint keeps a ticket from being
written twice: whoever doubles a write is found out.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import psycopg

from queryport.compile import compile_project
from queryport.compile.write.emit import write_catalog
from queryport.migrations.runner import apply_scripts

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
CREATE TABLE named (name text PRIMARY KEY, note text);
CREATE FUNCTION note(name text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO named VALUES (note.name, 'by function');
  RETURN length(note.name);
END $$;
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


def open_bank(url: str, folder: Path, accounts: int, queries: dict[str, str] | None = None) -> Path:
    """Fills a database, compiles the query files for it and answers where their catalogue is."""
    apply_scripts(url, ())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute("INSERT INTO account SELECT n, 1000 FROM generate_series(1, %s) n", [accounts])
    for name, text in {**{name: text_of(name) for name in QUERIES}, **(queries or {})}.items():
        (folder / f"{name}.sql").write_text(text)
    compilation = compile_project(folder, url)
    assert compilation.ok, "\n".join(problem.render() for problem in compilation.problems)
    path = folder / "catalog.json"
    write_catalog(path, compilation.catalogue, "test")
    return path


_APPLICATIONS: list[object] = []
"""Kept until the process ends, as a Lambda keeps its own: an application holds its catalogue open."""


class Caller:
    """A Lambda environment of its own: what one caller's calls go to."""

    def __init__(self, application: Any, seconds: float) -> None:
        self._application = application
        self.seconds = seconds

    def call(self, operation: str, parameters: Any, key: str | None = None) -> dict[str, Any]:
        """A direct invocation. Raises one of handler.contract.errors."""
        event = {"operation": operation, "parameters": parameters}
        if key is not None:
            event["idempotency_key"] = key
        answer: dict[str, Any] = json.loads(self.invoke(event))
        return answer

    def http(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """A POST; header names have _ for -."""
        response: dict[str, Any] = json.loads(
            self.invoke(
                {
                    "version": "2.0",
                    "rawPath": path,
                    "rawQueryString": "",
                    "headers": {
                        "content-type": "application/json",
                        **{name.replace("_", "-"): value for name, value in headers.items()},
                    },
                    "requestContext": {"http": {"method": "POST", "path": path}},
                    "body": json.dumps(body),
                    "isBase64Encoded": False,
                }
            )
        )
        return response

    def invoke(self, event: Any) -> bytes:
        ends = time.monotonic() + self.seconds
        context = SimpleNamespace(
            function_name="test",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:test",
            aws_request_id="11111111-1111-1111-1111-111111111111",
            get_remaining_time_in_millis=lambda: int((ends - time.monotonic()) * 1000),
        )
        answer: bytes = self._application(event, context)
        return answer


def callers(catalog: Path, endpoint: str, database: str) -> Callable[[float], Caller]:
    """Makes callers whose calls may last so many seconds."""
    environment = {
        "AWS_ENDPOINT_URL_RDS_DATA": endpoint,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "QUERYPORT_RESOURCE_ARN": "arn:aws:rds:eu-west-1:123456789012:cluster:test",
        "QUERYPORT_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:test",
        "QUERYPORT_DATABASE": database,
        "QUERYPORT_CATALOG": str(catalog),
        "POWERTOOLS_METRICS_NAMESPACE": "Queryport",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }

    def make(seconds: float) -> Caller:
        with patch.dict(os.environ, environment):
            # Importing it reads the environment.
            from handler.main import Application
            from handler.settings import Settings

            application = Application(Settings.from_environment(os.environ))
        _APPLICATIONS.append(application)
        return Caller(application, seconds)

    return make
