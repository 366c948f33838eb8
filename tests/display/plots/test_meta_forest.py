"""The forest plot of rows with known SDs: what its artists hold."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

import bayeshlm as hlm
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.fit_plots import FitPlots
from bayeshlm.display.plots.meta_forest_figure import meta_forest_figure
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.quantities.plausible_ranges import plausible_ranges


@pytest.fixture(scope="module")
def drawn():
    """Draws of the prior do for a posterior: what is drawn is arithmetic of them."""
    model = hlm.open_model("eight-schools")
    draws = prior_draws(model.design, model.priors, 400, np.random.default_rng(1))
    return model, xr.DataTree.from_dict({"posterior": draws})


def drawn_of(model, tree):
    return Draws(tree["posterior"].to_dataset(), model.design)


def by_gid(ax, gid):
    return next(one for one in [*ax.collections, *ax.lines, *ax.patches] if one.get_gid() == gid)


def test_outcomes_true_values_and_the_new_group(drawn):
    model, tree = drawn
    data = hlm.load_dataset("eight_schools")
    ax = FitPlots(drawn_of(model, tree), model.priors, tree).meta_forest(prob=0.9)
    ends = np.array([segment[:, 0] for segment in by_gid(ax, "outcome interval").get_segments()])
    half = norm.ppf(0.95) * data["se"].to_numpy()
    np.testing.assert_allclose(ends, np.column_stack([data["effect"] - half, data["effect"] + half]))
    beta = tree["posterior"]["beta"].to_numpy()[..., 0].reshape(-1, 8)
    np.testing.assert_allclose(by_gid(ax, "mean").get_xdata(), beta.mean(axis=0), rtol=1e-10)
    ends = np.array([segment[:, 0] for segment in by_gid(ax, "interval").get_segments()])
    np.testing.assert_allclose(ends, np.quantile(beta, [0.05, 0.95], axis=0).T, rtol=1e-8)
    ranges = plausible_ranges(drawn_of(model, tree), 0.9).table["predictive"]
    np.testing.assert_allclose(by_gid(ax, "new group").get_xdata(), ranges, rtol=1e-10)
    gamma = tree["posterior"]["gamma"].to_numpy().ravel()
    corners = by_gid(ax, "average").get_xy()[:, 0]
    np.testing.assert_allclose([corners.min(), corners.max()], np.quantile(gamma, [0.05, 0.95]), rtol=1e-8)
    assert [label.get_text() for label in ax.get_yticklabels()] == [*"ABCDEFGH", "mean", "new group"]
    sizes = by_gid(ax, "outcome").get_sizes()
    assert np.argmax(sizes) == np.argmin(data["se"])
    plt.close(ax.figure)


def test_rows_with_a_sigma_have_no_such_figure(drawn):
    model = hlm.open_model("hsb-one-way-anova")
    with pytest.raises(hlm.OptionError, match=r"meta_forest\(\) draws rows with known SDs"):
        meta_forest_figure(DrawnFit(drawn_of(model, drawn[1]), model.priors, drawn[1]))
