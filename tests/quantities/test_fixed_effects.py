import numpy as np

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.summary import COLUMNS

TEXT = "pain = b0 + b1*dose + r;  b0 = g00 + g01*urban + u0;  b1 = g10 + g11*beds"


def test_one_row_a_symbol_with_its_place_in_the_equations(clinic_design, posterior_of):
    design = clinic_design(TEXT)
    gamma = np.random.default_rng(1).normal([1.0, 2.0, 3.0, 4.0], 0.1, size=(4, 250, 4))
    posterior = posterior_of(design, gamma, np.ones((4, 250, 1)), np.ones((4, 250)))
    table = fixed_effects(Draws(posterior.isel(fixed=[3, 1, 0, 2]), design), prob=0.9, kind="hdi")
    assert table.index.name == "symbol"
    assert list(table.index) == ["g00", "g01", "g10", "g11"]
    assert list(table.columns) == ["coefficient", "term", *COLUMNS]
    assert list(table["coefficient"]) == ["b0", "b0", "b1", "b1"]
    assert list(table["term"]) == ["1", "urban", "1", "beds"]
    np.testing.assert_allclose(table["mean"], gamma.mean(axis=(0, 1)))
    assert table.attrs == {"ci_kind": "hdi", "ci_prob": 0.9}


def test_categories_have_a_row_each(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + g01*region + u0")
    table = fixed_effects(Draws(posterior_of(design, [1, 2, 3], [1], 1), design))
    assert list(table.index) == ["g00", "g01[south]", "g01[west]"]
