"""numpydoc docstrings as reStructuredText, by napoleon's parser, with two of its habits left out.

Napoleon takes what stands before the first colon of a property's docstring for its type, and docutils takes
``random_``, the name of a dimension, for a link. Both are plain words here.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

CONFIG = Config(napoleon_use_ivar=False, napoleon_use_rtype=False)
LITERAL = re.compile(r"(`+[^`]*`+)")
LAST_UNDERSCORE = re.compile(r"(?<=\w)_(?=[\s,.;:)\]]|$)")


def escaped(line: str) -> str:
    """Escape the underscores that end a word, outside of backticks."""
    parts = LITERAL.split(line)
    return "".join(part if part.startswith("`") else LAST_UNDERSCORE.sub(r"\\_", part) for part in parts)


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Rewrite the lines of a docstring in place, as autodoc asks its listeners to."""
    kind = "method" if what in ("property", "attribute") else what
    lines[:] = [escaped(line) for line in NumpyDocstring(list(lines), CONFIG, app, kind, name, obj, options).lines()]


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to autodoc."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
