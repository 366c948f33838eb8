"""Where the predictor of an outcome lies and how large it is: what the default priors are multiples of."""

from __future__ import annotations

import numpy as np

from bayeshlm.design import Design
from bayeshlm.families.links import LINKS
from bayeshlm.parameters.level1_sd_defaults import level1_sd_defaults
from bayeshlm.parameters.prior_families import Exponential, HalfStudentT, Normal, Prior, Uniform

WIDE = 2.5
"""SDs of the priors of fixed effects and cutpoints, in scales of the predictor."""


def predictor_scale(design: Design) -> float:
    """The outcome's SD under an identity link, else the link's scale."""
    scale = LINKS[design.outcome.link].scale
    return design.moments.y_sd if scale is None else scale


def predictor_location(design: Design) -> float:
    """The link of the outcome's mean, less the mean of the offset; 0 of ordered categories, which have cutpoints."""
    outcome = design.outcome
    link = LINKS[outcome.link]
    if outcome.categories:
        return 0.0
    if link.scale is None:
        return design.moments.y_mean
    return float(link.link(np.array(design.y.sum() / design.size.sum()))) - design.moments.offset_mean


def auxiliary_defaults(design: Design) -> dict[str, Prior]:
    """The default prior of each auxiliary parameter by its label."""
    outcome = design.outcome
    found: dict[str, Prior] = {}
    for one, count in outcome.auxiliary:
        if one.support == "increasing":
            counts = np.bincount(design.y.astype(int), minlength=count + 1)
            shares = np.cumsum(counts)[:-1] / counts.sum()
            spread = WIDE * predictor_scale(design)
            effects = [effect for _, effect in outcome.auxiliary_effects]
            centers = LINKS[outcome.link].link(shares)
            found |= {f"{one.name}[{effect}]": Normal(c, spread) for effect, c in zip(effects, centers, strict=True)}
        elif one.name == "alpha":
            found |= level1_sd_defaults(design)
        elif one.name == "rho":
            found[one.name] = Uniform(outcome.residuals.lowest, 1.0)
        elif one.name == "sigma":
            found[one.name] = HalfStudentT(3, design.moments.y_sd)
        else:
            found[one.name] = Exponential(1 / 30) if one.name == "nu" else HalfStudentT(3, 10)
    return found
