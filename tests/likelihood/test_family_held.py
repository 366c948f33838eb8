"""Densities of rows and groups left out, the other groupings' effects held, against sums over dense grids of b."""

import numpy as np
import pandas as pd
import pytest
from family_designs import CROSSED, family_design, unconstrained_auxiliary

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.explicit_posterior import explicit_draws
from bayeshlm.likelihood.family_held import HeldEffects, grouping_around_rows
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors

LINES = {1: np.arange(-9, 9.01, 0.05), 2: np.arange(-8, 8.01, 0.2)}
SLOPES = "y = b0 + b1*x + r; b0 = g00 + u0[site] + v0[area]; b1 = g10 + u1[site] + v1[area]"
FEW = [("Bernoulli", "logit"), pytest.param("NegativeBinomial", "log", marks=pytest.mark.slow)]


def draws_of(design, n_draws=2, seed=4):
    """Any draws of all parameters and effects."""
    rng, q = np.random.default_rng(seed), len(design.random)
    n_effects = sum(len(term.labels) * len(term.columns) for term in design.predictor.random)
    n_pairs = sum(len(term.columns) - 1 for term in design.predictor.random)
    parts = [rng.uniform(-0.3, 0.3, len(design.fixed)), rng.normal(-0.3, 0.2, q), rng.normal(size=n_pairs)]
    x = np.concatenate([*parts, unconstrained_auxiliary(design.outcome.family_name), rng.normal(size=n_effects)])
    values = x + rng.normal(0, 0.1, (1, n_draws, len(x)))
    return Draws(explicit_draws(values, design, make_priors(design)), design)


def exact(design, draws, s, grouping):
    """Log densities of the rows at a grid of u of one grouping, (N, n), and the log of the grid's weights, (n,)."""
    q = len(design.predictor.random[grouping].columns)
    b = np.stack(np.meshgrid(*[LINES[q]] * q, indexing="ij")).reshape(q, -1)
    own = design.predictor.effects_of(grouping)
    u = np.linalg.cholesky(draws.flat(draws.G)[s][own, own]) @ b
    eta = (design.offset + design.X @ draws.flat(draws.gamma)[s])[:, None] + np.zeros(b.shape[1])
    for k, (Z, codes) in enumerate(zip(design.kept_rows.Z, design.kept_rows.codes, strict=True)):
        eta += Z @ u if k == grouping else (Z * draws.flat(draws.u_of(k))[s][codes]).sum(axis=1)[:, None]
    row, auxiliary = design.outcome.family.rows[design.outcome.link], draws.flat(draws.auxiliary)[s]
    log_p = np.vectorize(lambda y, size, at: row(y, size, at, auxiliary)[0])
    log_weights = q * (np.log(np.diff(LINES[q])[0]) - 0.5 * np.log(2 * np.pi)) - 0.5 * (b**2).sum(axis=0)
    return log_p(design.y[:, None], design.size[:, None], eta), log_weights


@pytest.mark.parametrize(("equations", "unit"), [(CROSSED, "area"), (CROSSED, "site"), (SLOPES, "area")])
@pytest.mark.parametrize(("name", "link"), FEW)
def test_a_group_is_integrated_over_its_own_effects_alone(name, link, equations, unit):
    design = family_design(name, link, equations)
    draws, k = draws_of(design), design.groupings.index(unit)
    units = np.array([3, 0])
    found = HeldEffects(draws, k)
    given = np.concatenate([found.groups(slice(j, j + 1), 32) for j in units])
    chosen = likelihood_of(design).pointwise(draws, unit, units)
    for s in range(2):
        terms, log_weights = exact(design, draws, s, k)
        sums = np.array([terms[design.kept_rows.codes[k] == j].sum(axis=0) for j in units])
        expected = np.logaddexp.reduce(sums + log_weights, axis=1)
        np.testing.assert_allclose(given[:, s], expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(chosen[:, s], expected, rtol=0, atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "link"), FEW)
def test_a_row_is_given_the_rows_of_its_group_and_the_other_effects(name, link):
    design = family_design(name, link, CROSSED)
    draws, k = draws_of(design), grouping_around_rows(design)
    assert k == design.groupings.index("site")  # of 8 sites and 6 areas
    found, _ = HeldEffects(draws, k).sorted
    rows = np.concatenate([HeldEffects(draws, k).rows(slice(j, j + 1), 32) for j in range(8)])[found.place]
    for s in range(2):
        terms, log_weights = exact(design, draws, s, k)
        codes = design.kept_rows.codes[k]
        whole = np.array([terms[codes == j].sum(axis=0) for j in range(8)])[codes]
        expected = np.logaddexp.reduce(whole + log_weights, axis=1)
        expected -= np.logaddexp.reduce(whole - terms + log_weights, axis=1)
        np.testing.assert_allclose(rows[:, s], expected, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["row", "site", "area"])
def test_parts_of_all_units_are_what_each_unit_has_alone(unit, monkeypatch):
    design = family_design("Bernoulli", "logit", CROSSED)
    draws, likelihood = draws_of(design), likelihood_of(design)
    monkeypatch.setattr("bayeshlm.likelihood.family_held.CHUNK_NUMBERS", 20)
    parts = likelihood.reduced_pointwise(draws, unit, lambda units, densities: (units, densities))
    assert len(parts) > 3
    units, densities = (np.concatenate([part[k] for part in parts]) for k in range(2))
    n_units = design.n_obs if unit == "row" else len(np.unique(design.kept_rows.codes[design.groupings.index(unit)]))
    assert sorted(units.tolist()) == list(range(n_units))
    some = np.array([n_units - 1, 0, 4])
    alone = likelihood.pointwise(draws, unit, some)
    np.testing.assert_allclose(densities[np.argsort(units)[some]], alone, rtol=1e-12)


def test_with_three_effects_a_row_is_given_all_of_them_and_a_group_is_not_left_out():
    design = family_design("Bernoulli", "logit", "y = b0 + b1*x + b2*area + r; b0 = g00 + u0; b1 = u1; b2 = u2")
    likelihood = likelihood_of(design)
    q, J = 3, design.n_groups
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(0, 0.3, 1 + q), rng.normal(size=q + q * J)])[None, None] * np.ones((1, 2, 1))
    draws = Draws(explicit_draws(values, design, make_priors(design)), design)
    rows = np.arange(design.n_obs)[::-1]
    eta = design.X @ draws.gamma[0, 0] + (design.Z * draws.u[0, 0][design.group_codes]).sum(axis=1)
    expected = np.where(design.y == 1, -np.log1p(np.exp(-eta)), -np.log1p(np.exp(eta)))
    np.testing.assert_allclose(likelihood.pointwise(draws, "row", rows)[:, 1], expected[rows], rtol=1e-10)
    assert not likelihood.can("group densities")
    with pytest.raises(OptionError, match="leaving out a 'site' takes its 3 random effects to be integrated out"):
        likelihood.pointwise(draws, "group", np.arange(2))


@pytest.mark.slow
def test_a_unit_with_units_inside_is_not_left_out():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"school": np.repeat(np.arange(4), 8), "class_": np.repeat(np.arange(8), 4)})
    frame["y"] = rng.poisson(2, 32)
    text = "y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0[class_] + v0[school]"
    design = hlm.Model(text, frame).design
    likelihood = likelihood_of(design)
    assert likelihood.can("group densities")
    with pytest.raises(OptionError, match=r"leaves out the units of 'class_' within it.*leave out units of 'class_'"):
        likelihood.pointwise(draws_of(design), "school", np.arange(2))
    assert likelihood.pointwise(draws_of(design), "class_", np.arange(2)).shape == (2, 2)


def test_draws_without_effects_are_refused():
    design = family_design("Bernoulli", "logit", CROSSED)
    kept = draws_of(design)
    bare = Draws(kept.dataset.drop_vars(["u_site", "u_area"]), design)
    with pytest.raises(OptionError, match="too many to keep: fit with fewer draws"):
        likelihood_of(design).pointwise(bare, "row", np.arange(2))
