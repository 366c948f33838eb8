"""`Draws`: the posterior of a design's parameters as arrays whose order and meaning are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.parameters.schema import DIMS, Schema

SAMPLE = ("chain", "draw")
"""The dims that every array of draws begins with."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of the parameters of a design, S = chains times draws of them.

    The one place that knows how the posterior is laid out. Quantities are computed from its arrays and get their
    labels back through `labelled`.

    Attributes
    ----------
    dataset : xarray.Dataset
        With ``gamma (chain, draw, fixed)``, ``tau (chain, draw, random)``, ``sigma (chain, draw)``, ``corr (chain,
        draw, random, random_)`` unless no effects covary and, unless they were too many to keep, ``u`` and ``beta``.
    design : Design
        Whose parameters they are; gives the order.
    moments : xarray.Dataset or None
        Posterior moments of u and beta, where their draws were too many to keep.
    """

    dataset: xr.Dataset
    design: Design
    moments: xr.Dataset | None = None

    @cached_property
    def schema(self) -> Schema:
        """Name, place and support of every parameter."""
        return Schema.of(self.design)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of chains and of draws a chain."""
        n_chains, n_draws = (self.dataset.sizes[dim] for dim in SAMPLE)
        return n_chains, n_draws

    @property
    def n_draws(self) -> int:
        """Number of draws S of all chains."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def gamma(self) -> FloatArray:
        """Fixed effects, (chain, draw, p)."""
        return self._values("gamma")

    @cached_property
    def tau(self) -> FloatArray:
        """SDs of the random effects, (chain, draw, q)."""
        return self._values("tau")

    @cached_property
    def corr(self) -> FloatArray:
        """Correlations of the random effects, (chain, draw, q, q); the identity where none covary."""
        if "corr" not in self.dataset:
            q = len(self.design.random_labels)
            return np.broadcast_to(np.eye(q), (*self.shape, q, q))
        return self._values("corr")

    @cached_property
    def sigma(self) -> FloatArray:
        """Level-1 SD, (chain, draw)."""
        return self._values("sigma")

    @property
    def sigma2(self) -> FloatArray:
        """Level-1 variance, (chain, draw)."""
        return self.sigma**2

    @cached_property
    def G(self) -> FloatArray:
        """Covariance matrix of the random effects, ``diag(tau) corr diag(tau)``, (chain, draw, q, q)."""
        return np.asarray(self.tau[..., :, None] * self.corr * self.tau[..., None, :])

    @property
    def has_groups(self) -> bool:
        """Whether the draws of u and beta were kept."""
        return "u" in self.dataset

    @property
    def u(self) -> FloatArray:
        """Deviations of the groups, (chain, draw, J, q), where `has_groups`."""
        return self._values("u")

    @property
    def beta(self) -> FloatArray:
        """Coefficients of the groups, (chain, draw, J, C), where `has_groups`."""
        return self._values("beta")

    def at(self, positions: IntArray) -> Draws:
        """The draws at positions along each chain."""
        return replace(self, dataset=self.dataset.isel(draw=positions))

    @property
    def coords(self) -> dict[str, Any]:
        """Coordinates of the chains and draws."""
        return {dim: self.dataset[dim] for dim in SAMPLE}

    def _values(self, name: str) -> FloatArray:
        dims, labels = _dims(name, self.design), _labels(self.design)
        values = self.dataset[name]
        for dim in set(labels) & set(map(str, values.coords)):  # without labels they are in the design's order
            if values[dim].to_numpy().tolist() != labels[dim]:
                values = values.sel({dim: labels[dim]})
        return np.asarray(values.transpose(*SAMPLE, *dims).to_numpy(), dtype=np.float64)

    def flat(self, values: FloatArray) -> FloatArray:
        """Draws (chain, draw, ...) as (S, ...), one chain after the other."""
        return values.reshape(-1, *values.shape[2:])

    def labelled(
        self,
        values: FloatArray,
        dims: Sequence[str] = (),
        coords: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> xr.DataArray:
        """Draws (chain, draw, ...) or (S, ...) of a quantity with their labels; `dims` are those behind the draws."""
        if values.ndim == 1 + len(dims):
            values = values.reshape(*self.shape, *values.shape[1:])
        return xr.DataArray(values, dims=(*SAMPLE, *dims), coords={**self.coords, **(coords or {})}, name=name)

    def parameters(self) -> xr.DataArray:
        """Draws of every parameter of `schema` with its label, (chain, draw, parameter)."""
        return self.labelled(np.moveaxis(self.scalars(), 0, -1), ("parameter",), {"parameter": self.schema.labels})

    def scalars(self) -> FloatArray:
        """Draws of every parameter of `schema`, (m, chain, draw)."""
        arrays = {"gamma": self.gamma, "tau": self.tau, "corr": self.corr, "sigma": self.sigma}
        every: tuple[Any, ...] = (slice(None), slice(None))
        return np.stack([arrays[one.component][(*every, *one.position)] for one in self.schema.parameters])


def labelled_posterior(
    design: Design,
    gamma: npt.ArrayLike,
    tau: npt.ArrayLike,
    sigma: npt.ArrayLike,
    corr: npt.ArrayLike | None = None,
    u: npt.ArrayLike | None = None,
    beta: npt.ArrayLike | None = None,
) -> xr.Dataset:
    """Label arrays (chain, draw, ...) of a design's parameters, as `Draws` reads them.

    Parameters
    ----------
    design : Design
        Gives the labels.
    gamma, tau, sigma, corr, u, beta : array_like
        Dims behind those of the draws: (p,), (q,), (), (q, q), (J, q), (J, C). Those that are None are left out.
    """
    given = {"gamma": gamma, "tau": tau, "sigma": sigma, "corr": corr, "u": u, "beta": beta}
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in given.items() if values is not None}
    variables = {name: ((*SAMPLE, *_dims(name, design)), values) for name, values in arrays.items()}
    used = {dim for dims, _ in variables.values() for dim in dims}
    coords = {dim: np.arange(size) for dim, size in zip(SAMPLE, arrays["gamma"].shape, strict=False)}
    labels: dict[str, Any] = {**coords, **_labels(design), design.group: design.group_labels.to_numpy()}
    return xr.Dataset(variables, {dim: values for dim, values in labels.items() if dim in used})


def _dims(name: str, design: Design) -> tuple[str, ...]:
    """The dims of a variable of the posterior behind those of the draws."""
    if name in ("u", "beta"):
        return design.group, "random" if name == "u" else "coefficient"
    return DIMS[name]


def _labels(design: Design) -> dict[str, list[str]]:
    """Labels along each dim but the groups'."""
    random = design.random_labels
    return {"fixed": design.fixed_labels, "random": random, "random_": random, "coefficient": design.coefficient_labels}
