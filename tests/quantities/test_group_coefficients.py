import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.gram import has_ols
from bayeshlm.equations import parse
from bayeshlm.likelihood import coefficient_draws
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_coefficients import group_coefficients, one_coefficient
from bayeshlm.quantities.group_ols import group_ols
from bayeshlm.sampling.convert import posterior_dataset, with_groups

TEXT = """
pain = b0 + b1*dose + b2*age + r
b0 = g00 + g01*urban + u0
b1 = g10 + g11*beds + u1
b2 = g20
"""
GAMMA = np.array([5.0, 0.3, 0.4, 0.01, -0.02])


def by_lstsq(design, gamma: np.ndarray) -> np.ndarray:
    """Least squares from the rows of each group; NaN where Z_j has no full column rank."""
    random = {column.coefficient for column in design.random}
    only_fixed = np.array([column.coefficient not in random for column in design.fixed])
    rest = design.y - design.offset - design.X @ np.where(only_fixed, gamma, 0.0)
    estimates = np.full((design.n_groups, len(design.random)), np.nan)
    for j in range(design.n_groups):
        rows = design.group_codes == j
        solution, _, rank, _ = np.linalg.lstsq(design.Z[rows], rest[rows], rcond=1e-9)
        if rank == len(design.random):
            estimates[j] = solution
    return estimates


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "pain = b0 + r; b0 = g00 + u0",
        "pain = b0 + b1*dose + r; b0 = g00; b1 = g10 + u1",
        "pain = b0 + b1*cwc(dose) + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
        "pain = b0 + b1*age + b2*dose + offset(dose) + r; b0 = g00 + u0; b1 = g10 + u1; b2 = u2",
    ],
)
def test_ols_equals_least_squares_on_the_rows(clinic_design, text):
    design = clinic_design(text)
    gamma = np.linspace(-1.0, 2.0, len(design.fixed))
    expected = by_lstsq(design, gamma)
    np.testing.assert_allclose(group_ols(design, gamma), expected, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(has_ols(design.cross_products), np.isfinite(expected).all(axis=1))


def test_ols_with_a_year_as_slope_and_independent_effects(clinics):
    data = clinics.assign(year=2010.0 + np.random.default_rng(1).integers(0, 6, len(clinics)))
    design = build_design(
        parse("pain = b0 + b1*year + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0"), data, group="clinic"
    )
    np.testing.assert_allclose(group_ols(design, np.zeros(2)), by_lstsq(design, np.zeros(2)), rtol=1e-5)


def test_table(clinic_design, posterior_of):
    design = clinic_design(TEXT)
    rng = np.random.default_rng(3)
    u = rng.normal(size=(2, 50, 7, 2))
    shape = (2, 50)
    posterior = posterior_of(design, rng.normal(GAMMA, 0.01, (*shape, 5)), np.ones((*shape, 2)), np.ones(shape), u=u)
    table = group_coefficients(Draws(posterior.transpose("coefficient", "random", ...), design), prob=0.8)

    assert table.index.names == ["clinic", "coefficient"]
    assert list(table.index[:4]) == [("a", "b0"), ("a", "b1"), ("a", "b2"), ("b", "b0")]
    assert table.loc["a", "n"].tolist() == [20, 20, 20]
    assert table.loc[("g", "b0"), "n"] == 1
    assert table.attrs == {"n_groups_with_ols": 5, "ci_kind": "eti", "ci_prob": 0.8}

    beta = posterior["beta"].sel(clinic="c", coefficient="b1")
    assert table.loc[("c", "b1"), "mean"] == pytest.approx(float(beta.mean()))
    assert table.loc[("c", "b1"), "u_sd"] == pytest.approx(u[:, :, 2, 1].std(ddof=1))
    assert table.loc[("c", "b0"), "u_mean"] == pytest.approx(u[:, :, 2, 0].mean())
    fixed_only = table.xs("b2", level="coefficient")
    assert fixed_only[["u_mean", "u_sd", "ols"]].isna().all(axis=None)
    assert fixed_only["mean"].to_numpy() == pytest.approx(posterior["gamma"].sel(fixed="g20").mean().item())
    expected = by_lstsq(design, posterior["gamma"].mean(("chain", "draw")).to_numpy())
    own = np.stack([table.xs(name, level="coefficient")["ols"] for name in ("b0", "b1")], axis=1)
    np.testing.assert_allclose(own, expected, rtol=1e-8)


def test_group_labels_keep_their_type(clinics, posterior_of):
    data = clinics.assign(clinic=pd.factorize(clinics["clinic"], sort=True)[0] + 100)
    design = build_design(parse("pain = b0 + r; b0 = g00 + u0"), data, group="clinic")
    table = group_coefficients(Draws(posterior_of(design, [1.0], [1.0], 1.0, u=np.zeros((7, 1))), design))
    assert table.index.get_level_values("clinic").dtype == np.int64
    assert np.isnan(table["u_sd"]).all()


def test_one_coefficient_is_its_rows_of_the_whole_table(clinic_design, fake_draws):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1")
    raw = fake_draws(design, chains=2, draws=60).posterior
    u, beta = coefficient_draws.drawn_groups(raw, design, 1)[1:]
    posterior = Draws(with_groups(posterior_dataset(raw, design), u, beta, design), design)
    table = group_coefficients(posterior).xs("b1", level="coefficient")
    one = one_coefficient(posterior, "b1")
    for name in ("mean", "lower", "upper", "ols", "n"):
        np.testing.assert_allclose(one[name], table[name], rtol=1e-12)
