"""Which tests run which lines, measured once for every file of tests, and kept until it or the package changes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

from reached import Lines

AT_ONCE = 40
"""Files of tests that one process runs."""

type Tests = dict[str, tuple[float, Lines]]


@dataclass
class Measured:
    """Tests and those left out of every file, on the disk in ``kept`` as far as they are of these sources."""

    root: Path
    kept: Path
    measure: Callable[[list[str]], tuple[Tests, list[str]]]

    def of(self, files: Iterable[str]) -> tuple[Tests, list[str]]:
        """All tests of these files, and those left out."""
        files, sources = list(files), self._sources()
        marks = {file: f"{sources} {_digest([self.root / file])}" for file in files}
        known = pickle.loads(self.kept.read_bytes()) if self.kept.is_file() else {}
        known = {file: one for file, one in known.items() if one[0].startswith(sources)}
        stale = [file for file in files if file not in known or known[file][0] != marks[file]]
        for some in batched(stale, AT_ONCE, strict=False):
            tests, left_out = self.measure(list(some))
            for file in some:
                of_file = {test: one for test, one in tests.items() if test.split("::")[0] == file}
                without = [test for test in left_out if test.split("::")[0] == file]
                known[file] = marks[file], of_file, without
            self.kept.parent.mkdir(exist_ok=True)
            self.kept.write_bytes(pickle.dumps(known))
        found = [known[file] for file in files]
        return {k: v for _, tests, _ in found for k, v in tests.items()}, [test for *_, some in found for test in some]

    def _sources(self) -> str:
        """A number of the package, and of what tests have in common."""
        package = (self.root / "bayeshlm").rglob("*.py")
        tests = (file for file in (self.root / "tests").rglob("*.py") if "mutation" not in file.parts)
        return _digest([*package, *(file for file in tests if not file.name.startswith("test_"))])


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
