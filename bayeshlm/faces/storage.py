"""One netCDF file that holds a whole fit: draws, equations, priors and the used columns; never a pickle."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design import Design, build_design
from bayeshlm.design.columns import NumericColumn, read_categories, read_column
from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import parse, render
from bayeshlm.errors import DataError, FileError
from bayeshlm.faces.model_changes import ModelData
from bayeshlm.faces.stored_checks import check_draws, check_self_contained
from bayeshlm.faces.stored_digest import digest
from bayeshlm.fitted import FittedModel
from bayeshlm.parameters.prior_changes import stored_priors
from bayeshlm.parameters.priors import make_priors
from bayeshlm.text_file import whole_file

FORMAT = 3
SOURCE, DIGEST = "model_source", "digest"


@dataclass(frozen=True)
class StoredFit:
    """The content of a fit's file.

    Attributes
    ----------
    idata : xarray.DataTree
    frame : pandas.DataFrame or None
        The used columns of the rows kept; None of rows that stayed in a database.
    sums : tuple of float
        Number of rows, mean and SD of the outcome, of rows that stayed in a database.
    weights : SurveyWeights or None
    equations : str
    groupings : tuple of str
    priors : dict of str to str
        The priors that the user typed, by key, as text; the others follow from the data.
    rows_dropped : int
        Rows dropped for missing values before `frame` was made.
    left_out : LeftOut
        Which columns missed values then, and the groups that lost all their rows.
    """

    idata: xr.DataTree
    frame: pd.DataFrame | None
    equations: str
    groupings: tuple[str, ...]
    priors: dict[str, str]
    rows_dropped: int
    left_out: LeftOut = NOTHING
    sums: tuple[float, ...] = ()
    weights: SurveyWeights | None = None


def write_fit(fitted: FittedModel, path: str | os.PathLike[str]) -> None:
    """Write a fit to `path`, whole or not at all.

    Raises
    ------
    FileError
        If the folder is missing or the file cannot be written.
    """
    design, priors = fitted.design, fitted.priors
    target = Path(path)
    if not target.parent.is_dir():
        raise FileError(f"There is no folder {str(target.parent)!r} to save {target.name!r} in.")
    typed = {key: text for key, text in priors.texts().items() if key in priors.typed}
    tree = fitted.idata.copy()
    rows = {} if design.rows is None else {"frame_parquet": ("byte", _to_parquet(design.frame))}
    tree[SOURCE] = xr.DataTree(
        xr.Dataset(
            {
                **rows,
                "prior_key": ("prior", np.array(list(typed), dtype=object)),
                "prior_text": ("prior", np.array(list(typed.values()), dtype=object)),
            },
            attrs={
                "format": FORMAT,
                "equations": design.spec.text or render(design.spec, "levels", design.groupings),
                "groupings": json.dumps(design.groupings),
                "rows_dropped": design.rows_dropped,
                "left_out": json.dumps([design.left_out.columns, design.left_out.groups]),
                **({} if design.weights is None else {"weights": json.dumps(design.weights.survey.to_dict())}),
                **({"sums": json.dumps(_sums(design))} if design.rows is None else {}),
            },
        )
    )
    tree[SOURCE].attrs[DIGEST] = digest(tree, design.groupings)
    content = io.BytesIO()  # HDF5 ends the process if it hears of a full disk: it never sees the disk
    tree.to_netcdf(content, engine="h5netcdf")
    with whole_file(target) as draft:
        draft.write_bytes(content.getvalue())


def read_fit(path: str | os.PathLike[str]) -> StoredFit:
    """Read what `write_fit` wrote.

    Raises
    ------
    FileError
        If there is no such file, it is not a saved fit, it is damaged, or a newer bayeshlm wrote it.
    """
    if not Path(path).is_file():
        raise FileError(f"There is no file {str(path)!r}.")
    try:
        check_self_contained(path)
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
        return _stored(tree, path)
    except FileError:
        raise
    except Exception as error:  # HDF5, xarray and Arrow have errors of many classes for bytes that nobody wrote
        raise FileError(f"{str(path)!r} is damaged, or not a netCDF file: {_first_line(error)}.") from error


def _stored(tree: xr.DataTree, path: str | os.PathLike[str]) -> StoredFit:
    if SOURCE not in tree.children:
        raise FileError(f"{str(path)!r} is not a fit saved by bayeshlm.")
    source = tree[SOURCE].to_dataset()
    if source.attrs["format"] > FORMAT:
        raise FileError(f"{str(path)!r} was saved by a newer bayeshlm; update the package to read it.")
    if source.attrs["format"] < FORMAT:
        raise FileError(f"{str(path)!r} was saved before bayeshlm 0.1.0, in an older form; fit and save again.")
    groupings, written = json.loads(source.attrs["groupings"]), tree[SOURCE].attrs.pop(DIGEST, None)
    if written is None:
        raise FileError(f"{str(path)!r} was saved before bayeshlm 0.1.0, without a digest; fit and save again.")
    if digest(tree, groupings) != written:
        raise FileError(
            f"{str(path)!r} is damaged: its content is not what was saved (the digest differs). Take a whole copy of"
            " the file, or fit and save again."
        )
    keys, texts = (source[name].to_numpy() for name in ("prior_key", "prior_text"))
    columns, groups = json.loads(source.attrs["left_out"])
    rows = "frame_parquet" in source
    del tree[SOURCE]
    return StoredFit(
        idata=tree,
        frame=pd.read_parquet(io.BytesIO(source["frame_parquet"].to_numpy().tobytes())) if rows else None,
        equations=str(source.attrs["equations"]),
        groupings=tuple(map(str, groupings)),
        priors={str(key): str(text) for key, text in zip(keys, texts, strict=True)},
        rows_dropped=int(source.attrs["rows_dropped"]),
        left_out=LeftOut(tuple((str(name), int(n)) for name, n in columns), tuple(map(str, groups))),
        sums=() if rows else tuple(map(float, json.loads(source.attrs["sums"]))),
        weights=SurveyWeights(**json.loads(source.attrs["weights"])) if "weights" in source.attrs else None,
    )


def _sums(design: Design) -> tuple[float, ...]:
    """What tells a table from others; with weights or known SDs, what the rows count."""
    sums = (design.n_obs, design.moments.y_mean, design.moments.y_sd)
    if design.summed is None or design.summed.weighted is None:
        return sums
    return (*sums, float(np.trace(design.products.XtX, axis1=-2, axis2=-1).sum()))


def _from_database(stored: StoredFit, data: ModelData | None, path: str | os.PathLike[str]) -> Design:
    """The design of a fit whose rows stayed in a database, from its table as it is now."""
    if data is None:
        raise FileError(
            f"The rows of {str(path)!r} stayed in a database: give their table, load({str(path)!r}, data=table)."
        )
    design = dataclasses.replace(data, weights=stored.weights).design(parse(stored.equations), stored.groupings)
    given = _sums(design)
    if len(given) != len(stored.sums) or not np.allclose(given, stored.sums, rtol=1e-9, atol=0):
        then, now = (f"{n:,.0f} rows, mean {mean:.6g}, SD {sd:.6g}" for n, mean, sd, *_ in (stored.sums, given))
        if then == now:
            then, now = "other weights or known SDs", "those of the table"
        raise FileError(f"The table is not the one that {str(path)!r} was fitted to: {then}; now {now}.")
    return design


@contextmanager
def _whole_fit(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever equations, data and draws that do not go together end in is one FileError."""
    try:
        yield
    except Warning:  # of a user who has made warnings errors
        raise
    except Exception as error:
        raise FileError(f"{str(path)!r} does not hold a whole fit: {_first_line(error)}.") from error


def restored_fit(path: str | os.PathLike[str], data: ModelData | None = None) -> FittedModel:
    """Read what `write_fit` wrote, with the design and the priors built anew and the draws checked against them.

    Raises
    ------
    FileError
        As `read_fit`, or if the draws are not those of a model.
    """
    stored = read_fit(path)
    if stored.frame is None:
        design = _from_database(stored, data, path)
    else:
        with _whole_fit(path):
            design = build_design(parse(stored.equations), stored.frame, stored.groupings, weights=stored.weights)
    with _whole_fit(path):
        design = dataclasses.replace(design, rows_dropped=stored.rows_dropped, left_out=stored.left_out)
        idata, priors = stored.idata, make_priors(design, stored.priors)
        check_draws(idata, design)
        if "prior_basis" in idata.attrs:
            priors = stored_priors(priors, json.loads(idata.attrs["priors"]), idata.attrs["prior_basis"])
    labels = {term.grouping: term.labels.to_numpy() for term in design.predictor.random}
    for name, node in idata.children.items():
        here = {grouping: values for grouping, values in labels.items() if grouping in node.dims}
        if here:
            idata[name] = xr.DataTree(node.to_dataset().assign_coords(here))
    return FittedModel(design, priors, idata)


def add_groups(idata: xr.DataTree, groups: Mapping[str, xr.Dataset]) -> None:
    """Add groups to a tree; one of the same name is replaced, all others are left as they are."""
    for name, group in groups.items():
        idata[name] = xr.DataTree(group)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")


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
