import re
from html import escape, unescape

import pandas as pd
import pytest
from odd_names import fit_of

import bayeshlm as hlm
from bayeshlm.display.digits import decimals, number
from bayeshlm.display.report import check_sections
from bayeshlm.display.report import subject as report_subject
from bayeshlm.display.report.check_sections import (
    influence_section,
    left_out_section,
    predictive_section,
    prior_sensitivity_section,
    residuals_section,
)
from bayeshlm.display.report.conclusions import (
    cross_check_conclusion,
    influence_conclusion,
    level1_conclusion,
    level2_conclusion,
    loo_conclusion,
    predictive_conclusion,
    prior_conclusion,
)
from bayeshlm.display.report.figures import FIGURES
from bayeshlm.display.report.methods_text import methods_text
from bayeshlm.display.report.subject import Subject

SECTIONS = (predictive_section, left_out_section, residuals_section, influence_section, prior_sensitivity_section)


@pytest.fixture(scope="module")
def fit(fake_draws):
    return fit_of(hlm.open_model("hsb-slopes-as-outcomes-full", hlm.load_dataset("hs")), fake_draws, draws=100)


@pytest.fixture(scope="module")
def subject(fit):
    """It keeps the checks that a test has computed; a test of what is computed when makes its own."""
    return Subject(fit._fitted)


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def conclusions_of(html):
    return [unescape(found) for found in re.findall(r'<p class="conclusion">(.*?)</p>', html)]


def changed(thing, **parts):
    """A stand-in with some attributes of a result."""
    return type("Changed", (), {**parts, "__getattr__": lambda self, name: getattr(thing, name)})()


def test_predictive_checks_are_named_in_words_and_all_stand_in_the_table(subject):
    html = predictive_section(subject)
    table = subject.predictive_check.table
    assert table.attrs["seed"] == subject.fitted.options.seed
    assert all(f">{escape(row['meaning'])}<" in html for _, row in table.loc["same"].iterrows())
    off = table[table["p_two_sided"] < 0.05]
    assert len(off)
    for _, row in off.iterrows():
        side = "above" if row["observed"] > row["mean"] else "below"
        assert f"{row['meaning']} ({side})" in unescape(html)
    assert conclusions_of(html) == [predictive_conclusion(table)]


def test_both_leave_one_out_estimates_stand_in_the_section(subject):
    html = left_out_section(subject)
    for loo in (subject.loo_groups, subject.loo_rows):
        assert f">{number(loo.elpd, decimals(loo.se, loo.mcse))}</td>" in html
        assert not loo.pointwise["refitted"].any()
    assert len(conclusions_of(html)) == 1


@pytest.mark.slow
def test_residuals_influence_and_priors_end_in_their_conclusions(subject):
    assert conclusions_of(residuals_section(subject)) == [
        level1_conclusion(subject.level1_residuals),
        level2_conclusion(subject.level2_residuals),
    ]
    html = influence_section(subject)
    assert f">{subject.influence.table.index[0]}</th>" in html
    assert conclusions_of(html) == [influence_conclusion(subject.influence)]
    assert conclusions_of(prior_sensitivity_section(subject)) == [prior_conclusion(subject.prior_sensitivity)]


@pytest.mark.slow
def test_each_check_is_computed_once_and_told_in_the_methods(fit, monkeypatch):
    calls = []
    names = (
        "predictive_check",
        "leave_one_out",
        "level1_residuals",
        "level2_residuals",
        "influence",
        "prior_sensitivity",
    )
    for name in names:
        own = getattr(report_subject, name)
        monkeypatch.setattr(
            report_subject, name, lambda *a, own=own, name=name, **k: calls.append(name) or own(*a, **k)
        )
    subject = Subject(fit._fitted)
    assert "checked by" not in methods_text(subject)
    for section in SECTIONS:
        section(subject)
        section(subject)
    assert sorted(calls) == sorted([*names, "leave_one_out"])
    text = methods_text(subject)
    assert (
        "The model was checked by posterior predictive checks in the same and in new groups (Gelman et al., 1996);"
        in text
    )
    assert text.endswith("power scaling of the priors (Kallioinen et al., 2024).")


def test_checks_of_very_many_rows_or_groups_are_left_to_the_user(fit, monkeypatch):
    subject = Subject(fit._fitted)
    monkeypatch.setattr(check_sections, "MOST_ROWS", 1_976)
    monkeypatch.setattr(check_sections, "MOST_GROUPS", 39)
    for section in SECTIONS:
        assert "leaves this out; fit." in text_of(section(subject))
        assert conclusions_of(section(subject)) == []
    assert "more than 1,976 rows leaves this out; fit.predictive_check() computes it" in predictive_section(subject)
    assert not {"predictive_check", "loo_rows", "loo_groups", "influence"} & set(vars(subject))


def test_a_check_that_cannot_be_computed_says_why(fake_draws):
    few = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws, draws=5)
    subject = Subject(few._fitted)
    assert "Not computed: 20 draws are too few" in left_out_section(subject)
    assert "Not computed: 20 draws are too few" in influence_section(subject)


def of_statistics(**p):
    names = ["between_variance", "mean_correlation[ses]", "residual_kurtosis", "max"]
    index = pd.MultiIndex.from_product([["same", "new"], names], names=["mode", "statistic"])
    values = {"observed": 0.0, "mean": -1.0, "p_two_sided": [p.get(name.partition("[")[0], 0.5) for name in names] * 2}
    return pd.DataFrame(values, index)


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ({}, "nothing here speaks against interpreting it"),
        ({"max": 0.01, "residual_kurtosis": 0.002}, "not the shape of the outcome within them"),
        ({"max": 0.01, "between_variance": 0.04}, "does not reproduce how groups differ"),
        ({"mean_correlation": 0.04}, "consider mean(ses) as a level-2 predictor"),
    ],
)
def test_predictive_checks_are_judged_by_what_is_off(p, expected):
    assert expected in predictive_conclusion(of_statistics(**p))


def test_groups_that_are_too_alike_miss_no_level_2_predictor():
    table = of_statistics(between_variance=0.01)
    alike = table.assign(mean=1.0)
    assert "more alike than groups of the model can be" in predictive_conclusion(alike)
    mixed = table.assign(mean=[1.0] * 4 + [-1.0] * 4)
    assert "does not reproduce how groups differ" in predictive_conclusion(mixed)


def test_numbers_that_cannot_be_trusted_are_not_to_be_used(subject):
    good, bad = (changed(subject.loo_groups, bad=pd.DataFrame({"pareto_k": k})) for k in ([], [0.9]))
    assert "hlm.compare()" in loo_conclusion([good])
    assert 'before fit.loo("group", exact=True)' in loo_conclusion([good, bad])


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "p", "p_variance", "expected"),
    [
        (0.01, 3.02, 0.6, 0.5, ["against normal level-1 errors", "against one level-1 variance"]),
        (-0.13, 2.5, 0.001, 0.001, ["not quite normal (skewness -0.13, excess kurtosis -0.50", "variance differs"]),
        (1.4, 6.0, 0.001, 0.5, ["clearly not normal", "against one level-1 variance"]),
        (float("nan"), float("nan"), float("nan"), float("nan"), ["too few rows"]),
    ],
)
def test_errors_are_judged_by_size_and_by_test(subject, skewness, kurtosis, p, p_variance, expected):
    found = subject.level1_residuals
    shape = changed(found.normality, skewness=skewness, kurtosis=kurtosis, p_skewness=p, p_kurtosis=p)
    said = level1_conclusion(changed(found, normality=shape, variance=changed(found.variance, p_exact=p_variance)))
    assert all(part in said for part in expected)
    assert ("variance" in said) == (p_variance == p_variance)


def test_outlying_groups_are_named(subject):
    found = subject.level2_residuals
    assert level2_conclusion(changed(found, distances=found.distances.assign(p_holm=1.0))).startswith("No group")
    p = pd.Series(1.0, found.distances.index)
    p.iloc[3] = 0.01
    said = level2_conclusion(changed(found, distances=found.distances.assign(p_holm=p)))
    assert said.startswith(f"Look at school {found.distances.index[3]} before")


def test_a_group_that_decides_is_named(subject):
    found = subject.influence
    table = found.table.assign(change=0.4)
    assert "No result hangs on a single school" in influence_conclusion(changed(found, table=table))
    table.iloc[0, table.columns.get_loc("change")] = -1.3
    said = influence_conclusion(changed(found, table=table))
    assert said.startswith(f"Report the results with and without school {table.index[0]}:")
    assert "by 1.30" in said
    assert "influence(exact=True)" in influence_conclusion(changed(found, table=table, bad=table.head(2)))


def test_priors_that_matter_are_named(subject):
    found = subject.prior_sensitivity
    assert "no result hangs on them" in prior_conclusion(changed(found, flagged=[]))
    table = found.table.assign(strongest="corr")
    said = prior_conclusion(changed(found, flagged=["tau[u1]", "sigma"], table=table))
    assert said.startswith("The priors matter for tau[u1], sigma: justify the prior of corr,")


def test_a_difference_in_fixed_effects_weighs_more_than_one_in_variances(fit):
    check = fit.cross_check()
    table = check.table.assign(verdict="agrees")
    assert "same conclusions" in cross_check_conclusion(changed(check, agrees=True, table=table))
    assert "more draws" in cross_check_conclusion(changed(check, agrees=False, table=table))
    table.loc[("tau", "u1"), "verdict"] = "differs"
    assert "fixed effects agree" in cross_check_conclusion(changed(check, agrees=False, table=table))
    table.loc[("gamma", "g11"), "verdict"] = "differs"
    assert "Fixed effects differ" in cross_check_conclusion(changed(check, agrees=False, table=table))


RESULTS = ("data", "effects", "variance", "groups", "cross-check")
CHECKS = ("predictive", "left-out", "residuals", "influence", "prior-sensitivity")


def figures_of(subject, places=RESULTS):
    from bayeshlm.display.plots.image import off_screen

    with off_screen():
        return {place: list(draw(subject)) for place, draw in FIGURES if place in places}


@pytest.mark.slow
def test_a_check_is_drawn_when_its_section_has_computed_it(fit):
    subject = Subject(fit._fitted)
    assert not any(figures_of(subject, CHECKS).values())
    for name in ("predictive_check", "loo_groups", "level1_residuals", "level2_residuals", "influence"):
        assert getattr(subject, name) is not None
    assert subject.prior_sensitivity is not None
    found = figures_of(subject, CHECKS)
    assert {place: len(made) for place, made in found.items()} == dict(zip(CHECKS, (1, 1, 2, 1, 1), strict=True))
    assert "school" in found["left-out"][0].caption
    for figure in (figure for made in found.values() for figure in made):
        assert len(figure.alt) > 30
        assert figure.caption.endswith(".")
        assert figure.image.width <= 7.6


@pytest.mark.slow
def test_every_section_has_the_figures_that_the_model_allows(subject):
    import matplotlib.pyplot as plt

    opened = plt.get_fignums()
    found = figures_of(subject)
    assert plt.get_fignums() == opened
    assert {place: len(made) for place, made in found.items()} == {
        "data": 1,
        "effects": 2,
        "variance": 2,
        "groups": 5,
        "cross-check": 1,
    }
    assert "18 of 40 groups" in found["data"][0].caption
    assert "cwc(ses) by sector" in found["effects"][0].caption
    assert "cwc(ses) by meanses" in found["effects"][1].caption
    for figure in (figure for made in found.values() for figure in made):
        assert len(figure.alt) > 30
        assert figure.caption.endswith(".")
        assert figure.image.kind == "image/svg+xml"
        assert figure.image.width <= 7.6


@pytest.mark.slow
def test_a_model_without_slopes_has_neither_interactions_nor_beta_space(fake_draws):
    one_way = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws, draws=100)
    found = figures_of(Subject(one_way._fitted))
    assert {place: len(made) for place, made in found.items()} == {
        "data": 1,
        "effects": 0,
        "variance": 2,
        "groups": 2,
        "cross-check": 1,
    }


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        ("mathach = b0 + r; b0 = g00 + u0", "SD 2.5 sd(y) for the intercept, and half Student t"),
        ("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", "intercept at the means of the predictors, normal with"),
        ("mathach = b1*ses + r; b1 = g10 + u1", "normal around the least-squares fit of mean(y)"),
    ],
)
def test_the_methods_say_the_priors_that_the_model_has(equations, expected, fake_draws):
    fit = fit_of(hlm.Model(equations, hlm.load_dataset("hs"), group="school"), fake_draws, draws=100)
    text = methods_text(Subject(fit._fitted))
    assert expected in text
    assert ("LKJ" in text, "those of slopes" in text) == (False, "u1" in equations)


def test_the_context_of_one_of_several_groupings_is_named_by_it():
    table = of_statistics()
    names = {"mean_correlation[ses]": "mean_correlation[child, year]", "between_variance": "between_variance[child]"}
    nested = table.rename(index=names, level="statistic")
    nested.loc[("new", "mean_correlation[child, year]"), "p_two_sided"] = 0.02
    said = predictive_conclusion(nested)
    assert "their means of year in child in another way" in said
    assert "consider mean(year) as a predictor above level 1" in said
