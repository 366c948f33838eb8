"""Ordered values: positions, bands and means in bins against scipy and by hand."""

import numpy as np
import pytest
import scipy.stats

from bayeshlm.checks.mahalanobis import at_full_rank
from bayeshlm.checks.order_statistics import BAND_POINTS, binned_means, chi2_quantiles, normal_quantiles


@pytest.mark.parametrize("n", [1, 5, 200, 701])
def test_the_band_is_the_distribution_of_each_order_statistic(n):
    plot = normal_quantiles(np.random.default_rng(n).normal(size=n), 0.9)
    ranks = np.round(scipy.stats.norm.cdf(plot.at) * n + 0.5)
    assert (np.diff(ranks) > 0).all()
    assert (ranks[0], ranks[-1]) == (1, n)
    assert len(ranks) <= BAND_POINTS
    for tail, bound in ((0.05, plot.lower), (0.95, plot.upper)):
        expected = scipy.stats.norm.ppf(scipy.stats.beta.ppf(tail, ranks, n + 1 - ranks))
        assert bound == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_the_band_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    samples = np.sort(rng.chisquare(2, size=(2000, 30)), axis=1)
    plot = chi2_quantiles(samples[0], 2)
    share = ((samples >= plot.lower) & (samples <= plot.upper)).mean(axis=0)
    assert np.abs(share - 0.95).max() < 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_expected_quantiles_go_with_their_values_and_nan_stays():
    values = np.array([2.0, np.nan, -1.0, 0.5])
    found = normal_quantiles(values).expected
    assert found == pytest.approx(scipy.stats.norm.ppf([5 / 6, np.nan, 1 / 6, 1 / 2]), nan_ok=True, abs=1e-12)
    assert normal_quantiles(np.array([7.0])).expected == pytest.approx([0.0], abs=1e-12)
    nothing = normal_quantiles(np.array([np.nan, np.nan]))
    assert np.isnan(nothing.expected).all()
    assert len(nothing.at) == 0


def test_means_in_bins_take_every_point_once_and_keep_equal_values_together():
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 4, 200).astype(float), rng.normal(size=200)
    at, mean, se = binned_means(x, y, 200)
    assert at.tolist() == [0.0, 1.0, 2.0, 3.0]
    for k in range(4):
        part = y[x == k]
        assert (mean[k], se[k]) == pytest.approx((part.mean(), part.std(ddof=1) / np.sqrt(len(part))))
    x = rng.normal(size=203)
    x[0] = np.nan
    y = rng.normal(size=203)
    order = 1 + np.argsort(x[1:])
    at, mean, _ = binned_means(x, y, 5)
    parts = np.split(order, [40, 80, 121, 161])
    assert at == pytest.approx([x[part].mean() for part in parts])
    assert mean == pytest.approx([y[part].mean() for part in parts])


def test_distances_of_fewer_effects_keep_their_tail():
    plug_in, df = np.array([4.0, 4.0, 1e5, 0.0]), np.array([2, 1, 1, 0])
    p = scipy.stats.chi2.sf(plug_in, np.maximum(df, 1))
    found = at_full_rank(plug_in, df, p, 2)
    assert found[0] == 4.0
    assert scipy.stats.chi2.sf(found[1], 2) == pytest.approx(p[1])
    assert np.isfinite(found[2])
    assert np.isnan(found[3])
