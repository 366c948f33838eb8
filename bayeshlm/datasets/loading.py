"""The shipped data sets as data frames: compressed files, and what is derived from them."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import TYPE_CHECKING

from bayeshlm.datasets.codebook import describe_dataset

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_HS_SCHOOLS = (
    *(1317, 1906, 2208, 2458, 2626, 2629, 2639, 2658, 2771, 3013, 3610, 3992, 4292, 4511),
    *(4530, 4868, 5619, 5640, 5650, 5720, 5761, 5762, 6074, 6484, 6897, 7172, 7232, 7342),
    *(7345, 7688, 7697, 7890, 7919, 8531, 8627, 8707, 8854, 8874, 9550, 9586),
)


def load_dataset(name: str) -> pd.DataFrame:
    """Load a shipped data set.

    Parameters
    ----------
    name : str
        ``hsb``: High School and Beyond 1982, 7,185 students in 160 schools; ``hs``: 40 of these
        schools; ``lee_bryk``: ``hsb`` in two decimals under other names. With several groupings
        ``growth``: measurements of children in schools, ``classes``: students in classes in schools,
        ``attainment``: pupils by primary and secondary school, all three simulated; ``penicillin``
        (crossed) and ``pastes`` (nested), two small published tables. Outcomes that are not normal: ``clinics``
        (simulated: yes or no, costs, shares) and four published tables, ``seeds`` (successes of trials), ``epilepsy``
        (counts), ``wine`` (ratings), ``orthodont`` (heavy tails). Estimates with known standard errors:
        ``eight_schools`` and ``bcg``. `describe_dataset` gives the codebook.

    Returns
    -------
    pandas.DataFrame
        A new frame at each call; codes and the ids of schools and persons are integers, and
        ``attrs["source"]`` says where the numbers come from.

    Raises
    ------
    DataError
        When there is no data set of this name.

    Examples
    --------
    >>> load_dataset("hsb")[["school", "ses", "mathach", "sector"]].head(2)
       school    ses  mathach  sector
    0    1224 -1.528    5.876       0
    1    1224 -0.588   19.708       0
    >>> load_dataset("lee_bryk").head(2)
       schoolid   math   ses  mses  sector
    0         1   5.88 -1.53 -0.43       0
    1         1  19.71 -0.59 -0.43       0
    """
    description = describe_dataset(name)
    frame = _read("hsb" if name in ("hs", "lee_bryk") else name)
    if name == "hs":
        frame = frame[frame["school"].isin(_HS_SCHOOLS)].reset_index(drop=True)
    elif name == "lee_bryk":
        frame = _lee_bryk(frame)
    frame.attrs["source"] = description.source
    return frame


def _read(name: str) -> pd.DataFrame:
    import pandas as pd

    with lzma.open(Path(__file__).with_name(f"{name}.csv.xz"), "rt", encoding="utf-8") as file:
        return pd.read_csv(file)


def _lee_bryk(hsb: pd.DataFrame) -> pd.DataFrame:
    """Rename, number the schools 1 to 160 and round to two decimals."""
    import pandas as pd

    return pd.DataFrame(
        {
            "schoolid": pd.factorize(hsb["school"])[0] + 1,
            "math": round_half_away(hsb["mathach"].to_numpy()),
            "ses": round_half_away(hsb["ses"].to_numpy()),
            "mses": round_half_away(hsb["meanses"].to_numpy()),
            "sector": hsb["sector"],
        }
    )


def round_half_away(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round numbers of three decimals to two, half away from zero.

    With ``k = round(1000 x)``, an integer, the result is ``sign(k) floor((|k| + 5)/10)/100``: the
    rule of exact decimals, which binary floating point alone does not follow.

    Parameters
    ----------
    values : numpy.ndarray
        Numbers with at most three decimals, any shape.

    Returns
    -------
    numpy.ndarray
        The rounded numbers, same shape.

    Examples
    --------
    >>> import numpy as np
    >>> round_half_away(np.array([-1.528, 0.005, -0.005, 1.004])).tolist()
    [-1.53, 0.01, -0.01, 1.0]
    """
    import numpy as np

    thousandths = np.rint(1000 * values).astype(np.int64)
    rounded: NDArray[np.float64] = np.sign(thousandths) * ((np.abs(thousandths) + 5) // 10) / 100
    return rounded
