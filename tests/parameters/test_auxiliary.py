"""Parameters of outcomes that are not normal: names, places, priors and their draws."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.outcome import Outcome
from bayeshlm.equations import parse
from bayeshlm.families import FAMILIES
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import by_key, log_prior
from bayeshlm.parameters.prior_changes import average_priors, replace_priors, scale_priors, stored_priors
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.prior_moments import prior_moments
from bayeshlm.parameters.priors import make_priors
from bayeshlm.parameters.schema import DIMS, SUPPORTS, Schema

LABELS = {
    "Normal": ["sigma"],
    "StudentT": ["sigma", "nu"],
    "Bernoulli": [],
    "Binomial": [],
    "Poisson": [],
    "NegativeBinomial": ["phi"],
    "Gamma": ["shape"],
    "Beta": ["phi"],
    "Ordinal": ["cutpoint[low|mid]", "cutpoint[mid|high]"],
}
OUTCOMES = {"Beta": [0.2, 0.4, 0.9], "Gamma": [0.5, 1.5, 4.0], "Ordinal": [0.0, 1.0, 2.0]}


def design_of(family, link=None, equations="y = b0 + b1*x + r;  b0 = g00 + u0;  b1 = g10 + u1"):
    """A design whose outcome has a family; size 2 where it has trials."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat(np.arange(10), 6), "x": rng.normal(size=60)})
    frame["y"] = rng.choice(OUTCOMES.get(family, [0.0, 1.0]), size=60)
    design = build_design(parse(equations), frame, "g")
    categories = ("low", "mid", "high") if family == "Ordinal" else ()
    size = np.full(60, 2.0 if FAMILIES[family].has_size else 1.0)
    outcome = Outcome("y", family, link or FAMILIES[family].links[0], categories)
    return design.changed(outcome=outcome, rows=replace(design.kept_rows, size=size))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_auxiliary_parameter_has_its_name_place_and_prior(family):
    design = design_of(family)
    priors, schema = make_priors(design), Schema.of(design)
    labels = ["g00", "g10", "tau[u0]", "tau[u1]", *LABELS[family], "corr[u0,u1]"]
    assert schema.labels == labels
    assert list(priors.by_key()) == ["g00", "g10", "tau_u0", "tau_u1", "corr", *LABELS[family]]
    draws = Draws(prior_draws(design, priors, 40, np.random.default_rng(2)), design)
    assert draws.auxiliary.shape == (1, 40, len(LABELS[family]))
    scalars = draws.parameters()
    assert scalars["parameter"].to_numpy().tolist() == labels
    np.testing.assert_array_equal(scalars.sel(parameter=LABELS[family]).to_numpy(), draws.auxiliary)
    for one in schema.parameters:
        assert SUPPORTS[one.component] != "positive" or (scalars.sel(parameter=one.label) > 0).all()
    for one in design.outcome.family.auxiliary:
        assert draws.dataset[one.name].dims == ("chain", "draw", *DIMS[one.name])
    densities = by_key(log_prior(draws, priors))
    assert densities["prior"].to_numpy().tolist() == list(priors.by_key())
    for k, (key, prior) in enumerate(zip(priors.others, priors.auxiliary, strict=True)):
        np.testing.assert_allclose(densities.sel(prior=key), prior.log_density(draws.auxiliary[..., k]), rtol=1e-12)
    assert prior_moments(priors, design).index.tolist() == labels


@pytest.mark.parametrize(
    ("family", "link", "scale", "location"),
    [
        ("Bernoulli", "logit", np.pi / np.sqrt(3), stats.logistic.ppf),
        ("Bernoulli", "probit", 1.0, stats.norm.ppf),
        ("Bernoulli", "cloglog", np.pi / np.sqrt(6), lambda p: np.log(-np.log1p(-p))),
        ("Binomial", "logit", np.pi / np.sqrt(3), lambda p: stats.logistic.ppf(p / 2)),
        ("Poisson", "log", 1.0, np.log),
        ("Gamma", "log", 1.0, np.log),
    ],
)
def test_priors_of_effects_are_on_the_scale_of_the_link(family, link, scale, location):
    design = design_of(family, link)
    priors, x = make_priors(design), design.frame["x"]
    assert priors.gamma[0].mu == pytest.approx(location(design.y.mean()), rel=1e-12)
    assert priors.gamma[0].sigma == pytest.approx(2.5 * scale, rel=1e-12)
    assert (priors.gamma[1].mu, priors.gamma[1].sigma) == (0, pytest.approx(2.5 * scale / x.std(), rel=1e-12))
    assert [prior.sigma for prior in priors.tau] == pytest.approx([scale, scale / x.std()], rel=1e-12)


def test_an_offset_is_taken_from_where_counts_lie():
    equations = "y = b0 + b1*x + offset(log(e)) + r;  b0 = g00 + u0;  b1 = g10"
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 5), "x": rng.normal(size=40), "e": rng.uniform(50, 90, 40)})
    frame["y"] = rng.poisson(3.0, 40).astype(float)
    design = build_design(parse(equations), frame, "g").changed(outcome=Outcome("y", "Poisson", "log"))
    expected = np.log(frame["y"].mean()) - np.log(frame["e"]).mean()
    assert make_priors(design).gamma[0].mu == pytest.approx(expected, rel=1e-12)


def test_cutpoints_lie_where_the_shares_of_the_categories_say_and_increase():
    design = design_of("Ordinal", "probit")
    priors = make_priors(design)
    shares = np.array([(design.y <= k).mean() for k in (0, 1)])
    np.testing.assert_allclose([prior.mu for prior in priors.auxiliary], stats.norm.ppf(shares), rtol=1e-12)
    assert {prior.sigma for prior in priors.auxiliary} == {2.5}
    drawn = prior_draws(design, priors, 4000, np.random.default_rng(5))["cutpoint"]
    assert drawn["threshold"].to_numpy().tolist() == ["low|mid", "mid|high"]
    low, high = drawn.to_numpy()[0].T
    assert (low < high).all()
    # The difference of the independent normals, truncated at zero, in closed form.
    centre, spread = priors.auxiliary[1].mu - priors.auxiliary[0].mu, 2.5 * np.sqrt(2)
    truncated = stats.truncnorm(-centre / spread, np.inf, centre, spread)
    assert abs((high - low).mean() - truncated.mean()) < 4 * truncated.std() / np.sqrt(4000)


def test_users_replace_one_cutpoint_or_all():
    design = design_of("Ordinal")
    own = make_priors(design, {"cutpoint": "Normal(0, 3)", "cutpoint[mid|high]": "Normal(1, 2)"})
    assert [str(prior) for prior in own.auxiliary] == ["Normal(0, 3)", "Normal(1, 2)"]
    wider = scale_priors(own, 2.0)
    assert [str(prior) for prior in wider.auxiliary] == ["Normal(0, 6)", "Normal(1, 4)"]
    one = replace_priors(wider, design, {"cutpoint[low|mid]": "Normal(-1, 1)"})
    assert [str(prior) for prior in one.auxiliary] == ["Normal(-1, 1)", "Normal(1, 4)"]
    assert [str(prior) for prior in average_priors([own, wider]).auxiliary] == ["Normal(0, 4.5)", "Normal(1, 3)"]
    assert stored_priors(make_priors(design), one.texts(), "[]").auxiliary == one.auxiliary
    with pytest.raises(hlm.PriorError, match=r"HalfNormal\(1\) cannot be the prior of cutpoint"):
        make_priors(design, {"cutpoint": "HalfNormal(1)"})
    with pytest.raises(hlm.PriorError, match="There is no parameter 'sigma'"):
        make_priors(design, {"sigma": "HalfNormal(1)"})


def test_what_needs_a_level_1_sd_says_that_there_is_none():
    design = design_of("Bernoulli")
    draws = Draws(prior_draws(design, make_priors(design), 5, np.random.default_rng(1)), design)
    with pytest.raises(hlm.OptionError, match="a Bernoulli outcome has none"):
        _ = draws.sigma
