"""Run the Python blocks of the pages and write what they print below them: ``uv run python docs/outputs.py [PAGE]``.

A block fenced as ``python`` is run, all blocks of a page in one namespace. A ``text`` block that follows it holds what
it printed and the value of its last line; an image that follows it holds the figure it drew. Blocks fenced otherwise
(``r``, ``toml``, ``console``) are not run.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<output>.*?)^```\n|\n!\[[^\]]*\]\((?P<figure>[^)]+)\)\n)?",
    re.MULTILINE | re.DOTALL,
)
TIME = re.compile(r"\d[\d.,]* m?s\b")
NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Ran:
    """A block after it has been run.

    Attributes
    ----------
    start, end : int
        Where the block stands in the page, what follows it included.
    code : str
    output : str or None
        What the page shows as its output; None where it shows none.
    figure : str or None
        File of the figure that the page shows below the block.
    printed : str
        What the block really printed.
    drawn : Figure or None
        What it really drew.
    """

    start: int
    end: int
    code: str
    output: str | None
    figure: str | None
    printed: str
    drawn: Any


def pages() -> list[Path]:
    """Pages with code to run."""
    return [DOCS / "start.md", *sorted((DOCS / "how_to").glob("*.md"))]


def run_page(page: Path) -> Iterator[Ran]:
    """Run the blocks of a page one after the other, in an empty folder and one namespace."""
    import matplotlib
    import pandas as pd

    matplotlib.use("Agg")
    text, space = page.read_text(encoding="utf-8"), {"__name__": page.stem}
    shown = ("display.width", 100, "display.max_columns", 12, "display.max_colwidth", 60, "display.precision", 3)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), pd.option_context(*shown):
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            printed, value = run_block(found["code"], space, f"{page.name}, line {line}")
            drawn = getattr(value[0] if isinstance(value, list) and value else value, "figure", None)
            output, figure = found["output"], found["figure"]
            yield Ran(found.start(), found.end(), found["code"], output, figure, printed, drawn)
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")


def run_block(code: str, space: dict[str, Any], where: str) -> tuple[str, Any]:
    """Run a block as a notebook does.

    Returns
    -------
    printed : str
        What it printed, and the value of its last line.
    value : object
        That value.
    """
    lines = ast.parse(code, where).body
    last = ast.Expression(lines.pop().value) if lines and isinstance(lines[-1], ast.Expr) else None
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        exec(compile(ast.Module(lines, []), where, "exec"), space)
        value = None if last is None else eval(compile(last, where, "eval"), space)
        if value is not None:
            print(value)
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip().splitlines()) + "\n", value


def differences(shown: str, printed: str) -> list[str]:
    """Where a page's output differs from what was printed now, each with the words before it.

    Words and whole numbers must be equal, times need not. The same seed gives the same draws on one machine; another
    processor rounds differently, and from there they are other draws of the same posterior. Decimals therefore may
    differ by a twentieth or by three units of their last digit, which is several Monte Carlo errors of what the pages
    show, and effective sample sizes, in thousands, by a quarter.
    """
    left, right = (TIME.sub("# s", text).split() for text in (shown, printed))
    if len(left) != len(right):
        return [f"{len(left)} words are shown, {len(right)} were printed:\n{printed}"]
    pairs = enumerate(zip(left, right, strict=True))
    return [f"{' '.join(left[max(k - 4, 0) : k])} [{a}] is now [{b}]" for k, (a, b) in pairs if not _same(a, b)]


def _same(shown: str, printed: str) -> bool:
    if NUMBER.sub("#", shown) != NUMBER.sub("#", printed):
        return False
    return all(_close(a, b) for a, b in zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True))


def _close(shown: str, printed: str) -> bool:
    a, b = (float(text.replace(",", "").replace("−", "-")) for text in (shown, printed))
    if "," in shown or "," in printed:
        return abs(a - b) <= 0.25 * abs(a)
    unit = 10.0 ** -len(shown.partition(".")[2]) if "." in shown else 0.0
    return abs(a - b) <= max(3 * unit, 0.05 * abs(a) if unit else 0.0)


def update(page: Path) -> bool:
    """Write outputs and figures of a page anew; True if the page's text changed."""
    text, parts, position = page.read_text(encoding="utf-8"), [], 0
    for ran in run_page(page):
        block = f"```python\n{ran.code}```\n"
        if ran.output is not None:
            only_times = TIME.sub("", ran.output) == TIME.sub("", ran.printed)
            block += f"\n```text\n{ran.output if only_times else ran.printed}```\n"
        if ran.figure is not None:
            block = text[ran.start : ran.end]
            ran.drawn.savefig(page.parent / ran.figure, dpi=110, bbox_inches="tight", metadata={"Software": None})
        parts += [text[position : ran.start], block]
        position = ran.end
    new = "".join([*parts, text[position:]])
    if new != text:
        page.write_text(new, encoding="utf-8")
    return new != text


def main(names: list[str]) -> None:
    """Update the pages named, or all."""
    for page in [Path(name).resolve() for name in names] or pages():
        print(page.relative_to(DOCS), "changed" if update(page) else "as it was", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "100")
    main(sys.argv[1:])
