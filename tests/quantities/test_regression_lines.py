import numpy as np
import pytest

from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level2_variables import level2_rows, level2_variables
from bayeshlm.quantities.regression_lines import average_lines, group_regressions, posterior_means

TEXT = "pain = b0 + b1*dose + b2*age + offset(beds) + r; b0 = g00 + g01*urban + u0; b1 = g10 + g11*urban + u1; b2 = g20"
GAMMA = np.array([[[5.0, 1.0, 0.5, -0.2, 0.03], [4.0, 2.0, 0.1, 0.3, -0.05]]])


@pytest.fixture(scope="module")
def design(clinic_design):
    return clinic_design(TEXT)


@pytest.fixture(scope="module")
def posterior(design, posterior_of):
    u = np.random.default_rng(0).normal(size=(1, 2, 7, 2))
    return posterior_of(design, GAMMA, np.ones((1, 2, 2)), np.ones((1, 2)), np.tile(np.eye(2), (1, 2, 1, 1)), u)


def test_the_average_line_by_hand(clinics, design, posterior):
    rows = level2_rows(design, level2_variables(design)["urban"])
    found = average_lines(Draws(posterior, design), "b1", np.array([0.0, 2.0]), rows)
    assert found.dims == ("chain", "draw", "row", "x")
    age, beds = clinics["age"].mean(), clinics["beds"].mean()
    for s, (g00, g01, g10, g11, g20) in enumerate(GAMMA[0]):
        for urban in (0, 1):
            for k, dose in enumerate((0.0, 2.0)):
                expected = g00 + g01 * urban + (g10 + g11 * urban) * dose + g20 * age + beds
                assert found[0, s, urban, k] == pytest.approx(expected)


def test_group_lines_run_over_the_data_of_their_group(clinics, design, posterior):
    beta = posterior_means(Draws(posterior, design))
    assert beta == pytest.approx(posterior["beta"].to_numpy()[0].mean(axis=0))
    found = group_regressions(design, "b1", beta)
    age, beds = clinics["age"].mean(), clinics["beds"].mean()
    for j, (clinic, rows) in enumerate(clinics.groupby("clinic")):
        assert clinic == design.group_labels[j]
        assert found.x[j].tolist() == [rows["dose"].min(), rows["dose"].max()]
        expected = beta[j, 0] + beta[j, 1] * found.x[j] + beta[j, 2] * age + beds
        assert found.y[j] == pytest.approx(expected)


def test_an_expression_that_stands_in_products_only_has_no_line(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g11*urban")
    posterior = posterior_of(design, [5.0, 1.0], [1.0], 1.0)
    with pytest.raises(OptionError, match="b1 has neither an intercept nor a random effect"):
        group_regressions(design, "b1", np.zeros((7, 2)))
    with pytest.raises(OptionError, match="b1 has neither"):
        average_lines(Draws(posterior, design), "b0", np.zeros(2), level2_rows(design, None))
