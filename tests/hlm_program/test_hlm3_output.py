"""Output of HLM3 and HCM2: read from every layout, and beside fits whose numbers lme4 found, too."""

from functools import cache

import hlm3_samples
import pytest

import bayeshlm as hlm

TEXTS = {
    "growth-child-and-school": hlm3_samples.GROWTH_OLD,
    "growth-unconditional": hlm3_samples.GROWTH_NEW,
    "attainment-null": hlm3_samples.ATTAINMENT_OLD,
    "attainment-verbal": hlm3_samples.ATTAINMENT_NEW,
}
# Tables pasted from a browser: every cell on a line of its own
CELLS = hlm3_samples.GROWTH_NEW.replace("\t", "\n").replace(",", ",\n")
OPEN = ["chi2", "chi2 df", "reliability"]


@cache
def ml(name):
    return hlm.open_model(name).ml()


def test_fixed_effects_of_three_levels_have_a_variable_of_each():
    table = hlm.parse_hlm_output(hlm3_samples.GROWTH_OLD).fixed_effects()
    assert list(table.index) == ["G000", "G001", "G010", "G020", "G100", "G101", "G110"]
    assert list(table["coefficient"]) == ["INTRCPT1"] * 4 + ["YEAR"] * 3
    assert list(table["level2"]) == ["INTRCPT2", "INTRCPT2", "LUNCH", "FEMALE", "INTRCPT2", "INTRCPT2", "LUNCH"]
    assert list(table["term"]) == ["INTRCPT3", "POVERTY", *["INTRCPT3"] * 3, "POVERTY", "INTRCPT3"]
    assert table.loc["G101", ["estimate", "se", "t", "df"]].tolist() == [-0.001599, 0.00082, -1.95, 46]


def test_variance_components_of_three_levels():
    output = hlm.parse_hlm_output(hlm3_samples.GROWTH_OLD)
    table = output.variance_components()
    assert list(table.index) == ["R0", "R1", "E", "U00", "U10"]
    assert list(table["name"]) == ["INTRCPT1", "YEAR", "level-1", "INTRCPT1/INTRCPT2", "YEAR/INTRCPT2"]
    assert table.loc["U10", ["sd", "variance", "df", "chi2"]].tolist() == [0.11354, 0.01289, 46, 264.7123]
    assert [row.grouping for row in output.components] == [0, 0, 0, 1, 1]
    assert (output.n_groups, output.method, output.n_parameters) == ((600, 48), "ML", 14)


@pytest.mark.parametrize("text", [hlm3_samples.GROWTH_NEW, CELLS], ids=["new", "cells"])
def test_matrices_and_reliabilities_of_both_levels(text):
    output = hlm.parse_hlm_output(text)
    assert output.tau == ((0.57325, 0.03746), (0.03746, 0.01212))
    assert output.tau_correlations == ((1, 0.449), (0.449, 1))
    assert (output.tau_labels, output.reliability) == (("INTRCPT1", "YEAR"), (0.861, 0.312))
    assert output.second.covariances == ((0.18066, 0.02517), (0.02517, 0.01452))
    assert output.second.correlations == ((1, 0.492), (0.492, 1))
    assert output.second.labels == output.second.reliability_labels == ("INTRCPT1/INTRCPT2", "YEAR/INTRCPT2")
    assert output.second.reliability == (0.812, 0.823)
    assert (output.sigma2, output.deviance, len(output.fixed), len(output.components)) == (0.30675, 6447.033444, 2, 5)


@pytest.mark.parametrize("name", TEXTS)
def test_layout_does_not_matter(name):
    assert hlm.parse_hlm_output(" ".join(TEXTS[name].split())) == hlm.parse_hlm_output(TEXTS[name])


def test_starting_values_and_standard_errors_are_skipped():
    text = hlm3_samples.GROWTH_OLD
    start = text[: text.index(" Sigma_squared")]
    output = hlm.parse_hlm_output(start + "Deviance = 1.0")
    assert (output.tau, output.second.covariances, output.sigma2) == ((), (), None)


def test_rows_and_columns_of_a_crossed_model():
    output = hlm.parse_hlm_output(hlm3_samples.ATTAINMENT_OLD)
    (effect,) = output.fixed
    assert (effect.symbol, effect.coefficient, effect.level2, effect.term) == ("THETA0", "INTRCPT1", "", "INTERCEPT")
    assert [(row.symbol, row.name, row.grouping) for row in output.components] == [
        ("B00", "INTRCPT1/ICPTROW", 0),
        ("E", "level-1", 0),
        ("C00", "INTRCPT1/ICPTCOL", 1),
    ]
    assert (output.tau, output.second.covariances, output.n_groups) == (((0.2433,),), ((0.32073,),), (72, 15))


@pytest.mark.parametrize("name", TEXTS)
def test_the_fit_agrees_in_every_printed_digit(name):
    table = hlm.compare_hlm_output(TEXTS[name], ml(name))
    assert (table["symbol"] != "").sum() == len(table) - 2  # deviance and parameters have none
    is_open = table.index.get_level_values("quantity").isin(OPEN)
    assert table.loc[~is_open, "within_rounding"].all()
    assert table.loc[is_open, "estimate"].isna().all()


def test_every_component_of_the_model_is_compared():
    table = hlm.compare_hlm_output(hlm3_samples.GROWTH_OLD, ml("growth-child-and-school"))
    assert set(table.loc["coefficient", "symbol"]) == set(ml("growth-child-and-school").gamma.index)
    assert list(table.loc["variance", "symbol"]) == ["r0", "r1", "u00", "u10"]
    assert table.loc[("tau", "INTRCPT1/INTRCPT2, YEAR/INTRCPT2"), "symbol"] == "u00,u10"


def test_a_wrong_digit_is_seen():
    text = hlm3_samples.GROWTH_OLD.replace("0.01289", "0.01389")
    table = hlm.compare_hlm_output(text, ml("growth-child-and-school"))
    assert list(table.index[table["within_rounding"].eq(False)]) == [
        ("tau", "YEAR/INTRCPT2"),
        ("variance", "YEAR/INTRCPT2"),
    ]


def test_rows_are_known_by_their_number_or_by_name():
    """HLM's user had secondary schools in rows."""
    text = hlm3_samples.ATTAINMENT_OLD
    turned = text.replace("row units = 72", "row units = 15").replace("column units = 15", "column units = 72")
    table = hlm.compare_hlm_output(turned, ml("attainment-null"))
    assert table.loc[("variance", "INTRCPT1/ICPTROW"), "symbol"] == "v0"
    assert not table.loc[("variance", "INTRCPT1/ICPTROW"), "within_rounding"]
    named = hlm.compare_hlm_output(turned, ml("attainment-null"), names={"ROW": "primary"})
    assert named.loc[("variance", "INTRCPT1/ICPTROW"), "symbol"] == "u0"
    other = hlm.compare_hlm_output(text, ml("attainment-null"), names={"Column": "primary"})
    assert other.loc[("variance", "INTRCPT1/ICPTCOL"), "symbol"] == "u0"
    with pytest.raises(hlm.OptionError, match="'primary', 'secondary'"):
        hlm.compare_hlm_output(text, ml("attainment-null"), names={"ROW": "ward"})


def test_effects_that_the_model_lacks_stay_open():
    table = hlm.compare_hlm_output(hlm3_samples.GROWTH_OLD, hlm.open_model("growth-random-intercepts").ml())
    lacking = table.index[table["symbol"].eq("") & table["within_rounding"].isna()]
    assert ("coefficient", "YEAR, LUNCH, INTRCPT3") in lacking
    assert ("variance", "YEAR/INTRCPT2") in lacking
    assert ("tau", "YEAR") in lacking
    assert table.loc[("coefficient", "YEAR, INTRCPT2, INTRCPT3"), "symbol"] == "g100"


def test_names_say_what_stands_for_what():
    text = hlm3_samples.GROWTH_OLD.replace("POVERTY", "LOWINC")
    assert (
        hlm.compare_hlm_output(text, ml("growth-child-and-school")).loc[
            ("coefficient", "INTRCPT1, INTRCPT2, LOWINC"), "symbol"
        ]
        == ""
    )
    table = hlm.compare_hlm_output(text, ml("growth-child-and-school"), names={"LOWINC": "poverty"})
    assert table.loc[("coefficient", "INTRCPT1, INTRCPT2, LOWINC"), "symbol"] == "g001"


def test_three_levels_are_no_two_levels():
    """Of a two-level fit nothing but the residual variance is HLM3's."""
    model = hlm.Model("math = b0 + b1*year + r; b0 = g00 + u0; b1 = g10 + u1", hlm.load_dataset("growth"), "child")
    table = hlm.compare_hlm_output(hlm3_samples.GROWTH_OLD, model.ml())
    assert set(table.loc["coefficient", "symbol"]) == {""}
    assert table.loc[("variance", "YEAR/INTRCPT2"), "symbol"] == ""


def test_the_method_of_estimation_must_be_the_same():
    with pytest.raises(hlm.OptionError, match=r"HLM's ML, the fit is REML: compare with model.ml\(\)"):
        hlm.compare_hlm_output(hlm3_samples.GROWTH_OLD, hlm.open_model("growth-child-and-school").reml())


def test_two_levels_in_the_letters_of_three_are_two_levels():
    """HLM2 6.02 prints P0, B00 and R0."""
    text = "Final estimation of fixed effects\nFor INTRCPT1, P0\n INTRCPT2, B00  12.0 0.2 60.0 157 0.000\n"
    (effect,) = hlm.parse_hlm_output(text).fixed
    assert (effect.coefficient, effect.level2, effect.term, effect.symbol) == ("INTRCPT1", "", "INTRCPT2", "B00")
