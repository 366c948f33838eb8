"""The notebooks of ``notebooks/`` as pages: copied beside the other sources, listed in their order."""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from written_page import write_page

TOP = """# Notebooks

Each is a file of `notebooks/`, shown with the output it has there. `uv run --group notebooks jupyter lab` opens them.
"""


def copy_notebooks(app: Sphinx) -> None:
    """Copy the notebooks that changed and write their index."""
    source, folder = Path(app.srcdir).parent / "notebooks", Path(app.srcdir) / "notebooks"
    names = sorted(path.name for path in source.glob("*.ipynb"))
    entries = "\n".join(Path(name).stem for name in names)
    write_page(folder / "index.md", f"{TOP}\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n")
    for name in names:
        if not (folder / name).exists() or (folder / name).read_bytes() != (source / name).read_bytes():
            shutil.copyfile(source / name, folder / name)
    for stale in folder.glob("*.ipynb"):
        if stale.name not in names:
            stale.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Copy them before Sphinx looks for its sources."""
    app.connect("builder-inited", copy_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
