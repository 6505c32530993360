"""The reports of a worker of pytest-xdist, without those that tell the main process nothing.

Of a test that passes a worker sends five messages: its start and end, and a report each of its setup, its call and its
teardown. Writing, sending and reading one takes a fifth of what pytest itself does for a test.
"""

import pytest
from _pytest.runner import runtestprotocol


class WorkerReports:
    """The plugin of a worker: sends of each test the report of its call, each of another outcome, and its end."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if report.when == "call" or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True


def enough_for(config: pytest.Config) -> bool:
    """Whether nobody has asked for the durations of setups and teardowns."""
    return config.option.durations is None and config.option.xmlpath is None
