"""Designs and hand-made posteriors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayeshlm.design import build_design
from bayeshlm.design.design import Design
from bayeshlm.equations import parse


def _stacked(values: Any, dims: int) -> np.ndarray:
    """Values of one draw as (1, 1, ...), or draws as they are."""
    array = np.asarray(values, dtype=float)
    return array[None, None] if array.ndim == dims else array


@pytest.fixture(scope="session")
def posterior_of() -> Callable[..., xr.Dataset]:
    """Posterior of a design, from one value of each parameter or from arrays (chain, draw, ...)."""

    def make(design: Design, gamma: Any, tau: Any, sigma: Any, corr: Any = None, u: Any = None) -> xr.Dataset:
        gamma, tau, sigma = _stacked(gamma, 1), _stacked(tau, 1), _stacked(sigma, 0)
        sample = ("chain", "draw")
        data: dict[str, Any] = {
            "gamma": ((*sample, "fixed"), gamma),
            "tau": ((*sample, "random"), tau),
            "sigma": (sample, sigma),
        }
        labels = design.random_labels
        coords: dict[str, Any] = {"fixed": design.fixed_labels, "random": labels}
        if len(labels) > 1:
            corr = np.eye(len(labels)) if corr is None else corr
            shape = (*gamma.shape[:2], len(labels), len(labels))
            data["corr"] = ((*sample, "random", "random_"), np.broadcast_to(_stacked(corr, 2), shape))
            coords["random_"] = labels
        if u is not None:
            u = _stacked(u, 2)
            beta = np.einsum(
                "jk,kc,sdk->sdjc", design.W, np.eye(len(design.coefficients))[design.coefficient_of], gamma
            )
            position = {column.label: c for c, column in enumerate(design.coefficients)}
            for r, column in enumerate(design.random):
                beta[..., position[column.coefficient]] += u[..., r]
            data["u"] = ((*sample, design.group, "random"), u)
            data["beta"] = ((*sample, design.group, "coefficient"), beta)
            coords |= {design.group: design.group_labels, "coefficient": design.coefficient_labels}
        return xr.Dataset(data, coords=coords)

    return make


@pytest.fixture(scope="session")
def clinics() -> pd.DataFrame:
    """Seven clinics: one with a single patient, one with two of the same dose, the others ordinary."""
    rng = np.random.default_rng(7)
    sizes = np.array([1, 2, 5, 9, 12, 3, 20])
    clinic = np.repeat(list("gfedcba"), sizes)
    n = len(clinic)
    dose = rng.normal(3.0, 1.0, n).round(2)
    dose[1:3] = 2.5
    frame = pd.DataFrame({"clinic": clinic, "dose": dose, "age": rng.normal(50.0, 9.0, n).round(1)})
    frame["urban"] = np.repeat([0, 1, 0, 1, 1, 0, 1], sizes)
    frame["beds"] = np.repeat([10.0, 20.0, 15.0, 40.0, 35.0, 5.0, 80.0], sizes)
    frame["region"] = np.repeat(["north", "south", "west", "north", "south", "west", "north"], sizes)
    frame["pain"] = 5 + 0.4 * frame["dose"] - 0.02 * frame["age"] + rng.normal(0.0, 1.0, n)
    return frame.sample(frac=1.0, random_state=3)


@pytest.fixture(scope="session")
def clinic_design(clinics: pd.DataFrame) -> Callable[[str], Design]:
    """Design of level equations on the clinics."""
    return lambda text: build_design(parse(text), clinics, group="clinic")
