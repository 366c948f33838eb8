"""Equations and programs as published: what they say, or where they lead."""

from textwrap import dedent

import pytest
from published_commands import COMMANDS
from published_equations import EQUATIONS, Published
from published_mlwin import MLWIN
from published_sas import SAS

from bayeshlm.equations import parse, render
from bayeshlm.equations.reading import READ
from bayeshlm.errors import EquationError

ALL = (*EQUATIONS, *MLWIN, *SAS, *COMMANDS)
GOOD = [one for one in ALL if one.levels]
BAD = [one for one in ALL if not one.levels]


def plain(published: Published) -> str:
    return dedent(published.text).strip().replace("«", "").replace("»", "")


@pytest.mark.parametrize("published", GOOD, ids=lambda one: one.source)
def test_what_is_published_says_its_level_equations(published):
    spec = parse(plain(published))
    assert render(spec) == dedent(published.levels).strip()
    assert parse(plain(published), notation=published.notation) == spec


@pytest.mark.parametrize("published", BAD, ids=lambda one: one.source)
def test_what_cannot_be_read_says_what_to_change(published):
    with pytest.raises(EquationError) as caught:
        parse(plain(published))
    message, quoted, carets = str(caught.value).split("\n")[:3]
    assert published.says in message
    text = dedent(published.text).strip()
    start, end = text.index("«"), text.index("»")
    assert message.startswith(f"line {text.count(chr(10), 0, start) + 1}: ")
    assert quoted[carets.index("^") : carets.rindex("^") + 1] == text[start + 1 : end].strip()


@pytest.mark.parametrize("published", ALL, ids=lambda one: one.source)
def test_a_text_is_recognized_by_its_own_notation_only(published):
    found = [one.name for one in READ[:-1] if one.recognizes(plain(published))]
    assert found == [published.notation] if published.notation != "levels" else not found


def test_there_are_enough():
    assert len(ALL) >= 60
    assert len({one.source for one in ALL}) == len(ALL)
