"""The Lambda's entry, `lambda_handler`: the function of the environment that it runs in.

Importing this module is the cold start: it reads the settings, makes the database client and opens the catalogue.
"""

import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.application import Application

_ROOM = 16_000  # of 8 bytes, for which CPython takes a chunk of 256 KiB: half of it is for what is called


def _start() -> "Application":
    gc.disable()  # Start-up makes hardly any garbage, and looking for it takes a twentieth of the time.
    from handler.application import Application
    from handler.identity.settings import IdentitySettings
    from handler.settings import Settings

    function = Application(Settings.from_environment(os.environ), IdentitySettings.from_environment(os.environ))
    gc.freeze()  # What start-up made lives as long as the process: no collection need look at it again.
    gc.enable()
    return function


# CPython keeps the frames of Python's functions in chunks of 16 KiB. A call that has no room in the last one has a
# new one mapped, and unmapped when it returns: a loop whose calls fall on that edge pays two system calls and a page
# fault for each of them, which has made a start up to a fifth slower. Where the edges fall is a matter of how deep
# the runtime and the imports call. A function that asks for this much gets a chunk in which all of a start has room.
_start.__code__ = _start.__code__.replace(co_stacksize=_ROOM)

lambda_handler = _start()
