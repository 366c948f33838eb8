"""Mutants are known by what they are; tests are measured anew where they or the package have changed."""

import pytest
from interpreted import Word, bits_of, double_of
from measured import Measured
from mutants import mutants
from reached import those_that_run
from record import count_first, is_open, place, record_of

TEXT = "def f(x):\n    return x + x + 1\n\n\nclass A:\n    def f(self):\n        return [1, 1]\n"


def test_a_mutant_is_the_same_where_its_line_moves_and_another_where_it_changes():
    def places(text):
        return [place(record_of("a.py", mutant)) for mutant in mutants(text)]

    before = places(TEXT)
    assert len(set(before)) == len(before) == 5
    assert [(one[1], one[-1]) for one in before] == [("f", 0), ("f", 0), ("f", 0), ("A.f", 0), ("A.f", 1)]
    moved = "import b\n\n\ndef g():\n    return b\n\n\n" + TEXT
    assert places(moved) == before
    assert set(places(TEXT.replace("x + 1", "x + 2"))) & set(before) == set(before[-2:])


def test_what_is_counted_first_are_mutants_that_a_test_ran():
    room = {}
    for outcome in ("killed", "not reached", "survived", "timeout"):
        count_first(room, outcome)
    assert room == {"at first": {"reached": 3, "killed": 2}}
    assert is_open({"outcome": "survived"})
    assert not is_open({"outcome": "survived", "why": "equivalent"})


def test_files_are_measured_once_until_they_change(tmp_path):
    for folder in ("bayeshlm", "tests"):
        (tmp_path / folder).mkdir()
    source = tmp_path / "bayeshlm" / "a.py"
    files = ["tests/test_a.py", "tests/test_b.py"]
    for file in (source, *(tmp_path / file for file in files)):
        file.write_text("1")
    asked = []

    def measure(some):
        asked.append(some)
        return {f"{file}::test": (0.1, {"bayeshlm/a.py": 0b110}) for file in some}, [f"{some[0]}::test_slow"]

    measured = Measured(tmp_path, tmp_path / "kept" / "reached", measure)
    tests, left_out = measured.of(files)
    assert (sorted(tests), left_out) == ([f"{file}::test" for file in files], ["tests/test_a.py::test_slow"])
    assert those_that_run(tests, "bayeshlm/a.py", [2]) == [(0.1, f"{file}::test") for file in files]
    assert those_that_run(tests, "bayeshlm/a.py", [3, 0]) == those_that_run(tests, "bayeshlm/b.py", [1]) == []
    assert measured.of(files) == (tests, left_out)
    (tmp_path / files[1]).write_text("2")
    measured.of(files)
    assert asked == [files, files[1:]]
    source.write_text("2")
    measured.of(files[:1])
    assert asked[2:] == [files[:1]]


@pytest.mark.parametrize("value", [1.0, -0.0, 6.5e-310, float("inf")])
def test_doubles_are_their_bits(value):
    assert double_of(bits_of(value)) == value
    assert int(bits_of(1.0)) == 0x3FF0000000000000


def test_words_begin_anew():
    assert Word(0) - 1 == Word(2**64 - 1)
    assert Word(2**64 - 1) + 2 == 1
    assert (Word(2**63) << 1, Word(6) >> 1, Word(4) | 3) == (0, 3, 7)
