"""`compare`: fits of several models beside each other, by what they predict of data they have not seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from bayeshlm.checks.compare import check_same_data, compare_loo
from bayeshlm.checks.loo import Exact, Unit
from bayeshlm.display.frame_tables import shown_plain
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.errors import OptionError
from bayeshlm.faces.fit import Fit


def compare(fits: Mapping[str, Fit], unit: Unit = "row", *, exact: Exact = "auto") -> pd.DataFrame:
    """Compare models of the same data by leave-one-out cross-validation.

    Parameters
    ----------
    fits : mapping of str to Fit
        At least two fits, by the names that the table shall have.
    unit : {"row", "group"} or str
        The question: "row" asks which model predicts a new row of a group that is in the data best (a new student of
        one of these schools); "group" which predicts all rows of a new group best (the students of another school).
        Level-2 predictors show in the second: in a known group its own rows say what they would. With several
        groupings the name of one stands in place of "group"; every model must have it.
    exact : {"auto", True, False}
        As in `Fit.loo`.

    Returns
    -------
    pandas.DataFrame
        A row a model, the best first: ``elpd``, ``se``, ``elpd_diff``, ``dse`` (standard error of the paired
        difference), ``p_worse``, ``p_loo``, ``max_pareto_k``, ``n_bad`` and ``weight``; see
        `bayeshlm.checks.compare.compare_loo`. ``attrs["notes"]`` says what must be kept in mind.

    Raises
    ------
    OptionError
        The fits are fewer than two, or of different outcomes, rows or groups.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> hlm.compare({})
    Traceback (most recent call last):
        ...
    bayeshlm.errors.OptionError: compare needs at least two fits, such as {"a": fit_a, "b": fit_b}, not 0.
    """
    if not isinstance(fits, Mapping):
        raise OptionError(f'compare takes a dict such as {{"a": fit_a, "b": fit_b}}, not a {type(fits).__name__}.')
    for name, fit in fits.items():
        if not isinstance(fit, Fit):
            raise OptionError(f"{name!r} is a {type(fit).__name__}, not the fit of a model: give model.fit().")
    check_same_data({name: fit.model.design for name, fit in fits.items()}, unit)
    table = compare_loo({name: fit.loo(unit, exact) for name, fit in fits.items()})
    return ShownFrame.of(table, partial(shown_plain, title=f"Models by leave-one-out over {unit}s, the best first"))
