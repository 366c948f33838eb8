"""What a fit's file must hold before its draws are believed."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import xarray as xr

from bayeshlm.design import Design
from bayeshlm.errors import FileError
from bayeshlm.likelihood.budget import GROUP_DRAWS, ON_REQUEST
from bayeshlm.parameters.draws import labels_of_dims
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.schema import DIMS
from bayeshlm.sampling.certificate import Certificate

COUNTS = ("chains", "draws", "tune", "seed")
NUMBERS = ("target_accept", "compile_seconds", "sample_seconds")
TEXTS = ("sampler", "parameterization")


def check_self_contained(path: str | os.PathLike[str]) -> None:
    """Refuse a file whose content stands elsewhere, or claims more bytes than are there.

    Raises
    ------
    FileError
        If a dataset is kept in another file, a name is a link, or values are missing.
    """
    import h5py

    with h5py.File(path, "r") as file:
        groups = [file]
        while groups:
            group = groups.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise FileError(f"{str(path)!r} holds a link, {name!r}, to other places; no saved fit does.")
                item = group[name]
                if isinstance(item, h5py.Group):
                    groups.append(item)
                elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                    raise FileError(f"{str(path)!r} keeps {name!r} in another file; no saved fit does.")


def check_draws(idata: xr.DataTree, design: Design) -> None:
    """Refuse draws that cannot be those of a model: there may be more variables, but not fewer, and no other values.

    Parameters
    ----------
    idata : xarray.DataTree
    design : Design
        Of the equations and the data that stand in the same file.

    Raises
    ------
    FileError
    """
    _check_shapes(idata, design)
    posterior = idata["posterior"].to_dataset()
    of_groups = [name for layout in layout_of_groupings(design.groupings) for name in layout.dims]
    for name in (*DIMS, *of_groups):
        if name in posterior and not np.isfinite(posterior[name].to_numpy()).all():
            raise FileError(f"some draws of {name} are not finite")
    if (posterior["tau"] < 0).any():
        raise FileError("some draws of tau are negative")
    for one, _ in design.outcome.auxiliary:
        if one.support == "positive" and (posterior[one.name] <= 0).any():
            raise FileError(f"some draws of {one.name} are not positive")
        if one.support == "increasing" and (posterior[one.name].diff("threshold") <= 0).any():
            raise FileError(f"some draws of {one.name} do not increase")
        if one.support == "correlation" and (abs(posterior[one.name]) >= 1).any():
            raise FileError(f"some draws of {one.name} are not between -1 and 1")
    if "corr" in posterior and (abs(posterior["corr"]) > 1 + 1e-9).any():
        raise FileError("some draws of corr are beyond -1 and 1")
    if design.rows is not None and not np.allclose(idata["observed_data"]["y"].to_numpy(), design.y, rtol=1e-9, atol=0):
        raise FileError("the outcomes are not those of the data")
    _check_attributes(idata.attrs, posterior)


def _check_shapes(idata: xr.DataTree, design: Design) -> None:
    sample, layouts = ("chain", "draw"), layout_of_groupings(design.groupings)
    labels = labels_of_dims(design)
    always = ("gamma", "tau", *(one.name for one, _ in design.outcome.auxiliary))
    parameters = {name: (*sample, *DIMS[name]) for name in always}
    needed: dict[str, dict[str, tuple[str, ...]]] = {
        "posterior": dict(parameters),
        "sample_stats": {} if _by_importance(idata) else {"diverging": sample},
        "log_prior": dict(parameters),
    }
    if design.rows is not None:
        needed["observed_data"] = {"y": ("obs_id",)}
    if design.predictor.has_correlations:
        needed["posterior"]["corr"] = (*sample, "random", "random_")
        needed["log_prior"]["corr"] = sample
    if idata.attrs.get(GROUP_DRAWS) != ON_REQUEST:
        for layout in layouts:
            needed["posterior"] |= {name: (*sample, *dims) for name, dims in layout.dims.items()}
        always_kept = design.outcome.is_normal and design.weights is None
        if len(layouts) == 1 and (always_kept or "log_likelihood" in idata.children):
            needed["log_likelihood"] = {layouts[0].log_likelihood: (*sample, layouts[0].grouping)}
    shape = idata["posterior"].sizes if "posterior" in idata.children else {}
    sizes = {name: shape.get(name, 0) for name in sample}
    sizes |= {name: len(values) for name, values in labels.items()} | {"obs_id": design.n_obs}
    sizes |= {term.grouping: len(term.labels) for term in design.predictor.random}
    for node, variables in needed.items():
        if node not in idata.children:
            raise FileError(f"the group {node} is missing")
        dataset = idata[node].to_dataset()
        for name, dims in variables.items():
            if name not in dataset:
                raise FileError(f"{name} is missing from {node}")
            found = dataset[name]
            if found.dims != dims or found.shape != tuple(sizes[dim] for dim in dims):
                raise FileError(f"{name} in {node} has another shape than the model's")
            if found.dtype.kind not in "fiub":
                raise FileError(f"{name} in {node} is not made of numbers")
        for dim in set(labels) & set(dataset.coords):
            if list(dataset[dim].to_numpy()) != list(labels[dim]):
                raise FileError(f"{dim} in {node} has other labels than the model's")
    if 0 in (sizes["chain"], sizes["draw"]):
        raise FileError("there are no draws")


def _by_importance(idata: xr.DataTree) -> bool:
    certificate = Certificate.from_attrs(idata["sample_stats"].attrs) if "sample_stats" in idata.children else None
    return certificate is not None and certificate.holds


def _check_attributes(attributes: Any, posterior: xr.Dataset) -> None:
    for name in (*COUNTS, *NUMBERS, *TEXTS, "priors", "versions"):
        if name not in attributes:
            raise FileError(f"the attribute {name} is missing")
    for name in (*COUNTS, *NUMBERS):
        if not np.isfinite(float(attributes[name])) or float(attributes[name]) < 0:
            raise FileError(f"the attribute {name} is {attributes[name]!r}")
    for name, dim in (("chains", "chain"), ("draws", "draw")):
        if int(attributes[name]) != posterior.sizes[dim]:
            raise FileError(f"the attribute {name} is {attributes[name]!r}, not {posterior.sizes[dim]}")
    for name in ("priors", "versions"):
        json.loads(attributes[name])
