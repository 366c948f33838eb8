import numpy as np
import pytest

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.variance_function import variance_function

TEXT = "pain = b0 + b1*dose + b2*age + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2"


def test_it_is_the_quadratic_form_plus_sigma2_at_every_draw(clinics, clinic_design, posterior_of):
    design = clinic_design(TEXT)
    rng = np.random.default_rng(2)
    tau, sigma = np.exp(rng.normal(size=(2, 5, 3))), np.exp(rng.normal(size=(2, 5)))
    root = rng.normal(size=(2, 5, 3, 3))
    cov = root @ root.swapaxes(-1, -2)
    sd = np.sqrt(np.einsum("cdii->cdi", cov))
    corr = cov / sd[..., :, None] / sd[..., None, :]
    posterior = posterior_of(design, np.zeros((2, 5, 3)), tau, sigma, corr)
    found = variance_function(Draws(posterior, design), "b1", np.array([-1.0, 4.0]))
    age = clinics["age"].mean()
    for c in range(2):
        for d in range(5):
            G = np.diag(tau[c, d]) @ corr[c, d] @ np.diag(tau[c, d])
            for k, dose in enumerate((-1.0, 4.0)):
                z = np.array([1.0, dose, age])
                assert found.draws["between"][c, d, k] == pytest.approx(z @ G @ z)
                assert found.draws["total"][c, d, k] == pytest.approx(z @ G @ z + sigma[c, d] ** 2)
    assert found.table.loc[("total", 4.0), "mean"] == pytest.approx(float(found.draws["total"][..., 1].mean()))
    assert found.notes == ("other random slopes' columns at their means",)


def test_the_default_runs_over_the_data(clinics, clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00; b1 = g10 + u1")  # a random slope alone
    found = variance_function(Draws(posterior_of(design, [5.0, 1.0], [2.0], 3.0), design), "b1")
    x = found.table.loc["between"].index.to_numpy()
    assert (x[0], x[-1]) == (clinics["dose"].min(), clinics["dose"].max())
    assert found.table.loc["total", "mean"].to_numpy() == pytest.approx(4 * x**2 + 9)
    assert found.notes == ()
