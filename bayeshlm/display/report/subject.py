"""What a report is about: a fit, and what its author says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pandas as pd
import xarray as xr

from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.design.design import Design
from bayeshlm.display.tables import FitReport
from bayeshlm.graph.priors import Priors
from bayeshlm.posterior.quantity import Quantity
from bayeshlm.sampling.convergence import Convergence


class ReportedModel(Protocol):
    """What a report reads of a `Model`."""

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        ...

    @property
    def priors(self) -> Priors:
        """The priors."""
        ...


class ReportedFit(Protocol):
    """What a report reads of a `Fit`; a section that needs more adds it here."""

    @property
    def model(self) -> ReportedModel:
        """The model."""
        ...

    @property
    def idata(self) -> xr.DataTree:
        """All draws."""
        ...

    @property
    def convergence(self) -> Convergence:
        """The sampler's verdict."""
        ...

    def icc(self) -> Quantity:
        """Intraclass correlation."""
        ...

    def plausible_ranges(self) -> Quantity:
        """Plausible ranges."""
        ...

    def reliability(self) -> Quantity:
        """Reliabilities."""
        ...

    def r2(self) -> Quantity:
        """Variance explained."""
        ...

    def group_coefficients(self) -> pd.DataFrame:
        """Coefficients of the groups."""
        ...

    def cross_check(self) -> CrossCheck:
        """Posterior beside REML."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """A fit and what its author says of it.

    Attributes
    ----------
    fit : Fit
    overview : FitReport
        What the fit prints: its tables and verdict.
    title : str
        Heading; made from the outcome when empty.
    question : str
        The question of the study, in the author's words; left out when empty.
    source : str
        Where the model comes from.
    data : str
        The data file, or the name of a shipped data set, for the code that repeats the analysis.
    """

    fit: ReportedFit
    overview: FitReport
    title: str = ""
    question: str = ""
    source: str = ""
    data: str = ""

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        return self.fit.model.design

    @property
    def heading(self) -> str:
        """The title, or one made from the outcome."""
        return self.title or self.overview.title

    @cached_property
    def attrs(self) -> Mapping[str, Any]:
        """How the posterior was sampled: seed, chains, draws and so on."""
        return {str(name): value for name, value in self.fit.idata.attrs.items()}

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Versions of the packages that sampled."""
        found: dict[str, str] = json.loads(self.attrs["versions"])
        return found
