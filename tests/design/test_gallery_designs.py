"""X, Z and y of every gallery model against columns computed here by pandas, from its lme4 formula by hand."""

import numpy as np
import pytest
from gallery_models import ONE_GROUPING

import bayeshlm as hlm
from bayeshlm.equations import parse, render

# Columns in the order of the level-2 equations; cwc and m are ses centered within schools and its school mean.
COLUMNS = {
    "hsb-one-way-anova": ("one", "one"),
    "hsb-means-as-outcomes": ("one, sector", "one"),
    "hsb-one-way-ancova": ("one, ses", "one"),
    "hsb-random-coefficients": ("one, ses", "one, ses"),
    "hsb-intercepts-and-slopes-as-outcomes": ("one, sector, ses, ses*sector", "one, ses"),
    "hsb-nonrandom-slopes": ("one, sector, ses, ses*sector", "one"),
    "hsb-parallel-mean-slopes": ("one, sector, ses", "one, ses"),
    "hsb-contextual-cwc": ("one, m, cwc", "one, cwc"),
    "hsb-contextual-raw": ("one, m, ses", "one, cwc"),
    "hsb-contextual-slopes-as-outcomes": ("one, m, sector, m*sector, cwc, cwc*sector", "one, cwc"),
    "hsb-slopes-as-outcomes-full": ("one, sector, meanses, cwc, cwc*sector, cwc*meanses", "one, cwc"),
    "hsb-covariates": ("one, ses, minority, female", "one"),
    "hsb-covariates-random-slope": ("one, ses, minority, female", "one, ses"),
    "hsb-size-and-sector": ("one, size, sector, ses, ses*size, minority, female", "one, ses"),
    "lee-bryk-null": ("one", "one"),
    "lee-bryk-means-as-outcomes": ("one, mses, sector", "one"),
    "lee-bryk-slopes-as-outcomes": ("one, mses, sector, ses, ses*mses, ses*sector", "one, ses"),
}


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_the_design_is_the_one_computed_by_hand(name):
    design = hlm.open_model(name).design
    frame = hlm.load_dataset("lee_bryk" if name.startswith("lee") else "hsb")
    means = frame.groupby(design.group)["ses"].transform("mean")
    frame = frame.assign(one=1.0, m=means, cwc=frame["ses"] - means)
    outcome = "math" if name.startswith("lee") else "mathach"
    for matrix, columns in zip((design.X, design.Z), COLUMNS[name], strict=True):
        expected = np.column_stack([frame.eval(column) for column in columns.split(", ")])
        np.testing.assert_allclose(matrix, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(design.y, frame[outcome])
    np.testing.assert_array_equal(design.group_labels[design.group_codes], frame[design.group])


@pytest.mark.parametrize("name", hlm.gallery_names())
def test_the_levels_round_trip(name):
    spec = hlm.open_model(name).spec
    assert parse(render(spec)) == spec
