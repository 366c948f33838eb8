"""Every public method of fits, over all types of models: finite, or missing with a word on it, or one `HLMError`."""

import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from amounts import amount, of_types
from model_types import TYPES, frame

import bayeshlm as hlm

ARGUMENTS = {
    "contextual": ["x"],
    "comparisons": ["x"],
    "slopes": ["x"],
    "hypothesis": ["g10 > 0"],
    "wald": ["g10 = 0"],
    "contrast": ["g10 = 0"],
    "intervals": ["wald"],
}
NO_QUESTION = ("design", "model", "plot", "estimate", "idata", "compare", "report", "save", "as_draw")
MISSING = {
    # own least squares of groups with too few rows; the squares of variances on the boundary
    "group_coefficients": ("ols", "u", "u_sd", "u_mean", "lower", "upper"),
    "corr": (0, 1, "u0", "u1", "v0", "r0", "u00"),
}
"""What may be missing without a note: it is said in the docstring."""


def holes(found):
    """Columns with values that are no number, or infinite."""
    if isinstance(found, pd.Series):
        found = found.to_frame("value")
    if isinstance(found, xr.Dataset):
        return [name for name, of in found.data_vars.items() if of.dtype.kind == "f" and not np.isfinite(of).all()]
    if isinstance(found, float | np.ndarray):
        return [] if np.isfinite(np.asarray(found, dtype=float)).all() else ["value"]
    if not isinstance(found, pd.DataFrame):
        return []
    numbers = found.select_dtypes("number")
    return [name for name in numbers if not np.isfinite(numbers[name].to_numpy(dtype=float, na_value=np.nan)).all()]


def is_said(name, hole, found, fit):
    """A note says it, the docstring does, or the whole estimate is on the boundary and says that."""
    notes = getattr(found, "attrs", {}).get("notes", ())
    return bool(notes) or hole in MISSING.get(name, ()) or bool(getattr(fit, "reason", ""))


def asked(fit, name, grouping):
    method = getattr(fit, name)
    if not callable(method):
        return method
    parameters = inspect.signature(method).parameters
    options = {"grouping": grouping} if "grouping" in parameters and grouping else {}
    options |= {"seed": 1} if "seed" in parameters else {}
    return method(*ARGUMENTS.get(name, []), **options)


def ask_all(fit, design):
    """The methods that answered; an error that is not the package's ends the test."""
    answered = set()
    grouping = design.groupings[0] if len(design.groupings) > 1 else None
    for name in [name for name in dir(type(fit)) if not name.startswith("_") and name not in NO_QUESTION]:
        try:
            found = asked(fit, name, grouping)
        except hlm.HLMError as error:
            message = str(error)
            assert message.strip()
            continue
        answered.add(name)
        assert name == "reason" or str(found)
        unsaid = [hole for hole in holes(found) if not is_said(name, hole, found, fit)]
        assert not unsaid, (name, unsaid)
    return answered


QUICK = ("slopes", "categories")


@pytest.mark.filterwarnings("ignore::bayeshlm.ModelWarning")
@of_types(TYPES, QUICK)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_estimates(name, method):
    for seed in range(1, 1 + amount(1, 5)):
        try:
            model = TYPES[name].model(frame(seed))
            fit = getattr(model, method)()
        except hlm.HLMError as error:
            message = str(error)
            assert message.strip()
            continue
        answered = ask_all(fit, model.design)
        assert {"fixed_effects", "variance_components", "group_coefficients", "intervals"} <= answered
        assert "nan" not in repr(fit).split()
        assert fit._repr_html_()


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore::bayeshlm.ModelWarning")
@pytest.mark.parametrize("name", TYPES)
def test_draws(name):
    try:
        model = TYPES[name].model(frame(1))
    except hlm.HLMError as error:
        message = str(error)
        assert message.strip()
        return
    fit = model.fit(draws=100, tune=200, chains=2, seed=1, progress=False)
    answered = ask_all(fit, model.design)
    assert {"fixed_effects", "variance_components", "group_coefficients", "loo", "predict"} <= answered
    assert "nan" not in repr(fit).split()
