"""Table of several data sets pooled."""

from __future__ import annotations

import pandas as pd

from bayeshlm.design.naming import parameter_label
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number, percent
from bayeshlm.display.fit_tables import INTERVALS


def many_fits_blocks(pooled: pd.DataFrame, convergence: pd.DataFrame) -> list[Block]:
    """Lay out pooled parameters and the verdict on every data set.

    Parameters
    ----------
    pooled : pandas.DataFrame
        As `bayeshlm.checks.imputations.pool` makes it.
    convergence : pandas.DataFrame
        As `bayeshlm.checks.imputations.convergence_table` makes it.
    """
    rows = []
    for name, (_, row) in zip(pooled.index, pooled.iterrows(), strict=True):
        places = decimals(float(row["sd"]), float(row["mcse_mean"]))
        values = [number(float(row[column]), places) for column in ("mean", "sd", "lower", "upper")]
        spread = [number(float(row[column]) ** 0.5, places) for column in ("within", "between")]
        rows.append(
            (parameter_label(name) if name == "icc" else str(name), *values, *spread, number(float(row["fmi"]), 3))
        )
    m = int(pooled.attrs["n_datasets"])
    kind = f"{percent(pooled.attrs['ci_prob'])} {INTERVALS[pooled.attrs['ci_kind']]} intervals"
    header = ("", "mean", "sd", "lower", "upper", "SD within", "SD between", "fmi")
    notes = (
        f"lower, upper: the posterior, and what {m} data sets leave open about their average, (1 + 1/m) of the variance"
        " between them; fmi: fraction of information that is missing, by Rubin's rules",
    )
    grid = Grid(f"Pooled over {m} data sets ({kind})", header, (Section("", tuple(rows)),), notes=notes)
    failed = convergence.index[~convergence["converged"]]
    if len(failed) == 0:
        return [grid, Lines((f"The sampler converged on each of the {m} data sets.",))]
    reasons = tuple(f"{name}: {convergence.loc[name, 'reasons']}" for name in failed)
    return [grid, Lines((f"The sampler did not converge on {len(failed)} of the {m} data sets.", *reasons))]
