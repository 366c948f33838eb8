"""Latent group means: the joint density against dense normal ones, estimates against the balanced closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import halfcauchy, multivariate_normal, norm, t

import bayeshlm as hlm
from bayeshlm.design.within_between import within_between
from bayeshlm.errors import DataError, OptionError
from bayeshlm.likelihood.latent_density import LatentDensity
from bayeshlm.likelihood.latent_means import LatentMeans, LatentPoints
from bayeshlm.reml.latent_means import fit_latent_means

RAW = "y = b0 + b1*x + r; b0 = g00 + g01*mean(x) + u0; b1 = g10"
CENTERED = "y = b0 + b1*cwc(x) + r; b0 = g00 + g01*mean(x) + u0; b1 = g10"
MORE = [
    "y = b0 + b1*x + b2*c + r; b0 = g00 + g01*mean(x) + g02*w + u0; b1 = g10; b2 = g20 + u2",
    "y = b0 + b1*cwc(x) + b2*c + r; b0 = g00 + g01*mean(x) + g02*w + u0; b1 = g10 + u1; b2 = g20",
    "y = b0 + b1*cgm(x) + b2*c + r; b0 = g00 + g01*mean(x) + g02*w; b1 = g10; b2 = g20 + u2",
    "y = b0 + b1*cwc(x) + b2*c + r; b0 = g00 + g01*own + g02*w + u0; b1 = g10; b2 = g20",
]


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(1)
    n = np.array([1, 3, 4, 2, 6])
    g = np.repeat(np.arange(5), n)
    table = pd.DataFrame({"g": g, "x": 5 + rng.normal(size=16) + rng.normal(size=5)[g], "c": rng.normal(size=16)})
    table["w"], table["y"] = rng.normal(size=5)[g], table["x"] + rng.normal(size=16)
    table["own"] = table.groupby("g")["x"].transform("mean")
    return table.sample(frac=1.0, random_state=2).reset_index(drop=True)


def simulated(rng, n, between=1.5, within=0.5, spread=0.5):
    """Groups of sizes n whose true means have the SD `spread`, those of rows being 1."""
    g = np.repeat(np.arange(len(n)), n)
    mu = spread * rng.normal(size=len(n))[g]
    x = mu + rng.normal(size=len(g))
    y = 1 + within * (x - mu) + between * mu + 0.5 * rng.normal(size=len(n))[g] + rng.normal(size=len(g))
    return pd.DataFrame({"g": g, "x": x, "y": y})


def parts(model):
    found = within_between(model.design, None, "x")
    return found, LatentMeans.of(model.design, found)


def dense(design, text, means, at, s, delta1):
    """Log density of (y, x) as one normal vector, from the equations of the model."""
    codes = design.group_codes
    same = (codes[:, None] == codes).astype(float)
    frame = design.frame
    x, c = (frame[name].to_numpy(float) for name in ("x", "c"))
    own, mean_c = (pd.Series(one).groupby(codes).transform("mean").to_numpy() for one in (x, c))
    c = c - mean_c
    gamma = dict(zip(design.fixed_labels, at.gamma[s], strict=True))
    within = gamma["g10"]
    effect = gamma["g01"] - (within if "cwc" in text else 0.0)
    columns = dict(zip(design.fixed_labels, design.X.T, strict=True))
    rest = sum(gamma[label] * columns[label] for label in gamma if label not in ("g10", "g01"))
    rest = rest - (within * x.mean() if "cgm" in text else 0.0)
    assert np.allclose(columns["g01"], own)
    level, eye = means.A[codes] @ at.delta[s], np.eye(len(x))
    v, e = at.tau_x[s] ** 2 * same, at.sigma_x[s] ** 2 * eye
    mean_x = level + c * delta1
    mean_y = rest + within * mean_x + effect * level
    of_y = design.Z @ at.root[s] @ at.root[s].T @ design.Z.T * same + at.sigma[s] ** 2 * eye
    both = within + effect
    cross = both * v + within * e
    V = np.block([[of_y + both**2 * v + within**2 * e, cross], [cross, v + e]])
    return multivariate_normal(np.r_[mean_y, mean_x], V).logpdf(np.r_[design.y, x])


@pytest.mark.parametrize("text", MORE)
def test_the_joint_density_is_that_of_a_dense_normal_vector(text, small):
    design = hlm.Model(text, small, "g").design
    _, means = parts(hlm.Model(text, small, "g"))
    rng = np.random.default_rng(3)
    q, a, S = len(design.random), means.A.shape[1], 3
    at = LatentPoints(
        rng.normal(size=(S, len(design.fixed))),
        np.tril(rng.normal(size=(S, q, q))),
        rng.uniform(0.5, 2, S),
        rng.normal(size=(S, a)),
        *rng.uniform(0.5, 1, (2, S)),
    )
    c, x = (small[name] - small.groupby("g")[name].transform("mean") for name in ("c", "x"))
    best = float((c @ x) / (c @ c))
    found, flat = means.log_densities(at), means.log_densities(at, flat=True)
    grid = best + np.linspace(-6, 6, 241)
    for s in range(S):
        assert found[s] == pytest.approx(dense(design, text, means, at, s, best), rel=1e-10)
    integrals = [logsumexp([dense(design, text, means, at, s, one) for one in grid]) for s in range(S)]
    assert np.diff(flat) == pytest.approx(np.diff(integrals), abs=1e-6)


def test_the_posterior_is_likelihood_times_priors(small):
    model = hlm.Model(MORE[1], small, "g", priors={"g01": "StudentT(4, 1, 2)", "tau_u1": "HalfCauchy(2)"})
    design, (_, means) = model.design, parts(model)
    p = len(design.fixed)
    start = (np.zeros(p), np.ones(p), np.ones(2), np.eye(2), 1.0)
    density = LatentDensity.of(design, means, model.priors, *start)
    x = np.random.default_rng(4).normal(size=(6, density.size))
    at = density.points((x - density.center) / density.scale)
    G = at.root @ at.root.swapaxes(1, 2)
    tau = np.sqrt(np.diagonal(G, axis1=1, axis2=2))
    rho = G[:, 0, 1] / tau.prod(axis=1)
    scale = {key: prior.parameters for key, prior in model.priors.by_key().items()}
    centered = at.gamma @ model.priors.basis.T
    labels = list(model.priors.fixed)
    expected = means.log_densities(at, flat=True)
    for k, label in enumerate(labels):
        if label == "g01":
            expected += t.logpdf(centered[:, k], 4, 1, 2)
        else:
            expected += norm.logpdf(centered[:, k], scale[label]["mu"], scale[label]["sigma"])
    expected += t.logpdf(tau[:, 0] / scale["tau_u0"]["sigma"], 3) + halfcauchy.logpdf(tau[:, 1], scale=2)
    expected += t.logpdf(at.sigma / scale["sigma"]["sigma"], 3)
    expected += sum(t.logpdf(one / density.spread, 3) for one in (at.tau_x, at.sigma_x))
    expected += np.log(tau).sum(axis=1) + np.log(at.sigma * at.tau_x * at.sigma_x)  # of the logarithms
    expected += (2 - 1) * np.log1p(-(rho**2)) + np.log1p(-(rho**2))  # LKJ(2), and of the hyperbolic tangent
    found = density.log_densities((x - density.center) / density.scale)
    assert np.diff(found) == pytest.approx(np.diff(expected), rel=1e-9)


@pytest.mark.parametrize("text", [RAW, CENTERED])
def test_balanced_groups_have_a_closed_form(text):
    """Covariances within are mean squares; those between, mean squares between (over J) less within, over n."""
    J, n = 80, 5
    data = simulated(np.random.default_rng(5), np.full(J, n))
    values = data[["y", "x"]].to_numpy()
    means = values.reshape(J, n, 2).mean(axis=1)
    inside = values - means[data["g"]]
    S_within = inside.T @ inside / (J * (n - 1))
    S_between = np.cov(means.T, bias=True) - S_within / n
    within, between = S_within[0, 1] / S_within[1, 1], S_between[0, 1] / S_between[1, 1]
    fit = hlm.Model(text, data, "g").ml()
    table = fit.contextual("x", latent=True)
    assert table["estimate"].to_numpy(float) == pytest.approx([within, between, between - within], rel=1e-5)
    reliability = S_between[1, 1] / (S_between[1, 1] + S_within[1, 1] / n)
    assert f"a reliability of {reliability:.2f} on average" in " ".join(repr(table).split())
    observed = fit.contextual("x").loc["contextual", "estimate"]
    assert observed == pytest.approx((between - within) * reliability, rel=1e-5)  # Luedtke et al. (2008), equation 14


def test_a_random_slope_whose_estimate_is_singular_is_no_obstacle():
    data = simulated(np.random.default_rng(12), np.full(40, 5))
    raw = hlm.Model(RAW.replace("g10", "g10 + u1"), data, "g").ml()
    scaled = hlm.Model(RAW.replace("b1*x", "b1*scale(x)").replace("g10", "g10 + u1"), data, "g").ml()
    assert raw.singular
    found, other = (fit.contextual("x", latent=True)[["estimate", "se"]].to_numpy(float) for fit in (raw, scaled))
    assert found == pytest.approx(other, rel=1e-4)
    assert np.all(found[:, 1] < 0.5)


def test_errors_are_those_of_the_information():
    """Profile: the likelihood with the contextual effect moved by one error, all else best, falls by about a half."""
    data = simulated(np.random.default_rng(6), np.random.default_rng(7).integers(2, 9, 120))
    model = hlm.Model(RAW, data, "g")
    found, means = parts(model)
    estimate = model.ml().estimate
    fitted = fit_latent_means(model.design, estimate, found)
    at, k = fitted.at, list(model.design.fixed_labels).index("g01")
    se = np.sqrt(fitted.vcov[k, k])
    held = []
    for sign in (-1, 1):
        others = {"g01": at.gamma[0, k] + sign * 0.1 * se}
        held.append(_profile(means, at, k, others["g01"]))
    fall = fitted.log_likelihood - np.array(held)
    assert fall.mean() == pytest.approx(0.005, rel=0.01)


def _profile(means, at, k, value):
    from scipy.optimize import minimize

    start = np.concatenate([at.gamma[0], at.root[0].ravel(), np.log(at.sigma), at.delta[0]])
    start = np.concatenate([start, np.log(at.tau_x), np.log(at.sigma_x)])
    free = np.arange(len(start)) != k

    def negative(free_values):
        x = start.copy()
        x[free], x[k] = free_values, value
        p, q, a = at.gamma.shape[1], 1, at.delta.shape[1]
        g, root, s, d, tx, sx = np.split(x, np.cumsum([p, q, 1, a, 1]))
        one = LatentPoints(g[None], root[None, :, None], np.exp(s), d[None], np.exp(tx), np.exp(sx))
        return -float(means.log_densities(one)[0])

    best = minimize(negative, start[free], method="BFGS", options={"gtol": 1e-5})
    return -best.fun


@pytest.mark.slow
def test_latent_means_are_recovered_and_intervals_hold():
    """200 studies of 100 groups of 3 to 8 rows, in which the observed means have a reliability of about .55."""
    rng, truth, R = np.random.default_rng(8), {"within": 0.5, "between": 1.5, "contextual": 1.0}, 200
    found, covered, observed = [], [], []
    for _ in range(R):
        fit = hlm.Model(RAW, simulated(rng, rng.integers(3, 9, 100)), "g").ml()
        table = fit.contextual("x", latent=True)
        found.append(table["estimate"].to_numpy(float))
        covered.append([table.loc[key, "lower"] < value < table.loc[key, "upper"] for key, value in truth.items()])
        observed.append(float(fit.contextual("x").loc["contextual", "estimate"]))
    median, error = np.median(found, axis=0), 1.2533 * np.std(found, axis=0) / np.sqrt(R)  # of a median of normal draws
    assert np.all(np.abs(median - np.array(list(truth.values()))) < 4 * error)
    assert np.all(np.abs(np.mean(covered, axis=0) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / R))
    assert np.mean(observed) < 0.75  # the observed means lose about half of the contextual effect of 1


@pytest.mark.slow
def test_draws_say_what_maximum_likelihood_says():
    """The same with flat priors and many groups: both have the same normal limit, up to 1/J of the SD and the draws."""
    data = simulated(np.random.default_rng(9), np.random.default_rng(10).integers(3, 9, 400))
    model = hlm.Model(CENTERED, data, "g", priors=dict.fromkeys(("g00", "g01", "g10"), "Normal(0, 1000)"))
    fit = model.fit(seed=1, sampler="importance", progress=False)
    drawn, best = fit.contextual("x", latent=True), model.ml().contextual("x", latent=True)
    error = best["se"].to_numpy(float)
    gap = drawn.table["mean"].to_numpy() - best["estimate"].to_numpy(float)
    assert np.all(np.abs(gap) < 0.25 * error)
    assert drawn.table["sd"].to_numpy() == pytest.approx(error, rel=0.15)
    assert set(drawn.draws) == {"slope", "reliability"}
    assert 0.4 < float(drawn.draws["reliability"].mean()) < 0.65
    text = " ".join(repr(drawn).split())
    assert "of latent group means of x: the observed ones have a reliability of 0.5" in text
    assert "for rows that are a sample of their group" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y = b0 + b1*x + r; b0 = g00 + g01*mean(x) + u0; b1 = g10 + g11*w", "one slope of 'x' and one of its group"),
        ("y = b0 + b1*x + b2*x*c + r; b0 = g00 + g01*mean(x) + u0; b1 = g10; b2 = g20", "one slope of 'x' and one"),
        ("z ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + g01*mean(x) + u0; b1 = g10", "needs a normal outcome"),
        ("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", "add mean"),
        (RAW + "; log(sigma) = a0 + a1*c", "have an equation of their SD"),
        (RAW + "; sd(r) = se", "are known and differ"),
    ],
)
def test_what_has_no_latent_means(text, message):
    rng = np.random.default_rng(11)
    data = simulated(rng, np.full(30, 6))
    data["w"], data["c"] = rng.normal(size=30)[data["g"]], rng.normal(size=len(data))
    data["z"], data["se"] = (data["y"] > 1).astype(int), 1.0
    with pytest.raises(OptionError, match=message):
        hlm.Model(text, data, "g").ml().contextual("x", latent=True)


def test_means_that_differ_by_chance_alone_are_refused():
    """The observed means of x vary less than rows of one population: nothing is known of a slope between them."""
    data = simulated(np.random.default_rng(12), np.full(40, 5))
    data["x"] -= data.groupby("g")["x"].transform("mean") * 0.999
    with pytest.raises(DataError, match="do their means differ by more than chance"):
        hlm.Model(CENTERED, data, "g").ml().contextual("x", latent=True)
