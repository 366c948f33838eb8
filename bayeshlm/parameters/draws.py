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
from bayeshlm.errors import OptionError
from bayeshlm.parameters.layout_of_groupings import GroupingLayout, layout_of_groupings
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
        With ``gamma (chain, draw, fixed)``, ``tau (chain, draw, random)``, ``corr (chain, draw, random, random_)``
        unless no effects covary, the auxiliary parameters, such as ``sigma (chain, draw)``, and, unless they were too
        many to keep, ``u`` and ``beta`` of every grouping, as `layout_of_groupings` calls them.
    design : Design
        Whose parameters they are; gives the order.
    as_sampled : xarray.Dataset or None
        With sampling weights the parameters of the pseudo-posterior, before they were given the design's spread.
    """

    dataset: xr.Dataset
    design: Design
    as_sampled: xr.Dataset | None = None

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
    def auxiliary(self) -> FloatArray:
        """Auxiliary parameters of the outcome's distribution in the order of its family, (chain, draw, a)."""
        parts = [self._values(one.name) for one, _ in self.design.outcome.auxiliary]
        found = [part if part.ndim == len(SAMPLE) + 1 else part[..., None] for part in parts]
        return np.concatenate([np.empty((*self.shape, 0)), *found], axis=-1)

    @cached_property
    def sigma(self) -> FloatArray:
        """SD of normal level-1 errors, (chain, draw); that of StudentT is a scale, and one of the `auxiliary`.

        Raises
        ------
        OptionError
            The outcome is not normal, the SDs are known, one a row, or have an equation.
        """
        self.design.outcome.require_one_sd("This")
        if not self.design.outcome.is_normal:
            raise OptionError(
                "this needs the standard deviation of normal errors at level 1, and a "
                f"{self.design.outcome.family_name} outcome has none"
            )
        return self._values("sigma")

    @property
    def scaled_sigma(self) -> FloatArray:
        """SD of normal level-1 errors of the rows as the cross-products count them, (chain, draw).

        That is sigma; where the SDs are known, `DesignRows.sd`, and rows count for one over their squares, it is 1.

        Raises
        ------
        OptionError
            As `sigma`, or the residuals are correlated.
        """
        self.design.outcome.require_independent("This")
        return np.ones(self.shape) if self.design.outcome.residuals.known else self.sigma

    @property
    def scaled_sigma2(self) -> FloatArray:
        """Square of `scaled_sigma`, (chain, draw)."""
        return self.scaled_sigma**2

    @property
    def sigma2(self) -> FloatArray:
        """Level-1 variance, (chain, draw)."""
        return self.sigma**2

    @cached_property
    def G(self) -> FloatArray:
        """Covariance matrix of the random effects, ``diag(tau) corr diag(tau)``, (chain, draw, q, q)."""
        return np.asarray(self.tau[..., :, None] * self.corr * self.tau[..., None, :])

    @cached_property
    def layouts(self) -> tuple[GroupingLayout, ...]:
        """Names of the variables and dims of each grouping."""
        return layout_of_groupings(self.design.groupings)

    @property
    def has_groups(self) -> bool:
        """Whether the draws of u and beta were kept."""
        return self.layouts[0].u in self.dataset

    def u_of(self, grouping: int) -> FloatArray:
        """Deviations of the groups of a grouping, (chain, draw, J, q), where `has_groups`."""
        return self._values(self.layouts[grouping].u)

    def beta_of(self, grouping: int) -> FloatArray:
        """Coefficients of the groups of a grouping, (chain, draw, J, C), where `has_groups`."""
        return self._values(self.layouts[grouping].beta)

    @property
    def u(self) -> FloatArray:
        """Deviations of the groups of the only grouping."""
        return self.u_of(self.design.only)

    @property
    def beta(self) -> FloatArray:
        """Coefficients of the groups of the only grouping."""
        return self.beta_of(self.design.only)

    def at(self, positions: IntArray) -> Draws:
        """The draws at positions along each chain."""
        return replace(self, dataset=self.dataset.isel(draw=positions))

    @property
    def coords(self) -> dict[str, Any]:
        """Coordinates of the chains and draws."""
        return {dim: self.dataset[dim] for dim in SAMPLE}

    def _values(self, name: str) -> FloatArray:
        dims, labels = _dims(self.design)[name], labels_of_dims(self.design)
        values = self.dataset[name]
        for dim in set(labels) & set(map(str, values.coords)):  # without labels they are in the design's order
            if values[dim].to_numpy().tolist() != labels[dim]:
                values = values.sel({dim: labels[dim]})
        return np.asarray(values.transpose(*SAMPLE, *dims).to_numpy(), dtype=np.float64)

    def flat(self, values: FloatArray) -> FloatArray:
        """Draws (chain, draw, ...) as (S, ...), one chain after the other."""
        return values.reshape(self.n_draws, *values.shape[2:])

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
        names = ["gamma", "tau", *(one.name for one, _ in self.design.outcome.auxiliary)]
        arrays = {name: self._values(name) for name in names} | {"corr": self.corr}
        every: tuple[Any, ...] = (slice(None), slice(None))
        return np.stack([arrays[one.component][(*every, *one.position)] for one in self.schema.parameters])


def labelled_posterior(
    design: Design,
    gamma: npt.ArrayLike,
    tau: npt.ArrayLike,
    auxiliary: npt.ArrayLike,
    corr: npt.ArrayLike | None = None,
    u: Sequence[npt.ArrayLike] = (),
    beta: Sequence[npt.ArrayLike] = (),
) -> xr.Dataset:
    """Label arrays (chain, draw, ...) of a design's parameters, as `Draws` reads them.

    Parameters
    ----------
    design : Design
        Gives the labels.
    gamma, tau, auxiliary, corr : array_like
        Dims behind those of the draws: (p,), (q,), (a,), (q, q); of one auxiliary parameter also (), and corr may be
        None.
    u, beta : sequence of array_like
        Of each grouping, or of none: (J, q), (J, C).
    """
    given = {"gamma": gamma, "tau": tau, "corr": corr, **auxiliary_variables(design, np.asarray(auxiliary))}
    layouts = layout_of_groupings(design.groupings)
    given |= {layout.u: values for layout, values in zip(layouts, u, strict=False)}
    given |= {layout.beta: values for layout, values in zip(layouts, beta, strict=False)}
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in given.items() if values is not None}
    dims = _dims(design)
    variables = {name: ((*SAMPLE, *dims[name]), values) for name, values in arrays.items()}
    used = {dim for dims, _ in variables.values() for dim in dims}
    coords: dict[str, Any] = {dim: np.arange(size) for dim, size in zip(SAMPLE, arrays["gamma"].shape, strict=False)}
    coords |= labels_of_dims(design)
    coords |= {term.grouping: term.labels.to_numpy() for term in design.predictor.random}
    return xr.Dataset(variables, {dim: values for dim, values in coords.items() if dim in used})


def auxiliary_variables(design: Design, values: FloatArray) -> dict[str, FloatArray]:
    """Values (chain, draw, a), or (chain, draw) of one, of the auxiliary parameters by the names of their variables."""
    if values.ndim == len(SAMPLE):
        values = values[..., None]
    found, start = {}, 0
    for one, count in design.outcome.auxiliary:
        own = values[..., start : start + count]
        found[one.name] = own if DIMS[one.name] else own[..., 0]
        start += count
    return found


def _dims(design: Design) -> dict[str, tuple[str, ...]]:
    """The dims of the variables of the posterior behind those of the draws."""
    of_groups = {name: dims for layout in layout_of_groupings(design.groupings) for name, dims in layout.dims.items()}
    return DIMS | of_groups


def labels_of_dims(design: Design) -> dict[str, list[str]]:
    """Labels along each dim but the groups'."""
    random = design.random_labels
    labels = {"fixed": design.fixed_labels, "random": random, "random_": random}
    for dim, component in (("threshold", "cutpoint"), ("spread", "alpha")):
        if effects := [effect for name, effect in design.outcome.auxiliary_effects if name == component]:
            labels[dim] = effects
    for layout, term, one in zip(
        layout_of_groupings(design.groupings), design.predictor.random, design.equations, strict=True
    ):
        labels |= {
            layout.random: [column.label for column in term.columns],
            layout.coefficient: list(one.coefficients),
        }
    return labels
