"""The result of leaving out, and its exact fits, without a sampler where draws can be had without."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design
from exact_posterior import exact_posterior
from fitted_draws import fitted_of
from left_out_data import ward_design

from bayeshlm.checks import loo as loo_module
from bayeshlm.checks.loo import Loo, leave_one_out
from bayeshlm.checks.loo_refits import Refit, refit_without
from bayeshlm.checks.loo_units import units_left_out
from bayeshlm.checks.psis import error_of_sum
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.sampling import nuts
from bayeshlm.sampling.options import sampling_options


@pytest.fixture(scope="module")
def clinic():
    design = clinics_design(INTERCEPT, n_groups=30, size=5, seed=5)
    priors = make_priors(design)
    return design, priors, exact_posterior(design, priors)


@pytest.mark.parametrize("unit", ["row", "group"])
def test_sums_over_units(clinic, unit):
    design, priors, posterior = clinic
    loo = leave_one_out(fitted_of(design, posterior, priors), unit)
    elpd = loo.pointwise["elpd"].to_numpy()
    n = design.n_obs if unit == "row" else design.n_groups
    assert loo.n_units == n == len(elpd)
    assert loo.elpd == pytest.approx(elpd.sum())
    assert loo.se == pytest.approx(np.sqrt(n) * elpd.std(ddof=1))
    assert loo.looic == pytest.approx(-2 * loo.elpd)
    left_out = units_left_out(Draws(posterior, design), unit)
    assert loo.mcse == pytest.approx(error_of_sum(left_out.moved, posterior.sizes["chain"]))
    assert list(loo.table.index) == ["elpd", "p_loo", "looic"]
    assert loo.table.loc["looic", "se"] == pytest.approx(2 * loo.se)
    assert (loo.table.attrs["unit"], loo.table.attrs["n_bad"]) == (unit, 0)
    assert loo.bad.empty
    assert not loo.pointwise["refitted"].any()
    assert 0 < loo.p_loo < 12  # gamma, tau and sigma: 5 parameters


def test_units_carry_their_labels(clinic):
    design, priors, posterior = clinic
    rows = leave_one_out(fitted_of(design, posterior, priors), "row").pointwise
    assert rows["elpd"].dims == ("obs_id",)
    assert rows["clinic"].to_numpy().tolist() == design.group_labels[design.group_codes].tolist()
    groups = leave_one_out(fitted_of(design, posterior, priors), "group").pointwise
    assert groups["clinic"].to_numpy().tolist() == design.group_labels.tolist()


def test_a_level_2_predictor_shows_in_new_groups_more_than_in_known_ones():
    gains = {}
    for unit in ("row", "group"):
        found = []
        for equations in (INTERCEPT, INTERCEPT.replace(" + g01*urban", "")):
            design = clinics_design(equations, n_groups=40, size=10, tau=(0.5, 1.0), seed=5)
            priors = make_priors(design)
            found.append(
                leave_one_out(fitted_of(design, exact_posterior(design, priors), priors), unit).pointwise["elpd"]
            )
        gains[unit] = (found[0] - found[1]).to_numpy()
    new, known = gains["group"], gains["row"]
    assert new.sum() > 2 * np.sqrt(len(new)) * new.std()
    assert known.sum() < new.sum() / 2


def made(pareto_k, limit=0.7, unit="group"):
    n = len(pareto_k)
    dim = "clinic" if unit == "group" else "obs_id"
    columns = {"elpd": -np.arange(1.0, n + 1), "p_loo": np.ones(n), "pareto_k": pareto_k, "mcse": np.full(n, 0.1)}
    variables = {name: (dim, np.asarray(values, dtype=float)) for name, values in columns.items()}
    return Loo(unit, "clinic", xr.Dataset({**variables, "refitted": (dim, np.zeros(n, bool))}), 1000, limit, 0.3)


def test_bad_units_are_those_above_the_threshold_or_unknown():
    loo = made([0.1, 0.9, np.nan, 0.7])
    assert loo.bad.index.tolist() == [1, 2]
    assert np.isnan(loo.mcse)
    assert made([0.1, 0.7]).mcse == 0.3


class Fits:
    """Stands for the fits without a unit: says which rows were left out and answers with the given draws."""

    def __init__(self, posterior, converged=True):
        self.left_out, self.posterior, self.converged = [], posterior, converged

    def __call__(self, fitted, left_out):
        self.left_out.append(np.flatnonzero(left_out).tolist())
        return Refit(self.posterior, Convergence(self.converged, 1.0, 1.0, 1.0, 0, 1, ()))


def with_outlier(n_groups=30):
    """A clinic so far away that no draw given all data knows what the posterior without it looks like."""
    design = clinics_design(INTERCEPT, n_groups=n_groups, size=5, seed=5)
    y = design.y.copy()
    y[design.group_codes == 3] += 60.0
    return design.changed(rows=replace(design.rows, y=y))


@pytest.mark.parametrize("exact", ["auto", True, False])
def test_bad_groups_are_fitted_anew(monkeypatch, exact):
    design = with_outlier()
    priors = make_priors(design)
    clean = clinics_design(INTERCEPT, n_groups=30, size=5, seed=5)
    posterior, other = exact_posterior(design, priors), exact_posterior(clean, make_priors(clean))
    fits = Fits(other, converged=False)
    monkeypatch.setattr("bayeshlm.checks.loo_refits.refit_without", fits)
    loo = leave_one_out(fitted_of(design, posterior, priors), "group", exact)
    if exact is False:
        assert loo.bad.index.tolist() == [3]
        assert fits.left_out == []
        return
    assert fits.left_out == [np.flatnonzero(design.group_codes == 3).tolist()]
    assert loo.bad.empty
    assert loo.pointwise["refitted"].to_numpy().nonzero()[0].tolist() == [3]
    assert loo.pointwise["elpd"].to_numpy()[3] == loo.pointwise["elpd"].min()
    assert loo.notes == ("the fit without clinic 3 has not converged",)


def test_too_many_bad_units_are_not_fitted_unasked(monkeypatch):
    design = with_outlier()
    priors = make_priors(design)
    posterior = exact_posterior(design, priors)
    fits = Fits(posterior)
    monkeypatch.setattr("bayeshlm.checks.loo_refits.refit_without", fits)
    monkeypatch.setattr(loo_module, "MOST_REFITS", 0)
    loo = leave_one_out(fitted_of(design, posterior, priors), "group")
    assert fits.left_out == []
    assert len(loo.bad) == 1
    assert "exact=True fits each" in loo.notes[0]


def test_a_fit_without_a_group_keeps_priors_and_constants(monkeypatch):
    design = ward_design("three", n_groups=12)
    priors = make_priors(design)
    seen = {}

    def run(design, priors, options, busy_ms):
        seen.update(design=design, priors=priors, options=options)
        shape = (2, 4)
        rng = np.random.default_rng(0)
        variables = {
            "gamma": (("chain", "draw", "fixed"), rng.normal(size=(*shape, 3))),
            "tau": (("chain", "draw", "random"), rng.uniform(size=(*shape, 3))),
            "sigma": (("chain", "draw"), rng.uniform(size=shape)),
            "corr": (("chain", "draw", "random", "random_"), np.tile(np.eye(3), (*shape, 1, 1))),
        }
        stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, bool))})
        return nuts.RawDraws(xr.Dataset(variables), stats, 0.0, 0.0)

    monkeypatch.setattr(nuts, "run_nuts", run)
    options = sampling_options(4, 5, 2, seed=7, sampler="pymc", parameterization="noncentered", target_accept=0.8)
    fitted = fitted_of(design, xr.Dataset(), priors, options)
    left_out = design.group_codes == 2
    refit = refit_without(fitted, left_out)
    assert not refit.convergence.converged
    options = seen["options"]
    assert (options.draws, options.tune, options.chains, options.sampler) == (4, 5, 2, "pymc")
    assert (options.parameterization, options.target_accept) == ("marginal", 0.8)
    assert seen["priors"] is priors
    np.testing.assert_array_equal(seen["design"].X, design.X[~left_out])
    first = options.seed
    refit_without(fitted, design.group_codes == 3)
    assert seen["options"].seed != first


def test_what_cannot_be_asked(clinic):
    design, priors, posterior = clinic
    with pytest.raises(OptionError, match=r'"row".*or "group".*not .school.'):
        leave_one_out(fitted_of(design, posterior, priors), "school")
    with pytest.raises(OptionError, match="exact must be"):
        leave_one_out(fitted_of(design, posterior, priors), "group", "yes")
    with pytest.raises(OptionError, match="40 draws are too few"):
        leave_one_out(fitted_of(design, posterior.isel(draw=slice(10)), priors))


def test_two_random_effects(clinic):
    design = clinics_design(SLOPE, n_groups=30, size=5, seed=5)
    posterior = exact_posterior(design, make_priors(design))
    loo = leave_one_out(fitted_of(design, posterior), "row")
    assert isinstance(loo.bad, pd.DataFrame)
    assert loo.pointwise["pareto_k"].max() < 0.7
