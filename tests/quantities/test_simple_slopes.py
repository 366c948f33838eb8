import numpy as np
import pytest
from scipy.stats import norm

from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.simple_slopes import find_moderator, regions_without_zero, simple_slopes

TEXT = "pain = b0 + b1*dose + r; b0 = g00 + g01*urban + g02*beds + u0; b1 = g10 + g11*beds + g12*urban"


@pytest.fixture(scope="module")
def design(clinic_design):
    return clinic_design(TEXT)


@pytest.fixture(scope="module")
def posterior(design, posterior_of):
    """The slope is 2 - 0.05 beds + 0.5 urban, give or take normal quantiles of SD 0.2 in g10."""
    gamma = np.tile([5.0, 0.0, 0.0, 2.0, -0.05, 0.5], (1, 1000, 1))
    gamma[0, :, 3] += 0.2 * norm.ppf((np.arange(1000) + 0.5) / 1000)
    return posterior_of(design, gamma, np.ones((1, 1000, 1)), np.ones((1, 1000)))


def test_the_slope_and_its_region_are_those_of_the_normal(clinics, design, posterior):
    by = find_moderator(design, "b1", "beds")
    found = simple_slopes(Draws(posterior, design), "b1", by)
    urban = clinics.groupby("clinic")["urban"].first().mean()
    x = found.table.index.to_numpy()
    assert (x[0], x[-1], len(x)) == (5.0, 80.0, 101)
    center = 2 - 0.05 * x + 0.5 * urban
    assert found.table["mean"].to_numpy() == pytest.approx(center)
    assert found.table["lower"].to_numpy() == pytest.approx(center - 1.96 * 0.2, abs=0.005)
    # the interval touches zero where the slope is 1.96 SDs away from it
    lower_end, upper_end = ((2 + 0.5 * urban + sign * 1.96 * 0.2) / 0.05 for sign in (-1, 1))
    assert np.array(found.regions) == pytest.approx(np.array([[5.0, lower_end], [upper_end, 80.0]]), abs=0.1)
    inside = found.table["excludes_zero"].to_numpy()
    assert inside.tolist() == ((found.table["lower"] > 0) | (found.table["upper"] < 0)).tolist()
    assert 0 < inside.sum() < 101


def test_an_interval_that_ends_at_zero_holds_it(design, posterior_of):
    draws = Draws(posterior_of(design, np.zeros((1, 9, 6)), np.ones((1, 9, 1)), np.ones((1, 9))), design)
    table = simple_slopes(draws, "b1", find_moderator(design, "b1", "beds"), [10.0]).table
    assert table[["lower", "upper", "excludes_zero"]].to_numpy().tolist() == [[0.0, 0.0, False]]


def test_categories_have_a_slope_each(clinics, design, posterior):
    found = simple_slopes(Draws(posterior, design), "b1", find_moderator(design, "b1", "urban"))
    beds = clinics.groupby("clinic")["beds"].first().mean()
    assert found.table.index.tolist() == ["0", "1"]
    assert found.table["mean"].to_numpy() == pytest.approx(np.array([2.0, 2.5]) - 0.05 * beds)
    assert found.regions == ()
    assert found.draws.dims == ("chain", "draw", "value")


def test_given_values_are_used_as_they_are(design, posterior):
    found = simple_slopes(Draws(posterior, design), "b1", find_moderator(design, "b1", "beds"), [10.0, 20.0])
    assert found.table.index.tolist() == [10.0, 20.0]
    assert found.table["mean"].diff().iloc[1] == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ([1, 1, 1], [2, 2, 2], ((0.0, 2.0),)),
        ([-1, -1, -1], [1, 1, 1], ()),
        ([-1, 1, -1], [3, 3, 3], ((0.5, 1.5),)),
        ([-4, -4, 1], [-1, 1, 3], ((0.0, 0.5), (1.8, 2.0))),
    ],
)
def test_regions_in_a_table(lower, upper, expected):
    found = regions_without_zero(np.arange(3.0), np.array(lower, float), np.array(upper, float))
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-9)


def test_a_slope_without_moderator_says_so(clinic_design, design):
    plain = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + g01*urban + u0; b1 = g10")
    with pytest.raises(OptionError, match="b1 has no level-2 variable in its line"):
        find_moderator(plain, "b1", None)
    with pytest.raises(OptionError, match="by='region' is no level-2 variable in question; there are: urban, beds"):
        find_moderator(design, "b1", "region")
