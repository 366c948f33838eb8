"""The rooms depend on each other in one direction, and a light import stays light."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import bayeshlm

PACKAGE = Path(bayeshlm.__file__).parent
# Each line may import itself and the lines above.
ORDER = [
    ["errors", "arguments", "foreign_text", "text_file", "interruption", "progress"],
    ["source", "families"],
    ["equations", "datasets"],
    ["design"],
    ["parameters"],
    ["likelihood"],
    ["graph", "reml"],
    ["methods", "hlm_program", "sampling"],
    ["fitted"],
    ["quantities"],
    ["checks"],
    ["display"],
    ["faces"],
    ["commands"],
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path):
    """Absolute names of the modules that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_comes_before_it(path):
    home = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "bayeshlm" and len(parts) > 1:
            assert LEVEL[parts[1]] <= LEVEL[home], f"{home} imports {name}"
            assert {home, parts[1]} != {"graph", "reml"}, "REML is a check independent of the graph"
            assert (home, parts[1]) != ("checks", "sampling"), "checks ask the likelihood and a fitted model's refit()"
        if parts[0] in ("pymc", "pytensor", "nutpie"):
            type_only = path.stem == "model" and parts[0] == "pymc"
            assert home in ("graph", "sampling") or type_only, f"{home} imports {name}"
        if parts[0] == "matplotlib":
            assert path.is_relative_to(PACKAGE / "display" / "plots"), f"{home} imports {name}"


def imported_at_run_time(path):
    """Modules of the package that a file imports, in functions too, but for those that only types need."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_types = {node for block in blocks for node in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in for_types and node.module.startswith("bayeshlm."):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_modules_import_each_other():
    name = {path: ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in FILES}
    name |= {path: name[path].removesuffix(".__init__") for path in FILES}
    circles = TopologicalSorter({name[path]: set(imported_at_run_time(path)) for path in FILES})
    circles.prepare()  # raises CycleError, which lists the circle


def modules_after(statement):
    code = f"{statement}\nimport sys; print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_imports_nothing_heavy():
    assert not {"pymc", "nutpie", "arviz", "matplotlib", "numba", "pandas"} & set(modules_after("import bayeshlm"))


def test_a_model_is_made_without_the_sampler():
    made = "import bayeshlm as hlm; hlm.open_model('hsb-one-way-anova').equations()"
    assert not {"pymc", "nutpie", "arviz", "matplotlib"} & set(modules_after(made))


def test_reml_needs_no_sampler():
    run = "from bayeshlm.commands.cli import main; main(['reml', 'hsb-slopes-as-outcomes-full'])"
    assert not {"pymc", "pytensor", "nutpie", "arviz", "numba", "matplotlib"} & set(modules_after(run))


SCRIPT = """
import bayeshlm as hlm
fit = hlm.open_model('hsb-slopes-as-outcomes-full').fit(draws=50, tune=50, chains=2, seed=1, progress=False)
str(fit), fit.fixed_effects(kind="hdi"), fit.variance_components(), fit.group_coefficients()
"""
COMMAND = """
from bayeshlm.commands.cli import main
main(['fit', 'hsb-slopes-as-outcomes-full', '--draws', '50', '--tune', '50', '--chains', '2', '--seed', '1'])
"""


@pytest.mark.slow
@pytest.mark.parametrize("run", [SCRIPT, COMMAND], ids=["script", "command"])
def test_a_default_fit_starts_without_what_it_does_not_need(run):
    of_scipy = ("scipy.stats", "scipy.optimize", "scipy.sparse")
    heavy = ("arviz", "matplotlib", "pymc", "pytensor", "nutpie", "h5py", *of_scipy)
    found = {name for name in modules_after(run) if name.startswith(heavy)}
    assert found == {"nutpie._lib"}


def test_no_public_name_is_a_module_too():
    """An imported submodule would take the function's place: ``hlm.name()`` worked once and then never again."""
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} | folders
    assert not modules & set(bayeshlm.__all__)


def test_every_public_name_is_there_and_no_other():
    assert sorted(bayeshlm.__all__) == sorted(bayeshlm._HOME_OF)
    for name in bayeshlm.__all__:
        assert getattr(bayeshlm, name) is not None


def test_no_folder_takes_the_place_of_a_public_name_once_it_is_imported():
    for name in bayeshlm.__all__:
        getattr(bayeshlm, name)
    assert [name for name in bayeshlm.__all__ if isinstance(getattr(bayeshlm, name), ModuleType)] == []
