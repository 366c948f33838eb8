"""Calibration of probabilities: the regression that never falls, its band, and the events of each outcome."""

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.checks.calibration import calibration, predicted_events
from bayeshlm.checks.predictive_modes import modes_of
from bayeshlm.parameters.draws import Draws


def pooled_by_definition(p, y, n):
    """Isotonic regression by its max-min formula, over the different values of p."""
    values = np.unique(p)
    y, n = (np.array([x[p == v].sum() for v in values]) for x in (y, n))
    share = lambda a, b: y[a : b + 1].sum() / n[a : b + 1].sum()  # noqa: E731
    k = len(values)
    return [max(min(share(a, b) for b in range(i, k)) for a in range(i + 1)) for i in range(k)]


def test_the_line_is_the_least_squares_fit_that_never_falls():
    rng = np.random.default_rng(1)
    p, n = rng.integers(1, 10, 40) / 10, rng.integers(1, 6, 40)
    y = rng.binomial(n, p)
    table = calibration(p, y.astype(float), n.astype(float), 0.9, 1)
    assert table["predicted"].tolist() == np.unique(p).tolist()
    np.testing.assert_allclose(table["observed"], pooled_by_definition(p, y, n), rtol=1e-12)


@pytest.mark.slow
def test_the_band_holds_calibrated_data_as_often_as_it_says():
    rng = np.random.default_rng(2)
    p = np.repeat(np.linspace(0.1, 0.9, 9), 30)
    inside = []
    for repeat in range(200):
        table = calibration(p, rng.binomial(1, p).astype(float), np.ones(len(p)), 0.9, repeat)
        middle = table.iloc[4]
        inside.append(middle["lower"] <= middle["observed"] <= middle["upper"])
    # a quantile of 200 simulations is itself uncertain: beta distributed with 2 x 0.1 x 0.9 / 202 as its variance
    error = np.sqrt(0.9 * 0.1 / 200 + 2 * 0.05 * 0.95 / 202)
    assert abs(np.mean(inside) - 0.9) < 4 * error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("clinics-recovery", ["recovered"]),
        ("seeds-germination", ["germinated"]),
        ("wine-bitterness", ["above 1", "above 2", "above 3", "above 4"]),
    ],
)
def test_events_have_the_probabilities_that_are_predicted(name, events):
    model = hlm.open_model(name)
    fit = model.fit(seed=1, draws=50, progress=False)
    draws, design = Draws(fit.posterior, model.design), model.design
    found = {event: (p, y) for event, p, y in predicted_events(draws, modes_of(design)["same"], 1)}
    assert list(found) == events
    rows = fit.predict(seed=1)
    for k, (p, y) in enumerate(found.values()):
        if design.outcome.categories:
            mean = 1 - rows["probability"].mean(("chain", "draw")).to_numpy()[:, : k + 1].sum(axis=1)
            assert y.tolist() == (design.y > k).tolist()
        else:
            mean = rows["mu"].mean(("chain", "draw")).to_numpy() / design.kept_rows.size
            assert y.tolist() == design.y.tolist()
        np.testing.assert_allclose(p, mean, atol=1e-12)
    assert np.all(np.concatenate([p for p, _ in found.values()]) > 0)
