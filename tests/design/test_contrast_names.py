"""Names of the columns that categories stand for, and the equations written out: each says what it is compared with."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design.expanded import expanded_spec
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.equations.product import LEVEL, Call, Product
from bayeshlm.equations.written_out import references

EQUATIONS = """y = b0 + b1*x + b2*dose + b3*C(dose, sum)*x + r
b0 = g00 + g01*kind + u0
b1 = g10 + g11*C(kind, ref="public")
b2 = g20 + g21*kind + u2
b3 = g30"""


@pytest.fixture(scope="module")
def model() -> hlm.Model:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"clinic": np.repeat(np.arange(9), 12), "x": rng.normal(size=108), "y": rng.normal(size=108)})
    data["dose"] = rng.choice(["new", "usual", "other & more"], 108)
    data["kind"] = np.array(["Catholic", "public", "private"])[data["clinic"] % 3]
    return hlm.Model(EQUATIONS, data, group="clinic")


def test_every_contrast_names_its_reference(model):
    labels = ColumnLabels.of(model.design)
    assert labels.heading("b2[usual]") == "b2[usual], the slope of dose: usual (vs. new)"
    assert labels.heading("b3[new]") == "b3[new], the slope of dose*x: new (vs. mean of all levels)"
    assert labels.term("g01[private]") == "kind: private (vs. Catholic)"
    assert labels.term("g11[private]") == "kind: private (vs. public)"
    assert labels.term("g21[usual,public]") == "kind: public (vs. Catholic)"
    assert labels.term("g20[usual]") == "(intercept)"


def test_indicators_of_every_level_are_no_contrasts(model):
    design = hlm.Model("y = b1*dose + r; b1 = g10 + u1", model.design.frame, group="clinic").design
    assert [column.name for column in design.coefficients] == ["dose: new", "dose: other & more", "dose: usual"]
    assert references(expanded_spec(design)) == []


def test_written_out_equations_give_the_columns_of_X(model):
    """Indicators multiplied out, row by row, are what is estimated; sum coding subtracts that of the last level."""
    design, frame = model.design, model.design.frame

    def values(expression: Product) -> np.ndarray:
        made = np.ones(len(frame))
        for factor in expression.factors:
            if isinstance(factor, Call):
                assert factor.function == LEVEL
                chosen, column = dict(factor.options), frame[factor.argument.factors[0].name]
                own = (column == chosen["level"]).to_numpy(float)
                made *= own - (column == chosen["reference"]) if chosen["coding"] == "sum" else own
            else:
                made *= frame[factor.name]
        return made

    spec = expanded_spec(design)
    columns = {
        fixed.symbol: values(term.expression) * values(fixed.expression)
        for term, line in zip(spec.level1, spec.level2, strict=True)
        for fixed in line.fixed
    }
    assert sorted(columns) == sorted(design.fixed_labels)
    np.testing.assert_array_equal(np.column_stack([columns[label] for label in design.fixed_labels]), design.X)
    assert spec.random == tuple(design.random_labels) == spec.blocks[0]


def test_latex_and_mathml_have_a_coefficient_for_each_contrast(model):
    latex, mathml = model.equations("latex"), model.equations("mathml")
    assert r"\gamma_{01[\text{private}]} \, \mathbf{1}(\text{kind}_{j} = \text{private})" in latex
    assert r"\beta_{2[\text{other \& more}]j} \, \mathbf{1}(\text{dose}_{ij} = \text{other \& more})" in latex
    one = r"\mathbf{{1}}(\text{{dose}}_{{ij}} = \text{{{}}})".format
    assert rf"\left({one('new')} - {one('usual')}\right)" in latex
    assert r"&\text{reference of dose: new}" in latex
    assert r"u_{2[\text{usual}]j}" in latex
    assert "<mn>01</mn><mtext>[private]</mtext>" in mathml
    assert "reference\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}dose:\N{NO-BREAK SPACE}new" in mathml
    assert "other\N{NO-BREAK SPACE}&amp;\N{NO-BREAK SPACE}more" in mathml
    assert hlm.parse(model.equations("levels")) == model.spec  # what is to be read back is as it was typed


def test_a_polynomial_has_a_coefficient_for_each_column(model):
    text = "y = b0 + b1*poly(x, 2) + r; b0 = g00 + u0; b1 = g10"
    latex = hlm.Model(text, model.design.frame, group="clinic").equations("latex")
    assert r"\gamma_{10[\text{2}]}" in latex
    assert r"}_{[2]}" in latex


def test_reference_stands_in_text_table_and_reml(model):
    design_text, table = str(model.reml()), hlm.table(model.reml())
    assert "b2[usual], the slope of dose: usual (vs. new)" in design_text
    assert "kind: private (vs. public)" in design_text
    for written in (table.to_text(), table.to_latex(), table.to_html(), table.to_markdown()):
        assert "usual (vs. new)" in written
    assert model.reml().fixed_effects().loc["g01[private]", "term"] == "kind"  # keys stay


def test_priors_take_the_spelling_of_results(model):
    given = hlm.Model(EQUATIONS, model.design.frame, group="clinic", priors={"tau[u2[usual]]": "HalfNormal(3)"})
    assert given.priors.typed == {"tau_u2[usual]"}
