"""Designs of every family of outcomes, and priors of their auxiliary parameters."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.outcome import Outcome
from bayeshlm.equations import parse
from bayeshlm.families import FAMILIES

LINKED = [(name, link) for name, family in FAMILIES.items() for link in family.links]
AUXILIARY = {
    "sigma": (np.array([1.3]), [hlm.HalfNormal(2)]),
    "nu": (np.array([6.5]), [hlm.Exponential(0.1)]),
    "phi": (np.array([3.7]), [hlm.HalfStudentT(3, 10)]),
    "shape": (np.array([2.1]), [hlm.HalfStudentT(3, 10)]),
    "cutpoint": (np.array([-1.0, 0.2, 0.9]), [hlm.Normal(-1, 2), hlm.Normal(0, 2), hlm.Normal(1, 2)]),
}
INTERCEPT = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"
SLOPE = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"
CROSSED = "y = b0 + b1*x + r; b0 = g00 + u0[site] + v0[area]; b1 = g10 + u1[site]"


def auxiliary_of(name):
    """Values of the auxiliary parameters of a family."""
    return np.concatenate([AUXILIARY[one.name][0] for one in FAMILIES[name].auxiliary] or [np.empty(0)])


def unconstrained_auxiliary(name):
    """The same on the scale that is sampled."""
    values = auxiliary_of(name)
    if name == "Ordinal":
        return np.concatenate([values[:1], np.log(np.diff(values))])
    return np.log(values)


def family_design(name, link, equations=SLOPE, seed=5, n_groups=8, n_each=6, tau=0.8):
    """Rows in groups, whose outcomes are drawn from the distribution."""
    family, rng, n = FAMILIES[name], np.random.default_rng(seed), n_groups * n_each
    site = np.repeat(np.arange(n_groups), n_each)
    data = pd.DataFrame({"site": site, "area": np.tile(np.arange(n_each), n_groups), "x": rng.normal(size=n)})
    size = rng.integers(1, 20, n).astype(float) if family.has_size else np.ones(n)
    auxiliary = auxiliary_of(name)
    eta = 0.3 + 0.4 * data["x"].to_numpy() + tau * rng.normal(size=n_groups)[site]
    data["y"] = family.random(rng, family.mu(eta, auxiliary, link), size, auxiliary)
    design = build_design(parse(equations), data, None if "[" in equations else "site")
    categories = ("never", "seldom", "often", "always") if name == "Ordinal" else ()
    return design.changed(outcome=Outcome("y", name, link, categories), rows=replace(design.kept_rows, size=size))


@pytest.fixture
def given_priors(monkeypatch):
    """The priors above in place of the defaults of the auxiliary parameters."""

    def defaults(design):
        names = dict.fromkeys(name for name, _ in design.outcome.auxiliary_effects)
        priors = [prior for name in names for prior in AUXILIARY[name][1]]
        labels = [parameter_label(name, between) for name, between in design.outcome.auxiliary_effects]
        return dict(zip(labels, priors, strict=True))

    monkeypatch.setattr("bayeshlm.parameters.priors.auxiliary_defaults", defaults)
