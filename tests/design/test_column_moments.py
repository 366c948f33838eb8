"""The default path asks for moments and cross-products; the rows of a design may be gone."""

import dataclasses

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.r2 import r2
from bayeshlm.quantities.variance_function import variance_function


@pytest.fixture
def model():
    return hlm.open_model("hsb-slopes-as-outcomes-full")


def test_the_moments_are_those_of_the_rows(model):
    design, moments = model.design, model.design.moments
    assert (moments.y_mean, moments.y_sd) == (design.y.mean(), design.y.std(ddof=1))
    np.testing.assert_array_equal(moments.x_mean, design.X.mean(axis=0))
    np.testing.assert_array_equal(moments.x_sd_at_means, [column.std(ddof=1) for column in design.X.T])
    np.testing.assert_array_equal(moments.at_means, np.eye(6))
    np.testing.assert_allclose(
        moments.ZtZ, np.mean(design.Z[:, :, None] * design.Z[:, None], axis=0), rtol=1e-12, atol=1e-15
    )
    group = design.group_codes == 7
    np.testing.assert_allclose(moments.x_group_mean[0][7], design.X[group].mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moments.z_group_mean[0][7], design.Z[group].mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal((moments.z_min, moments.z_max), (design.Z.min(axis=0), design.Z.max(axis=0)))


def test_far_columns_are_taken_at_their_means():
    rng = np.random.default_rng(1)
    frame = (
        hlm.open_model("hsb-slopes-as-outcomes-full")
        .design.frame[["school", "mathach", "sector"]]
        .assign(year=lambda d: 2000 + rng.normal(size=len(d)))
    )
    spec = parse("mathach = b0 + b1*year + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector")
    design = build_design(spec, frame, "school")
    assert design.fixed_labels == ["g00", "g01", "g10", "g11"]
    year, sector = frame["year"].to_numpy(), frame["sector"].to_numpy()
    expected = np.eye(4)
    expected[1, 3] = year.mean()
    np.testing.assert_array_equal(design.moments.at_means, expected)
    product = (year - year.mean()) * sector
    assert design.moments.x_sd_at_means[3] == pytest.approx(product.std(ddof=1), rel=1e-9)


def test_without_rows_a_model_is_estimated_sampled_and_printed(model):
    with_rows, priors = model.design, model.priors
    model = hlm.Model.from_design(dataclasses.replace(with_rows, rows=None))
    for name in ("X", "Z", "y", "offset", "frame", "group_codes"):
        with pytest.raises(DataError, match="needs the rows of the data"):
            getattr(model.design, name)
    assert str(model.priors) == str(priors)
    reml = model.reml()
    assert len(reml.fixed_effects()) == 6
    fit = model.fit(draws=50, tune=100, chains=2, seed=1, progress=False)
    assert "g11" in repr(fit)
    assert "g11" in fit._repr_html_()
    for table in (fit.fixed_effects(), fit.variance_components(), fit.group_coefficients(), fit.cross_check().table):
        assert len(table)
    for quantity in (icc, r2, variance_function):
        more = ("b1",) if quantity is variance_function else ()
        without, given = (quantity(Draws(fit.posterior, design), *more).table for design in (model.design, with_rows))
        assert without.equals(given)
    with pytest.raises(DataError, match="needs the rows of the data"):
        fit.loo("row")
