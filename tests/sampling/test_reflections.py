"""Signs of standard deviations: every image of a point is the same model, with the same density."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.sampling.family_target import family_target
from bayeshlm.sampling.importance import importance_draws
from bayeshlm.sampling.layout import reml_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.points import Points

THREE = "y = b0 + b1*x + b2*v + e\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2"
CROSSED = "y = b0 + b1*x + e\nb0 = g00 + u0[g] + v0[h]\nb1 = g10 + u1[g]"
BINARY = "z ~ Bernoulli(p)\nlogit(p) = b0 + b1*x\nb0 = g00 + u0\nb1 = g10 + u1"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(np.arange(15), 12), "h": np.tile(np.arange(12), 15)})
    data["x"], data["v"] = rng.normal(size=180), rng.normal(size=180)
    data["y"] = data["x"] * (1 + 0.6 * rng.normal(size=15)[data["g"]]) + rng.normal(size=180)
    data["z"] = (data["y"] > 0).astype(int)
    return data


def target_of(equations, frame):
    model = hlm.Model(equations, frame, group=None if "[g]" in equations else "g")
    if model.design.outcome.is_normal:
        return marginal_target(model.design, model.priors, reml_layout(model.design, model.priors))
    return family_target(model.design, model.priors)


@pytest.mark.slow
@pytest.mark.parametrize(("equations", "q"), [(THREE, 3), (CROSSED, 3), (BINARY, 2)])
def test_all_images_are_the_same_model(equations, q, frame):
    target = target_of(equations, frame)
    points = Points(target)
    x = 0.5 * np.random.default_rng(1).normal(size=(6, points.size))
    images = list(points.images(x))
    assert len(images) == 2**q
    assert len(np.unique(np.round(images, 9), axis=0)) == 2**q
    draws = target.expand(x[None])
    for image in images:
        np.testing.assert_allclose(points.log_densities(image), points.log_densities(x), rtol=1e-11, atol=1e-9)
        same = target.expand(image[None])
        for name in draws:
            np.testing.assert_allclose(same[name], draws[name], atol=1e-12)
    folded = points.folded(np.concatenate(images)).reshape(2**q, *x.shape)
    np.testing.assert_allclose(folded, np.broadcast_to(folded[0], folded.shape), atol=1e-9)
    assert (target.reflections.layout.values(folded[0])[:, target.reflections.tau] >= 0).all()


@pytest.mark.slow
def test_an_sd_that_may_be_zero_is_drawn_with_a_certificate(frame):
    """The outcome has no slope that varies: the posterior of u1's SD ends at zero, where it is largest."""
    rng = np.random.default_rng(2)
    flat = frame.assign(z=(rng.normal(size=180) + 0.8 * rng.normal(size=15)[frame["g"]] > 0).astype(int))
    target = target_of(BINARY, flat)
    draws, certificate = importance_draws(Points(target), 2000, 1, 0.0)
    assert certificate.holds
    assert len(certificate.pareto_k) == 2
    assert min(certificate.ess_weights) > 500
    tau = np.sort(target.expand(draws[None])["tau"].to_numpy()[0, :, 1])
    assert tau[0] > 0
    assert tau[200] < 0.3
