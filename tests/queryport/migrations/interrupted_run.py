"""Applies a folder's migrations by one of the two ways, as `queryport migrate` does, for a test that interrupts it."""

import sys
from pathlib import Path

from queryport.console import signals
from queryport.migrations.runner import run_scripts
from queryport.migrations.scripts import read_scripts
from queryport.migrations.statements import Interrupted
from tests.queryport.migrations.transports import opened


def main(way: str, url: str, folder: str) -> int:
    signals.install()
    with opened(way, url) as transport:
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            run_scripts(transport, read_scripts(Path(folder)))
        except Interrupted as interrupted:
            print(interrupted)
            return 1
        except KeyboardInterrupt:
            print("between two files")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
