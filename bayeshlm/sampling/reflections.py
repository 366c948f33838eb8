"""Points that are one model: standard deviations have a sign in the coordinates of a target, which means nothing.

With the sign of tau_r all correlations of effect r change theirs, and the covariance matrix is as it was. A proposal
that knows all 2^q images of a point sees a posterior of one mode, whose tail does not end where a tau is zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.layout import Layout

type Array = NDArray[np.float64]

MOST_EFFECTS = 10
"""Random effects whose signs count, at most: 2^q images are worked out for every point."""


@dataclass(frozen=True, eq=False)
class Reflections:
    """The images of points under changes of the signs of standard deviations.

    Attributes
    ----------
    layout : Layout
        The unconstrained values of points.
    tau : slice
        Places of the standard deviations among the values.
    factors : array, shape (q, D)
        What a change of the sign of each multiplies the values by, 1 or -1.
    """

    layout: Layout
    tau: slice
    factors: Array

    @classmethod
    def of(cls, design: Design, priors: Priors, layout: Layout) -> Reflections:
        """Those of a model, of its first `MOST_EFFECTS` random effects."""
        p, partials = len(design.fixed), partial_correlations(design, priors)
        q = min(len(design.random), MOST_EFFECTS)
        factors = np.ones((q, layout.size))
        for r in range(q):
            factors[r, p + r] = -1.0
            for k, pair in enumerate(zip(partials.rows, partials.columns, strict=True)):
                if r in pair:
                    factors[r, p + len(design.random) + k] = -1.0
        return cls(layout, slice(p, p + q), factors)

    def folded(self, x: Array) -> Array:
        """The images of points (n, D) with no negative standard deviation."""
        values = self.layout.values(x)
        for r, negative in enumerate((values[:, self.tau] < 0).T):
            values[negative] *= self.factors[r]
        return self.layout.points(values)

    def images(self, x: Array) -> Iterator[Array]:
        """All 2^q images of points (n, D), one after the other, the points themselves among them."""
        values = self.layout.values(x)
        for change in product((False, True), repeat=len(self.factors)):
            yield self.layout.points(values * self.factors[list(change)].prod(axis=0))
