"""The cases of cases.yaml."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml


class Case(NamedTuple):
    """One operation whose call breaks a constraint."""

    sql: str
    parameters: Any
    error: str
    detail: str
    pointer: str | None = None
    status: int | None = None


_TEXT = Path(__file__).with_name("cases.yaml").read_text()
CASES = {name: Case(**case) for name, case in yaml.load(_TEXT, Loader=yaml.CSafeLoader).items()}
