"""An outcome that is constant within groups, or has as many random effects as rows, is refused or sampled rightly."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.errors import DataError


def test_an_outcome_that_is_constant_within_groups_is_refused():
    rng = np.random.default_rng(0)
    g = np.repeat(range(20), 5)
    data = pd.DataFrame({"g": g, "x": rng.normal(size=100), "y": rng.normal(size=20)[g]})
    model = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", data, "g")
    for refused in (model.fit, model.reml, model.ml):
        with pytest.raises(DataError, match=r"level-1 variance is zero.*constant within groups"):
            refused()


@pytest.mark.slow
def test_priors_carry_a_design_with_more_random_effects_than_rows():
    """REML refuses it; the posterior, of the marginal density or of u itself, stays where the outcome is."""
    rng = np.random.default_rng(20)
    data = pd.DataFrame(rng.normal(size=(40, 3)), columns=["x", "v", "s"])
    data["g"] = np.repeat(range(20), 2)
    data["y"] = 2 + rng.normal(size=20)[data["g"]] + rng.normal(size=40)
    text = "y = b0 + b1*x + b2*v + b3*s + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; b3 = g30 + u3"
    model = hlm.Model(text, data, "g")
    with pytest.raises(DataError, match="cannot tell the 80 random effects"):
        model.reml()
    fits = [model.fit(draws=1500, chains=4, seed=1, parameterization=p) for p in ("marginal", "noncentered")]
    with pytest.raises(DataError, match="cannot tell the 80 random effects"):
        fits[0].cross_check()
    for name in ("gamma", "tau", "sigma"):
        one, other = (fit.posterior[name] for fit in fits)
        moments = [(draws.mean(("chain", "draw")), hlm_mcse(draws)) for draws in (one, other)]
        gap = np.abs(moments[0][0] - moments[1][0]) / np.hypot(moments[0][1], moments[1][1])
        assert float(gap.max()) < 4.5  # of 9 means, in Monte Carlo standard errors


def hlm_mcse(draws):
    import arviz_stats as stats

    return stats.mcse(draws.to_dataset(name="x"))["x"]
