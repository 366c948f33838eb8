"""Hypotheses of draws: shares of normal quantiles, and ratios of densities that are known."""

import numpy as np
import pytest
from scipy.stats import halfnorm, norm, t

from bayeshlm.display.shown_hypotheses import ShownHypotheses
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.parameters.schema import Schema
from bayeshlm.parameters.statements import read_statements
from bayeshlm.quantities.hypotheses import hypotheses

TEXT = "pain = b0 + b1*dose + r; b0 = g00 + g01*urban + u0; b1 = g10 + u1"
N = 4000


@pytest.fixture(scope="module")
def asked(clinic_design, posterior_of):
    """The draws are normal quantiles in an order of their own: g01 ~ N(1, .5), g10 ~ N(-.3, .2), log tau[u0] normal."""
    design = clinic_design(TEXT)
    rng = np.random.default_rng(4)
    z = np.stack([rng.permutation(norm.ppf((np.arange(N) + 0.5) / N)).reshape(4, -1) for _ in range(5)])
    gamma = np.stack([5 + z[0], 1 + 0.5 * z[1], -0.3 + 0.2 * z[2]], axis=-1)
    tau = np.stack([np.exp(0.3 * z[3]), np.abs(z[4])], axis=-1)
    draws = Draws(posterior_of(design, gamma, tau, np.full((4, N // 4), 2.0)), design)
    given = {"g01": "Normal(0, 2)", "g10": "StudentT(3, 0, 1)", "g00": "Normal(0, 10)", "tau_u1": "HalfNormal(3)"}
    priors = make_priors(design, given)

    def ask(*texts, **options):
        return hypotheses(draws, priors, read_statements(texts, Schema.of(design)), **options)

    return ask


def test_probabilities_are_those_of_the_normal(asked):
    table = asked("g01 > 0", "g01 < .5", "g10 + .3 > .1", "tau[u0] > 1").table
    expected = [norm.cdf(2), norm.cdf(-1), norm.sf(0.5), 0.5]
    assert table["probability"].to_numpy() == pytest.approx(expected, abs=1 / N)
    p = table["probability"].to_numpy()
    assert table["mcse_probability"].to_numpy() == pytest.approx(np.sqrt(p * (1 - p) / N), rel=0.15)
    assert table.loc["g01 > 0", ["lower", "upper"]].astype(float).to_numpy() == pytest.approx(
        [1 - 0.5 * 1.95996, 1 + 0.5 * 1.95996], abs=0.003
    )
    assert "density_ratio" not in table


def test_density_ratios_of_normal_draws(asked):
    found = asked("g01 = 0.5", "g10 = 0", "2*g01 = 1", "g01 - g10 = 1")
    ratio, error = (found.table[name].to_numpy() for name in ("density_ratio", "mcse_ratio"))
    posterior = [
        norm.pdf(-1) / 0.5,
        norm.pdf(1.5) / 0.2,
        norm.pdf(-1) / 1.0,
        norm.pdf(-0.3 / np.hypot(0.5, 0.2)) / np.hypot(0.5, 0.2),
    ]
    both = np.linspace(-60, 60, 400_001)
    convolved = np.trapezoid(norm.pdf(both, 0, 2) * t.pdf(both - 1, 3), both)
    prior = [norm.pdf(0.5, 0, 2), t.pdf(0, 3), norm.pdf(0.5, 0, 2) / 2, convolved]
    expected = np.array(posterior) / np.array(prior)
    assert np.all(np.abs(ratio - expected) < np.maximum(3 * error, 0.03 * expected))
    assert np.all((error > 0) & (error < 0.1 * ratio))


def test_the_density_ratio_of_an_sd_at_zero_and_inside(asked):
    ratio = asked("tau[u1] = 0", "tau[u1] = 1").table["density_ratio"].to_numpy()
    x = np.array([0.0, 1.0])
    assert ratio == pytest.approx(halfnorm.pdf(x) / halfnorm.pdf(x, scale=3), rel=0.05)


def test_a_constant_in_the_expression_moves_the_value(asked):
    ratio = asked("g01 + 4 = 4.2").table["density_ratio"].item()
    assert ratio == pytest.approx(norm.pdf(0.2, 1, 0.5) / norm.pdf(0.2, 0, 2), rel=0.05)


def test_a_value_whose_prior_density_is_no_positive_number_has_no_density_ratio(asked):
    found = asked("g01 = 200")  # 100 SDs away
    assert np.isnan(found.table["density_ratio"].item())
    assert any(note.startswith("no density ratio unless") for note in found.notes)


def test_the_prior_at_the_means_is_carried_to_the_effect(clinic_design, posterior_of):
    """The default prior of g00 is that of g00 + g01 mean(urban) + g10 mean(dose): a sum of independent normals."""
    design = clinic_design(TEXT)
    z = norm.ppf((np.arange(N) + 0.5) / N).reshape(4, -1)
    gamma = np.stack([5 + np.random.default_rng(1).permuted(z), z * 0, z * 0], axis=-1)
    draws = Draws(posterior_of(design, gamma, np.ones((4, N // 4, 2)), np.ones((4, N // 4))), design)
    priors = make_priors(design)
    found = hypotheses(draws, priors, read_statements(["g00 = 5"], Schema.of(design)))
    y, urban, dose = (design.frame[name].astype(float) for name in ("pain", "urban", "dose"))
    s = 2.5 * y.std(ddof=1)
    sd = np.sqrt(s**2 + (s / urban.std(ddof=1) * urban.mean()) ** 2 + (s / dose.std(ddof=1) * dose.mean()) ** 2)
    expected = norm.pdf(0) / norm.pdf(5, y.mean(), sd)
    assert found.table["density_ratio"].item() == pytest.approx(expected, rel=0.03)


def test_where_there_is_no_density_ratio(asked):
    found = asked("g01/g10 = 1", "g01 = 9", "tau2[u0] = 1", "g01 > 0")
    assert found.table["density_ratio"].isna().all()
    text = " ".join(found.notes)
    assert "unless the expression is linear in fixed effects" in text
    assert "fewer than 20 draws" in text


def test_the_region_of_practical_equivalence(asked):
    table = asked("g01 = 1", "g10 > 0", rope=0.1).table
    assert table["in_rope"].to_numpy() == pytest.approx(
        [norm.cdf(0.2) - norm.cdf(-0.2), norm.cdf(2) - norm.cdf(1)], abs=2 / N
    )
    ends = asked("g01 = 1", rope=(0.0, 0.5)).table["in_rope"].item()
    assert ends == pytest.approx(norm.cdf(1) - 0.5, abs=2 / N)
    with pytest.raises(OptionError, match="write half its width"):
        asked("g01 = 1", rope=(0.5, 0.0))


def test_simultaneous_intervals_hold_at_once(asked):
    found = asked("g01 > 0", "g10 > 0", "g00 > 0", simultaneous=True)
    table = found.table
    lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
    inside = ((found.draws >= lower) & (found.draws <= upper)).all("hypothesis").mean().item()
    assert inside == pytest.approx(0.95, abs=1 / N)
    assert ((upper - lower) / 2 / table["sd"]).to_numpy() == pytest.approx(
        norm.ppf(0.5 + 0.95 ** (1 / 3) / 2), abs=0.05
    )


def test_what_has_no_value_is_refused(asked):
    with pytest.raises(OptionError, match=r"'log\(g10\) > 0' has no finite value in \d+ of 4000 draws"):
        asked("log(g10) > 0")
    with pytest.raises(OptionError, match="the same whatever the parameters are"):
        asked("g10 - g10 = 0")


def test_no_probability_is_printed_as_one(asked):
    text = repr(ShownHypotheses.of(asked("g00 > 0", "g01 = 1", "g01 > .5", rope=5)))
    assert ">.999" in text
    assert " 1.000" not in text
    assert "in rope: share of draws from -5 to 5 around each value" in text
    assert "0.841" not in text
    assert "0.84" in text
    html = ShownHypotheses.of(asked("g00 > 0"))._repr_html_()
    assert "g00 &gt; 0" in html
    assert "&gt;.999" in html
