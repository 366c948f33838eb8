"""Default priors from the data's scales, and the user's own in their place.

The defaults are weakly informative and follow the data's units, as in rstanarm and brms:

- ``g00 + sum_k g_k mean(x_k) ~ Normal(mean(y), 2.5 sd(y))``: the intercept's prior sits at the
  column means, so that an uncentered predictor such as a year leaves the slopes alone;
- other ``g_k ~ Normal(0, 2.5 sd(y)/sd(x_k))``;
- ``tau_k ~ HalfStudentT(3, sd(y)/s_k)``, s_k = 1 for the intercept, else sd(z_k) over rows;
- ``corr ~ LKJ(2)``; ``sigma ~ HalfStudentT(3, sd(y))``;
- with an equation of the level-1 SD ``a0`` about ``log sd(y)``, and the others about zero; tau of its deviation
  between groups ``HalfStudentT(3, 0.5)`` (`bayeshlm.parameters.level1_sd_defaults`);
  ``rho ~ Uniform`` between its bounds.

Under a link other than the identity, its scale stands in the place of sd(y): the SD of the distribution of which its
inverse is the distribution function, pi/sqrt(3) of the logit, 1 of the probit, pi/sqrt(6) of the cloglog, and 1 of the
log; and the link of mean(y) (of mean(y/n)), less the mean of the offset, in that of mean(y). Further,

- ``phi``, ``shape ~ HalfStudentT(3, 10)``; ``nu ~ Exponential(1/30)``, of mean 30, beyond which Student's t is normal
  (Kruschke 2013, J. Experimental Psychology: General 142, 573-603);
- ``cutpoint_k ~ Normal(link of the share of outcomes up to k, 2.5 scales)``, given that each is above the one before.

Beside a predictor that lies far from zero, the effects it interacts with have their priors at its mean
(`bayeshlm.parameters.prior_basis`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.effects_at_means import FAR
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.predictor import intercept_position
from bayeshlm.equations import canonical
from bayeshlm.errors import ModelWarning, PriorError
from bayeshlm.families.family import ALPHA
from bayeshlm.foreign_text import printable
from bayeshlm.parameters.level1_sd_defaults import level1_sd_deviation
from bayeshlm.parameters.predictor_scale import WIDE, auxiliary_defaults, predictor_location, predictor_scale
from bayeshlm.parameters.prior_basis import prior_basis
from bayeshlm.parameters.prior_families import (
    CORR_FAMILIES,
    GAMMA_FAMILIES,
    LKJ,
    RHO_FAMILIES,
    SCALE_FAMILIES,
    HalfStudentT,
    Normal,
    Prior,
    Uniform,
)
from bayeshlm.parameters.prior_text import parse_prior
from bayeshlm.parameters.schema import AUXILIARY

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Priors:
    """The prior of every parameter of a model.

    Attributes
    ----------
    gamma : tuple of Prior, length p
        Priors of the fixed effects, in the order of `fixed`.
    tau : tuple of Prior, length q
        Priors of the standard deviations of the random effects, in the order of `random`.
    corr : Prior or None
        Prior of the correlation matrix of each block of random effects; None when there is none.
    auxiliary : tuple of Prior, length a
        Priors of the parameters of the outcome's distribution beside its predictor, in the order of `others`.
    fixed, random, others : tuple of str
        Labels of the fixed and the random effects, and of the auxiliary parameters: ``sigma``, ``cutpoint[1|2]``.
    basis : array, shape (p, p)
        C of the coordinates ``C gamma`` that the priors of gamma are stated for; see `prior_basis`. The
        row of a prior that the user typed is that of the identity: it applies to the effect as written.
    typed : frozenset of str
        Keys of the priors that the user typed.
    """

    gamma: tuple[Prior, ...]
    tau: tuple[Prior, ...]
    corr: Prior | None
    auxiliary: tuple[Prior, ...]
    fixed: tuple[str, ...]
    random: tuple[str, ...]
    others: tuple[str, ...]
    basis: Array
    typed: frozenset[str]

    def by_key(self) -> dict[str, Prior]:
        """Every prior by the key under which a user may replace it."""
        priors = dict(zip(self.fixed, self.gamma, strict=True))
        priors |= {f"tau_{label}": prior for label, prior in zip(self.random, self.tau, strict=True)}
        if self.corr is not None:
            priors["corr"] = self.corr
        return priors | dict(zip(self.others, self.auxiliary, strict=True))

    @property
    def auxiliary_by_name(self) -> dict[str, tuple[Prior, ...]]:
        """The priors of the auxiliary parameters by the names of their variables, of cutpoints one each."""
        found: dict[str, tuple[Prior, ...]] = {}
        for label, prior in zip(self.others, self.auxiliary, strict=True):
            name = label.partition("[")[0]
            name = name if name in AUXILIARY else ALPHA.name
            found[name] = (*found.get(name, ()), prior)
        return found

    @property
    def sigma(self) -> Prior:
        """Prior of the level-1 standard deviation, of models that have one."""
        return self.auxiliary[self.others.index("sigma")]

    def texts(self) -> dict[str, str]:
        """Every prior as text by its key, as `Model` and a TOML file take them."""
        return {key: str(prior) for key, prior in self.by_key().items()}

    def table(self) -> pd.DataFrame:
        """Table of the priors, indexed by parameter, with what each applies to."""
        texts, where = self.texts(), self._where()
        return pd.DataFrame(
            {"prior": list(texts.values()), "applies": [where.get(key, "") for key in texts]},
            index=pd.Index(list(texts), name="parameter"),
        )

    def _where(self) -> dict[str, str]:
        moved = self.basis != np.eye(len(self.fixed))
        return {label: "at the column means" for label, row in zip(self.fixed, moved, strict=True) if row.any()}

    def at_means(self, gamma: Array) -> Array:
        """Fixed effects (..., p) in the coordinates ``C gamma`` that the priors are stated for."""
        return gamma @ self.basis.T

    def __str__(self) -> str:
        priors, where = self.by_key(), self._where()
        width = max(map(len, priors))
        lines = (f"{key:<{width}}  ~  {prior.short()}  {where.get(key, '')}" for key, prior in priors.items())
        return printable("\n".join(line.rstrip() for line in lines))

    __repr__ = __str__


def make_priors(design: Design, given: Mapping[str, Prior | str] | None = None) -> Priors:
    """Priors of a model: the defaults of the module docstring, replaced by the user's.

    Parameters
    ----------
    design : Design
    given : mapping, optional
        Key to prior, as a family or as text. Keys: symbols of fixed effects in any spelling (of an
        expanded term: the symbol for all its columns, or ``g10[Black]`` for one), ``tau_u0`` or
        ``tau[u0]``, ``corr``, ``sigma`` and the other auxiliary parameters, ``cutpoint`` for all or
        ``cutpoint[1|2]`` for one.

    Raises
    ------
    PriorError
        If a key names no parameter of the model or a family does not fit its parameter.
    """
    chosen = _resolve(design, given or {})
    fixed, random = tuple(design.fixed_labels), tuple(design.random_labels)
    basis = prior_basis(design)
    typed = [k for k, label in enumerate(fixed) if label in chosen]
    basis[typed] = np.eye(len(fixed))[typed]
    center, scale, sds = predictor_location(design), predictor_scale(design), design.moments.x_sd_at_means
    intercept = intercept_position(design.fixed)
    centers = _centers(design, center)
    gamma = [
        Normal(center, WIDE * scale) if k == intercept else Normal(centers[k], WIDE * scale / sds[k])
        for k in range(len(design.fixed))
    ]
    tau = [
        HalfStudentT(3, scale if column.is_intercept or sd == 0 else scale / sd)
        if column.is_deviation
        else level1_sd_deviation(design)
        for column, sd in zip(design.random, design.moments.z_sd, strict=True)
    ]
    correlated, auxiliary = design.predictor.has_correlations, auxiliary_defaults(design)
    return Priors(
        gamma=tuple(chosen.get(label, prior) for label, prior in zip(fixed, gamma, strict=True)),
        tau=tuple(chosen.get(f"tau_{label}", prior) for label, prior in zip(random, tau, strict=True)),
        corr=chosen.get("corr", LKJ(2)) if correlated else None,
        auxiliary=tuple(chosen.get(key, prior) for key, prior in auxiliary.items()),
        fixed=fixed,
        random=random,
        others=tuple(auxiliary),
        basis=basis,
        typed=frozenset(chosen),
    )


def warn_far_from_zero(design: Design) -> None:
    """Warn where a random slope's column lies far from zero: ``|mean(z)| > 3 sd(z)``.

    The intercept's ``tau`` is then the spread of the groups at a place without data, strongly
    correlated with the slope's, and its default prior does not fit.
    """
    for column, mean, sd in zip(design.random, design.moments.z_mean, design.moments.z_sd, strict=True):
        if not column.is_intercept and abs(mean) > FAR * sd > 0:
            warnings.warn(
                f"The slope of {column.expression} varies between groups ({column.label}), but its values lie far"
                f" from zero (mean {mean:.4g}, sd {sd:.4g}): the random intercept then describes a place without"
                f" data. Center it: cgm({column.expression}) or cwc({column.expression}).",
                ModelWarning,
                stacklevel=3,
            )


def _centers(design: Design, center: float) -> Array:
    """Where the priors center: at zero, or without an intercept at the OLS fit of that constant on X."""
    if design.moments.x_scaled is None:
        return np.zeros(len(design.fixed))
    scale, gram, sums = design.moments.x_scaled
    solution = np.linalg.lstsq(gram, sums * center, rcond=None)[0]
    return np.asarray(solution / scale)


def _resolve(design: Design, given: Mapping[str, Prior | str]) -> dict[str, Prior]:
    """The user's priors by the labels of the parameters they are for."""
    if not isinstance(given, Mapping):
        raise PriorError(f'priors must be a dict such as {{"g00": "Normal(0, 1)"}}, not a {type(given).__name__}.')
    targets = _targets(design)
    chosen: dict[str, Prior] = {}
    keys: dict[str, str] = {}
    for key in sorted(given, key=lambda key: "[" in str(key)):  # the prior of one column beats that of its term
        value, spelling = given[key], _spelling(str(key))
        if spelling in keys:
            raise PriorError(f"{keys[spelling]!r} and {key!r} are one parameter: give it one prior.")
        keys[spelling] = key
        labels, allowed = targets.get(spelling, ((), ()))
        if not labels:
            raise PriorError(f"There is no parameter {key!r} to give a prior; there are {', '.join(targets)}.")
        try:
            prior = parse_prior(value) if isinstance(value, str) else value
        except PriorError as error:
            raise PriorError(f"The prior of {key}: {error}") from error
        if not isinstance(prior, allowed):
            names = ", ".join(family.__name__ for family in allowed)
            shown = str(prior) if isinstance(prior, Prior) else repr(prior)
            raise PriorError(f"{shown} cannot be the prior of {key}: use one of {names}.")
        if isinstance(prior, Uniform) and not design.outcome.residuals.lowest <= prior.lower < prior.upper <= 1:
            raise PriorError(
                f"{prior} cannot be the prior of {key}, which lies between {design.outcome.residuals.lowest:g} and 1."
            )
        chosen |= dict.fromkeys(labels, prior)
    return chosen


def _targets(design: Design) -> dict[str, tuple[tuple[str, ...], tuple[type[Prior], ...]]]:
    """What may be given a prior: key to labels and the families allowed."""
    targets: dict[str, tuple[tuple[str, ...], tuple[type[Prior], ...]]] = {}
    for column in design.fixed:
        targets[column.symbol] = ((*targets.get(column.symbol, ((), ()))[0], column.label), GAMMA_FAMILIES)
    for effect in design.random:
        key = f"tau_{effect.symbol}"
        targets[key] = ((*targets.get(key, ((), ()))[0], f"tau_{effect.label}"), SCALE_FAMILIES)
    for label in design.fixed_labels:
        targets[label] = ((label,), GAMMA_FAMILIES)
    for label in design.random_labels:
        targets[f"tau_{label}"] = ((f"tau_{label}",), SCALE_FAMILIES)
    if design.predictor.has_correlations:
        targets["corr"] = (("corr",), CORR_FAMILIES)
    for name, between in design.outcome.auxiliary_effects:
        label = parameter_label(name, between)
        families = {"positive": SCALE_FAMILIES, "correlation": RHO_FAMILIES}.get(AUXILIARY[name], GAMMA_FAMILIES)
        for key in (name, *([label.partition("[")[0]] if name == ALPHA.name else [])):
            targets[key] = ((*targets.get(key, ((), ()))[0], label), families)
        targets[label] = ((label,) if between else targets[name][0], families)
    return targets


def _spelling(key: str) -> str:
    """A key in its own spelling: ``γ_10[Black]`` is ``g10[Black]``, ``tau_U0`` and ``tau[u0]`` are ``tau_u0``."""
    symbol, bracket, rest = key.partition("[")
    if symbol.lower() in ("corr", *AUXILIARY):
        return f"{symbol.lower()}{bracket}{rest}"
    if symbol.lower() == "tau" and bracket:  # as results call it
        return f"tau_{_spelling(rest.removesuffix(']'))}"
    if symbol.lower().startswith("tau_"):
        return f"tau_{canonical(symbol[4:])}{bracket}{rest}"
    return f"{canonical(symbol)}{bracket}{rest}"
