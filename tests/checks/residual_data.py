"""Patients in clinics of all sizes, and dense matrices to compare with."""

import numpy as np
import pandas as pd

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.sampling.convert import posterior_dataset

SIZES = np.array([1, 2, 5, 9, 12, 3, 20, 8])

EQUATIONS = {
    "random slope": "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1",
    "purely random slope": "pain = b0 + b1*dose + r\nb0 = g00 + u0\nb1 = u1",
    "nonrandom slope, offset": "pain = b0 + b1*dose + offset(extra) + r\nb0 = g00 + u0\nb1 = g10",
    "no intercept": "pain = b1*dose + r\nb1 = g10 + g11*urban + u1",
    "independent": "pain = b0 + b1*cwc(dose) + r\nb0 = g00 + u0\nb1 = g10 + u1\ncov(u0, u1) = 0",
}


def clinics(seed=7):
    """Rows in no order, string ids, odd row labels; the first clinic has one patient."""
    rng = np.random.default_rng(seed)
    clinic = np.repeat(list("gfedcbah"), SIZES)
    n = len(clinic)
    frame = pd.DataFrame({"clinic": clinic, "dose": rng.normal(0.5, 1, n), "extra": rng.normal(size=n)})
    frame["urban"] = np.repeat([0, 1, 0, 1, 1, 0, 1, 0], SIZES)
    frame["pain"] = 5 + 0.4 * frame["dose"] + np.repeat(rng.normal(size=8), SIZES) + rng.normal(size=n)
    frame.index = [f"patient {i}" for i in range(n)]
    return frame.sample(frac=1.0, random_state=3)


def clinic_design(name, seed=7):
    return build_design(parse(EQUATIONS[name]), clinics(seed), "clinic")


def random_posterior(design, fake_draws, chains=2, draws=30):
    """Random parameters, u not among them but the seed it is made from."""
    posterior = posterior_dataset(fake_draws(design, chains, draws, 1).posterior, design)
    return posterior.assign_attrs(seed=5)


def parameter_draws(posterior):
    """gamma (S, p), G (S, q, q) and sigma (S,)."""
    gamma, tau, sigma = (posterior[name].to_numpy() for name in ("gamma", "tau", "sigma"))
    size, q = sigma.size, tau.shape[-1]
    corr = posterior["corr"].to_numpy() if "corr" in posterior else np.broadcast_to(np.eye(q), (*tau.shape, q))
    G = tau[..., :, None] * corr * tau[..., None, :]
    return gamma.reshape(size, -1), G.reshape(size, q, q), sigma.ravel()


def dense(design, gamma, G, sigma):
    """Conditional mean (J q,) and covariance of all u by one matrix of all rows; rows' offsets removed."""
    J, q = design.n_groups, len(design.random)
    big = np.zeros((design.n_obs, J * q))
    for i, j in enumerate(design.group_codes):
        big[i, j * q : (j + 1) * q] = design.Z[i]
    prior = np.kron(np.eye(J), G)
    V = big @ prior @ big.T + sigma**2 * np.eye(design.n_obs)
    gain = prior @ big.T @ np.linalg.inv(V)
    return big, gain @ (design.y - design.offset - design.X @ gamma), prior - gain @ big @ prior, gain @ big @ prior
