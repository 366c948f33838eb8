"""Execute notebooks from a clean kernel, with small outputs: ``uv run python tests/execute_notebooks.py FILE...``.

Without files all notebooks are executed. What is written back reads on a code host: figures have few colors, and
nothing tells the time or the folder of the run.
"""

import base64
import io
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
COLORS = 48
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 300
"""At most so long may one cell take."""


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook after a run from top to bottom in a kernel and a folder of its own.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", resources=resources, record_timing=False,
            coalesce_streams=True,
        ).execute()  # fmt: skip
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _blank(output)]
    return notebook


def _blank(output: nbformat.NotebookNode) -> bool:
    """What a bar leaves that was shown because a step took long, and is gone."""
    data = output.get("data", {})
    return WIDGET in data or (not data.get("text/plain", "blank").strip() and "image/png" not in data)


def tidied(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with small outputs, and without what belongs to one run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("image/png", None)
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _few_colors(data["image/png"])
            if "text/html" in data:
                data["text/html"] = re.sub(r"\n\s+", "\n", data["text/html"])
    return notebook


def _few_colors(png: str) -> str:
    """The figure on white with a palette of few colors, a quarter of the bytes."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    made = io.BytesIO()
    flat.quantize(COLORS, kmeans=2, dither=Image.Dither.NONE).save(made, "png", optimize=True)
    return base64.b64encode(made.getvalue()).decode() + "\n"


def main(names: list[str]) -> None:
    """Execute notebooks in place."""
    for path in map(Path, names) if names else sorted(FOLDER.glob("*.ipynb")):
        start = time.perf_counter()
        notebook = tidied(executed(path))
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        size = path.stat().st_size / 1000
        sys.stdout.write(f"{path.name}: {time.perf_counter() - start:.0f} s, {size:.0f} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
