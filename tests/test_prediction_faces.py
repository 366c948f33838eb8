"""A sampled fit predicts, is checked and predicts the same when it is read from disk."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeshlm as hlm

MODEL = """
mathach = b0 + b1*cwc(ses) + r
b0 = g00 + g01*sector + g02*meanses + u0
b1 = g10 + u1
"""


@pytest.fixture(scope="module")
def fit():
    return hlm.Model(MODEL, hlm.load_dataset("hs"), "school").fit(draws=500, seed=1, progress=False)


@pytest.mark.slow
def test_a_fit_predicts_and_is_checked(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    new = hlm.load_dataset("hs").drop(columns="mathach").iloc[[3, 800, 4]]
    new.loc[[800, 4], "school"] = [1, 1317]
    for groups in ("same", "new"):
        xr.testing.assert_equal(fit.predict(new, groups, seed=2), loaded.predict(new, groups, seed=2))
    pd.testing.assert_frame_equal(fit.predictive_check(seed=1).table, loaded.predictive_check(seed=1).table)


@pytest.mark.slow
def test_schools_that_were_left_out_lie_in_their_predictions():
    """Fit without a third of the schools of hsb: the others' means lie in 90 % intervals as often as they should."""
    data = hlm.load_dataset("hsb")
    schools = data["school"].unique()
    left_out = data[data["school"].isin(schools[::3])].reset_index(drop=True)
    fit = hlm.Model(MODEL, data[~data["school"].isin(schools[::3])], "school").fit(seed=1, progress=False)
    made = fit.predict(left_out, seed=1)
    assert made.attrs["n_new_groups"] == len(schools[::3])
    predicted = made["y"].groupby("school").mean("obs_id")
    observed = left_out.groupby("school")["mathach"].mean()
    inside = (predicted < xr.DataArray(observed)).mean(["chain", "draw"]).to_numpy()
    covered = ((inside > 0.05) & (inside < 0.95)).mean()
    assert abs(covered - 0.9) < 3 * np.sqrt(0.9 * 0.1 / len(observed))
    # the average group, and a school without its own u, are too sure of themselves
    average = fit.predict(left_out, "average", seed=1)["y"].groupby("school").mean("obs_id")
    sure = (average < xr.DataArray(observed)).mean(["chain", "draw"]).to_numpy()
    assert ((sure > 0.05) & (sure < 0.95)).mean() < covered - 0.2
