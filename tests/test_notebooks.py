"""The notebooks: each runs from a clean kernel, and what is committed of it reads without running it."""

import re

import nbformat
import pytest
from execute_notebooks import FOLDER, METADATA, executed
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 400_000
"""Bytes of a notebook."""

ABSOLUTE = re.compile(r"(?<![\w.:/])(/(?:home|root|Users|tmp|work|usr|opt|var|mnt)/|[A-Z]:\\\\)")

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def shapes(cell):
    return [sorted(output.get("data", {output.get("name"): ""})) for output in cell.get("outputs", [])]


def test_the_notebooks_are_numbered_from_the_tour_on():
    numbers = [re.fullmatch(r"(\d\d)_[a-z0-9_]+\.ipynb", path.name)[1] for path in NOTEBOOKS]
    assert numbers[0] == "00"
    assert len(set(numbers)) == len(numbers)


@every
def test_the_first_cell_is_a_title(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@every
def test_every_cell_was_run_in_order_and_none_failed(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    assert not [output for output in outputs(path) if output.output_type == "error"]


@every
def test_nothing_was_written_to_stderr(path):
    assert not [output.text for output in outputs(path) if output.get("name") == "stderr"]


@every
def test_outputs_are_small_and_need_no_widgets(path):
    assert path.stat().st_size < LARGEST
    kinds = {kind for output in outputs(path) for kind in output.get("data", {})}
    assert kinds <= {"text/plain", "text/html", "text/latex", "text/markdown", "image/png"}


@every
def test_no_folder_of_the_author_shows(path):
    found = ABSOLUTE.search(path.read_text(encoding="utf-8"))
    assert found is None, found


@every
def test_the_kernel_is_the_common_one(path):
    assert read(path).metadata == METADATA
    assert all(cell.metadata == {} for cell in read(path).cells)


def test_an_absolute_path_is_seen():
    assert ABSOLUTE.search('"File /home/someone/x.py"')
    assert ABSOLUTE.search('"C:\\\\\\\\Users"')
    assert not ABSOLUTE.search("https://example.org/home/page and and/or work/home")


@pytest.mark.slow
@every
def test_it_runs_from_a_clean_kernel(path):
    again = executed(path)
    assert [len(cell.get("outputs", [])) for cell in again.cells] == [
        len(c.get("outputs", [])) for c in read(path).cells
    ]


def test_a_cell_that_fails_fails_the_run(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    path = tmp_path / "broken.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed(path)
