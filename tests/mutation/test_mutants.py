"""What is changed in a text, that nothing else is."""

import json

import pytest
from mutants import mutants
from reached import Chosen
from run import OF_OTHERS, OF_THE_ROOM, RESULTS, outcome, reached, statement


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a + b * c", {"(a - b * c)", "a + (b / c)"}),
        ("x[-1]", {"x[(1)]", "x[-2]"}),
        ("a < b <= c", {"(a <= b <= c)"}),
        ("not a or b", {"(not a and b)", "(a) or b"}),
        ("a is None", {"(a is not None)"}),
        ("x += y", {"x -= y"}),
        ("f(x)", {"pass"}),
        ("y = 2.5", set()),
        ("y = True", set()),
        ('y = "a" + b', set()),
        ("def f(x: int | None): return x", set()),
        ('"""3 + 4"""', set()),
        ("β = 'é'; y = β - γ", {"β = 'é'; y = (β + γ)"}),
    ],
)
def test_a_text_is_changed_in_one_place(text, changed):
    assert {mutant.of(text) for mutant in mutants(text)} == changed


def test_lines_stay_where_they_are():
    text = "def f(x):\n    raise ValueError(\n        x,\n    )\n\n\ndef g(x):\n    return x % 2 == 0\n"
    dropped, *others = mutants(text)
    assert (dropped.line, dropped.of(text)) == (2, "def f(x):\n    pass\n\n\ndef g(x):\n    return x % 2 == 0\n")
    assert {one.line for one in others} == {8}
    assert {one.after for one in others} == {"(x % 2 != 0)", "3", "1"}


def test_chosen_tests_run_in_the_order_given():
    class Item:
        def __init__(self, nodeid):
            self.nodeid = nodeid

    items = [Item(name) for name in "abcd"]
    Chosen(["d", "b"]).pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == ["d", "b"]


def test_a_mutant_is_reached_by_its_statement_and_from_a_module_by_all_lines():
    text = "a = 1\n\n\ndef f(x):\n    if x:\n        return [\n            1,\n        ]\n    return a\n"
    assert list(statement(text, 7)) == [6, 7, 8]
    assert list(statement(text, 9)) == [9]
    assert set(statement(text, 1)) >= set(range(1, 10))


@pytest.mark.slow
def test_a_wrong_sign_is_killed_and_a_needless_number_survives(tmp_path):
    """In a package of one function with one test that does not look at the other one."""
    source = "def total(a, b):\n    return a + b\n\n\ndef first(x):\n    return x[0]\n"
    (tmp_path / "sums_of_two.py").write_text(source)
    (tmp_path / "test_sums_of_two.py").write_text(
        "import pytest\nfrom sums_of_two import first, total\n\n\n"
        "@pytest.mark.slow\ndef test_total():\n    assert total(2, 1) == 3\n\n\n"
        "def test_first():\n    assert first([4, 4]) == 4\n"
    )
    tests, left_out = reached(tmp_path, ["test_sums_of_two.py"], OF_THE_ROOM)
    assert not left_out
    lines = {
        test.split("::")[1]: {line for line in range(9) if of["sums_of_two.py"] >> line & 1}
        for test, (_, of) in tests.items()
    }
    assert lines == {"test_total": {2}, "test_first": {6}}
    assert {test.split("::")[1] for test in reached(tmp_path, ["test_sums_of_two.py"], OF_OTHERS)[0]} == {"test_first"}
    sign, number = mutants(source)
    timed = [(took, test) for test, (took, _) in tests.items()]
    assert outcome(tmp_path, "sums_of_two.py", sign, timed) == "killed"
    assert outcome(tmp_path, "sums_of_two.py", number, timed) == "survived"
    assert outcome(tmp_path, "sums_of_two.py", number, []) == "not reached"
    assert (tmp_path / "sums_of_two.py").read_text() == source


def test_the_mutants_that_no_test_notices_are_explained():
    rooms = json.loads(RESULTS.read_text(encoding="utf-8"))["rooms"]
    found = [one for room in rooms.values() for one in room["mutants"]]
    assert {one["outcome"] for one in found} <= {"killed", "timeout", "survived", "not reached"}
    assert [one for one in found if one["outcome"] == "survived" and not one.get("why")] == []
