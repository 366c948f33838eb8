"""`Draws`: the posterior of a design's parameters as arrays whose order and meaning are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.schema import Schema

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
        return self.dataset.sizes["chain"], self.dataset.sizes["draw"]

    @property
    def n_draws(self) -> int:
        """Number of draws S of all chains."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def gamma(self) -> FloatArray:
        """Fixed effects, (chain, draw, p)."""
        return self._values("gamma", fixed=self.design.fixed_labels)

    @cached_property
    def tau(self) -> FloatArray:
        """SDs of the random effects, (chain, draw, q)."""
        return self._values("tau", random=self.design.random_labels)

    @cached_property
    def corr(self) -> FloatArray:
        """Correlations of the random effects, (chain, draw, q, q); the identity where none covary."""
        labels = self.design.random_labels
        if "corr" not in self.dataset:
            return np.broadcast_to(np.eye(len(labels)), (*self.shape, len(labels), len(labels)))
        return self._values("corr", random=labels, random_=labels)

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
    def coords(self) -> dict[str, Any]:
        """Coordinates of the chains and draws."""
        return {dim: self.dataset[dim] for dim in SAMPLE}

    def _values(self, name: str, **labels: Sequence[str]) -> FloatArray:
        values = self.dataset[name].sel(labels).transpose(*SAMPLE, *labels)
        return np.asarray(values.to_numpy(), dtype=np.float64)

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

    def scalars(self) -> FloatArray:
        """Draws of every parameter of `schema`, (m, chain, draw)."""
        arrays = {"gamma": self.gamma, "tau": self.tau, "corr": self.corr, "sigma": self.sigma}
        every: tuple[Any, ...] = (slice(None), slice(None))
        return np.stack([arrays[one.component][(*every, *one.position)] for one in self.schema.parameters])
