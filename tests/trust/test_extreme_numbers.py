"""Numbers far from one and data at the edge: right, flagged or refused, by every estimator; never silently wrong."""

import warnings

import numpy as np
import pandas as pd
import pytest
from amounts import amount
from model_types import TYPES
from model_types import frame as rows_of_all_types

import bayeshlm as hlm

J, EQUATIONS = 15, "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1"
FIXED = EQUATIONS.replace(" + u1", "")


def frame(seed=5):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(J), 6)
    table = pd.DataFrame({"g": g, "x": rng.normal(size=90), "w": rng.normal(size=J)[g], "z": rng.normal(size=90)})
    u = rng.normal(size=(J, 2)) * [1.0, 0.6]
    table["y"] = 1 + 0.3 * table.w + u[g, 0] + (0.5 + u[g, 1]) * table.x + 0.7 * rng.normal(size=90)
    return table


def fitted(table, equations=EQUATIONS, method="reml"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlm.ModelWarning)
        return getattr(hlm.Model(equations, table, "g"), method)()


def slopes(fit):
    return fit.fixed_effects().iloc[1:][["estimate", "se"]].to_numpy(dtype=float)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("column", ["y", "x", "w"])
def test_a_mean_of_a_million_million_is_taken_out_exactly(column, method):
    """What the file has lost is lost: the reference has the same rounded numbers about zero."""
    table = frame()
    far = table.assign(**{column: table[column] + 1e12})
    near = table.assign(**{column: far[column] - 1e12})
    given, found = fitted(near, method=method), fitted(far, method=method)
    assert found.converged
    np.testing.assert_allclose(slopes(found), slopes(given), rtol=1e-6)
    assert found.sigma == pytest.approx(given.sigma, rel=1e-6)
    assert found.tau["u1"] == pytest.approx(given.tau["u1"], rel=1e-6)


@pytest.mark.parametrize(("name", "mean"), [("StudentT", 1e9), ("weights", 1e12)])
def test_likelihoods_by_quadrature_and_of_weighted_rows_take_a_mean_out(name, mean):
    """At 1e9 the search of the Student t ended at tau = 0, 1.6 of deviance too high, and called it converged."""
    table = rows_of_all_types(3, 14, 9)
    far = table.assign(y=table.y + mean)
    given, found = (TYPES[name].model(t).ml() for t in (far.assign(y=far.y - mean), far))
    assert found.converged
    assert found.deviance == pytest.approx(given.deviance, abs=1e-3)
    np.testing.assert_allclose(slopes(found), slopes(given), rtol=1e-4)
    np.testing.assert_allclose(found.tau, given.tau, rtol=1e-3)


@pytest.mark.nightly
def test_a_profile_of_a_student_t_far_from_zero():
    table = rows_of_all_types(3, amount(8, 14), amount(6, 9))
    far = table.assign(y=table.y + 1e6)
    given, found = (TYPES["StudentT"].model(t).ml().intervals("profile") for t in (far.assign(y=far.y - 1e6), far))
    moved = np.where(given.index.get_level_values("effect") == "g00", 1e6, 0.0)
    for bound in ("lower", "upper"):
        np.testing.assert_allclose(found[bound] - moved, given[bound], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("column", "shift"), [("y", 1e15), ("y", 1e17), ("x", 1e17), ("w", 1e17)])
def test_numbers_that_the_file_has_rounded_away_are_refused(column, shift):
    table = frame()
    with pytest.raises(hlm.DataError, match=f"'{column}'|\\({column}\\)"):
        fitted(table.assign(**{column: table[column] + shift}))


@pytest.mark.parametrize("unit", [1e-9, 1e9])
@pytest.mark.parametrize("column", ["y", "x", "w"])
def test_units_of_a_thousand_millionth(column, unit):
    table = frame()
    given, found = fitted(table), fitted(table.assign(**{column: table[column] * unit}))
    ratio = {"y": np.array([1, 1]) * unit, "x": np.array([1, 1 / unit]), "w": np.array([1 / unit, 1])}[column]
    np.testing.assert_allclose(slopes(found), slopes(given) * ratio[:, None], rtol=1e-8)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-7, 1e-8, 1e-10, 1e-13])
def test_near_collinear_predictors_are_right_or_flagged_or_refused(distance):
    """Against the same two columns at a right angle: their plane, sigma and tau are the same."""
    table, equations = frame(), FIXED.replace("+ r", "+ b2*z + r") + "; b2 = g20"
    reference = fitted(table, equations)
    near = table.assign(z=table.x + distance * table.z)
    if distance < 1e-7:
        with pytest.raises(hlm.DataError, match="is determined by"):
            fitted(near, equations)
        return
    found = fitted(near, equations)
    right = found.sigma == pytest.approx(reference.sigma, rel=1e-4) and found.tau["u0"] == pytest.approx(
        reference.tau["u0"], rel=1e-4
    )
    assert right or not found.converged
    effect = found.fixed_effects().loc["g20"]
    if found.converged:
        at_right_angle = reference.fixed_effects().loc["g20"]
        assert effect["estimate"] * distance == pytest.approx(at_right_angle["estimate"], rel=1e-4)
        assert effect["se"] * distance == pytest.approx(at_right_angle["se"], rel=1e-4)


@pytest.mark.parametrize("noise", [0.0, 1e-10, 1e-8, 1e-6, 1e-3])
def test_a_perfect_fit_is_refused_and_a_near_one_is_right(noise):
    table, rng = frame(), np.random.default_rng(8)
    u = rng.normal(size=J)[table.g]
    perfect = table.assign(y=np.pi * (1 + 2 * table.x + u) + noise * table.z)
    if noise < 1e-3:
        with pytest.raises(hlm.DataError, match="the level-1 variance is zero"):
            fitted(perfect, FIXED)
        return
    found = fitted(perfect, FIXED)
    left = perfect.y - perfect.groupby("g").y.transform("mean")
    x = table.x - table.groupby("g").x.transform("mean")
    within = np.sqrt(((left - x * (x @ left) / (x @ x)) ** 2).sum() / (90 - J - 1))
    assert found.sigma == pytest.approx(within, rel=1e-2)


@pytest.mark.parametrize("value", [0.0, 0.1, 3.0, -1e300])
def test_an_outcome_that_is_one_number_is_refused(value):
    with pytest.raises(hlm.DataError, match=r"in every row: there is nothing to explain|beyond computing"):
        fitted(frame().assign(y=value))


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_two_groups_are_few_and_one_is_none(groups):
    table = frame().query("g < @groups")
    equations = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"
    if groups == 1:
        with pytest.raises(hlm.DataError, match="a multilevel model needs two or more"):
            fitted(table, equations)
        return
    found = fitted(table, equations)
    assert found.converged
    assert found.fixed_effects().loc["g00", "df"] < groups - 0.5  # that of the mean of so many groups is one less


def test_one_huge_group_and_many_of_one_row():
    """Against generalized least squares with the covariance matrix that was found, group by group."""
    rng = np.random.default_rng(2)
    g = np.r_[np.zeros(20_000, int), np.arange(1, 200)]
    x = rng.normal(size=len(g))
    table = pd.DataFrame({"g": g, "x": x, "y": rng.normal(size=200)[g] + x + rng.normal(size=len(g))})
    found = fitted(table, "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10")
    tau2, sigma2 = float(found.tau["u0"]) ** 2, found.sigma**2
    X, y = np.column_stack([np.ones(len(g)), x]), table.y.to_numpy()
    n = np.bincount(g)
    shrink = tau2 / (sigma2 + n * tau2)
    sums, y_sums = np.column_stack([np.bincount(g, column) for column in X.T]), np.bincount(g, y)
    A = X.T @ X - sums.T @ (shrink[:, None] * sums)
    b = X.T @ y - sums.T @ (shrink * y_sums)
    np.testing.assert_allclose(found.gamma, np.linalg.solve(A, b), rtol=1e-8)
    np.testing.assert_allclose(slopes(found)[:, 1], np.sqrt(sigma2 * np.linalg.inv(A)[1, 1]), rtol=1e-8)


def test_an_sd_near_zero_and_a_correlation_of_one_are_said():
    table, rng = frame(), np.random.default_rng(3)
    flat = fitted(table.assign(y=table.x + rng.normal(size=90)), FIXED)
    u = rng.normal(size=J)[table.g]
    one = fitted(table.assign(y=table.x + u * (1 + table.x) + 0.3 * table.z))
    assert one.singular
    assert "correlation of u0 and u1 is 1" in one.reason
    assert flat.tau["u0"] > 0.05 or flat.singular
    for fit in (one, flat):
        bounds = fit.intervals()
        assert bounds["lower"].notna().all() or bounds.attrs["notes"]


@pytest.mark.nightly
@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.assign(y=t.y * 1e9),
        lambda t: t.assign(y=t.y * 1e-9),
        lambda t: t.assign(y=t.y + 1e12),
        lambda t: t.assign(w=t.w * 1e9),
    ],
    ids=["large", "small", "far", "a large predictor"],
)
@pytest.mark.parametrize("sampler", ["importance", "nutpie"])
def test_a_posterior_follows_its_units(change, sampler):
    """With the same seed the draws are the same but for the unit: default priors follow the data."""
    table = frame()
    near = {"y": change(table).y - (1e12 if change(table).y.min() > 1e11 else 0)}
    amounts = {"draws": 1000, "tune": 1000, "chains": 4}  # so many that no verdict of convergence is a matter of chance
    given, found, plain = (
        hlm.Model(EQUATIONS, t, "g").fit(seed=3, sampler=sampler, progress=False, **amounts)
        for t in (change(table).assign(**near), change(table), table)
    )
    assert found.convergence.converged == plain.convergence.converged
    unit = change(table).y.std() / table.y.std()
    for fit in (given, found):
        ratio = fit.posterior["tau"].mean(("chain", "draw")) / plain.posterior["tau"].mean(("chain", "draw"))
        error = 4 * plain.posterior["tau"].std(("chain", "draw")) / np.sqrt(100)
        assert (abs(ratio / unit - 1) < error / plain.posterior["tau"].mean(("chain", "draw"))).all()
