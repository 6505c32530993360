"""Step Functions as moto plays it: it executes the machines that it is given."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def step_functions() -> Iterator[None]:
    """Have boto3 talk to a Step Functions of this process for a with block."""
    import moto  # half a second of imports, which no run without these tests is to wait for

    # Of AWS Batch the states need one enumeration. Its package would import EC2's, which takes another second.
    batch = ModuleType("moto.batch")
    batch.__path__ = [str(Path(moto.__file__).with_name("batch"))]
    sys.modules.setdefault(batch.__name__, batch)
    with moto.mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield
