"""LaTeX in: as it is printed, as `render` writes it, and errors that point into it."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from latex_texts import AS_PRINTED, ERRORS, FIVE_CHAPTERS
from spec_strategies import deep_specs, specs

import bayeshlm as hlm
from bayeshlm.equations import parse, render
from bayeshlm.equations.distribution import Distribution, Total
from bayeshlm.equations.notations.latex_plain import _VALUE
from bayeshlm.equations.notations.typeset import without_unit
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.reading import READ
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.tokens import is_plain_name


def as_levels(text):
    spec = parse(text)
    return render(spec)


@pytest.mark.parametrize("name", FIVE_CHAPTERS)
def test_the_chapters_read_as_they_are_printed(name):
    text, levels = FIVE_CHAPTERS[name]
    if name.endswith("combined"):
        combined = {
            "000-m2-combined": "math_ij = β_0 + v_j + e_ij",
            "001-ancova-combined": "Y_ij = γ_00 + γ_10*X_ij + u_0j + r_ij",
        }
        assert parse(text) == parse(combined[name])
    else:
        assert parse(text) == parse(levels)


@pytest.mark.parametrize("name", AS_PRINTED)
def test_what_papers_print(name):
    text, levels = AS_PRINTED[name]
    if name.startswith("a combined"):
        assert parse(text) == parse("y_ij = g00 + g10*x_ij + g01*z_j + g11*z_j*x_ij + u1*x_ij + u0 + e")
    else:
        assert parse(text) == parse(levels)


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_errors_point_into_the_latex(text, message):
    plain = re.sub("[«»]", "", text)
    with pytest.raises(hlm.EquationError, match=re.escape(message)) as caught:
        parse(plain)
    quoted, carets = str(caught.value).splitlines()[1:3]
    assert quoted.strip() in plain
    if "«" in text:
        start = len(re.search(r"[^\r\n]*«", text)[0].lstrip()) - 1
        assert carets.index("^") - 4 >= start
        assert carets.rindex("^") - 4 < start + len(re.search("«(.*)»|«(.*)", text)[0])


def columns_of(product):
    for factor in product.factors:
        if isinstance(factor, Call):
            yield from columns_of(factor.argument)
        else:
            yield factor.name


def options_of(product):
    for factor in product.factors:
        if isinstance(factor, Call):
            yield from (value for _, value in factor.options)
            yield from options_of(factor.argument)


def centered_under_a_bar(product, under=False):
    for factor in product.factors:
        if isinstance(factor, Call):
            if under and factor.function == "cwc":
                return True
            if centered_under_a_bar(factor.argument, under or factor.function == "mean"):
                return True
    return False


def readable(spec):
    """Skip what LaTeX does not tell apart: texts that look like numbers, and names without a letter to see."""
    expressions = (*spec.expressions, *spec.offsets)
    assume(all(not isinstance(v, str) or not _VALUE.fullmatch(v) for e in expressions for v in options_of(e)))
    assume(all(not isinstance(v, str) or v == v.strip() for e in expressions for v in options_of(e)))
    assume(all(name is None or all(map(is_plain_name, name.split(":"))) for name in spec.groupings))
    assume(not any(map(centered_under_a_bar, expressions)))
    names = [spec.outcome.name, *(name for e in expressions for name in columns_of(e))]
    return rename_columns(spec, {name: without_unit(name) for name in names})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(specs())
def test_what_is_written_is_read_back(spec):
    expected = readable(spec)
    assert parse(render(spec, "latex")) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(deep_specs())
def test_what_is_written_of_any_depth_is_read_back(spec):
    expected = readable(spec)
    assert parse(render(spec, "latex")) == expected


@pytest.mark.parametrize("name", hlm.gallery_names())
def test_the_gallery_comes_back(name):
    spec = hlm.open_model(name).design.spec
    names = [spec.outcome.name, *(name for e in (*spec.expressions, *spec.offsets) for name in columns_of(e))]
    back = parse(render(spec, "latex"))
    assert back == rename_columns(spec, {name: without_unit(name) for name in names})


def test_it_is_recognized_by_itself_alone():
    latex = next(one for one in READ if one.name == "latex")
    assert all(latex.recognizes(text) for text, _ in [*FIVE_CHAPTERS.values(), *AS_PRINTED.values()])
    for text in ("y ~ x + (1 | g)", "y = b0 + r; b0 = g00 + u0", "y = b0 + b1*`a_{b}` + r", "# \\beta\ny = b0 + r"):
        assert not latex.recognizes(text)


def test_a_model_of_it_names_columns_and_quotes_the_latex():
    data = hlm.load_dataset("hsb")
    text = (
        r"\text{mathach}_{ij} = \beta_{0j} + r_{ij} \\ \beta_{0j} = \gamma_{00} + \gamma_{01}\text{sector}_j + u_{0j}"
    )
    model = hlm.Model(text, data, group="school")
    assert model.equations() == "mathach = b0 + r\nb0 = g00 + g01*sector + u0"
    with pytest.raises(hlm.DataError, match=r"sectr") as caught:
        hlm.Model(text.replace("sector", "sectr"), data, group="school")
    assert r"\gamma_{01}\text{sectr}_j" in str(caught.value)


def test_columns_are_products_of_columns():
    spec = parse(r"y_{ij} = \beta_{0j} + r_{ij} \\ \beta_{0j} = \gamma_{00} + \gamma_{01} W_j Z_j + u_{0j}")
    (_, term) = spec.equations[0].fixed
    assert term.expression == Product((Column("W_j"), Column("Z_j")))


DISTRIBUTIONS = (
    Distribution("Bernoulli", "logit", ("p",)),
    Distribution("Bernoulli", "cloglog", ("pi",)),
    Distribution("Binomial", "probit", ("p",), Column("n")),
    Distribution("Binomial", "logit", ("p",), Total((Column("won"), Column("lost")))),
    Distribution("Binomial", "logit", ("p",), 12),
    Distribution("Poisson", "log", ("mu",)),
    Distribution("NegativeBinomial", "log", ("mu", "phi")),
    Distribution("Gamma", "log", ("mu", "shape")),
    Distribution("Beta", "logit", ("mu", "phi")),
    Distribution("StudentT", "identity", ("mu", "sigma", "nu")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.one_of(specs(), deep_specs()), st.sampled_from(DISTRIBUTIONS))
def test_so_it_is_of_every_distribution(spec, distribution):
    symbols = {*spec.fixed, *spec.random, *(line.coefficient for line in spec.equations), *spec.coefficients}
    assume(not symbols & set(distribution.symbols) and not any(name.startswith(("phi", "eta")) for name in symbols))
    expected = readable(replace(spec, distribution=distribution, residual=""))
    for form in ("latex", "levels"):
        assert parse(render(expected, form)) == expected
