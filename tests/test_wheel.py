"""The wheel, built and installed aside: it carries the gallery, the data and its types."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

REPOSITORY = Path(__file__).parent.parent

PROBE = """
import bayeshlm as hlm
print(hlm.__file__)
print(hlm.__version__)
print(*hlm.gallery_names())
print(hlm.open_model("lee-bryk-null").equations("lme4"))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the unpacked wheel, as an installer would leave it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        folder = tmp_path_factory.mktemp("wheel")
        wheel = folder / build_wheel(str(folder))
    target = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_it_carries_models_data_and_types(installed):
    models = {path.name for path in (REPOSITORY / "models").glob("*.toml")}
    assert {path.name for path in (installed / "bayeshlm" / "models").iterdir()} == models
    assert (installed / "bayeshlm" / "py.typed").is_file()
    assert (installed / "bayeshlm" / "datasets" / "hsb.csv.xz").is_file()
    assert not list(installed.glob("tests*"))


def test_it_runs_from_where_it_is_installed(installed, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    place, version, names, formula = run.stdout.splitlines()
    assert Path(place).is_relative_to(installed)
    assert (installed / f"bayeshlm-{version}.dist-info").is_dir()
    assert "hsb-one-way-anova" in names.split()
    assert formula == "math ~ 1 + (1 | schoolid)"
