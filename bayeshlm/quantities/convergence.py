"""Has the sampler converged? Effective sample sizes, R-hat and divergences or Pareto k, and one verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.sampling.certificate import Certificate

MAX_R_HAT = 1.01
MIN_ESS = 400
MAX_DIVERGENT_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Convergence:
    """The verdict on a run, over gamma, tau, sigma and the correlations of effects that may covary.

    Attributes
    ----------
    converged : bool
        Rank-normalized R-hat <= 1.01 and bulk and tail ESS >= 400 for every parameter, and
        divergences in at most 0.1 % of the draws (Vehtari et al. 2021, Bayesian Analysis 16, 667-718). Of draws by
        importance sampling: the same ESS; their certificate holds, or they would not be there.
    min_ess_bulk, min_ess_tail, max_r_hat : float
        The worst over the parameters; R-hat is NaN with a single chain.
    divergences, n_draws : int
        Divergent transitions after tuning (0 by importance sampling), and draws kept in all chains.
    reasons : tuple of str
        One sentence for each criterion that is not met.
    certificate : Certificate or None
        Where importance sampling was tried: its numbers. If they hold the draws are its, and else NUTS's.
    """

    converged: bool
    min_ess_bulk: float
    min_ess_tail: float
    max_r_hat: float
    divergences: int
    n_draws: int
    reasons: tuple[str, ...]
    certificate: Certificate | None = None

    @property
    def by_importance(self) -> bool:
        """Whether the draws are those of importance sampling."""
        return self.certificate is not None and self.certificate.holds


def assess_convergence(posterior: Draws, sample_stats: xr.Dataset) -> Convergence:
    """Judge the draws of a run.

    Parameters
    ----------
    posterior : Draws
    sample_stats : xarray.Dataset
        With ``diverging (chain, draw)``, or by importance sampling with the attributes of its certificate.
    """
    certificate = Certificate.from_attrs(sample_stats.attrs)
    by_importance = certificate is not None and certificate.holds
    names, n_draws = posterior.schema.labels, posterior.n_draws
    bulk, tail, r_hats, _ = diagnose(posterior.scalars())
    divergences = 0 if by_importance else int(sample_stats["diverging"].sum())
    reasons = []
    for label, values in (("bulk", bulk), ("tail", tail)):
        worst = int(np.argmin(np.nan_to_num(values, nan=0)))
        if not values[worst] >= MIN_ESS:
            reasons.append(
                f"The {label} effective sample size of {names[worst]} is {values[worst]:.0f}, below {MIN_ESS}:"
                " take more draws."
            )
    worst = int(np.argmax(np.nan_to_num(r_hats, nan=np.inf)))
    r_hat = float(r_hats[worst])
    if np.isnan(r_hat) and not by_importance:
        reasons.append("R-hat needs at least two chains.")
    elif r_hat > MAX_R_HAT and not by_importance:
        reasons.append(
            f"R-hat of {names[worst]} is {r_hat:.3f}, above {MAX_R_HAT}: the chains disagree; take more draws and"
            " more tuning."
        )
    if divergences > MAX_DIVERGENT_SHARE * n_draws:
        reasons.append(
            f"{divergences} of {n_draws} draws diverged, more than {MAX_DIVERGENT_SHARE:.1%}: raise target_accept"
            " (say to 0.99)."
        )
    return Convergence(
        converged=not reasons,
        min_ess_bulk=float(bulk.min()),
        min_ess_tail=float(tail.min()),
        max_r_hat=r_hat,
        divergences=divergences,
        n_draws=n_draws,
        reasons=tuple(reasons),
        certificate=certificate,
    )
