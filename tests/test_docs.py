"""The documentation: pages run and show what they print, every public name has an entry, the site needs no network."""

import importlib.util
import inspect
import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bayeshlm

ROOT = Path(__file__).parents[1]


def load_outputs():
    spec = importlib.util.spec_from_file_location("outputs", ROOT / "docs" / "outputs.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["outputs"] = module
    spec.loader.exec_module(module)
    return module


outputs = load_outputs()


@pytest.mark.slow
@pytest.mark.parametrize("page", outputs.pages(), ids=lambda page: page.stem)
def test_a_page_runs_and_shows_what_it_prints(page, monkeypatch):
    """``uv run python docs/outputs.py`` writes the outputs anew."""
    monkeypatch.setenv("COLUMNS", "100")
    ran = list(outputs.run_page(page))
    assert ran
    for block in ran:
        if block.output is not None:
            assert block.printed.strip(), block.code
            assert not outputs.differences(block.output, block.printed), block.code
        if block.figure is not None:
            assert block.drawn is not None, block.code
            assert (page.parent / block.figure).is_file()


def test_names_in_the_prose_exist():
    """What a page mentions in passing is not run: at least it must be there."""
    from bayeshlm.display.plots.fit_plots import FitPlots

    owners = {"hlm": bayeshlm, "fit.plot": FitPlots} | {
        name: getattr(bayeshlm, cls) for name, cls in {"fit": "Fit", "model": "Model", "reml": "RemlFit"}.items()
    }
    found = set()
    for page in [*outputs.pages(), ROOT / "docs" / "notation.md"]:
        found |= set(
            re.findall(r"(?<![\w.])(hlm|fit\.plot|fit|model|reml)\.([a-z]\w*)", page.read_text(encoding="utf-8"))
        )
    assert len(found) > 40
    assert not [(owner, name) for owner, name in found if not hasattr(owners[owner], name)]


@pytest.mark.slow
def test_the_tables_of_how_it_is_tested_are_those_of_the_records():
    """``uv run python docs/trust_tables.py`` writes them anew."""
    spec = importlib.util.spec_from_file_location("trust_tables", ROOT / "docs" / "trust_tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    page = tables.PAGE.read_text(encoding="utf-8")
    shown = {found["name"] for found in tables.BLOCK.finditer(page)}
    assert shown == set(tables.TABLES)
    assert tables.written(page) == page


@pytest.mark.parametrize(
    ("printed", "same"),
    [
        ("g00  12.09  0.20  ess 7,815  in 1.4 s\n", True),
        ("g00  12.11  0.20  ess 7,015  in 47 s\n", True),  # another machine
        ("g00  12.90  0.20  ess 7,815  in 1.4 s\n", False),
        ("g00  12.09  0.24  ess 7,815  in 1.4 s\n", False),
        ("g00  12.09  0.20  ess 4,815  in 1.4 s\n", False),
        ("g01  12.09  0.20  ess 7,815  in 1.4 s\n", False),
        ("g00  12.09  0.20  ess 7,815\n", False),
        ("g00 -12.09  0.20  ess 7,815  in 1.4 s\n", False),
    ],
)
def test_outputs_are_compared_word_by_word_and_numbers_within_their_error(printed, same):
    assert (not outputs.differences("g00  12.09  0.20  ess 7,815  in 1.4 s\n", printed)) == same


def test_whole_numbers_are_compared_exactly():
    assert outputs.differences("160 groups", "161 groups")


def test_a_block_gives_what_it_prints_and_its_last_value():
    space = {}
    assert outputs.run_block("a = 2\nprint('one')\na + 1\n", space, "here") == ("one\n3\n", 3)
    assert outputs.run_block("b = a\n", space, "here") == ("\n", None)


def public_functions():
    """Public functions, and public methods of the classes that users hold, by name."""
    for name in bayeshlm.__all__:
        thing = getattr(bayeshlm, name)
        if not inspect.isclass(thing):
            yield name, thing
    for name in ("Model", "Fit", "RemlFit", "MlFit", "ManyFits", "HlmOutput"):
        for member, method in inspect.getmembers(getattr(bayeshlm, name), callable):
            if not member.startswith("_"):
                yield f"{name}.{member}", method


@pytest.mark.parametrize("function", [pytest.param(function, id=name) for name, function in public_functions()])
def test_a_docstring_names_every_parameter_and_no_other(function):
    doc = inspect.getdoc(function)
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n[A-Z][A-Za-z ]+\n-+\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^\S.*", section[1], re.MULTILINE) if section else []
    named = {word.strip(" *") for head in heads for word in head.split(" : ")[0].split(",")}
    assert named == set(inspect.signature(function).parameters) - {"self", "cls"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; where Sphinx is not installed here, built in an environment of its own."""
    if importlib.util.find_spec("sphinx"):
        build = [sys.executable, "-m", "sphinx"]
    else:
        build = ["uv", "run", "--isolated", "--no-default-groups", "--group", "docs", "sphinx-build"]
    folder = tmp_path_factory.mktemp("site")
    command = [*build, "-q", "-W", "-d", str(folder / "doctrees"), "docs", str(folder / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"


def entries(site):
    """Names of the site's inventory and the pages they stand on."""
    content = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(content).decode().splitlines()
    parts = [line.split(" ") for line in lines]
    return {name: uri.replace("$", name) for name, role, _, uri, *_ in parts if role.startswith("py:")}


@pytest.mark.slow
def test_every_public_name_has_a_page(site):
    pages = entries(site)
    assert set(bayeshlm.__all__) <= {name.removeprefix("bayeshlm.") for name in pages}
    for name in bayeshlm.__all__:
        assert pages[f"bayeshlm.{name}"].startswith(f"api/{name}.html")
        assert (site / "api" / f"{name}.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Model", "Fit", "RemlFit", "MlFit"])
def test_every_public_method_has_an_entry(site, name):
    cls, pages = getattr(bayeshlm, name), entries(site)
    methods = [member for member, _ in inspect.getmembers(cls) if not member.startswith("_")]
    assert len(methods) > 8
    assert not [method for method in methods if f"bayeshlm.{name}.{method}" not in pages]


@pytest.mark.slow
def test_what_methods_return_has_pages(site):
    pages = entries(site)
    for name in ("quantities.quantity.Quantity", "checks.cross_check.CrossCheck", "parameters.priors.Priors"):
        assert f"bayeshlm.{name}" in pages
    assert not [name for name in pages if ".Shown" in name]


@pytest.mark.slow
def test_every_gallery_model_is_shown_with_its_equations(site):
    page = (site / "gallery.html").read_text(encoding="utf-8")
    for name in bayeshlm.gallery_names():
        assert f">{name}<" in page
    assert page.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">') == len(
        bayeshlm.gallery_names()
    )


class Fetched(HTMLParser):
    """What a browser loads by itself when it opens a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "embed"):
            self.found.append(values.get("src") or "")
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev", "search", "index"):
            self.found.append(values.get("href") or "")


@pytest.mark.slow
def test_nothing_is_fetched_from_the_network(site):
    remote = re.compile(r"^(https?:)?//")
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(bayeshlm.__all__)
    fetched = {target for page in pages for target in Fetched(page).found}
    assert any(target.endswith("site.css") or "site.css?" in target for target in fetched)
    assert not [target for target in fetched if remote.match(target)]
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.slow
def test_formulas_are_drawn_without_a_script(site):
    notation = (site / "notation.html").read_text(encoding="utf-8")
    assert "<math" in notation
    unconverted = [
        page for page in site.rglob("*.html") if 'class="math notranslate' in page.read_text(encoding="utf-8")
    ]
    assert not unconverted
    assert not list(site.rglob("*jax*"))
