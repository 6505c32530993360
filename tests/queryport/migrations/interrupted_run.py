"""Applies a folder's migrations by one of the two ways, as `queryport migrate` does, for a test that interrupts it.

Each line of standard input is a run: a JSON array of the way, the database's URL, the folder and the environment's
further variables. It is made in a process of its own, forked from this one, which has imported by then what it needs.
Says `ready PID` when the run begins, then what the run says, then `ended`.
"""

import json
import os
import sys
from pathlib import Path

from queryport.console import signals
from queryport.deployed import client  # noqa: F401 (imported with boto3 before the first run, and not by each)
from queryport.migrations.runner import run_scripts
from queryport.migrations.scripts import read_scripts
from queryport.migrations.statements import Interrupted
from tests.queryport.migrations.transports import opened


def _run(way: str, url: str, folder: str, variables: dict[str, str]) -> None:
    os.environ.update(variables)
    signals.install()
    with opened(way, url) as transport:
        print("ready", os.getpid(), flush=True)
        try:
            run_scripts(transport, read_scripts(Path(folder)))
        except Interrupted as interrupted:
            print(interrupted, flush=True)
        except KeyboardInterrupt:
            print("between two files", flush=True)


def main() -> None:
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            try:
                _run(*json.loads(line))
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
