"""What a likelihood can be asked for, and that its machine code is never older than its source."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import Likelihood, disk_cache, likelihood_of
from bayeshlm.likelihood.gaussian_nested import GaussianNested
from bayeshlm.parameters.draws import Draws
from bayeshlm.sampling.convert import posterior_dataset

ROOM = Path(disk_cache.__file__).parent


@pytest.fixture(scope="module")
def model():
    return hlm.open_model("hsb-slopes-as-outcomes-full")


class WithoutRows(GaussianNested):
    def why_not(self, what):
        return "the rows were not kept" if what == "row densities" else ""


def test_what_cannot_be_done_is_refused_with_the_reason(model):
    likelihood = WithoutRows(model.design)
    assert isinstance(likelihood, Likelihood)
    assert likelihood.can("group densities")
    assert not likelihood.can("row densities")
    likelihood.require("group densities")
    with pytest.raises(OptionError, match="the rows were not kept"):
        likelihood.require("row densities")


def test_the_gaussian_likelihood_can_do_everything(model):
    wanted = ("marginal", "sufficient statistics", "group densities", "row densities")
    assert [likelihood_of(model.design).can(what) for what in wanted] == [True] * 4


def test_the_gradient_is_that_of_the_density(model):
    density = likelihood_of(model.design).log_density(model.priors)
    rng = np.random.default_rng(1)
    p, q = len(model.design.fixed), len(model.design.random)
    gamma = model.priors.at_means(model.design.cross_products.ols)
    x = np.concatenate([gamma + 0.1 * rng.normal(size=p), [1.5, 0.8], [0.3], [1.8]])
    value, gradient = density(x)
    step = 1e-5
    numeric = [(density(x + e)[0] - density(x - e)[0]) / (2 * step) for e in step * np.eye(p + q + 2)]
    # Rounding of the value, and the third derivative, at most that with respect to log sigma, 4 rss / sigma^2.
    error = 10 * np.finfo(float).eps * abs(value) / step + step**2 * 4 * abs(value)
    np.testing.assert_allclose(gradient, numeric, rtol=0, atol=error)
    draws = density.parameters(x[None, None])
    np.testing.assert_allclose(draws["tau"][0, 0], [1.5, 0.8])
    assert draws["corr"][0, 0, 0, 1] == pytest.approx(np.tanh(0.15))
    assert draws["sigma"].item() == pytest.approx(np.exp(1.8))


@pytest.mark.parametrize("unit", ["row", "group"])
def test_parts_of_all_units_are_what_each_unit_has_alone(model, unit, fake_draws):
    design = model.design
    draws = Draws(posterior_dataset(fake_draws(design, 2, 3).posterior, design), design)
    likelihood = likelihood_of(design)
    parts = likelihood.reduced_pointwise(draws, unit, lambda units, densities: (units, densities))
    units = np.concatenate([part[0] for part in parts])
    densities = np.concatenate([part[1] for part in parts])
    n_units = design.n_obs if unit == "row" else design.n_groups
    assert sorted(units.tolist()) == list(range(n_units))
    some = np.array([n_units - 1, 0, 77])
    alone = likelihood.pointwise(draws, unit, some)
    np.testing.assert_allclose(densities[np.argsort(units)[some]], alone, rtol=1e-12)


def test_kept_machine_code_is_as_old_as_every_file_of_the_room(tmp_path):
    """numba looks at the file of the function that it keeps, not at those of the pieces inlined into it."""
    shutil.copytree(ROOM, tmp_path / "room", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import disk_cache; print(disk_cache.VERSION)"

    def version():
        run = [sys.executable, "-c", code]
        return int(subprocess.run(run, cwd=tmp_path / "room", capture_output=True, text=True, check=True).stdout)

    assert version() == disk_cache.VERSION
    pieces = tmp_path / "room" / "gaussian_pieces.py"
    pieces.write_text(pieces.read_text().replace("det_G", "det_H"))
    assert version() != disk_cache.VERSION


def test_a_kept_function_of_another_version_is_compiled_anew(tmp_path, monkeypatch):
    from test_disk_cache import made

    assert made(tmp_path) == 0
    assert made(tmp_path) == 2
    monkeypatch.setattr(disk_cache, "VERSION", disk_cache.VERSION + 1)
    assert made(tmp_path) == 0


def test_all_that_is_compiled_into_a_kept_function_is_in_the_room():
    """The loop over points alone is outside; sampling's callbacks close over the number."""
    inlined = {path for path in ROOM.parent.rglob("*.py") if "numba.njit" in path.read_text()}
    outside = {path.relative_to(ROOM.parent).as_posix() for path in inlined if path.parent != ROOM}
    assert outside == {"sampling/points.py"}
