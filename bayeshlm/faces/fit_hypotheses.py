"""`FitHypotheses`: how probable a `Fit` says that statements about its parameters are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from bayeshlm.display.shown_hypotheses import ShownHypotheses
from bayeshlm.faces.fit_quantities import FitQuantities
from bayeshlm.parameters.statements import Statement, read_statements
from bayeshlm.quantities.hypotheses import hypotheses
from bayeshlm.reml.hypotheses import read_hypothesis, statements_of


class FitHypotheses(FitQuantities):
    """Hypotheses and contrasts of a fit; made as `Fit`."""

    def hypothesis(
        self,
        *statements: str,
        prob: float = 0.95,
        kind: str = "eti",
        rope: float | tuple[float, float] | None = None,
        simultaneous: bool = False,
    ) -> ShownHypotheses:
        """Ask how probable statements about parameters are: ``fit.hypothesis("g11 < 0", "tau[u1] > .5")``.

        Parameters
        ----------
        *statements : str
            Numbers and parameters by their labels, ``g10``, ``tau[u0]``, ``tau2[u0]``, ``corr[u0,u1]``, ``sigma``,
            with ``+ - * /``, parentheses, ``exp``, ``log``, ``sqrt`` and ``abs``, and one of ``<``, ``>`` and ``=``.
        prob, kind
            As in `fixed_effects`.
        rope : float or (float, float), optional
            Region of practical equivalence around the value: half its width, or its ends.
        simultaneous : bool
            Intervals that hold at once: ``mean -+ c sd``.

        Returns
        -------
        Hypotheses
            ``draws`` and ``table``: of an inequality its probability with its Monte Carlo error, of an equality the
            density ratio of Savage and Dickey, where the prior of the expression has a density that is known.

        Raises
        ------
        OptionError
            A statement cannot be read, is true or false whatever the data say, such as ``sigma < 0``, or has no finite
            value in some draws.
        """
        return self._asked(read_statements(statements, self._fitted.schema), prob, kind, rope, simultaneous)

    def contrast(
        self,
        hypotheses: str | Sequence[str] | npt.ArrayLike | None = None,
        *,
        pattern: str | None = None,
        value: npt.ArrayLike = 0.0,
        prob: float = 0.95,
        kind: str = "eti",
        rope: float | tuple[float, float] | None = None,
        simultaneous: bool = False,
    ) -> ShownHypotheses:
        """Linear combinations of fixed effects: from a matrix, or all whose names match a pattern.

        Parameters
        ----------
        hypotheses : str, sequence of str or array_like, (m, p)
            Equations such as ``"g01 = g02"``, or the matrix L.
        pattern : str, optional
            In place of hypotheses: every fixed effect whose symbol matches this regular expression.
        value : array_like, (m,) or scalar
            What ``L gamma`` is compared with, where L is a matrix.
        prob, kind, rope, simultaneous
            As in `hypothesis`.
        """
        found = read_hypothesis(hypotheses, self.model.design.fixed_labels, pattern, value)
        return self._asked(statements_of(found, self.model.design.fixed_labels), prob, kind, rope, simultaneous)

    def _asked(
        self,
        statements: tuple[Statement, ...],
        prob: float,
        kind: str,
        rope: float | tuple[float, float] | None,
        simultaneous: bool,
    ) -> ShownHypotheses:
        fitted = self._fitted
        found = hypotheses(fitted.draws, fitted.priors, statements, prob, kind, rope, simultaneous=simultaneous)
        self._stamped(found.table)
        return ShownHypotheses.of(found)
