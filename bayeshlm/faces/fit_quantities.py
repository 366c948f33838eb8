"""What of a fit carries its verdict: convergence, quantities with their counts, variance explained, the report."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd
import xarray as xr

from bayeshlm.design import Design
from bayeshlm.display.fit_tables import Shown
from bayeshlm.errors import OptionError
from bayeshlm.faces.fit_checks import FitChecks
from bayeshlm.faces.reml_quantities import RemlQuantities
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.convergence import Convergence, assess_convergence
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.text_file import check_file, write_text

if TYPE_CHECKING:
    from bayeshlm.faces.fit import Fit


class FitQuantities(FitChecks):
    """Results of a `Fit` that know whether its sampler converged."""

    @cached_property
    def convergence(self) -> Convergence:
        """The verdict on the sampler's convergence, with its reasons."""
        return assess_convergence(Draws(self.posterior, self.model.design), self._idata["sample_stats"].to_dataset())

    def _stamped(self, table: pd.DataFrame) -> pd.DataFrame:
        design = self.model.design
        table.attrs |= {
            "n_obs": design.n_obs,
            "rows_dropped": design.rows_dropped,
            "converged": self.convergence.converged,
        }
        return table

    def _shown(self, quantity: Quantity) -> Shown:
        self._stamped(quantity.table)
        return Shown.of(quantity)

    def r2(self, null: FitChecks | RemlQuantities | None = None, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Variance explained in each draw: marginal and conditional R2, shares by level, reduction from a null model.

        Parameters
        ----------
        null : Fit or RemlFit, optional
            Fit of a smaller model to the same rows, from whose variances the reduction is taken.
        prob, kind
            As in `Fit.fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` and ``table``; see `bayeshlm.quantities.r2.r2` for the definitions.

        Raises
        ------
        OptionError
            `null` is no fit, or one to other rows.
        """
        from bayeshlm.quantities.r2 import r2

        other = None if null is None else draws_and_design(null)
        return self._shown(r2(Draws(self.posterior, self.model.design), other, prob, kind))

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        question: str = "",
        source: str = "",
        data: str | os.PathLike[str] = "",
        progress: bool | None = None,
    ) -> None:
        """Write everything as one HTML page that needs no network: for readers, reviewers and the archive.

        Parameters
        ----------
        path : str or path
            The file, such as ``"report.html"``.
        title, question, source : str
            Heading, the question of the study, and where the model comes from, in your words.
        data : str or path
            The data file, or the name of a shipped data set, for the code that repeats the analysis.
        progress : bool, optional
            Show a bar of the sections; by default on a terminal and in a notebook.

        Raises
        ------
        FileError
            If the file cannot be written; what stood there is left as it was.
        """
        from bayeshlm.display.report.page import report_html
        from bayeshlm.display.report.subject import Subject

        check_file(Path(path), "report()", "report.html")
        fit = cast("Fit", self)  # the class that has all results, and is made of this one
        subject = Subject(fit, fit._report, title, question, source, os.fspath(data))
        write_text(report_html(subject, progress), path)


def draws_and_design(fit: FitChecks | RemlQuantities) -> tuple[xr.Dataset, Design]:
    """The draws of a fit, of REML's the one draw of its estimates, and its design.

    Raises
    ------
    OptionError
        It is no fit.
    """
    if isinstance(fit, FitChecks):
        return fit.posterior, fit.model.design
    if isinstance(fit, RemlQuantities):
        return fit.as_draw, fit.design
    raise OptionError(f"a fit of model.fit() or model.reml() is needed here, not a {type(fit).__name__}.")
