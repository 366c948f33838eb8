import pytest
from marked_places import check_error
from pasted_texts import LEADS_TO, LEVELS_7, MEANS, MIXED_7, ONE, PLAIN_7, SENTENCES_7

from bayeshlm.equations import parse, render
from bayeshlm.errors import EquationError


@pytest.mark.parametrize(("pasted", "plain"), MEANS.values(), ids=MEANS)
def test_a_pasted_text_means_the_plain_equations(pasted, plain):
    spec = parse(pasted)
    assert spec == parse(plain)
    assert spec.text == pasted
    assert parse(render(spec)) == spec


@pytest.mark.parametrize(("marked", "says"), LEADS_TO)
def test_what_cannot_be_read_leads_to_what_can(marked, says):
    check_error(marked, says)


@pytest.mark.parametrize("sentence", SENTENCES_7.split("\n\n"))
def test_a_sentence_alone_changes_the_model(sentence):
    assert parse(LEVELS_7 + sentence) not in (parse(LEVELS_7), parse(PLAIN_7))


def test_columns_are_centered_where_their_text_stands():
    spec = parse(ONE + "ses has been centered around the group mean.")
    (call,) = spec.level1[1].expression.factors
    assert spec.text[slice(*call.span)] == "ses"


def test_a_mixed_model_alone_is_taken_apart():
    with pytest.raises(EquationError, match="a mixed model alone; write one equation a level"):
        parse(MIXED_7)
