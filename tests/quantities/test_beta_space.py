import numpy as np
import pytest
from scipy import stats

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.beta_space import Ellipse, beta_space
from bayeshlm.quantities.level2_variables import level2_rows, level2_variables

TEXT = "pain = b0 + b1*dose + r; b0 = g00 + g01*urban + u0; b1 = g10 + g11*urban + u1"


@pytest.fixture(scope="module")
def design(clinic_design):
    return clinic_design(TEXT)


@pytest.fixture(scope="module")
def posterior(design, posterior_of):
    rng = np.random.default_rng(4)
    gamma = np.array([5.0, -1.0, 0.5, 0.3]) + 0.3 * rng.normal(size=(2, 200, 4))
    tau = np.exp(0.2 * rng.normal(size=(2, 200, 2)))
    corr = np.tile([[1.0, 0.4], [0.4, 1.0]], (2, 200, 1, 1))
    sigma = 1 + 0.1 * rng.random((2, 200))
    return posterior_of(design, gamma, tau, sigma, corr, rng.normal(size=(2, 200, 7, 2)))


def test_own_estimates_and_their_covariances_by_brute_force(clinics, design, posterior):
    space = beta_space(Draws(posterior, design), ("b0", "b1"))
    sigma2 = float((posterior["sigma"] ** 2).mean())
    seen = 0
    for j, (_, rows) in enumerate(clinics.groupby("clinic")):
        Z = np.column_stack([np.ones(len(rows)), rows["dose"]])
        if np.linalg.matrix_rank(Z) < 2:
            assert np.isnan(space.ols[j]).all()
            assert np.isnan(space.ols_cov[j]).all()
            continue
        seen += 1
        assert space.ols[j] == pytest.approx(np.linalg.lstsq(Z, rows["pain"])[0])
        assert space.ols_cov[j] == pytest.approx(sigma2 * np.linalg.inv(Z.T @ Z))
    assert seen == 5
    assert space.eb == pytest.approx(posterior["beta"].mean(("chain", "draw")).to_numpy())


def test_the_pair_may_be_turned_round(design, posterior):
    straight, turned = (beta_space(Draws(posterior, design), pair) for pair in (("b0", "b1"), ("b1", "b0")))
    assert turned.ols[:, ::-1] == pytest.approx(straight.ols, nan_ok=True)
    assert turned.ols_cov[:, ::-1, ::-1] == pytest.approx(straight.ols_cov, nan_ok=True)
    assert turned.G[0].cov[::-1, ::-1] == pytest.approx(straight.G[0].cov)
    assert len(straight.methods)
    assert turned.methods.empty  # no intercept along x: the textbook's lines are not points there


def test_means_and_G_of_the_categories(design, posterior):
    by = level2_variables(design)["urban"]
    space = beta_space(Draws(posterior, design), ("b0", "b1"), by, prob=0.9)
    gamma = posterior["gamma"].to_numpy().reshape(-1, 4)
    expected = [gamma[:, [0, 2]], gamma[:, [0, 2]] + gamma[:, [1, 3]]]
    tau = posterior["tau"].to_numpy()
    cov = 0.4 * (tau[..., 0] * tau[..., 1]).mean()
    G = np.array([[(tau[..., 0] ** 2).mean(), cov], [cov, (tau[..., 1] ** 2).mean()]])
    for k, draws in enumerate(expected):
        assert space.means[k].center == pytest.approx(draws.mean(axis=0))
        assert space.means[k].cov == pytest.approx(np.cov(draws.T))
        assert space.G[k].center == pytest.approx(draws.mean(axis=0))
        assert space.G[k].cov == pytest.approx(G)
        assert space.G[k].radius == pytest.approx(np.sqrt(stats.chi2(2).ppf(0.9)))
    assert space.codes.tolist() == by.codes.tolist()


def test_an_ellipse_lies_at_its_distance_and_casts_its_shadow():
    ellipse = Ellipse(np.array([3.0, -1.0]), np.array([[4.0, 1.5], [1.5, 1.0]]), 1.0)
    points = ellipse.points(2001) - ellipse.center
    distance = np.einsum("na,ab,nb->n", points, np.linalg.inv(ellipse.cov), points)
    assert distance == pytest.approx(np.ones(2001))
    assert points.max(axis=0) == pytest.approx([2.0, 1.0], abs=1e-5)  # one SD on each axis


@pytest.mark.parametrize(("expression", "zero"), [("dose", "none"), ("cgm(dose)", "rows"), ("cwc(dose)", "groups")])
def test_other_methods_by_regressions_in_the_test(expression, zero, clinics, posterior_of):
    clinics = clinics.assign(dose=clinics["dose"] - 3)
    design = build_design(parse(TEXT.replace("*dose", f"*{expression}")), clinics, "clinic")
    posterior = posterior_of(design, [5.0, -1.0, 0.5, 0.3], [1.0, 1.0], 1.0, u=np.zeros((7, 2)))
    by = level2_variables(design)["urban"]
    found = beta_space(Draws(posterior, design), ("b0", "b1"), by).methods
    data = clinics.sort_values("clinic")
    means = data.groupby("clinic")[["pain", "dose", "urban"]].mean()
    moved = {"none": 0.0, "rows": data["dose"].mean(), "groups": data.groupby("clinic")["dose"].transform("mean")}[zero]
    x = data["dose"] - moved
    X = np.column_stack([np.ones(len(x)), data["urban"], x, x * data["urban"]])
    pooled = np.linalg.lstsq(X, data["pain"])[0]
    own = []
    for clinic, rows in data.groupby("clinic"):
        if rows["dose"].nunique() > 1 and len(rows) > 2:
            slope, height = np.polyfit(x.loc[rows.index], rows["pain"], 1)
            own.append((means.loc[clinic, "urban"], height, slope))
    own = np.array(own)
    W = means["urban"].to_numpy()
    between = np.linalg.lstsq(
        np.column_stack([np.ones(7), W, means["dose"], means["dose"] * W]), means["pain"].to_numpy()
    )[0]
    at = {"none": 0.0, "rows": data["dose"].mean(), "groups": means["dose"].mean()}[zero]
    for level in (0, 1):
        here = found.xs(str(level), level="level")
        assert here.loc["pooled"].to_numpy() == pytest.approx(pooled[[0, 2]] + level * pooled[[1, 3]])
        assert here.loc["within"].to_numpy() == pytest.approx(own[own[:, 0] == level, 1:].mean(axis=0))
        b0, b1 = between[0] + level * between[1], between[2] + level * between[3]
        assert here.loc["between"].to_numpy() == pytest.approx([b0 + b1 * at, b1])


def test_without_a_level1_variable_of_numbers_there_are_no_other_methods(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*log(age) + r; b0 = g00 + u0; b1 = g10 + u1")
    posterior = posterior_of(design, [5.0, -1.0], [1.0, 1.0], 1.0, u=np.zeros((7, 2)))
    assert beta_space(Draws(posterior, design), ("b0", "b1")).methods.empty
    assert level2_rows(design, None).shape == (1, 2, 2)
