"""A local RDS Data API over a real PostgreSQL, faithful to AWS's, its warts included.

The names are imported on first use: pytest and `queryport --help` load modules of this package and need no server.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queryport.emulator.calls.faults import Fault
    from queryport.emulator.calls.log import Call
    from queryport.emulator.limits import Limits
    from queryport.emulator.server import Emulator, EmulatorError
    from queryport.emulator.sessions.clusters import Clusters, ClustersError

_HOMES = {
    "Call": "calls.log",
    "Clusters": "sessions.clusters",
    "ClustersError": "sessions.clusters",
    "Emulator": "server",
    "EmulatorError": "server",
    "Fault": "calls.faults",
    "Limits": "limits",
}

__all__ = ["Call", "Clusters", "ClustersError", "Emulator", "EmulatorError", "Fault", "Limits"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
