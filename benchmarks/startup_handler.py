"""A process that starts as the Lambda does, and prints the CPU seconds of it: imports, client, catalogue.

Its argument is the catalogue.
"""

import os
import sys
import time

os.environ["QUERYPORT_CATALOG"] = sys.argv[1]

start = time.process_time()

import handler.main  # noqa: E402, F401 (importing it is what is measured)

print(time.process_time() - start)
