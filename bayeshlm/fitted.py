"""`FittedModel`: a model, how its posterior was sampled, and the draws; every refit is one of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design.design import Design
from bayeshlm.design.subset import without_rows
from bayeshlm.likelihood.quadrature_nodes import NodesCertificate
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.named_parameters import parameters
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.schema import Schema
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.options import SamplingOptions


@dataclass(frozen=True, eq=False)
class ImportanceDraws:
    """What importance sampling draws of a model.

    Attributes
    ----------
    draws : Draws or None
        Of the parameters; None where the certificate does not hold.
    certificate : Certificate
    """

    draws: Draws | None
    certificate: Certificate


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model with the draws of its posterior.

    The one place that reads the attributes of the DataTree: what is computed from a fit takes this, and typed values.

    Attributes
    ----------
    design : Design
    priors : Priors
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it; of a refit, the groups ``posterior`` and
        ``sample_stats`` as `refit` says.
    """

    design: Design
    priors: Priors
    idata: xr.DataTree

    @classmethod
    def sampled(cls, design: Design, priors: Priors, options: SamplingOptions) -> FittedModel:
        """Sample the posterior of a model.

        Raises
        ------
        SamplingError
            If the sampler fails.
        OptionError
            If the draws of the coefficients of several groupings would be beyond the memory budget.
        """
        from bayeshlm.sampling.convert import check_kept, to_datatree
        from bayeshlm.sampling.nuts import run_nuts

        check_kept(design, options)
        raw = run_nuts(design, priors, options)
        return cls(design, priors, to_datatree(raw, design, priors, options))

    @cached_property
    def draws(self) -> Draws:
        """The draws of the parameters, and of the groups as far as they were kept."""
        posterior = parameters(self.idata["posterior"].to_dataset(), self.design.groupings)
        name = "pseudo_posterior"
        as_sampled = self.idata[name].to_dataset() if name in self.idata.children else None
        return Draws(posterior, self.design, as_sampled)

    @property
    def schema(self) -> Schema:
        """Name, place and support of every parameter."""
        return self.draws.schema

    @property
    def sample_stats(self) -> xr.Dataset:
        """What the sampler says of each draw, dims (chain, draw)."""
        return self.idata["sample_stats"].to_dataset()

    @cached_property
    def options(self) -> SamplingOptions:
        """How the posterior was sampled."""
        return SamplingOptions.from_attrs(self.idata.attrs)

    @property
    def compile_seconds(self) -> float:
        """How long the sampler was made ready."""
        return float(self.idata.attrs["compile_seconds"])

    @property
    def sample_seconds(self) -> float:
        """How long it sampled."""
        return float(self.idata.attrs["sample_seconds"])

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that sampled."""
        found: dict[str, str] = json.loads(self.idata.attrs["versions"])
        return found

    @property
    def certificate(self) -> Certificate | None:
        """Where importance sampling was tried, its numbers; if they hold the draws are its."""
        return Certificate.from_attrs(self.sample_stats.attrs)

    @property
    def nodes(self) -> NodesCertificate | None:
        """Where the random effects were integrated out by quadrature, whether the nodes were enough."""
        return NodesCertificate.from_attrs(self.sample_stats.attrs)

    def by_importance(self) -> ImportanceDraws:
        """Draw the parameters anew by importance sampling, as many as there are.

        Raises
        ------
        SamplingError
            If the sampler fails.
        """
        from bayeshlm.sampling.convert import posterior_dataset
        from bayeshlm.sampling.nuts import run_importance

        options = replace(self.options, sampler="importance", parameterization="marginal", progress=False)
        found, certificate = run_importance(self.design, self.priors, options)
        assert certificate is not None  # it is asked for
        draws = None if found is None else Draws(posterior_dataset(found, self.design), self.design)
        return ImportanceDraws(draws, certificate)

    def refit(
        self,
        rows: NDArray[np.bool_] | None = None,
        priors: Priors | None = None,
        seed: int | None = None,
        progress: bool | None = False,
    ) -> FittedModel:
        """Fit the model to some of its rows, or under other priors, sampled as this fit was.

        The model stays the same model: columns keep the constants that all rows gave them (grand means, group means,
        scales), and the priors are this fit's, although their defaults are made of the data's scales. With several
        groupings importance sampling is tried first where no sampler was asked for, however quick a gradient is.

        Parameters
        ----------
        rows : (N,) array of bool, optional
            The rows that stay, or the cells of rows in a database; all by default. Without some the marginal graph is
            sampled in any case: its posterior is that of the others.
        priors : Priors, optional
            In place of the fit's.
        seed : int, optional
            In place of the fit's.
        progress : bool, optional
            Show a bar; None decides by whether somebody is watching.

        Returns
        -------
        FittedModel
            Its `idata` has the parameters and the sampler's statistics, and u and beta of the groups that have rows
            left where random effects cannot be integrated out.

        Raises
        ------
        SamplingError
            If the sampler fails.
        """
        from bayeshlm.sampling.convert import parameters_tree
        from bayeshlm.sampling.nuts import run_nuts

        options = replace(self.options, progress=progress)
        if seed is not None:
            options = replace(options, seed=seed)
        design, priors = self.design, self.priors if priors is None else priors
        if rows is not None:
            design, options = without_rows(design, ~rows), replace(options, parameterization="marginal")
        raw = run_nuts(design, priors, options, None if len(design.groupings) == 1 else 0.0)
        return FittedModel(design, priors, parameters_tree(raw, design, priors, options))
