"""Figures of outcomes that are not normal: bars, rootograms, calibration."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.checks.outcome_frequencies import frequencies
from bayeshlm.display.plots.predictive_check_figure import outcomes_of


@pytest.fixture(scope="module")
def fits():
    names = ("clinics-recovery", "epilepsy-poisson", "wine-bitterness", "orthodont-student-t")
    return {name: hlm.open_model(name).fit(seed=1, draws=50, progress=False) for name in names}


def heights(ax):
    return np.array([patch.get_height() for patch in ax.patches])


@pytest.mark.slow
def test_categories_have_a_bar_each(fits):
    for name, labels in (("clinics-recovery", ["0", "1"]), ("wine-bitterness", list("12345"))):
        fit, design = fits[name], fits[name].model.design
        check = fit.predictive_check(seed=2)
        same, _ = fit.plot.predictive_check(check, show="outcome")
        assert heights(same).tolist() == np.bincount(design.y.astype(int)).tolist()
        assert [label.get_text() for label in same.get_xticklabels()] == labels
        _, seen, made = frequencies(*outcomes_of(check, "same", design))
        (lines,) = (artist for artist in same.collections if artist.get_gid() == "interval")
        ends = np.array(lines.get_segments())[:, :, 1]
        np.testing.assert_allclose(ends, np.quantile(made, [0.025, 0.975], axis=0).T)
        assert seen.sum() == design.n_obs


@pytest.mark.slow
def test_counts_hang_from_what_is_expected(fits):
    fit = fits["epilepsy-poisson"]
    check = fit.predictive_check(seed=2)
    _, new = fit.plot.predictive_check(check, show="outcome")
    values, seen, made = frequencies(*outcomes_of(check, "new", fit.model.design))
    shown = len(new.patches)
    assert seen[shown:].sum() == 0
    np.testing.assert_allclose(heights(new) ** 2, seen[:shown])
    tops = [patch.get_y() + patch.get_height() for patch in new.patches]
    np.testing.assert_allclose(tops, np.sqrt(made.mean(axis=0))[:shown])
    assert new.get_ylabel() == "square root of rows"
    assert values[1] - values[0] >= 1


@pytest.mark.slow
def test_what_is_not_discrete_has_a_density(fits):
    same, _ = fits["orthodont-student-t"].plot.predictive_check(show="outcome", seed=1)
    assert not same.patches
    with pytest.raises(hlm.OptionError, match="'distance' is StudentT: it is for outcomes that are yes or no"):
        fits["orthodont-student-t"].plot.calibration()


@pytest.mark.slow
def test_calibration_has_a_line_an_event(fits):
    for name, count in (("clinics-recovery", 1), ("wine-bitterness", 4)):
        same, new = fits[name].plot.calibration(seed=1)
        for panel in (same, new):
            lines = [line for line in panel.lines if line.get_gid() == "observed"]
            assert len(lines) == count
            assert all(np.all(np.diff(line.get_ydata()) >= -1e-12) for line in lines)
        assert same.get_xlabel() == "predicted probability"
    _, axes = plt.subplots(1, 2)
    assert fits["clinics-recovery"].plot.calibration(seed=1, ax=axes)[1] is axes[1]
