"""Runs some tests in the current folder and writes how each ended: `child.py OUTCOMES.json TEST...`."""

import json
import os
import sys
from pathlib import Path

import pytest


class Outcomes:
    """Notes how each test ended.

    Attributes:
        found: node id -> "passed", "skipped", "assertion" (it failed by one) or what it raised.
    """

    def __init__(self):
        self.found = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.skipped:
            self.found[item.nodeid] = "skipped"
        elif report.failed and self.found.get(item.nodeid, "passed") == "passed":
            self.found[item.nodeid] = _failure(report.when, call.excinfo)
        elif report.when == "call":
            self.found.setdefault(item.nodeid, "passed")
        return report


def _failure(when, caught):
    """An assertion of the test, `pytest.raises` without an error included, or the name of what came."""
    if when == "call" and caught.errisinstance((AssertionError, pytest.fail.Exception)):
        return "assertion"
    return f"{caught.typename} in its {when}"


if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    outcomes = Outcomes()
    pytest.main(["-p", "no:cacheprovider", "-p", "no:randomly", *sys.argv[2:]], plugins=[outcomes])
    Path(sys.argv[1]).write_text(json.dumps(outcomes.found), encoding="utf-8")
