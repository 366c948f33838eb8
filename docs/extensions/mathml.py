"""Formulas as MathML: the page holds them ready, so that no script and no font has to be fetched.

``$x$``, ``$$x$$``, ``.. math::`` and the LaTeX of notebooks all come here.
"""

import re
from typing import Any, Literal

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.writers.html5 import HTML5Translator

ESCAPED = re.compile(r"\\([_%#$])")


def mathml(latex: str, display: Literal["inline", "block"]) -> str:
    """Convert LaTeX to a ``<math>`` element.

    Parameters
    ----------
    latex : str
        Without dollar signs.
    display : {"inline", "block"}

    Raises
    ------
    SphinxError
        The converter cannot read it, or left a part of it as it was.
    """
    known = latex.replace("{aligned}", "{align*}")
    try:
        found = convert(known, display=display)
    except Exception as error:
        raise SphinxError(f"this formula cannot be converted to MathML: {latex!r} ({error})") from error
    found = ESCAPED.sub(r"\1", found).replace("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>")
    if "\\" in found or "<mi>&</mi>" in found:
        raise SphinxError(f"the converter to MathML does not know all of this formula: {latex!r}")
    return found


def visit_math(writer: HTML5Translator, node: nodes.math) -> None:
    """Write an inline formula."""
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_displaymath(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name that ``html_math_renderer`` gives."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
