"""The textbook chapters' LaTeX, pasted as it is printed, says what the plain notation says."""

import pytest
from seed_misprints import REFUSED_PRINTS
from seed_prints import PRINTED
from seed_systems import COMBINED, SYSTEMS

from bayeshlm.equations import parse
from bayeshlm.equations.rename import rename_columns
from bayeshlm.errors import EquationError

PLAIN = {system.name: system.text for system in (*SYSTEMS, *COMBINED)}
IN_TEXT = ("mathach", "SES", "minority", "female", "size", "sector")
"""Columns that chapter 004 sets as words, in text: what stands below such a name is its unit, no part of it."""


def name(system):
    return system.name


@pytest.mark.parametrize("system", PRINTED, ids=name)
def test_a_print_means_the_plain_system(system):
    spec = parse(system.text)
    assert spec.text == system.text
    in_text = IN_TEXT if system.name.startswith("004") else ()
    names = {f"{word}_{unit}": word for word in in_text for unit in ("ij", "j")}
    assert spec == rename_columns(parse(PLAIN[system.name]), names)


def test_every_system_that_is_printed_in_latex_is_here():
    """The others stand in tables of formulas, in output, or in words."""
    not_printed = {name for name in PLAIN if name not in {system.name for system in PRINTED}}
    assert {name.split("-")[0] for name in not_printed} == {"001"}
    assert {name.split("-")[1] for name in not_printed} == {
        *("02b", "02c", "04b", "05", "05b", "05c", "06", "07", "08", "09", "10")
    }


@pytest.mark.parametrize("system", REFUSED_PRINTS, ids=name)
def test_a_print_that_is_no_model_is_refused_at_its_place(system):
    with pytest.raises(EquationError) as caught:
        parse(system.text)
    _, quoted, carets = str(caught.value).splitlines()[:3]
    assert system.says in str(caught.value)
    start = carets.index("^")
    marked = quoted[start : start + carets.count("^")]
    assert marked == system.place if system.place else marked
