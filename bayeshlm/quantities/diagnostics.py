"""Convergence diagnostics of many scalars at once: Vehtari et al. (2021), Bayesian Analysis 16, 667-718."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

type Array = NDArray[np.float64]

TAIL = (0.05, 0.95)
"""Quantiles whose effective sample sizes make up the tail ESS."""
MIN_DRAWS = 4
"""Draws of a chain below which nothing is said."""
TOGETHER = 2**20
"""Numbers of one pass."""


def diagnose(draws: Array) -> tuple[Array, Array, Array, Array]:
    """Bulk ESS, tail ESS, rank-normalized R-hat and the Monte Carlo error of the mean.

    Parameters
    ----------
    draws : array, shape (E, chain, draw)
        Finite.

    Returns
    -------
    ess_bulk, ess_tail, r_hat, mcse_mean : arrays, shape (E,)
        NaN for an entry that does not vary and with fewer than 4 draws a chain; R-hat is NaN with one chain.

    Examples
    --------
    >>> import numpy as np
    >>> draws = np.random.default_rng(1).normal(size=(1, 4, 500))
    >>> bulk, tail, r_hat, mcse = diagnose(draws)
    >>> bool(bulk[0] > 1500 and r_hat[0] < 1.01)
    True
    """
    n_entries, _, n_draws = draws.shape
    found = np.full((4, n_entries), np.nan)
    varying = np.flatnonzero(draws.min(axis=(1, 2)) < draws.max(axis=(1, 2)))
    if n_draws >= MIN_DRAWS:
        step = max(1, TOGETHER // draws[0].size) if n_entries else 1
        for start in range(0, len(varying), step):
            some = varying[start : start + step]
            found[:, some] = _diagnosed(draws[some])
    bulk, tail, r_hat, mcse = found
    return bulk, tail, r_hat, mcse


def _diagnosed(draws: Array) -> Array:
    """The four numbers (4, E) of entries that vary."""
    flat, halves = draws.reshape(len(draws), -1), _halves(draws)
    scores = _normal_scores(halves)
    bounds: Array = np.quantile(flat, TAIL, axis=1)
    tail = [effective_size(_halves((flat <= bound[:, None]).reshape(draws.shape))) for bound in bounds]
    r_hat = np.full(len(draws), np.nan)
    if draws.shape[1] > 1:
        center = np.median(halves.reshape(len(draws), -1), axis=1)
        far = _r_hat(_normal_scores(np.abs(halves - center[:, None, None])))
        near = _r_hat(scores)
        r_hat = np.where(far > near, far, near)
    mcse = flat.std(axis=1, ddof=1) / np.sqrt(effective_size(halves))
    return np.stack([effective_size(scores), np.minimum(*tail), r_hat, mcse])


def _halves(draws: NDArray[np.generic]) -> Array:
    """The first and second halves of chains as chains of their own; the middle draw of an odd number is left out."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1).astype(float)


def _normal_scores(chains: Array) -> Array:
    """Normal quantiles of the ranks of all draws of an entry, ties sharing their mean (Blom 1958)."""
    flat = chains.reshape(len(chains), -1)
    n = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    new = np.ones(flat.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    last = np.ones(flat.shape, dtype=bool)
    last[:, :-1] = new[:, 1:]
    place = np.arange(n)
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    end = np.minimum.accumulate(np.where(last, place, n)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(flat.shape)
    np.put_along_axis(ranks, order, (first + end) / 2 + 1, axis=1)
    return np.asarray(ndtri((ranks - 3 / 8) / (n + 1 / 4)), dtype=float).reshape(chains.shape)


def _r_hat(chains: Array) -> Array:
    """R-hat (E,) of chains as they are."""
    n = chains.shape[2]
    with np.errstate(divide="ignore", invalid="ignore"):  # chains that do not move, each at its own place
        ratio = n * chains.mean(axis=2).var(axis=1, ddof=1) / chains.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((ratio + n - 1) / n))


def effective_size(chains: Array) -> Array:
    """Effective sample size of the mean of chains as they are, (E, chain, draw), at least two chains.

    The autocorrelations are summed in pairs of neighboring lags, up to the first pair whose sum is not positive, and no
    pair counts more than the one before (Geyer 1992, Statistical Science 7, 473-483). Entries that do not vary have the
    number of draws.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(1, 2, 1000)).cumsum(axis=2)
    >>> bool(effective_size(draws)[0] < 20)
    True
    """
    n_entries, n_chains, n = chains.shape
    total = n_chains * n
    covariance = _autocovariances(chains)
    within = covariance[:, 0] * n / (n - 1)
    variance = covariance[:, 0] + chains.mean(axis=2).var(axis=1, ddof=1)
    still = chains.max(axis=(1, 2)) - chains.min(axis=(1, 2)) < np.finfo(float).resolution
    variance[still] = 1.0
    correlation = 1 - (within[:, None] - covariance[:, : n - n % 2]) / variance[:, None]
    correlation[:, 0] = 1.0
    pairs = correlation[:, ::2] + correlation[:, 1::2]
    longest = max(1, (n - 3) // 2) if n > 4 else 0
    ends = ~(pairs > 0)
    ends[:, longest] = True
    end = ends.argmax(axis=1)
    counted = np.where(np.arange(pairs.shape[1]) < end[:, None], np.minimum.accumulate(pairs, axis=1), 0.0)
    entries = np.arange(n_entries)
    first, pair = correlation[entries, 2 * end], pairs[entries, end]
    rest = np.where((first > 0) | (pair >= 0), first, 0.0)
    time = np.maximum(2 * counted.sum(axis=1) + rest - 1, 1 / np.log10(total))
    return np.where(still, float(total), total / time)


def _autocovariances(chains: Array) -> Array:
    """Autocovariances (E, lag), the mean over chains, divided by the number of draws at every lag."""
    n = chains.shape[2]
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(chains - chains.mean(axis=2, keepdims=True), n=size, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance: Array = np.fft.irfft(power, n=size, axis=1)[:, :n] / n
    return covariance
