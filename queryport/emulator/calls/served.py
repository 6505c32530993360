"""One call from its body to its answer: read, struck by a fault if one is due, carried out, and noted in the log."""

import asyncio
import logging
import time
from collections.abc import Callable

import orjson

from queryport.emulator.calls.faults import Fault, Faults
from queryport.emulator.calls.log import Call, CallLog, DatabaseReport
from queryport.emulator.errors import ApiError, PostgresFailure, validation
from queryport.emulator.requests.shapes import (
    SHAPES,
    BatchExecuteStatement,
    ExecuteStatement,
    ServiceRequest,
    SqlParameter,
    read,
)
from queryport.emulator.service import Service
from queryport.emulator.sessions.session import SessionLost

_LOGGER = logging.getLogger(__name__)


Observe = Callable[[DatabaseReport], None]
"""Is told of every call that PostgreSQL refuses, in the emulator's thread."""


class ConnectionDropped(Exception):  # noqa: N818 (a fault that was asked for)
    """The client gets no answer: its connection is to be closed."""


class ServedCalls:
    """The calls of one emulator, as the HTTP face makes them."""

    def __init__(self, service: Service, faults: Faults, log: CallLog, observe: Observe, *, check_region: bool) -> None:
        self._service = service
        self._faults = faults
        self._log = log
        self._observe = observe
        self._check_region = check_region

    async def answer(self, operation: str, body: bytes | bytearray, region: str | None, trace: str | None) -> bytes:
        """Answer a request by its body, the region it is signed for and its trace id, where it has them.

        Raises ApiError or ConnectionDropped.
        """
        began = time.perf_counter()
        request: ServiceRequest | None = None
        fault: Fault | None = None
        outcome, message = "OK", None
        try:
            request = read(SHAPES[operation], body)
            if self._check_region and region is not None:
                _refuse_other_region(request, region)
            fault = self._faults.next(operation)
            if fault is None:
                return await self._answer(operation, request)
            return await self._struck(operation, request, fault)
        except ApiError as error:
            outcome, message = error.code, error.message
            if (failure := _postgres_failure(error)) is not None:
                self._observe(DatabaseReport(trace, getattr(request, "sql", None), failure))
            raise
        except ConnectionDropped:
            outcome = "Dropped"
            raise
        except Exception as bug:
            # Clients of the service know how to take this answer; the terminal shows where it broke.
            outcome = "InternalFailure"
            _LOGGER.exception("a bug of the emulator: please report it")
            raise ApiError("InternalFailure") from bug
        finally:
            seconds = time.perf_counter() - began
            self._log.add(_noted(operation, request, outcome, message, seconds, fault))

    async def _struck(self, operation: str, request: ServiceRequest, fault: Fault) -> bytes:
        if fault.when == "before":
            await _inflict(fault, request)
            return await self._answer(operation, request)
        try:
            answer = await self._answer(operation, request)
        except ApiError:
            await _inflict(fault, request)
            raise
        await _inflict(fault, request)
        return answer

    async def _answer(self, operation: str, request: ServiceRequest) -> bytes:
        return orjson.dumps(await self._service.answer(operation, request))


def _refuse_other_region(request: ServiceRequest, region: str) -> None:
    parts = request.resourceArn.split(":")
    if len(parts) > 3 and parts[3] != region:  # arn:partition:service:region:…
        raise validation("Invalid region in ARN")


def _postgres_failure(error: ApiError) -> PostgresFailure | None:
    """PostgreSQL's report behind an answer, if it has one."""
    match error.__cause__:
        case PostgresFailure() as failure:
            return failure
        case SessionLost(failure=failure):
            return failure
        case _:
            return None


async def _inflict(fault: Fault, request: ServiceRequest) -> None:
    if fault.kind == "drop":
        raise ConnectionDropped
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    else:
        raise fault.answer(request.resourceArn)


def _noted(
    operation: str,
    request: ServiceRequest | None,
    outcome: str,
    message: str | None,
    seconds: float,
    fault: Fault | None,
) -> Call:
    sql: str | None = None
    parameters: list[SqlParameter] = []
    sets: int | None = None
    if isinstance(request, ExecuteStatement):
        sql, parameters = request.sql, request.parameters or []
    elif isinstance(request, BatchExecuteStatement):
        sql, sets = request.sql, len(request.parameterSets or ())
        parameters = (request.parameterSets or [[]])[0]
    return Call(
        at=time.time(),
        operation=operation,
        sql=sql,
        parameters=tuple([_described(parameter) for parameter in parameters]),
        parameter_sets=sets,
        transaction=request is not None and request.transactionId is not None,
        outcome=outcome,
        message=message,
        seconds=seconds,
        fault=fault.kind if fault is not None else None,
    )


def _described(parameter: SqlParameter) -> dict[str, str]:
    described = {"name": parameter.name or ""}
    if parameter.value is not None and parameter.value.kind is not None:
        described["type"] = parameter.value.kind
    if parameter.typeHint is not None:
        described["typeHint"] = parameter.typeHint
    return described
