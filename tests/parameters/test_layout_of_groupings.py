"""The names and dims of groupings are the format of stored results: docs/notation.md states them."""

from pathlib import Path

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.errors import DataError
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.sampling.convert import log_likelihood_dataset, posterior_dataset, with_groups


@pytest.mark.parametrize(
    ("groupings", "dims", "log_likelihoods"),
    [
        (["school"], {"u": ("school", "random"), "beta": ("school", "coefficient")}, ["y_school"]),
        (["school id"], {"u": ("school id", "random"), "beta": ("school id", "coefficient")}, ["y_school id"]),
        (
            ["child", "school"],
            {
                "u_child": ("child", "random_child"),
                "beta_child": ("child", "coefficient_child"),
                "u_school": ("school", "random_school"),
                "beta_school": ("school", "coefficient_school"),
            },
            ["y_child", "y_school"],
        ),
        (
            ["primary:secondary", "primary", "secondary"],
            {
                "u_primary:secondary": ("primary:secondary", "random_primary:secondary"),
                "beta_primary:secondary": ("primary:secondary", "coefficient_primary:secondary"),
                "u_primary": ("primary", "random_primary"),
                "beta_primary": ("primary", "coefficient_primary"),
                "u_secondary": ("secondary", "random_secondary"),
                "beta_secondary": ("secondary", "coefficient_secondary"),
            },
            ["y_primary:secondary", "y_primary", "y_secondary"],
        ),
        ([], {}, []),
    ],
)
def test_names_and_dims(groupings, dims, log_likelihoods):
    layouts = layout_of_groupings(groupings)
    assert {name: own for layout in layouts for name, own in layout.dims.items()} == dims
    assert [layout.grouping for layout in layouts] == groupings
    assert [layout.log_likelihood for layout in layouts] == log_likelihoods


@pytest.mark.parametrize(
    ("groupings", "name"),
    [
        (["u"], "u"),
        (["random"], "random"),
        (["coefficient"], "coefficient"),
        (["school", "school"], "school"),
        (["random_school", "school"], "random_school"),
        (["school", "u_school"], "u_school"),
        (["school", "coefficient_school"], "coefficient_school"),
    ],
)
def test_a_name_has_one_meaning(groupings, name):
    with pytest.raises(DataError, match=f"cannot be called '{name}'"):
        layout_of_groupings(groupings)


def test_a_posterior_of_one_grouping_is_laid_out_so():
    design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    (layout,) = layout_of_groupings([design.group])
    q, p, C, J = len(design.random), len(design.fixed), len(design.coefficients), design.n_groups
    draws = hlm.open_model("hsb-slopes-as-outcomes-full").prior_predictive(2, seed=1)
    found = posterior_dataset(draws["prior"].to_dataset(), design)
    u, beta = np.arange(2.0 * J * q).reshape(2, J, q), np.arange(2.0 * J * C).reshape(2, J, C)
    found = with_groups(found, [u], [beta], design)
    assert {name: found[name].dims for name in found.data_vars} == {
        "gamma": ("chain", "draw", "fixed"),
        "tau": ("chain", "draw", "random"),
        "corr": ("chain", "draw", "random", "random_"),
        "sigma": ("chain", "draw"),
        **{name: ("chain", "draw", *dims) for name, dims in layout.dims.items()},
    }
    assert (found.sizes["fixed"], found.sizes["random"], found.sizes["coefficient"]) == (p, q, C)
    assert (found["u"].to_numpy()[0] == u).all()
    assert (found["beta"].to_numpy()[0] == beta).all()
    values = np.arange(2.0 * J).reshape(2, J)
    log_likelihood = log_likelihood_dataset(values, found, design)
    assert log_likelihood["y_school"].dims == ("chain", "draw", "school")
    assert (log_likelihood["y_school"].to_numpy()[0] == values).all()


def test_the_documentation_states_the_same():
    stated = (Path(__file__).parents[2] / "docs" / "notation.md").read_text(encoding="utf-8")
    (one,), (several, _) = layout_of_groupings(["school"]), layout_of_groupings(["<g>", "other"])
    for layout in (one, several):
        for name, dims in (*layout.dims.items(), (layout.log_likelihood, (layout.grouping,))):
            assert f"`{name} ({', '.join(dims)})`" in stated
