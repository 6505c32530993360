"""The names of the pytest plugin that a project's tests import; see queryport.testing.pytest_plugin."""

from queryport.testing.pytest_plugin import Calls as Calls
