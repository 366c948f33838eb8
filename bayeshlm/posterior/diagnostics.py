"""Convergence diagnostics of many quantities at once, on arrays (entry, chain, draw).

The definitions are those of Vehtari et al. (2021) as arviz-stats computes them, and the tests hold the two
equal. ArviZ loops over the entries in Python, which takes a minute for 10,000 group coefficients.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from bayeshlm.design.scaling import FloatArray

TAIL = (0.05, 0.95)
"""Quantiles whose effective sample sizes make up the tail ESS."""


def diagnose(draws: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Bulk ESS, tail ESS, rank-normalized R-hat and the Monte Carlo error of the mean.

    Parameters
    ----------
    draws : array (E, chains, draws)
        Finite, and not constant within an entry.

    Returns
    -------
    ess_bulk, ess_tail, r_hat, mcse_mean : arrays (E,)
        NaN with fewer than 4 draws a chain; R-hat is NaN with one chain.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021). Rank-normalization, folding, and localization: an
    improved R-hat. Bayesian Analysis 16(2), sections 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from bayeshlm.posterior.diagnostics import diagnose
    >>> draws = np.random.default_rng(1).normal(size=(1, 4, 500))
    >>> bulk, tail, r_hat, mcse = diagnose(draws)
    >>> bool(bulk[0] > 1500 and r_hat[0] < 1.01)
    True
    """
    n_entries, n_chains, n_draws = draws.shape
    if n_draws < 4:
        nothing = np.full(n_entries, np.nan)
        return nothing, nothing.copy(), nothing.copy(), nothing.copy()
    split = _split(draws)
    z = _normal_scores(split)
    quantiles = np.quantile(draws, TAIL, axis=(1, 2))[:, :, None, None]
    tails = [_ess(_split((draws <= quantile).astype(float))) for quantile in quantiles]
    if n_chains > 1:
        folded = np.abs(split - np.median(split, axis=(1, 2), keepdims=True))
        r_hat = np.maximum(_r_hat(z), _r_hat(_normal_scores(folded)))
    else:
        r_hat = np.full(n_entries, np.nan)
    mcse = draws.std(axis=(1, 2), ddof=1) / np.sqrt(_ess(split))
    return _ess(z), np.minimum(*tails), r_hat, mcse


def _split(draws: FloatArray) -> FloatArray:
    """Both halves of each chain, the middle draw of an odd number left out: (E, 2 chains, draws // 2)."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def _normal_scores(draws: FloatArray) -> FloatArray:
    """Replace draws by normal quantiles of their ranks over all chains: ndtri((rank - 3/8) / (S + 1/4))."""
    from scipy.stats import rankdata

    flat = draws.reshape(len(draws), -1)
    ranks = rankdata(flat, method="average", axis=1)
    scores: FloatArray = ndtri((ranks - 0.375) / (flat.shape[1] + 0.25)).reshape(draws.shape)
    return scores


def _r_hat(draws: FloatArray) -> FloatArray:
    """Square root of the pooled variance over the variance within chains."""
    n = draws.shape[2]
    between = n * draws.mean(axis=2).var(axis=1, ddof=1)
    within = draws.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r_hat: FloatArray = np.sqrt((between / within + n - 1) / n)
    return r_hat


def _ess(draws: FloatArray) -> FloatArray:
    """Effective sample size by Geyer's initial monotone sequence; the full size where nothing varies."""
    _, n_chains, n = draws.shape
    size = n_chains * n
    covariance = _autocovariance(draws)
    within = covariance[:, 0] * n / (n - 1.0)
    pooled = covariance[:, 0].copy()
    if n_chains > 1:
        pooled += draws.mean(axis=2).var(axis=1, ddof=1)
    constant = np.ptp(draws, axis=(1, 2)) < np.finfo(float).resolution
    rho = 1.0 - (within[:, None] - covariance) / np.where(constant, 1.0, pooled)[:, None]
    rho[:, 0] = 1.0
    last = max((n - 3) // 2, 0)
    pairs = rho[:, 0 : 2 * last + 2 : 2] + rho[:, 1 : 2 * last + 2 : 2]
    negative = pairs <= 0.0
    stop = np.where(negative.any(axis=1), negative.argmax(axis=1), last)
    rows = np.arange(len(draws))
    kept = np.arange(last + 1) < stop[:, None]
    total = np.where(kept, np.minimum.accumulate(pairs, axis=1), 0.0).sum(axis=1)
    even = rho[rows, 2 * stop]
    even = np.where((pairs[rows, stop] >= 0.0) & (stop > 0), even, np.maximum(even, 0.0))
    tau = np.maximum(2.0 * total - 1.0 + even, 1.0 / np.log10(size))
    return np.where(constant, float(size), size / tau)


def _autocovariance(draws: FloatArray) -> FloatArray:
    """Autocovariance at every lag, averaged over chains: (E, draws)."""
    n = draws.shape[2]
    length = 1 << (2 * n - 1).bit_length()
    centered = draws - draws.mean(axis=2, keepdims=True)
    power = np.zeros((len(draws), length // 2 + 1))
    for chain in range(draws.shape[1]):
        spectrum = np.fft.rfft(centered[:, chain], n=length, axis=1)
        power += spectrum.real**2 + spectrum.imag**2
    covariance: FloatArray = np.fft.irfft(power, n=length, axis=1)[:, :n] / (n * draws.shape[1])
    return covariance
