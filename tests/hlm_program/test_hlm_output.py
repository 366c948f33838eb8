import time

import hlm_samples
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.hlm_program.hlm_tables import Printed

NULL = "mathach = b0 + r; b0 = g00 + u0"
MEANS = "mathach = b0 + r; b0 = g00 + g01*meanses + u0"
SLOPES = (
    "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*sector + g02*meanses + u0; b1 = g10 + g11*sector + g12*meanses + u1"
)
# Tables pasted from a browser: every cell on a line of its own
NULL_CELLS = hlm_samples.NULL_NEW.replace("\t", "\n").replace(", ", ",\n")
LAYOUTS = {"old": hlm_samples.NULL_OLD, "new": hlm_samples.NULL_NEW, "cells": NULL_CELLS}


def compared(text, equations, method="REML", **options):
    model = hlm.Model(equations, hlm.load_dataset("hsb"), group="school")
    return hlm.compare_hlm_output(text, model.reml() if method == "REML" else model.ml(), **options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_null_model_is_read_from_every_layout(layout):
    output = hlm.parse_hlm_output(LAYOUTS[layout])
    assert (output.sigma2, output.tau, output.tau_labels) == (39.14831, ((8.61431,),), ("INTRCPT1",))
    assert (output.reliability, output.reliability_labels) == ((0.901,), ("INTRCPT1",))
    assert (output.deviance, output.n_parameters) == (47116.793477, 2)
    (effect,) = output.fixed
    assert (effect.coefficient, effect.term, effect.symbol) == ("INTRCPT1", "INTRCPT2", "G00")
    assert (effect.estimate, effect.se, effect.t, effect.df) == (12.636972, 0.244412, 51.704, 159)
    assert effect.p == (0.001 if layout != "old" else 0)
    assert [row.se for row in output.robust] == [0.243628]
    school, level1 = output.components
    assert (school.symbol, school.sd, school.variance, school.df, school.chi2) == (
        "U0",
        2.93501,
        8.61431,
        159,
        1660.23259,
    )
    assert (level1.symbol, level1.variance, level1.chi2) == ("R", 39.14831, None)


def test_outcome_and_method_are_read():
    output = hlm.parse_hlm_output(hlm_samples.NULL_OLD)
    assert (output.outcome, output.method, output.tau_correlations) == ("MATHACH", "REML", ((1.0,),))


def test_slopes_as_outcomes_are_read():
    output = hlm.parse_hlm_output(hlm_samples.SLOPES_OLD)
    assert output.tau == ((2.37996, 0.19058), (0.19058, 0.14892))
    assert output.tau_correlations == ((1, 0.32), (0.32, 1))
    assert (output.tau_labels, output.reliability) == (("INTRCPT1", "SES"), (0.733, 0.073))
    fixed = output.fixed_effects()
    assert list(fixed.index) == ["G00", "G01", "G02", "G10", "G11", "G12"]
    assert list(fixed["coefficient"]) == ["INTRCPT1"] * 3 + ["SES"] * 3
    assert list(fixed["term"]) == ["INTRCPT2", "SECTOR", "MEANSES"] * 2
    assert list(fixed["estimate"]) == [12.096006, 1.226384, 5.333056, 2.937981, -1.640954, 1.034427]
    assert output.fixed_effects(robust=True).loc["G12", "se"] == 0.332785
    components = output.variance_components()
    assert list(components["name"]) == ["INTRCPT1", "SES", "level-1"]
    assert components.loc["U1", ["variance", "df", "chi2", "p"]].tolist() == [0.14892, 157, 162.30867, 0.369]


def test_a_lower_triangle_of_tau_is_filled():
    text = "Tau\n INTRCPT1,B0  2.37996\n SES,B1  0.19058  0.14892\n"
    assert hlm.parse_hlm_output(text).tau == ((2.37996, 0.19058), (0.19058, 0.14892))


def test_reliabilities_are_read_as_version_7_00_prints_them():
    text = "tau\n INTRCPT1,B0  0.37069 \n SES,B1  0.1  0.2\n" + hlm_samples.RELIABILITY_7_00
    output = hlm.parse_hlm_output(text)
    assert (output.reliability_labels, output.reliability) == (("INTRCPT1", "SES"), (0.866, 0.073))
    assert output.tau == ((0.37069, 0.1), (0.1, 0.2))


def test_a_part_of_the_output_is_enough():
    table = hlm_samples.NULL_NEW[hlm_samples.NULL_NEW.index("Final estimation of variance") :]
    output = hlm.parse_hlm_output(table)
    assert (output.sigma2, output.fixed, output.tau) == (39.14831, (), ())


@pytest.mark.parametrize("text", ["", "Dear colleague, the deviance is small.", "Coefficients: 1.2 3.4"])
def test_other_text_is_an_error_that_says_what_was_looked_for(text):
    with pytest.raises(hlm.DataError, match=r"Sigma_squared =.*Final estimation of fixed effects"):
        hlm.parse_hlm_output(text)


def test_what_is_no_text_is_an_error():
    with pytest.raises(hlm.DataError, match="must be text, not bytes"):
        hlm.parse_hlm_output(b"Sigma_squared = 39.1")


@pytest.mark.parametrize(("text", "half"), [("39.14831", 5e-6), ("<0.001", 5e-4), ("-2.355840E+004", 5e-3), ("2", 0.5)])
def test_a_printed_number_knows_its_digits(text, half):
    assert Printed(text).half_unit == pytest.approx(half)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_null_model_is_what_reml_finds(layout):
    table = compared(LAYOUTS[layout], NULL)
    assert (table["relative_difference"].abs() < 5e-4).all()
    assert table.loc[("tau", "INTRCPT1"), "relative_difference"] == pytest.approx(-3.3e-5, abs=1e-6)
    agreeing = table.index[table["within_rounding"].astype(bool)]
    assert {("robust se", "INTRCPT1, INTRCPT2"), ("reliability", "INTRCPT1"), ("parameters", "")} <= set(agreeing)


def test_means_as_outcomes_agree_in_every_printed_digit():
    table = compared(hlm_samples.MEANS_AS_OUTCOMES, MEANS)
    assert len(table) == 13
    assert table["within_rounding"].all()
    assert table.loc[("coefficient", "INTRCPT1, MEANSES"), "symbol"] == "g01"


def test_slopes_as_outcomes_are_matched_by_name():
    table = compared(hlm_samples.SLOPES_OLD, SLOPES)
    assert list(table.loc["coefficient", "symbol"]) == ["g00", "g01", "g02", "g10", "g11", "g12"]
    assert (table.loc["coefficient", "relative_difference"].abs() < 5e-3).all()
    assert (table.loc["robust se", "relative_difference"].abs() < 1e-3).all()
    assert table.loc[("tau", "INTRCPT1, SES"), "symbol"] == "u0,u1"
    assert table.loc[("chi2 df", "SES"), "estimate"] == 157
    # lme4 and SAS find .101 for the slope's variance, too
    assert table.loc[("tau", "SES"), "relative_difference"] == pytest.approx(-0.32, abs=0.005)


def test_effects_that_the_model_lacks_stay_open():
    table = compared(hlm_samples.SLOPES_OLD, NULL)
    row = table.loc[("coefficient", "SES, SECTOR")]
    assert row["symbol"] == ""
    assert row["within_rounding"] is None


def test_names_say_what_stands_for_what():
    text = hlm_samples.MEANS_AS_OUTCOMES.replace("MEANSES", "SCHSES")
    assert compared(text, MEANS).loc[("coefficient", "INTRCPT1, SCHSES"), "symbol"] == ""
    table = compared(text, MEANS, names={"schses": "meanses"})
    assert table.loc[("coefficient", "INTRCPT1, SCHSES"), "symbol"] == "g01"


def test_a_group_mean_is_known_by_its_usual_names():
    text = hlm_samples.MEANS_AS_OUTCOMES.replace("MEANSES", "SES_MEAN")
    table = compared(text, MEANS.replace("meanses", "mean(ses)"))
    assert table.loc[("coefficient", "INTRCPT1, SES_MEAN"), "symbol"] == "g01"


def test_text_and_what_was_read_from_it_give_one_table():
    reml = hlm.open_model("hsb-one-way-anova").reml()
    text = hlm_samples.NULL_OLD
    pd.testing.assert_frame_equal(
        hlm.compare_hlm_output(text, reml), hlm.compare_hlm_output(hlm.parse_hlm_output(text), reml)
    )


def test_a_design_is_no_fit():
    model = hlm.open_model("hsb-one-way-anova")
    with pytest.raises(hlm.OptionError, match=r"with a fit of model.reml\(\) or model.ml\(\), not Design"):
        hlm.compare_hlm_output(hlm_samples.NULL_OLD, model.design)


def test_the_method_of_estimation_must_be_the_same():
    with pytest.raises(hlm.OptionError, match=r"HLM's REML, the fit is ML: compare with model.reml\(\)"):
        compared(hlm_samples.NULL_OLD, NULL, method="ML")


@pytest.mark.parametrize("text", ["Tau " * 5000, "Final estimation of" + " " * 20_000 + "fixed", "errors of " * 9000])
def test_texts_without_a_number_are_refused_in_no_time(text):
    """The time grew with the square of the length, and worse: minutes for 80 kB."""
    start = time.process_time()
    with pytest.raises(hlm.DataError, match="no output of HLM"):
        hlm.parse_hlm_output(text)
    assert time.process_time() - start < 5


def test_bytes_that_were_no_text_are_no_error_of_codecs():
    output = hlm.parse_hlm_output(hlm_samples.NULL_OLD.replace("INTRCPT1", "INTR\udcaePT1"))
    assert str(output.variance_components())
