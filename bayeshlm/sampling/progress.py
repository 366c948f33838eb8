"""Says what a long run is doing: a line while the model compiles, a bar over all chains, a bar over steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bayeshlm.foreign_text import printable

logger = logging.getLogger(__name__)

type ChainCallback = Callable[[list[Any]], None]


@contextmanager
def stage(text: str, show: bool | None) -> Iterator[None]:
    """Show `text` with a spinner while the block runs, by default where somebody watches; log it in any case."""
    text = printable(text)
    logger.info(text)
    if not (somebody_watches() if show is None else show):
        yield
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(text)):  # a name such as a[/b] is no markup
        yield


@contextmanager
def sampling_bar(total: int, show: bool) -> Iterator[ChainCallback | None]:
    """Yield a callback for nutpie's chain progress that moves a bar over `total` draws, or None."""
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} draws, {task.fields[divergences]} divergences"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Tuning", total=total, divergences=0)

        def update(chains: list[Any]) -> None:
            bar.update(
                task,
                description="Tuning" if any(chain.tuning for chain in chains) else "Sampling",
                completed=sum(chain.finished_draws for chain in chains),
                divergences=sum(chain.divergences for chain in chains),
            )

        yield update


def steps[Item](
    items: Sequence[Item], name: Callable[[Item], str], doing: str, show: bool | None = None
) -> Iterator[Item]:
    """Yield the items, with a bar that names the one at work; by default where somebody watches.

    Examples
    --------
    >>> list(steps(["model", "data"], str, "Writing", show=False))
    ['model', 'data']
    """
    if not items or not (somebody_watches() if show is None else show):
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=len(items))
        for item in items:
            bar.update(task, description=printable(f"{doing}: {name(item)}", one_line=True))
            yield item
            bar.advance(task)


def somebody_watches() -> bool:
    """Whether standard error is a terminal, or the code runs in a notebook."""
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal or console.is_jupyter
