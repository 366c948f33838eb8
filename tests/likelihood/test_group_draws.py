import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.likelihood import blocks, likelihood_of
from bayeshlm.likelihood import coefficient_draws as group_draws
from bayeshlm.parameters.draws import Draws
from bayeshlm.sampling.convert import posterior_dataset

TEXTS = {
    "q = 1": "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g11*w",
    "q = 2": "y = b0 + b1*x + b2*v + r\nb0 = g00 + g01*w + u0\nb1 = g10\nb2 = g20 + g21*w + u2",
    "q = 3": "y = b0 + b1*x + b2*v + r\nb0 = g00 + u0\nb1 = g10 + g11*w + u1\nb2 = u2",
}
J = blocks.BLOCK + 6


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(J), rng.integers(1, 6, J))
    columns = {name: rng.normal(size=len(codes)) for name in ("y", "x", "v")}
    return pd.DataFrame({"site": codes + 100, "w": rng.normal(size=J)[codes], **columns})


@pytest.fixture(params=TEXTS)
def design(request, frame):
    return build_design(parse(TEXTS[request.param]), frame, "site")


def parameters(design, fake_draws, draws):
    posterior = posterior_dataset(fake_draws(design, 2, draws).posterior, design)
    return posterior.assign_attrs(seed=3)


def test_regenerated_draws_are_the_ones_that_are_kept(design, fake_draws):
    posterior = parameters(design, fake_draws, 8)
    _, (u,), (beta,) = group_draws.drawn_groups(posterior, design, 3)
    positions = np.array([J - 1, 2, blocks.BLOCK, 0])
    some = group_draws.regenerated(Draws(posterior, design), positions)
    np.testing.assert_array_equal(some["u"].to_numpy().reshape(u[:, positions].shape), u[:, positions])
    np.testing.assert_array_equal(some["beta"].to_numpy().reshape(beta[:, positions].shape), beta[:, positions])
    assert some["site"].to_numpy().tolist() == [J + 99, 102, blocks.BLOCK + 100, 100]
    fixed = np.einsum(
        "jk,kc,sk->sjc",
        design.W,
        np.eye(len(design.coefficients))[design.coefficient_of],
        posterior["gamma"].to_numpy().reshape(16, -1),
    )
    fixed[..., design.random_coefficients] += u
    np.testing.assert_allclose(beta, fixed, rtol=1e-12, atol=1e-12)


def flat(drawn):
    log_likelihood, u, beta = drawn
    return [log_likelihood, *u, *beta]


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_a_bit(design, fake_draws, monkeypatch):
    posterior = parameters(design, fake_draws, 20)
    many = flat(group_draws.drawn_groups(posterior, design, 3)), group_draws.group_moments(Draws(posterior, design))
    monkeypatch.setattr(blocks.os, "cpu_count", lambda: 1)
    one = flat(group_draws.drawn_groups(posterior, design, 3)), group_draws.group_moments(Draws(posterior, design))
    for first, second in zip(many[0], one[0], strict=True):
        np.testing.assert_array_equal(first, second)
    assert many[1].identical(one[1])


@pytest.mark.slow
def test_moments_follow_the_law_of_total_variance(design, fake_draws):
    posterior = parameters(design, fake_draws, 26)
    moments = group_draws.group_moments(Draws(posterior, design))
    given = likelihood_of(design).group_effects(Draws(posterior, design))
    blocks = [given.block(start) for start in given.starts]
    expected = np.concatenate([block.mean for block in blocks], axis=-1)
    within = np.concatenate([(block.root**2).sum(axis=2) for block in blocks], axis=-1).mean(axis=0)
    np.testing.assert_allclose(moments["u_mean"], expected.mean(axis=0).T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(moments["u_sd"] ** 2, (expected.var(axis=0, ddof=1) + within).T, rtol=1e-10)

    beta = np.einsum("jk,kc,sk->scj", design.W, np.eye(len(design.coefficients))[design.coefficient_of], given.gamma)
    beta[:, design.random_coefficients] += expected
    variance = beta.var(axis=0, ddof=1)
    variance[design.random_coefficients] += within
    np.testing.assert_allclose(moments["beta_mean"], beta.mean(axis=0).T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(moments["beta_sd"] ** 2, variance.T, rtol=1e-10)
    batches = beta.reshape(2, 26, *beta.shape[1:])[:, :25].reshape(10, 5, *beta.shape[1:]).mean(axis=1)
    np.testing.assert_allclose(moments["beta_mcse"], (batches.std(axis=0, ddof=1) / np.sqrt(10)).T, rtol=1e-8)


@pytest.mark.slow
def test_moments_are_those_of_many_draws(design, fake_draws):
    posterior = parameters(design, fake_draws, 10_000)
    moments = group_draws.group_moments(Draws(posterior, design))
    positions = np.array([0, 3, J - 1])
    drawn = group_draws.regenerated(Draws(posterior, design), positions)
    moments = moments.isel(site=positions)
    for name in ("u", "beta"):
        values = drawn[name]
        sd = values.std(("chain", "draw"))
        assert (np.abs(values.mean(("chain", "draw")) - moments[f"{name}_mean"]) < 5 * sd / np.sqrt(20_000)).all()
        np.testing.assert_allclose(sd, moments[f"{name}_sd"], rtol=0.05)
