"""Step Functions as moto plays it: it executes the machines that it is given."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch


@contextmanager
def step_functions() -> Iterator[None]:
    """Have boto3 talk to a Step Functions of this process for a with block."""
    import moto  # half a second of imports, which no run without these tests is to wait for

    # Of AWS Batch the states need one enumeration. Its package would import EC2's, which takes another second.
    batch = ModuleType("moto.batch")
    batch.__path__ = [str(Path(moto.__file__).with_name("batch"))]
    sys.modules.setdefault(batch.__name__, batch)
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

    read = cache(AmazonStateLanguageParser.parse)

    def parse(definition: str) -> tuple[Any, Any]:
        """Read a definition once, and not for each execution; what is executed is made anew of what was read."""
        tree = read(definition)[1]
        return Preprocessor().visit(tree), tree

    with (
        patch.object(AmazonStateLanguageParser, "parse", parse),
        moto.mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
    ):
        yield
