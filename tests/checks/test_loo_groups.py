"""Leaving a whole group out: the marginal likelihood, and leave-out densities against posteriors without the group."""

import numpy as np
import pytest
from clinics_data import INTERCEPT, SLOPE, clinics_design
from exact_posterior import exact_posterior
from left_out_data import MODELS, draws_around, moments_of_group, ward_design
from scipy.integrate import quad
from scipy.stats import chi2, multivariate_normal, norm

from bayeshlm.checks.loo_units import units_left_out
from bayeshlm.checks.psis import error_of_sum, refitted
from bayeshlm.design.subset import without_rows
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors


def test_the_marginal_likelihood_by_quadrature():
    design = ward_design("intercept")
    posterior = draws_around(design, 4)
    likelihood, draws = likelihood_of(design), Draws(posterior, design)
    given = likelihood.group_effects(draws)
    tau, sigma = given.chol[:, 0, 0], given.sigma
    for group in range(design.n_groups):
        rows = np.flatnonzero(design.group_codes == group)
        (found,) = likelihood.pointwise(draws, "group", np.array([group]))
        for draw in range(1, 4):
            e = (design.y - design.X @ given.gamma[draw])[rows]

            def joint(u, e=e, draw=draw):
                return norm.pdf(u, 0, tau[draw]) * norm.pdf(e, u, sigma[draw]).prod()

            peak = e.sum() / (len(e) + (sigma[draw] / tau[draw]) ** 2)
            width = 12 * sigma[draw] / np.sqrt(len(e) + (sigma[draw] / tau[draw]) ** 2)
            value, _ = quad(joint, peak - width, peak + width, epsabs=0, epsrel=1e-11)
            assert found[draw] == pytest.approx(np.log(value), rel=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_the_marginal_likelihood_is_the_dense_normal(name):
    design = ward_design(name)
    posterior = draws_around(design)
    for group in range(design.n_groups):
        (found,) = likelihood_of(design).pointwise(Draws(posterior, design), "group", np.array([group]))
        for draw in range(6):
            mean, V, rows = moments_of_group(design, posterior, draw, group)
            assert found[draw] == pytest.approx(multivariate_normal.logpdf(design.y[rows], mean, V), rel=1e-9)


def share(posterior):
    """Efficiency of 4,000 draws that were resampled, with repeats, from weighted ones."""
    return posterior.attrs["efficiency"] / (posterior.attrs["efficiency"] + 4000)


@pytest.mark.parametrize("equations", [INTERCEPT, SLOPE])
def test_importance_weights_agree_with_the_posterior_without_the_group(equations):
    design = clinics_design(equations, n_groups=25, size=6, seed=5)
    priors = make_priors(design)
    whole = exact_posterior(design, priors)
    left_out = units_left_out(Draws(whole, design), "group")
    assert left_out.pareto_k.max() < 0.7
    for group in (0, 7, 19):
        rest = without_rows(design, design.group_codes == group)
        posterior = exact_posterior(rest, priors, seed=group + 2)
        efficiency = share(posterior)
        (densities,) = likelihood_of(design).pointwise(Draws(posterior, design), "group", np.array([group]))
        elpd, _, mcse = refitted(densities, densities, efficiency)
        error = np.hypot(mcse, left_out.mcse[group] / np.sqrt(share(whole)))
        assert left_out.elpd[group] == pytest.approx(elpd, abs=4 * error)
        assert error < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["row", "group"])
def test_the_error_stated_for_the_sum_is_that_over_seeds(unit):
    """40 posteriors of the same data: the summed elpd's variance over them against the error that each states.

    Draws resampled from weighted ones have the share `share` of the information of as many independent ones.
    """
    design = clinics_design(SLOPE, n_groups=18, size=10, seed=5)
    priors, totals, stated = make_priors(design), [], []
    for seed in range(40):
        posterior = exact_posterior(design, priors, 250, 20_000, seed=seed)
        efficiency = posterior.attrs["efficiency"] / (posterior.attrs["efficiency"] + 1000)
        left_out = units_left_out(Draws(posterior, design), unit)
        totals.append(left_out.elpd.sum())
        stated.append(error_of_sum(left_out.moved, 4) ** 2 / efficiency)
    low, high = chi2.ppf([1e-4, 1 - 1e-4], 39) / 39
    assert low < np.var(totals, ddof=1) / np.mean(stated) < high


def test_a_design_without_rows_keeps_what_the_whole_data_made():
    design = ward_design("three")
    left_out = design.group_codes == 1
    left_out[np.flatnonzero(design.group_codes == 3)[:1]] = True
    rest = without_rows(design, left_out)
    np.testing.assert_array_equal(rest.X, design.X[~left_out])
    assert rest.group_labels.tolist() == [label for label in design.group_labels if label != design.group_labels[1]]
    labels = design.group_labels.to_numpy()[design.group_codes[~left_out]]
    np.testing.assert_array_equal(rest.group_labels.to_numpy()[rest.group_codes], labels)
    np.testing.assert_array_equal(rest.W, np.delete(design.W, 1, axis=0))
    assert rest.cross_products.n.sum() == rest.n_obs == len(rest.frame) == design.n_obs - left_out.sum()
    np.testing.assert_array_equal(rest.frame["pain"], rest.y)
