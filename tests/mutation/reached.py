"""What pytest is told in a run for mutants: which lines each test runs, or which tests to run and in what order."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

TOOL = sys.monitoring.COVERAGE_ID


class TooSlow(BaseException):
    """Of a test that takes too long to be run for every mutant; no ``Exception``, which a test might expect."""


@dataclass
class Reached:
    """A pytest plugin: seconds and lines, as (path, line), of every test that passes within ``limit`` seconds."""

    folder: Path
    limit: float
    tests: dict[str, tuple[float, set[tuple[str, int]]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    lines: set[tuple[str, int]] = field(default_factory=set)

    def line(self, code: CodeType, number: int) -> Any:
        """A line that is run for the first time in a test."""
        if code.co_filename.startswith(str(self.folder)):
            self.lines.add((code.co_filename[len(str(self.folder)) + 1 :], number))
        return sys.monitoring.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test with its fixtures."""
        self.lines, self.passed = set(), True
        sys.monitoring.use_tool_id(TOOL, "mutants")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, self.line)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)
        sys.monitoring.restart_events()
        signal.signal(signal.SIGPROF, _too_slow)
        signal.setitimer(signal.ITIMER_PROF, self.limit)
        start = time.process_time()
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            sys.monitoring.set_events(TOOL, 0)
            sys.monitoring.free_tool_id(TOOL)
            if self.passed:
                self.tests[item.nodeid] = time.process_time() - start, self.lines
            else:
                self.left_out.append(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails, or is skipped, says nothing about mutants."""
        self.passed = self.passed and report.passed


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow


@dataclass(frozen=True)
class Chosen:
    """A pytest plugin: of what is collected the tests named, in that order."""

    tests: Sequence[str]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        place = {test: n for n, test in enumerate(self.tests)}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])
