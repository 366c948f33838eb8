"""Priors made from other priors: some replaced, all wider or narrower, or the average over data sets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import numpy as np

from bayeshlm.design import Design
from bayeshlm.errors import PriorError
from bayeshlm.parameters.prior_families import LKJ, Exponential, Prior, Uniform
from bayeshlm.parameters.prior_text import parse_prior
from bayeshlm.parameters.priors import Priors, make_priors


def replace_priors(priors: Priors, design: Design, given: Mapping[str, Prior | str]) -> Priors:
    """Put the user's priors in the place of some; all others stay as they are.

    Parameters
    ----------
    priors : Priors
    design : Design
    given : mapping
        As `make_priors` takes it.

    Raises
    ------
    PriorError
        As `make_priors`.
    """
    new = make_priors(design, given)
    own = np.array([label in new.typed for label in priors.fixed], dtype=bool)
    return dataclasses.replace(
        priors,
        gamma=tuple(b if b_own else a for a, b, b_own in zip(priors.gamma, new.gamma, own, strict=True)),
        tau=tuple(
            b if f"tau_{label}" in new.typed else a
            for a, b, label in zip(priors.tau, new.tau, priors.random, strict=True)
        ),
        corr=new.corr if "corr" in new.typed else priors.corr,
        auxiliary=tuple(
            b if key in new.typed else a
            for a, b, key in zip(priors.auxiliary, new.auxiliary, priors.others, strict=True)
        ),
        basis=np.where(own[:, None], new.basis, priors.basis),
        typed=priors.typed | new.typed,
    )


def kept_priors(priors: Priors, design: Design) -> Priors:
    """The priors of a changed model: those that the user typed for parameters that it still has, else its defaults.

    Parameters
    ----------
    priors : Priors
        Of the model before the change.
    design : Design
        Of the changed model.
    """
    typed = {key: prior for key, prior in priors.by_key().items() if key in priors.typed}
    there = make_priors(design).by_key()
    return make_priors(design, {key: prior for key, prior in typed.items() if key in there})


def scale_priors(priors: Priors, factor: float) -> Priors:
    """Make every prior wider (factor > 1) or narrower, where it stands.

    The scale of a family is multiplied by the factor (the rate of an Exponential divided); the eta of an LKJ, whose
    larger values hold correlations nearer to zero, is divided. A Uniform stays.

    Examples
    --------
    >>> from bayeshlm.parameters.prior_families import HalfStudentT
    >>> str(_scaled(HalfStudentT(3, 5), 2.0))
    'HalfStudentT(3, 10)'
    """
    return dataclasses.replace(
        priors,
        gamma=tuple(_scaled(prior, factor) for prior in priors.gamma),
        tau=tuple(_scaled(prior, factor) for prior in priors.tau),
        corr=None if priors.corr is None else _scaled(priors.corr, factor),
        auxiliary=tuple(_scaled(prior, factor) for prior in priors.auxiliary),
    )


def _scaled(prior: Prior, factor: float) -> Prior:
    match prior:
        case LKJ(eta):
            return LKJ(eta / factor)
        case Exponential(lam):
            return Exponential(lam / factor)
        case Uniform():
            return prior
    scale = "sigma" if "sigma" in prior.parameters else "beta"
    values = prior.parameters
    return type(prior)(**values | {scale: values[scale] * factor})


def average_priors(several: Sequence[Priors]) -> Priors:
    """One set of priors for data sets that are versions of each other: the average of theirs.

    Each parameter of a family, and each coordinate in which a prior is stated, is averaged. The order of the data sets
    does not matter; priors that the user typed are the same in all and stay.

    Parameters
    ----------
    several : sequence of Priors
        Of designs with the same fixed and random effects.
    """
    first = several[0]
    n_gamma, n_tau = len(first.gamma), len(first.tau)
    corrs = [priors.corr for priors in several if priors.corr is not None]
    return dataclasses.replace(
        first,
        gamma=tuple(_average([priors.gamma[k] for priors in several]) for k in range(n_gamma)),
        tau=tuple(_average([priors.tau[k] for priors in several]) for k in range(n_tau)),
        corr=_average(corrs) if corrs else None,
        auxiliary=tuple(_average([priors.auxiliary[k] for priors in several]) for k in range(len(first.others))),
        basis=np.mean([priors.basis for priors in several], axis=0),
    )


def _average(families: Sequence[Prior]) -> Prior:
    first = families[0]
    if all(family == first for family in families):
        return first
    return type(first)(
        **{name: float(np.mean([family.parameters[name] for family in families])) for name in first.parameters}
    )


def basis_text(priors: Priors) -> str:
    """The coordinates in which priors of fixed effects are stated, as text that a file holds: entries off the identity.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> basis_text(SimpleNamespace(basis=np.array([[1.0, 0.5], [0.0, 1.0]])))
    '[[0, 1, 0.5]]'
    """
    moved = priors.basis - np.eye(len(priors.basis))
    return json.dumps([[int(a), int(b), float(priors.basis[a, b])] for a, b in zip(*np.nonzero(moved), strict=True)])


def stored_priors(own: Priors, texts: Mapping[str, str], basis: str) -> Priors:
    """The priors of a saved fit: those of its design, or else what was stored.

    Parameters
    ----------
    own : Priors
        What the design and the typed priors give.
    texts : mapping
        Every prior by key, as `Priors.texts` has it.
    basis : str
        As `basis_text` writes it.

    Raises
    ------
    PriorError
        If a stored text is no prior.
    """
    if own.texts() == dict(texts) and basis_text(own) == basis:
        return own
    if set(own.texts()) != set(texts):
        raise PriorError("The stored priors are not those of the stored equations.")
    families = {key: parse_prior(text) for key, text in texts.items()}
    matrix = np.eye(len(own.fixed))
    for row, column, value in json.loads(basis):
        matrix[row, column] = value
    return dataclasses.replace(
        own,
        gamma=tuple(families[label] for label in own.fixed),
        tau=tuple(families[f"tau_{label}"] for label in own.random),
        corr=families.get("corr"),
        auxiliary=tuple(families[key] for key in own.others),
        basis=matrix,
    )
