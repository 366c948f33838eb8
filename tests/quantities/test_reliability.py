import numpy as np
import pytest
import xarray as xr

from bayeshlm.datasets import load_dataset
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.reliability import eb_weights, group_reliability, reliability

NULL = "pain = b0 + r; b0 = g00 + u0"
SLOPES = "pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1"
CORR = np.array([[1.0, -0.4], [-0.4, 1.0]])


def many_draws() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.gamma(3.0, size=(2, 20, 2)), rng.gamma(5.0, size=(2, 20)), rng.normal(size=(2, 20, 2))


def test_average_that_hlm_prints_for_hsb(reference_case, posterior_of):
    values = reference_case("001-01-oneway-anova-hsb-REML")["values"]
    design = build_design(parse("mathach = b0 + r; b0 = g00 + u0"), load_dataset("hsb"), group="school")
    tau = values["varcor"]["school"]["sd"]
    quantity = reliability(Draws(posterior_of(design, values["fixed"]["estimate"], tau, values["sigma"]), design))
    assert round(quantity.draws["reliability"].item(), 3) == 0.901
    assert quantity.table.loc["b0", "mean"] == pytest.approx(0.901, abs=5e-4)
    assert quantity.table.attrs["n_groups_with_ols"] == 160


def test_equals_the_formula_group_by_group(clinic_design, posterior_of):
    design = clinic_design(SLOPES)
    tau, sigma, gamma = many_draws()
    posterior = posterior_of(design, gamma, tau, sigma, CORR)
    draws = group_reliability(Draws(posterior, design))
    assert draws.dims == ("chain", "draw", "clinic", "coefficient")
    kept = []
    for j, clinic in enumerate(design.group_labels):
        Z = design.Z[design.group_codes == j]
        if clinic in ("g", "f"):
            assert draws.sel(clinic=clinic).isnull().all()
            continue
        v = sigma[..., None] ** 2 * np.diag(np.linalg.inv(Z.T @ Z))
        np.testing.assert_allclose(draws.sel(clinic=clinic), tau**2 / (tau**2 + v), rtol=1e-9)
        kept.append(tau**2 / (tau**2 + v))
    quantity = reliability(Draws(posterior, design))
    np.testing.assert_allclose(quantity.draws["reliability"], np.mean(kept, axis=0), rtol=1e-9)
    assert quantity.draws["by_group"].sel(clinic="a", coefficient="b1") == pytest.approx(kept[0][..., 1].mean())
    assert quantity.table.attrs["n_groups_with_ols"] == 5
    assert quantity.notes == ("averaged over the 5 of 7 groups whose own estimates exist",)


def test_weights_equal_the_textbook_matrix(clinic_design, posterior_of):
    design = clinic_design(SLOPES)
    tau, sigma, gamma = many_draws()
    weights = eb_weights(Draws(posterior_of(design, gamma, tau, sigma, CORR), design))
    assert weights.dims == ("clinic", "random", "random_")
    assert weights.sel(clinic=["g", "f"]).isnull().all()
    for clinic in ("a", "c", "e"):
        Z = design.Z[design.group_codes == design.group_labels.get_loc(clinic)]
        G = tau[..., :, None] * CORR * tau[..., None, :]
        V = sigma[..., None, None] ** 2 * np.linalg.inv(Z.T @ Z)
        expected = (G @ np.linalg.inv(G + V)).mean(axis=(0, 1))
        np.testing.assert_allclose(weights.sel(clinic=clinic), expected, rtol=1e-8, atol=1e-10)


def test_with_a_random_intercept_the_weight_is_the_reliability(clinic_design, posterior_of):
    design = clinic_design(NULL)
    tau, sigma, gamma = many_draws()
    posterior = posterior_of(design, gamma[..., :1], tau[..., :1], sigma)
    weights = eb_weights(Draws(posterior, design), groups=["c", "g"])
    expected = group_reliability(Draws(posterior, design), groups=["c", "g"]).mean(("chain", "draw"))
    np.testing.assert_allclose(weights.squeeze(), expected.squeeze(), rtol=1e-12)
    assert list(weights["clinic"].values) == ["c", "g"]


def test_worked_in_pieces_the_result_is_the_same(clinic_design, posterior_of, monkeypatch):
    design = clinic_design(SLOPES)
    tau, sigma, gamma = many_draws()
    posterior = posterior_of(design, gamma, tau, sigma, CORR)
    whole, weights = reliability(Draws(posterior, design)), eb_weights(Draws(posterior, design))
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 8 * tau.size * 2)
    np.testing.assert_allclose(reliability(Draws(posterior, design)).draws["reliability"], whole.draws["reliability"])
    np.testing.assert_allclose(eb_weights(Draws(posterior, design)), weights)
    monkeypatch.setattr(budget, "BUDGET_BYTES", 1)
    with pytest.raises(OptionError, match="fewer `groups`"):
        group_reliability(Draws(posterior, design))


def test_unknown_group(clinic_design, posterior_of):
    design = clinic_design(NULL)
    with pytest.raises(OptionError, match="'z' is no clinic"):
        group_reliability(Draws(posterior_of(design, [1.0], [1.0], 1.0), design), groups=["a", "z"])


def test_when_no_group_has_its_own_estimate(clinics, posterior_of):
    data = clinics.groupby("clinic").head(1)
    data = data.assign(clinic=np.repeat([1, 2, 3, 4], [2, 2, 2, 1]), dose=[1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0])
    design = build_design(parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1"), data, group="clinic")
    quantity = reliability(Draws(posterior_of(design, [1.0, 1.0], [1.0, 1.0], 1.0), design))
    assert quantity.draws["reliability"].isnull().all()
    assert quantity.table.attrs["n_groups_with_ols"] == 0


def test_a_fit_hands_them_out(clinic_design, posterior_of):
    from bayeshlm.faces.fit import Fit
    from bayeshlm.faces.model import Model

    design = clinic_design(SLOPES)
    posterior = posterior_of(design, [1.0, 0.5], [1.0, 0.5], 1.0)
    fit = Fit(Model.from_design(design), xr.DataTree.from_dict({"posterior": posterior}))
    xr.testing.assert_identical(fit.eb_weights(["c"]), eb_weights(Draws(posterior, design), ["c"]))
    xr.testing.assert_identical(fit.group_reliability(["c"]), group_reliability(Draws(posterior, design), ["c"]))
