"""The Lambda's entry: tells callers apart, and sees to it that every call ends in one line of the log.

`lambda_handler` answers the JSON as bytes, which the runtime client passes on as they are. Importing this module is the
cold start: it reads the settings, makes the database client and opens the catalogue.
"""

# ruff: noqa: E402 (collection of garbage is off before the rest is imported)

import gc

gc.disable()  # Start-up makes hardly any garbage, and looking for it takes a twentieth of the time.

import os
from typing import TYPE_CHECKING, Any

from handler.contract.catalog import Catalog
from handler.contract.errors import InternalError, OperationError
from handler.data_api import sdk
from handler.data_api.client import DataApi
from handler.engine.engine import Engine
from handler.http.function_url import FunctionUrl, is_function_url
from handler.observability import Call, Observer
from handler.settings import Settings
from handler.task import Task

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Application:
    """The function for one catalogue and one database; calling it is handling an event."""

    def __init__(self, settings: Settings) -> None:
        catalog = Catalog(settings.catalog)
        engine = Engine(catalog, DataApi(settings, sdk.rds_data_client()))
        self._function_url = FunctionUrl(catalog, engine)
        self._task = Task(engine)
        self._observer = Observer()
        if settings.schema is not None and settings.schema != catalog.schema:
            self._observer.warn_of_schema(compiled=catalog.schema, deployed=settings.schema)

    def __call__(self, event: Any, context: "LambdaContext") -> bytes:
        """Answers one event. A direct invocation that fails raises one of handler.errors; HTTP never raises."""
        adapter = self._function_url if is_function_url(event) else self._task
        call = Call(adapter.caller, context)
        try:
            return adapter.answer(event, call)
        except OperationError as error:
            call.error = error
        except Exception as error:  # noqa: BLE001 (the last resort: neither callers nor the log may see what it says)
            call.crash = error
            call.error = InternalError(
                "an unexpected error; the function's log has its type", cause=type(error).__name__
            )
        finally:
            self._observer.record(call)
        return adapter.refuse(call.error, event, call)


lambda_handler = Application(Settings.from_environment(os.environ))

gc.freeze()  # What start-up made lives as long as the process: no collection need look at it again.
gc.enable()
