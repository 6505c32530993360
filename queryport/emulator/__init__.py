"""A local RDS Data API over a real PostgreSQL, faithful to AWS's, its warts included."""

from queryport.emulator.call_log import Call
from queryport.emulator.clusters import Clusters, ClustersError
from queryport.emulator.faults import Fault
from queryport.emulator.limits import Limits
from queryport.emulator.server import Emulator, EmulatorError

__all__ = ["Call", "Clusters", "ClustersError", "Emulator", "EmulatorError", "Fault", "Limits"]
