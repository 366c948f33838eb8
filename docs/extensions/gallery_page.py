"""The gallery's page: each textbook model with its equations, its formula in R and the numbers published for it."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from written_page import write_page

import bayeshlm as hlm
from bayeshlm.equations import render
from bayeshlm.faces.gallery import ModelFile, read_model_file

TOP = """# Gallery

The textbook models that the tests cover. `hlm.open_model("NAME")` opens one, `bayeshlm fit NAME` fits it from the
shell. Each is a file `models/NAME.toml`; write your own in the same way.
"""


def section(file: ModelFile) -> str:
    """Describe one model."""
    spec = hlm.parse(file.equations)
    group = file.group or tuple(filter(None, spec.groupings))
    columns = " and ".join(f"`{name}`" for name in ((group,) if isinstance(group, str) else group))
    parts = [
        f"## {file.title}",
        f"`{file.name}`. Source: {file.source}. Data: `{file.dataset}`, grouped by {columns}.",
        f"$$\n{render(spec, 'latex', group)}\n$$",
        f"```text\n{file.equations.strip()}\n```",
    ]
    if spec.residual_spread is None and not spec.has_level1_model:  # lme4 has one sigma
        parts.append(f"In R: `{render(spec, 'lme4', group)}`")
    if file.published:
        by = ", ".join(file.published_by.values())
        rows = [f"| `{symbol}` | {number.value} | {number.se or ''} |" for symbol, number in file.published.items()]
        parts.append("\n".join([f"| {by} | estimate | SE |", "| --- | ---: | ---: |", *rows]))
    return "\n\n".join(parts)


def write_gallery(app: Sphinx) -> None:
    """Write ``docs/gallery.md``, of each data set the small models first."""
    files = [read_model_file(name) for name in hlm.gallery_names()]
    sections = [section(file) for file in sorted(files, key=lambda file: (file.dataset or "", len(file.published)))]
    write_page(Path(app.srcdir) / "gallery.md", "\n\n".join([TOP, *sections]) + "\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the page before Sphinx looks for its sources."""
    app.connect("builder-inited", write_gallery)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
