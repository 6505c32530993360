"""A process that calls the handler, or boto3 by hand, as often as its standard input says, and prints the CPU seconds.

python -m benchmarks.calls handler CATALOG URL NUMBER
python -m benchmarks.calls token CATALOG URL
python -m benchmarks.calls seen-token CATALOG URL
python -m benchmarks.calls boto3 URL
python -m benchmarks.calls write CATALOG URL
python -m benchmarks.calls keyed-write CATALOG URL
python -m benchmarks.calls direct|get|browser|not-modified CATALOG URL
python -m benchmarks.calls csv|python-csv|gzip|zlib
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import workload


def main(kind: str, *arguments: str) -> None:
    report = sys.stdout
    with Path(os.devnull).open("w") as log:
        sys.stdout = log  # where the handler writes its line for each call
        call = _call(kind, *arguments)
        for line in sys.stdin:
            print(_cpu_seconds(call, int(line)), file=report, flush=True)


def _call(kind: str, *arguments: str) -> Callable[[], object]:
    if kind == "boto3":
        return workload.hand_written_call(*arguments)
    if kind in ("write", "keyed-write"):
        catalog, url = arguments
        return workload.write_call(catalog, url, keyed=kind == "keyed-write")
    if kind in ("token", "seen-token"):
        catalog, url = arguments
        return workload.token_call(catalog, url, seen=kind == "seen-token")
    if kind != "handler":
        from benchmarks import answers  # which holds more than one side

        return answers.call_of(kind, *arguments)
    catalog, url, number = arguments
    return workload.handler_call(catalog, url, int(number))


def _cpu_seconds(call: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        call()
    return time.process_time() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
