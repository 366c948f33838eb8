import numpy as np
import pandas as pd
import pytest
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design
from exact_posterior import GOOD, exact_posterior, normal_posterior

from bayeshlm.checks.cross_check import cross_check
from bayeshlm.checks.reml_components import components, held_correlations
from bayeshlm.faces.gallery import open_model
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_families import HalfNormal, Normal
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.convergence import Convergence, assess_convergence
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.fixed_value import held_component


def check(design, posterior, priors=None, convergence=GOOD):
    return cross_check(Draws(posterior, design), make_priors(design, priors), fit_reml(design), convergence)


def causes(checked, component, effect=""):
    return checked.table.loc[(component, effect), "causes"].split(", ")


@pytest.mark.parametrize("equations", [INTERCEPT, SLOPE])
def test_the_exact_posterior_of_good_data_agrees(equations):
    design = clinics_design(equations, n_groups=150, size=10)
    posterior = exact_posterior(design, make_priors(design))
    assert posterior.attrs["efficiency"] > 1000
    checked = check(design, posterior)
    assert checked.agrees, checked.reasons
    assert checked.reasons == ()
    assert set(checked.table["verdict"]) == {"agrees"}
    assert set(checked.table["causes"]) == {""}
    assert f"agree: all {len(checked.table)} rows" in checked.verdict


def test_the_table_has_posterior_and_reml_side_by_side():
    design = clinics_design(SLOPE)
    reml, posterior = fit_reml(design), normal_posterior(design)
    table = check(design, posterior).table
    assert list(table.index) == [
        *(("gamma", label) for label in ("g00", "g01", "g10")),
        *(("tau", label) for label in ("u0", "u1")),
        ("corr", "u0,u1"),
        ("sigma", ""),
        ("icc", ""),
        *(("beta", f"{label}, {row}") for label in ("b0", "b1") for row in ("largest", "root mean square")),
    ]
    np.testing.assert_allclose(table.loc["gamma", "estimate"], reml.gamma)
    np.testing.assert_allclose(table.loc["gamma", "se"], reml.se)
    np.testing.assert_allclose(table.loc["tau", "mean"], posterior["tau"].mean(("chain", "draw")))
    row = table.loc[("gamma", "g01")]
    assert row["difference"] == pytest.approx((row["mean"] - row["estimate"]) / row["se"])
    assert row["difference_mcse"] == pytest.approx(1 / np.sqrt(4000), rel=0.1)
    assert row["unit"] == "REML se"


def test_every_group_is_compared_with_its_empirical_bayes_estimate():
    design = clinics_design(SLOPE)
    reml, posterior = fit_reml(design), normal_posterior(design)
    (eb,) = empirical_bayes(reml)
    posterior["beta"][:, :, 7, 1] += 3 * eb.sd[7, 1]
    checked = check(design, posterior)
    row = checked.groups.loc[(7, "b1")]
    assert row["estimate"] == pytest.approx(reml.gamma[2] + eb.u[7, 1])
    assert row["difference"] == pytest.approx((row["mean"] - row["estimate"]) / eb.sd[7, 1])
    assert row["verdict"] == "differs"
    assert (checked.groups["verdict"] == "differs").sum() == 1
    largest = checked.table.loc[("beta", "b1, largest")]
    assert largest["group"] == 7
    assert largest["causes"] == "unexplained"  # not those of another row
    assert largest["difference"] == row["difference"]
    part = checked.groups.xs("b1", level="coefficient")
    spread = checked.table.loc[("beta", "b1, root mean square")]
    assert spread["difference"] == pytest.approx(np.sqrt(np.mean(part["difference"] ** 2)))
    assert checked.table.loc[("beta", "b0, largest"), "verdict"] == "agrees"
    assert "b1, largest (7), differs" in checked.reasons[0]


def test_a_shift_that_nothing_explains_is_said_to_be_unexplained():
    design = clinics_design()
    shift = np.array([0.0, 0.0, 1.0]) * fit_reml(design).se
    checked = check(design, normal_posterior(design, shift=shift))
    assert not checked.agrees
    assert causes(checked, "gamma", "g10") == ["unexplained"]
    assert list(checked.table.index[checked.table["verdict"] != "agrees"]) == [("gamma", "g10")]
    assert "differ in 1 of 8 rows" in checked.verdict


@pytest.mark.parametrize("tightness", [0.7, 0.02], ids=["near", "out of reach"])
@pytest.mark.parametrize("symbol", ["g01", "g10"])
def test_a_wrong_prior_is_named_for_its_own_parameter(symbol, tightness):
    design = clinics_design()
    reml = fit_reml(design)
    k = design.fixed_labels.index(symbol)
    center, sd = reml.gamma[k] - 3 * reml.se[k], tightness * reml.se[k]
    posterior = normal_posterior(design, np.where(np.arange(3) == k, sd**-2, 0.0), center)
    checked = check(design, posterior, {symbol: Normal(center, sd)})
    assert causes(checked, "gamma", symbol) == [f"prior {symbol}"]
    named = {name for text in checked.table["causes"] for name in text.split(", ") if name.startswith("prior")}
    assert named == {f"prior {symbol}"}
    assert checked.table.loc[("sigma", ""), "verdict"] == "agrees"
    blameless = check(design, posterior)
    assert causes(blameless, "gamma", symbol) == ["unexplained"]


@pytest.mark.parametrize("scale", [0.3, 0.02], ids=["near", "out of reach"])
def test_a_wrong_prior_of_tau_is_named(scale):
    design = clinics_design()
    prior = {"tau_u0": HalfNormal(scale)}
    if scale == 0.3:
        posterior = exact_posterior(design, make_priors(design, prior), tau_wide=3.0)
        assert posterior.attrs["efficiency"] > 1000
    else:
        posterior = normal_posterior(design, tau=([0.1], [0.02]))
    checked = check(design, posterior, prior)
    assert causes(checked, "tau", "u0") == ["prior tau_u0"]
    assert causes(checked, "icc")[0] in ("prior tau_u0", "follows")
    assert set(checked.table.loc["gamma", "causes"]) == {""}


def test_a_singular_fit_names_the_boundary():
    design = clinics_design(tau=(0.0, 0.0))
    reml = fit_reml(design)
    assert reml.singular
    checked = check(design, exact_posterior(design, make_priors(design)))
    row = checked.table.loc[("tau", "u0")]
    assert row["estimate"] == 0
    assert row["unit"] == "posterior sd"
    assert row["verdict"] == "differs"
    assert "boundary" in causes(checked, "tau", "u0")
    assert "the variance of u0 is 0" in row["reason"]
    assert "boundary" in causes(checked, "icc")
    assert np.isfinite(checked.table["difference"]).all()
    assert set(checked.table.loc["gamma", "verdict"]) == {"agrees"}


def test_a_correlation_that_reml_does_not_have_is_not_compared():
    design = clinics_design(SLOPE, tau=(1.0, 0.0))
    checked = check(design, exact_posterior(design, make_priors(design)))
    row = checked.table.loc[("corr", "u0,u1")]
    assert row["verdict"] == "no estimate"
    assert np.isnan(row["difference"])
    assert causes(checked, "tau", "u1")[0] == "boundary"
    assert any(
        reason.startswith("corr[u0,u1], no estimate: REML has none (the variance of u1") for reason in checked.reasons
    )
    assert f"of {len(checked.table) - 1} rows" in checked.verdict


def test_correlations_on_their_boundary_are_held_at_their_posterior_means():
    design = open_model("hsb-intercepts-and-slopes-as-outcomes").design
    reml = fit_reml(design)
    rows = components(reml, design)
    means = np.array([0.5 if row.component == "corr" else row.estimate for row in rows])
    found = held_correlations(reml, rows, means)
    assert list(found) == ["u0", "u1"]
    (held,) = found["u1"]
    assert (held.effects, held.estimate, held.value) == ("u0,u1", pytest.approx(1), 0.5)
    assert held.tau == held_component(reml, "corr", (0, 1)).taus(0.5)[1]


def test_correlations_that_reml_does_not_have_are_not_held():
    design = clinics_design(SLOPE, tau=(1.0, 0.0))
    rows = components(fit_reml(design), design)
    assert held_correlations(fit_reml(design), rows, np.zeros(len(rows))) == {}


def test_few_groups_make_the_posterior_of_tau_skewed():
    design = clinics_design(n_groups=8, tau=(1.5, 0.0))
    flat = {"tau_u0": HalfNormal(100)}
    posterior = exact_posterior(design, make_priors(design, flat), tau_wide=4.0)
    assert posterior.attrs["efficiency"] > 1000
    checked = check(design, posterior, flat)
    assert checked.table.loc[("tau", "u0"), "difference"] > 0.25
    assert causes(checked, "tau", "u0") == ["skew"]


def test_forty_draws_are_too_few():
    design = clinics_design()
    posterior = normal_posterior(design, draws=10)
    diverging = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((4, 10), dtype=bool))})
    convergence = assess_convergence(Draws(posterior, design), diverging)
    assert not convergence.converged
    checked = check(design, posterior, convergence=convergence)
    assert not checked.agrees
    undecided = checked.table[checked.table["verdict"] == "undecided"]
    assert len(undecided) >= 4
    assert set(undecided["causes"]) == {"too few draws"}
    assert any("take about" in reason for reason in checked.reasons)
    assert checked.reasons[-1] == convergence.reasons[-1]


def test_three_draws_give_no_monte_carlo_error():
    design = clinics_design()
    checked = check(design, normal_posterior(design, draws=3))
    assert set(checked.table["verdict"]) == {"undecided"}
    assert "no Monte Carlo error" in checked.reasons[0]


def test_chains_that_have_not_converged_do_not_agree():
    design = clinics_design(n_groups=150)
    bad = Convergence(False, 90.0, 90.0, 1.2, 0, 4000, ("R-hat of g00 is 1.200.",))
    checked = check(design, normal_posterior(design), convergence=bad)
    assert set(checked.table["verdict"]) == {"agrees"}
    assert not checked.agrees
    assert "has not converged" in checked.verdict
    assert checked.reasons == bad.reasons
    shifted = check(design, normal_posterior(design, shift=1.0), convergence=bad)
    assert causes(shifted, "gamma", "g10") == ["not converged"]


def test_the_icc_follows_tau_where_no_cause_of_its_own_is_found():
    design = clinics_design()
    reml = fit_reml(design)
    checked = check(design, normal_posterior(design, tau=(1.5 * reml.tau, [0.1])))
    assert causes(checked, "tau", "u0") == ["unexplained"]
    assert causes(checked, "icc") == ["follows"]
    assert "tau[u0]" in checked.table.loc[("icc", ""), "reason"]


def test_group_labels_keep_their_type():
    design = clinics_design(SLOPE)
    checked = check(design, normal_posterior(design))
    assert isinstance(checked.groups.index, pd.MultiIndex)
    assert checked.groups.index.names == ["clinic", "coefficient"]
    group = checked.table.loc[("beta", "b0, largest"), "group"]
    assert group in design.group_labels
    assert isinstance(group, int | np.integer)


@pytest.mark.slow
def test_slopes_as_outcomes_differ_from_reml_only_where_the_slopes_barely_vary():
    design = open_model("hsb-slopes-as-outcomes-full").design
    checked = check(design, exact_posterior(design, make_priors(design)))
    assert causes(checked, "corr", "u0,u1")[0] == "boundary"
    assert {"boundary", "prior corr"} <= set(causes(checked, "corr", "u0,u1")) <= {"boundary", "prior corr", "skew"}
    assert checked.table.loc[("tau", "u1"), "unit"] == "posterior sd"
    differing = checked.table.index[checked.table["verdict"] == "differs"]
    assert set(differing) <= {("corr", "u0,u1"), ("beta", "b1, largest")}


@pytest.mark.slow
def test_a_tau_that_reml_estimates_with_a_correlation_of_one_names_that_boundary():
    design = open_model("hsb-intercepts-and-slopes-as-outcomes").design
    checked = check(design, exact_posterior(design, make_priors(design)))
    row = checked.table.loc[("tau", "u1")]
    assert row["verdict"] == "differs"
    assert causes(checked, "tau", "u1") == ["boundary"]
    assert "held at its posterior mean" in row["reason"]
    assert not any("neither" in reason for reason in checked.reasons)
