"""The versions of the local function: each build with a catalogue of its own, and the variables that name it."""

import itertools
import shutil
from collections import deque
from functools import partial
from pathlib import Path
from typing import NamedTuple

from queryport.local.broken import BrokenOperations
from queryport.local.identities import LocalIdentities
from queryport.local.lambda_environment import InvocationResult, LambdaEvent, Prepare
from queryport.local.lambda_environments import operation_variables
from queryport.local.late_document import LateDocument
from queryport.project.catalog_files import EarlierDocument, write_callable, write_openapi
from queryport.project.workspace import Build

_VERSIONS_KEPT = 3
"""The versions of the function whose files stay: events may be on their way to the last one, and to that before it."""


class FunctionVersion(NamedTuple):
    variables: dict[str, str]
    """The function's environment."""
    prepare: Prepare
    """Answers for what does not compile, and writes the OpenAPI document before the first event that asks for it."""


class FunctionVersions:
    """The versions that a development server makes, one behind the other."""

    def __init__(self, folder: Path, data_api_url: str, database: str, identities: LocalIdentities) -> None:
        self._catalogs = (folder / str(number) / "catalog.json" for number in itertools.count(1))
        self._data_api_url = data_api_url
        self._database = database
        self._identities = identities
        self._written: deque[Path] = deque()
        self._document = EarlierDocument()
        self._broken = BrokenOperations()

    def add(self, build: Build) -> FunctionVersion:
        """Write the catalogue of a build; the oldest version's is deleted then."""
        catalog = next(self._catalogs)
        catalog.parent.mkdir()
        try:
            write_callable(catalog, build, local=True)
        except BaseException:
            shutil.rmtree(catalog.parent, ignore_errors=True)
            raise
        self._written.append(catalog.parent)
        if len(self._written) > _VERSIONS_KEPT:
            shutil.rmtree(self._written.popleft(), ignore_errors=True)
        variables = operation_variables(catalog, self._data_api_url, self._database)
        write = partial(write_openapi, catalog, build, local=True, earlier=self._document)
        broken = self._broken.answers(build.compilation, build.project.queries)
        prepare = _either(broken, LateDocument(write))
        return FunctionVersion(variables | self._identities.variables(self._data_api_url), prepare)


def _either(first: Prepare, second: Prepare) -> Prepare:
    async def prepare(event: LambdaEvent) -> InvocationResult | None:
        return await first(event) or await second(event)

    return prepare
