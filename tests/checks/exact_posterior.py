"""Independent draws of a posterior without a sampler: importance resampling of the exact marginal likelihood."""

import numpy as np
import xarray as xr

from bayeshlm.checks.reml_components import components
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.reml.estimate import fit_reml

GOOD = Convergence(True, 4000.0, 4000.0, 1.0, 0, 4000, ())


def exact_posterior(design, priors, draws=1000, proposals=40_000, tau_wide=1.5, seed=1, chains=4):
    """Draws of gamma, tau, corr (q = 2 only), sigma, u and beta of a design with one block of one or two effects.

    Proposals: gamma around GLS, tau the absolute value of a t around REML and `tau_wide` times as wide as its standard
    error, corr uniform, log sigma normal.
    """
    wide = 1.3
    rng = np.random.default_rng(seed)
    reml, found = fit_reml(design), {row.key: row for row in components(fit_reml(design), design)}
    p, q = len(design.fixed), len(design.random)
    root = np.linalg.cholesky(reml.vcov)
    steps = rng.standard_t(7, size=(proposals, p)) * wide
    gamma = reml.gamma + steps @ root.T
    log_weights = 4 * np.log1p(steps**2 / 7 / wide**2).sum(axis=1)
    scale = np.array([found["tau", label].se for label in design.random_labels])
    scale = np.where(scale > 0, np.minimum(scale, reml.tau + reml.sigma), 0.5 * reml.sigma) * tau_wide
    tau = np.abs(reml.tau + scale * rng.standard_t(3, size=(proposals, q)))
    folded = sum((1 + ((sign * tau - reml.tau) / scale) ** 2 / 3) ** -2 for sign in (1, -1))
    log_weights -= np.log(folded).sum(axis=1)
    spread = wide * found["sigma", ""].se / reml.sigma
    z = rng.standard_normal(proposals)
    sigma = reml.sigma * np.exp(spread * z)
    log_weights += 0.5 * z**2 + np.log(sigma)
    corr = np.tile(np.eye(q), (proposals, 1, 1))
    if q == 2:
        corr[:, 0, 1] = corr[:, 1, 0] = rng.uniform(-1, 1, proposals)
    chol = tau[:, :, None] * np.linalg.cholesky(corr)
    given = Conditionals(design.cross_products, gamma, chol, sigma)
    for start in given.starts:
        log_weights += given.block(start).log_likelihood.sum(axis=1)
    at_means = priors.at_means(gamma)
    log_prior = sum(prior.log_density(at_means[:, k]) for k, prior in enumerate(priors.gamma))
    log_prior += sum(prior.log_density(tau[:, k]) for k, prior in enumerate(priors.tau))
    log_prior += priors.sigma.log_density(sigma)
    if q == 2:
        log_prior += priors.corr.log_density(corr)
    log_weights += log_prior
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    kept = rng.choice(proposals, size=chains * draws, p=weights)
    u = draw_u(design, gamma[kept], chol[kept], sigma[kept], rng)
    posterior = labelled(design, gamma[kept], tau[kept], sigma[kept], corr[kept] if q == 2 else None, u, chains)
    posterior.attrs["efficiency"] = 1 / np.sum(weights**2)
    return posterior


def groups_given(design, gamma, chol, sigma):
    """Log marginal likelihood of all groups, (S,), mean and root of M_j^-1 of ``L^-1 u_j``, for each draw.

    ``u_j | y, theta ~ N(L M_j^-1 w_j / sigma^2, L M_j^-1 L')``, ``M_j = I + L' ZtZ_j L / sigma^2``.
    """
    c, sigma2 = design.cross_products, (sigma**2)[:, None]
    scaled = np.linalg.solve(c.x_transform, (gamma - c.ols).T).T
    L = np.linalg.solve(c.z_transform, chol)
    w = np.einsum("sab,sja->sjb", L, c.Zty - np.einsum("jqk,sk->sjq", c.ZtX, scaled))
    M = np.eye(L.shape[-1]) + np.einsum("sab,jac,scd->sjbd", L, c.ZtZ, L, optimize=True) / sigma2[..., None, None]
    mean = np.linalg.solve(M, w[..., None])[..., 0] / sigma2[..., None]
    rss = c.yty.sum() - 2 * scaled @ c.Xty.sum(axis=0) + np.einsum("sk,kl,sl->s", scaled, c.XtX.sum(axis=0), scaled)
    quadratic = (rss - np.sum(w * mean, axis=(1, 2))) / sigma2[:, 0]
    log_det = np.linalg.slogdet(M)[1].sum(axis=1)
    log_likelihood = -0.5 * (c.n.sum() * np.log(2 * np.pi * sigma2[:, 0]) + log_det + quadratic)
    return log_likelihood, mean, np.swapaxes(np.linalg.inv(np.linalg.cholesky(M)), -1, -2)


def draw_u(design, gamma, chol, sigma, rng):
    """Deviations of the groups given the other parameters, (S, J, q)."""
    _, mean, root = groups_given(design, gamma, chol, sigma)
    v = mean + (root @ rng.standard_normal(mean.shape)[..., None])[..., 0]
    return np.einsum("sab,sjb->sja", chol, v)


def labelled(design, gamma, tau, sigma, corr, u, chains):
    """Draws (S, ...) as the Dataset of a posterior, with beta."""
    beta = np.einsum("jk,kc,sk->sjc", design.W, np.eye(len(design.coefficients))[design.coefficient_of], gamma)
    beta[..., design.random_coefficients] += u
    dims = {
        "gamma": (gamma, ["fixed"]),
        "tau": (tau, ["random"]),
        "sigma": (sigma, []),
        "u": (u, [design.group, "random"]),
        "beta": (beta, [design.group, "coefficient"]),
    }
    if corr is not None:
        dims["corr"] = (corr, ["random", "random_"])
    coords = {
        "fixed": design.fixed_labels,
        "random": design.random_labels,
        "random_": design.random_labels,
        "coefficient": design.coefficient_labels,
        design.group: design.group_labels,
    }
    variables = {
        name: (["chain", "draw", *own], values.reshape(chains, -1, *values.shape[1:]))
        for name, (values, own) in dims.items()
    }
    used = {name for _, own in dims.values() for name in own}
    return xr.Dataset(variables, {name: values for name, values in coords.items() if name in used})


def normal_posterior(design, precision=0.0, center=0.0, tau=None, draws=1000, chains=4, seed=1, shift=0.0):
    """Draws where REML's normal approximation is taken for the likelihood.

    gamma has the prior ``N(center, 1 / precision)``, both (p,), and its draws are moved by `shift`; tau is given as
    (mean, sd) or is around REML's, independent of sigma.
    """
    rng = np.random.default_rng(seed)
    reml = fit_reml(design)
    found = {row.key: row for row in components(reml, design)}
    size, p, q = chains * draws, len(design.fixed), len(design.random)
    inverse = np.linalg.inv(reml.vcov)
    vcov = np.linalg.inv(inverse + np.diag(np.broadcast_to(precision, p)))
    mean = vcov @ (inverse @ reml.gamma + np.broadcast_to(precision, p) * center)
    gamma = mean + shift + rng.standard_normal((size, p)) @ np.linalg.cholesky(vcov).T
    centers, sds = tau or (reml.tau, [found["tau", label].se for label in design.random_labels])
    taus = np.abs(centers + np.array(sds) * rng.standard_normal((size, q)))
    sigma = reml.sigma + found["sigma", ""].se * rng.standard_normal(size)
    corr = np.tile(reml.corr, (size, 1, 1)) if q > 1 else None
    if q == 2:
        drawn = reml.corr[0, 1] + found["corr", ",".join(design.random_labels)].se * rng.standard_normal(size)
        corr[:, 0, 1] = corr[:, 1, 0] = np.clip(drawn, -0.99, 0.99)
    chol = taus[:, :, None] * (np.linalg.cholesky(corr) if q > 1 else np.ones((size, 1, 1)))
    return labelled(design, gamma, taus, sigma, corr, draw_u(design, gamma, chol, sigma, rng), chains)
