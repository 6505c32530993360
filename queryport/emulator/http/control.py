"""The emulator's own endpoints, under /_queryport: arm faults, see the last calls, see what is open."""

import re
from collections.abc import Callable

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from queryport.emulator.calls.faults import Fault, Faults
from queryport.emulator.calls.log import KEPT, CallLog

_NUMBER = re.compile("[0-9]{1,9}")


def control_routes(faults: Faults, log: CallLog, status: Callable[[], dict[str, int]]) -> list[Route]:
    async def arm(request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as failure:
            problems = failure.errors(include_input=False, include_url=False, include_context=False)
            return JSONResponse(
                {"errors": [{"at": "/".join(str(step) for step in p["loc"]), "message": p["msg"]} for p in problems]},
                400,
            )
        return JSONResponse({"id": faults.arm(fault)}, 201)

    async def list_faults(_: Request) -> Response:
        return JSONResponse(faults.listed())

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    async def list_calls(request: Request) -> Response:
        last = request.query_params.get("last", str(KEPT))
        if not _NUMBER.fullmatch(last):
            return JSONResponse({"errors": [{"at": "last", "message": "expected a number of calls"}]}, 400)
        return JSONResponse(log.listed(int(last)))

    async def clear_log(_: Request) -> Response:
        log.clear()
        return Response(status_code=204)

    async def show_status(_: Request) -> Response:
        return JSONResponse(status())

    return [
        Route("/_queryport/faults", arm, methods=["POST"]),
        Route("/_queryport/faults", list_faults, methods=["GET"]),
        Route("/_queryport/faults", clear_faults, methods=["DELETE"]),
        Route("/_queryport/log", list_calls, methods=["GET"]),
        Route("/_queryport/log", clear_log, methods=["DELETE"]),
        Route("/_queryport/status", show_status, methods=["GET"]),
    ]
