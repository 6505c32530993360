"""Servers that run out of file descriptors."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

_FEW_DESCRIPTORS = """
import http.client, resource, socket, subprocess, sys, time
sys.path.insert(0, "")
from starlette.responses import Response
from queryport.emulator import Emulator
from queryport.local.http_thread import ADDRESS, HttpThread
from queryport.web.listener import listen

_CROWD = '''
import socket, sys, time
crowd = []
for _ in range(100):
    one = socket.socket()
    one.settimeout(1)
    one.connect(("127.0.0.1", int(sys.argv[1])))
    crowd.append(one)
time.sleep(3)
'''
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
if sys.argv[1] == "emulator":
    emulator = Emulator("postgresql://nobody@/nothing?host=/nowhere")
    emulator.start()
    port = emulator.port
else:
    listener = listen(ADDRESS, 0)
    port = listener.getsockname()[1]
    HttpThread(Response(status_code=204), listener).__enter__()
crowd = subprocess.Popen([sys.executable, "-c", _CROWD, str(port)], stderr=subprocess.DEVNULL)
time.sleep(1.5)
before = time.process_time()
time.sleep(1.5)
spent = time.process_time() - before
crowd.wait()
time.sleep(0.3)
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
connection.request("GET", "/_queryport/status")
print(spent, connection.getresponse().status)
sys.stdout.flush()
__import__("os")._exit(0)
"""


@pytest.mark.slow
@pytest.mark.early
def test_running_out_of_descriptors_costs_no_time_and_ends(tmp_path: Path) -> None:
    """Both servers, in processes that may open few files, under more connections than they can take."""
    running = {}
    for server in ("emulator", "serve"):
        program = tmp_path / f"{server}.py"
        program.write_text(_FEW_DESCRIPTORS)
        running[server] = subprocess.Popen(
            [sys.executable, program, server], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    for server, process in running.items():
        said, complained = process.communicate(timeout=60)
        assert complained == "", server
        seconds, status = said.split()
        assert float(seconds) < 1, server
        assert status in ("200", "204"), server
