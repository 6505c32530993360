"""A local RDS Data API over a real PostgreSQL, faithful to AWS's, its warts included."""

from queryport.emulator.limits import Limits
from queryport.emulator.server import Emulator, EmulatorError

__all__ = ["Emulator", "EmulatorError", "Limits"]
