"""The names of the pytest plugin that a project's tests import; see queryport.testing.calls."""

from queryport.testing.calls import Calls as Calls
