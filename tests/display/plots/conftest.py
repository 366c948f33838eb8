"""Fits made of invented draws, and matplotlib's settings kept."""

from collections.abc import Callable, Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

FULL = "`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*urban + g02*beds + u0\nb1 = g10 + g11*urban + g12*beds + u1"


@pytest.fixture(autouse=True)
def same_settings() -> Iterator[None]:
    """Draw without a screen; leave matplotlib's settings as they were found."""
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before


@pytest.fixture(scope="session")
def wards() -> Callable[..., pd.DataFrame]:
    """``wards(n_groups, sizes)``: patients in wards with string ids, some of them alone."""

    def make(n_groups: int = 12, sizes: tuple[int, ...] = (1, 2, 6, 11)) -> pd.DataFrame:
        rng = np.random.default_rng(n_groups)
        codes = np.repeat(np.arange(n_groups), np.resize(sizes, n_groups))
        dose = rng.normal(size=len(codes))
        urban, beds = rng.permutation(np.resize([0, 1], n_groups)), rng.normal(size=n_groups)
        frame = pd.DataFrame({"ward": [f"ward ${j}" for j in codes], "dose": dose, "urban": urban[codes]})
        frame["beds"], frame["age"] = beds[codes], rng.normal(50, 9, len(codes))
        frame["region"] = np.array(["north", "south", "west"])[np.resize([0, 1, 2], n_groups)][codes]
        frame["sex"] = rng.permutation(np.resize(["f", "m"], len(codes)))
        effects = rng.normal(size=(n_groups, 2)) * [1.0, 0.5]
        mean = 5 + urban[codes] + effects[codes, 0] + (1 + effects[codes, 1]) * dose
        return frame.assign(**{"pain $": mean + rng.normal(size=len(codes))})

    return make


@pytest.fixture(scope="session")
def fit_of(wards, fake_draws) -> Callable[..., hlm.Fit]:
    """``fit_of(equations, n_groups=12)``: a fit of invented draws."""

    def make(equations: str = FULL, n_groups: int = 12, draws: int = 50, **data) -> hlm.Fit:
        model = hlm.Model(equations, wards(n_groups, **data), "ward")
        raw = fake_draws(model.design, 2, draws)
        return hlm.Fit(
            model, to_datatree(raw, model.design, model.priors, sampling_options(draws=draws, chains=2, seed=3))
        )

    return make


@pytest.fixture(scope="session")
def full(fit_of) -> hlm.Fit:
    """A fit with two random effects and level-2 variables of two and of many values."""
    return fit_of()


@pytest.fixture(scope="session")
def drawn() -> Callable[..., list]:
    """``drawn(ax, "mean")``: the artists of an Axes that carry a name."""

    def find(ax, gid):
        return [artist for artist in ax.get_children() if artist.get_gid() == gid]

    return find


@pytest.fixture(scope="session")
def named() -> Callable[..., list]:
    """``named(ax)``: the names that stand beside points, as the user has them."""

    def find(ax):
        return [text.get_text().replace("\\", "") for text in ax.texts if text.get_gid() == "name"]

    return find
