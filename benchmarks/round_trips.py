"""Counts round trips of a write that is to happen once: ours, and those of Powertools Idempotency around that write.

Both sides run their real code. What stands in for the database and for DynamoDB answers at once and counts.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import Operation
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.wire import Request, ServiceError
from handler.engine.engine import ReadyOperation
from handler.engine.invocation import Capacity, Invocation
from handler.identity.caller import ANONYMOUS
from handler.settings import Settings

_PARAMETERS = {"order_id": 1, "note": "ring the bell"}
_ROW = '{"order_id":1,"note":"ring the bell"}'


class _Context:
    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


class _Database:
    """Keeps one key, as the table would."""

    def __init__(self) -> None:
        self.trips = 0
        self._hash: str | None = None

    def send(self, request: Request, **_: Any) -> bytes:
        self.trips += 1
        members = orjson.loads(request.body)
        arguments = {each["name"]: each["value"].get("stringValue") for each in members["parameters"]}
        rows = [_ROW]
        if members["sql"].startswith("WITH lapsed"):
            rows = [str(self._hash), _ROW]
        elif "__hash" in arguments:
            if self._hash is not None:
                taken = 'ERROR: duplicate key value violates unique constraint "idempotency_key_pkey"; SQLState: 23505'
                raise ServiceError("DatabaseErrorException", taken, 400)
            self._hash = arguments["__hash"]
        return orjson.dumps({"records": [[{"stringValue": row}] for row in rows]})

    def close(self) -> None:
        """There is no connection."""


def without_key(operation: Operation) -> int:
    database = _Database()
    _call(operation, database, None)
    return database.trips


def of_read(operation: Operation) -> int:
    database = _Database()
    _call(operation, database, None, {"order_id": 1})
    return database.trips


def with_key(operation: Operation) -> tuple[int, int]:
    """Of the first call, and of the same call again."""
    database = _Database()
    _call(operation, database, "key")
    first = database.trips
    _call(operation, database, "key")
    return first, database.trips - first


def _call(
    operation: Operation, database: _Database, key: str | None, parameters: Mapping[str, Any] = _PARAMETERS
) -> None:
    settings = Settings("arn:aws:rds:cluster", "arn:aws:secretsmanager:secret", "shop", Path("catalog.json"))
    invocation = Invocation(
        operation.name, parameters, key, ANONYMOUS, Deadline(lambda: 30_000), Capacity(262_144, "Step Functions")
    )
    ReadyOperation(operation, DataApi(settings, database)).run(invocation)


def powertools() -> tuple[int, int]:
    """The same two of a function that Powertools makes idempotent: the requests to DynamoDB, and the write."""
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
    from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError
    from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

    class Table(BasePersistenceLayer):
        """One method is one request to DynamoDB, as in DynamoDBPersistenceLayer."""

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call] # Powertools' own
            self.trips = 0
            self.records: dict[str, DataRecord] = {}

        def _put_record(self, data_record: DataRecord) -> None:
            self.trips += 1
            if data_record.idempotency_key in self.records:
                # DynamoDB sends the old item along with the failed condition.
                raise IdempotencyItemAlreadyExistsError(old_data_record=self.records[data_record.idempotency_key])
            self.records[data_record.idempotency_key] = data_record

        def _update_record(self, data_record: DataRecord) -> None:
            self.trips += 1
            self.records[data_record.idempotency_key] = data_record

        def _get_record(self, idempotency_key: str) -> DataRecord:
            self.trips += 1
            return self.records[idempotency_key]

        def _delete_record(self, data_record: DataRecord) -> None:
            self.trips += 1
            del self.records[data_record.idempotency_key]

    table = Table()
    config = IdempotencyConfig(use_local_cache=False)
    config.register_lambda_context(_Context())  # type: ignore[arg-type] # of the context, what is used

    @idempotent_function(  # type: ignore[untyped-decorator] # Powertools' own
        data_keyword_argument="parameters", persistence_store=table, config=config
    )
    def annotate(parameters: dict[str, Any]) -> dict[str, Any]:
        table.trips += 1  # the write itself
        return parameters

    counts = []
    for _ in range(2):
        before = table.trips
        annotate(parameters=_PARAMETERS)
        counts.append(table.trips - before)
    return counts[0], counts[1]
