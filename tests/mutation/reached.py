"""What pytest is told in a run for mutants: which lines each test runs, or which tests to run and in what order."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

TOOL = sys.monitoring.COVERAGE_ID

type Lines = dict[str, int]
"""Lines by path, as a number that has bit n for line n."""


class TooSlow(BaseException):
    """Of a test that takes too long to be run for every mutant; no ``Exception``, which a test might expect."""


@dataclass
class Reached:
    """A pytest plugin: seconds and lines of every test that passes within ``limit`` seconds."""

    folder: Path
    limit: float
    tests: dict[str, tuple[float, Lines]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    lines: Lines = field(default_factory=dict)

    def line(self, code: CodeType, number: int) -> Any:
        """A line that is run for the first time in a test."""
        if code.co_filename.startswith(str(self.folder)):
            path = code.co_filename[len(str(self.folder)) + 1 :]
            self.lines[path] = self.lines.get(path, 0) | 1 << number
        return sys.monitoring.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test with its fixtures."""
        self.lines, self.passed = {}, True
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


def those_that_run(tests: dict[str, tuple[float, Lines]], path: str, lines: Iterable[int]) -> list[tuple[float, str]]:
    """Seconds and names of the tests that run one of the lines of a file."""
    wanted = sum(1 << line for line in lines)
    return [(took, test) for test, (took, of) in tests.items() if of.get(path, 0) & wanted]


@dataclass(frozen=True)
class Chosen:
    """A pytest plugin: of what is collected the tests named, in that order."""

    tests: Sequence[str]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        place = {test: n for n, test in enumerate(self.tests)}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])
