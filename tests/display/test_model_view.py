import hypothesis.strategies as st
import pytest
from hypothesis import given
from odd_names import EQUATIONS, GROUP, SCRIPT, odd_frame

import bayeshlm as hlm
from bayeshlm.design.naming import prior_label
from bayeshlm.display.markdown import escape
from bayeshlm.display.model_view import priors_grid, rows_line


@pytest.fixture
def model():
    return hlm.Model(EQUATIONS, odd_frame(), group=GROUP, priors={"g01": "Normal(0, 0.123456)"})


def test_a_model_shows_its_equations_rows_and_priors_in_a_notebook(model):
    html = model._repr_html_()
    assert html.count("<math") == html.count("</math>") == 1
    assert "80 rows in 8 groups" in html
    assert "4 fixed" not in html
    assert "5 fixed and 2 random effects" in html
    assert "HalfStudentT(3, " in html
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html


def test_priors_say_who_chose_them_and_where_they_apply(model):
    rows = {row[0]: row[1:] for section in priors_grid(model.priors).sections for row in section.rows}
    assert rows["g01"] == ("Normal(0, 0.1235)", "", "given")
    assert rows["g00"][1:] == ("at the column means", "default")
    assert list(rows) == list(map(prior_label, model.priors.texts()))


def test_dropped_rows_are_counted():
    frame = odd_frame()
    frame.loc[2, "[dose]"] = None
    assert rows_line(hlm.Model(EQUATIONS, frame, group=GROUP).design).endswith(
        "; 1 row with missing values dropped ([dose] 1)"
    )


@pytest.mark.slow
@given(st.text())
def test_markdown_leaves_no_bare_mark_and_one_line(text):
    written = escape(text)
    assert len(written.splitlines()) <= 1
    bare = iter(written)
    for char in bare:
        if char == "\\":
            next(bare)
        else:
            assert char not in "`*_{}[]<>#|~$&^!"
