"""A process that starts as the Lambda does, or makes boto3's client, and prints the CPU seconds that it took.

python -m benchmarks.start_up handler CATALOG [URL]    imports, client, catalogue; with a URL, and the first call
python -m benchmarks.start_up jwt CATALOG              the same start with an issuer of tokens in the settings
python -m benchmarks.start_up boto3 [URL]              boto3.client("rds-data"), likewise
python -m benchmarks.start_up parts CATALOG            the start in parts, one number for each of PARTS

The interpreter's own start is on both sides, and in neither figure.
"""

import gc
import itertools
import os
import sys
import time

PARTS = (
    "urllib3, TLS, HTTP",
    "signing, of botocore",
    "credentials, endpoint rules",
    "Powertools: log, metrics",
    "the function itself",
)


_ISSUERS = """[
  {"issuer": "https://login.shop.example", "audience": "shop"},
  {"issuer": "https://partner.example", "audience": ["shop", "stock"], "algorithms": ["ES256"]}
]"""


def handler(catalog: str, url: str | None = None) -> float:
    started = time.process_time()
    from benchmarks import workload

    call = workload.handler_call(catalog, url, 0)
    if url is not None:
        call()
    return time.process_time() - started


def boto3(url: str | None = None) -> float:
    started = time.process_time()
    from benchmarks import workload

    os.environ |= workload.ENVIRONMENT
    call = workload.hand_written_call(url)
    if url is not None:
        call()
    return time.process_time() - started


def parts(catalog: str) -> list[float]:
    from benchmarks import workload

    os.environ |= {**workload.ENVIRONMENT, "QUERYPORT_CATALOG": catalog}
    moments = [time.process_time()]
    gc.disable()  # as the function does
    import orjson  # noqa: F401 (importing it is what is measured, as of all that follow)
    import urllib3  # noqa: F401

    moments.append(time.process_time())
    import botocore.auth  # noqa: F401

    moments.append(time.process_time())
    from handler.data_api.wire import Wire

    Wire.from_environment()
    moments.append(time.process_time())
    from handler.observability import Observer

    Observer()
    moments.append(time.process_time())
    import handler.main  # noqa: F401

    moments.append(time.process_time())
    return [after - before for before, after in itertools.pairwise(moments)]


def main(side: str, *arguments: str) -> None:
    if side == "parts":
        print(*parts(*arguments))
    elif side == "jwt":
        os.environ["QUERYPORT_JWT_ISSUERS"] = _ISSUERS
        print(handler(*arguments))
    else:
        start = handler if side == "handler" else boto3
        print(start(*arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
