"""The digest of a fit's file: what the file says, whatever bytes of netCDF say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray


def digest(tree: xr.DataTree, leave_out: Sequence[str]) -> str:
    """SHA-256 over the names, dimensions, attributes and values of every variable of every group.

    Numbers count at 8 bytes and as they are, text as UTF-8; how they are laid out, chunked or compressed does not
    count.

    Parameters
    ----------
    tree : xarray.DataTree
        In memory, or as it was read.
    leave_out : sequence of str
        Coordinates that do not count: the group labels, which `load` takes from the data.

    Examples
    --------
    >>> tree = xr.DataTree(xr.Dataset({"y": ("row", [1.0, 2.0])}))
    >>> other = xr.DataTree(xr.Dataset({"y": ("row", [1.0, 2.5])}))
    >>> digest(tree, ["site"]) == digest(tree.copy(), ["site"]), digest(tree, []) == digest(other, [])
    (True, False)
    """
    found = hashlib.sha256()
    for node in sorted(tree.subtree, key=lambda node: node.path):
        found.update(_line(["group", node.path, _plain(node.attrs)]))
        variables = node.to_dataset(inherit=False).variables
        for name in sorted(set(variables) - set(leave_out), key=str):
            variable = variables[name]
            kind, content = _content(variable.to_numpy())
            found.update(_line([str(name), list(variable.dims), list(variable.shape), kind, _plain(variable.attrs)]))
            found.update(content)
    return found.hexdigest()


def _content(values: NDArray[Any]) -> tuple[str, Any]:
    """What values are, and their bytes: the same before a file is written and after it was read."""
    kind = values.dtype.kind
    if values.size == 0:  # of no kind: a list without texts is read as one without numbers
        return "empty", b""
    if kind == "f":
        numbers = np.ascontiguousarray(values, dtype="<f8")
        missing = np.isnan(numbers)
        return kind, np.where(missing, np.nan, numbers).data if missing.any() else numbers.data
    if kind in "iub":
        return kind, np.ascontiguousarray(values, dtype="<u8" if kind == "u" else "<i8").data
    if kind == "M":
        return kind, np.ascontiguousarray(values.astype("datetime64[ns]").astype("<i8")).data
    return "text", _line([str(text) for text in values.ravel()])


def _plain(attributes: Any) -> dict[str, list[Any]]:
    """Attributes as lists: netCDF makes no difference between one number and a list of one, and numpy's types go."""
    return {
        str(name): [] if getattr(value, "shape", ()) is None else np.ravel(value).tolist()
        for name, value in attributes.items()
    }


def _line(content: list[Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode() + b"\n"
