import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.prior_families import Exponential, HalfCauchy, HalfNormal, HalfStudentT, Normal, StudentT
from bayeshlm.parameters.prior_moments import _moments, prior_moments
from bayeshlm.parameters.priors import make_priors


@pytest.mark.parametrize(
    ("prior", "lowest"),
    [
        (Normal(1, 2), -np.inf),
        (StudentT(5, 1, 2), -np.inf),
        (HalfNormal(3), 0),
        (HalfStudentT(5, 3), 0),
        (Exponential(0.5), 0),
    ],
    ids=str,
)
def test_moments_by_quadrature(prior, lowest):
    def moment(power):
        return quad(lambda x: x**power * np.exp(prior.log_density(np.array(x))), lowest, np.inf, epsabs=1e-11)[0]

    mean, variance = _moments(prior)
    assert mean == pytest.approx(moment(1), rel=1e-7)
    assert variance == pytest.approx(moment(2) - moment(1) ** 2, rel=1e-6)


@pytest.mark.parametrize("prior", [HalfCauchy(1), HalfStudentT(2, 1), StudentT(2, 0, 1)], ids=str)
def test_a_prior_without_a_variance(prior):
    assert np.isnan(_moments(prior)[1])


def test_every_parameter_has_the_moments_of_draws_from_the_joint_prior():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"year": rng.normal(2000, 5, 120), "ses": rng.normal(size=120), "y": rng.normal(size=120)})
    frame["school"], frame["size"] = np.repeat(np.arange(12), 10), np.repeat(rng.normal(300, 20, 12), 10)
    equations = "y = b0 + b1*year + b2*ses + r; b0 = g00 + g01*size + u0; b1 = g10 + u1; b2 = g20 + g21*size + u2"
    design = build_design(parse(equations), frame, "school")
    priors = make_priors(design, {f"tau_u{k}": "HalfNormal(2)" for k in range(3)} | {"sigma": "Exponential(1)"})
    n = 40_000
    drawn = Draws(prior_draws(design, priors, n, rng), design)
    names, draws = drawn.schema.labels, drawn.scalars()
    found = prior_moments(priors, design).loc[names]
    assert sorted(found.index) == sorted(prior_moments(priors, design).index)
    z = (draws.mean(axis=(1, 2)) - found["mean"]) / (found["sd"] / np.sqrt(n))
    assert np.abs(z).max() < 4.5
    kurtosis = 9.0  # of an exponential, the largest here: the error of an SD is sqrt((kurtosis - 1) / 4 n) of it
    np.testing.assert_allclose(draws.std(axis=(1, 2)), found["sd"], rtol=4.5 * np.sqrt((kurtosis - 1) / 4 / n))
