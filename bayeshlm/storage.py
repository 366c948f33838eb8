"""One netCDF file that holds a whole fit: draws, equations, priors and the used columns; never a pickle."""

from __future__ import annotations

import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.columns import NumericColumn, read_categories, read_column
from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.errors import DataError, FileError
from bayeshlm.text_file import umask

FORMAT = 1
SOURCE = "model_source"


@dataclass(frozen=True)
class StoredFit:
    """The content of a fit's file.

    Attributes
    ----------
    idata : xarray.DataTree
    frame : pandas.DataFrame
        The used columns of the rows kept.
    equations, group : str
    priors : dict of str to str
        The priors that the user typed, by key, as text; the others follow from the data.
    rows_dropped : int
        Rows dropped for missing values before `frame` was made.
    left_out : LeftOut
        Which columns missed values then, and the groups that lost all their rows.
    """

    idata: xr.DataTree
    frame: pd.DataFrame
    equations: str
    group: str
    priors: dict[str, str]
    rows_dropped: int
    left_out: LeftOut = NOTHING


def write_fit(stored: StoredFit, path: str | os.PathLike[str]) -> None:
    """Write a fit to `path`, whole or not at all.

    Raises
    ------
    FileError
        If the folder is missing or the file cannot be written.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileError(f"There is no folder {str(target.parent)!r} to save {target.name!r} in.")
    tree = stored.idata.copy()
    tree[SOURCE] = xr.DataTree(
        xr.Dataset(
            {
                "frame_parquet": ("byte", _to_parquet(stored.frame)),
                "prior_key": ("prior", np.array(list(stored.priors), dtype=object)),
                "prior_text": ("prior", np.array(list(stored.priors.values()), dtype=object)),
            },
            attrs={
                "format": FORMAT,
                "equations": stored.equations,
                "group": stored.group,
                "rows_dropped": stored.rows_dropped,
                "left_out": json.dumps([stored.left_out.columns, stored.left_out.groups]),
            },
        )
    )
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    try:
        tree.to_netcdf(draft, engine="h5netcdf")
        Path(draft).chmod(0o666 & ~umask())
        Path(draft).replace(target)
    except OSError as error:
        raise FileError(f"Cannot write {str(target)!r}: {error.strerror or error}.") from error
    finally:
        Path(draft).unlink(missing_ok=True)


def read_fit(path: str | os.PathLike[str]) -> StoredFit:
    """Read what `write_fit` wrote.

    Raises
    ------
    FileError
        If there is no such file, it is not a saved fit, or a newer bayeshlm wrote it.
    """
    if not Path(path).is_file():
        raise FileError(f"There is no file {str(path)!r}.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except (OSError, ValueError) as error:
        raise FileError(f"{str(path)!r} is not a netCDF file that can be read: {error}.") from error
    if SOURCE not in tree.children:
        raise FileError(f"{str(path)!r} is not a fit saved by bayeshlm.")
    source = tree[SOURCE].to_dataset()
    if source.attrs["format"] > FORMAT:
        raise FileError(f"{str(path)!r} was saved by a newer bayeshlm; update the package to read it.")
    keys, texts = (source[name].to_numpy() for name in ("prior_key", "prior_text"))
    columns, groups = json.loads(source.attrs.get("left_out", "[[], []]"))  # older files do not say
    del tree[SOURCE]
    return StoredFit(
        idata=tree,
        frame=pd.read_parquet(io.BytesIO(source["frame_parquet"].to_numpy().tobytes())),
        equations=str(source.attrs["equations"]),
        group=str(source.attrs["group"]),
        priors={str(key): str(text) for key, text in zip(keys, texts, strict=True)},
        rows_dropped=int(source.attrs["rows_dropped"]),
        left_out=LeftOut(tuple((str(name), int(n)) for name, n in columns), tuple(map(str, groups))),
    )


def _to_parquet(frame: pd.DataFrame) -> np.ndarray:
    buffer = io.BytesIO()
    plain = {name: _storable(column) for name, column in frame.reset_index(drop=True).items()}
    pd.DataFrame(plain).to_parquet(buffer)
    return np.frombuffer(buffer.getbuffer(), dtype=np.uint8)


def _storable(column: pd.Series) -> pd.Series:
    """A column as Parquet can hold it: odd objects as the numbers or the categories that a design reads."""
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    odd = isinstance(values.dtype, (pd.IntervalDtype, pd.PeriodDtype, pd.SparseDtype))
    if not odd and not pd.api.types.infer_dtype(values).startswith(("mixed", "unknown")):
        return column
    try:
        read = read_column(column)
    except DataError:  # numbers and text together, which C() takes
        read = read_categories(column)
    if isinstance(read, NumericColumn):
        return pd.Series(read.numbers)
    return pd.Series(pd.Categorical.from_codes(read.codes, pd.Index(read.levels)))
