"""Says what a long run is doing: a line while the model compiles, a bar over all chains, a bar over steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any

from bayeshlm.foreign_text import printable

logger = logging.getLogger(__name__)

type ChainCallback = Callable[[list[Any]], None]

LONG = 2.0  # seconds after which work that has no bar gets one

_part: ContextVar[str] = ContextVar("_part", default="")
_showing: ContextVar[bool] = ContextVar("_showing", default=False)


@contextmanager
def part(text: str) -> Iterator[None]:
    """Say `text`, such as "2 of 5", before everything that is shown while the block runs."""
    before = _part.get()
    _part.set(f"{text}: ")
    try:
        yield
    finally:
        _part.set(before)


@contextmanager
def _shown() -> Iterator[None]:
    """No other bar while the block runs."""
    before = _showing.get()
    _showing.set(True)
    try:
        yield
    finally:
        _showing.set(before)


@contextmanager
def stage(text: str, show: bool | None, while_compiling: str | None = None) -> Iterator[None]:
    """Show `text` with a spinner while the block runs, by default where somebody watches; log it in any case.

    From the moment at which numba compiles something, `while_compiling` is said in its place.
    """
    text = printable(_part.get() + text)
    logger.info(text)
    with _spinner(text, show) as say, _when_compiling(while_compiling, say) if while_compiling else nullcontext():
        yield


@contextmanager
def _spinner(text: str, show: bool | None) -> Iterator[Callable[[str], None]]:
    if not (somebody_watches() if show is None else show):
        yield lambda new: None
        return
    from rich.console import Console
    from rich.text import Text

    with _shown(), Console(stderr=True).status(Text(text)) as status:  # a name such as a[/b] is no markup
        yield lambda new: status.update(Text(new))


@contextmanager
def _when_compiling(text: str, say: Callable[[str], None]) -> Iterator[None]:
    from numba.core.event import Listener, install_listener

    class FirstCompilation(Listener):
        said = False

        def on_start(self, event: Any) -> None:
            if not self.said:
                self.said = True
                logger.info(_part.get() + text)
                say(_part.get() + text)

        def on_end(self, event: Any) -> None:
            pass

    with install_listener("numba:compile", FirstCompilation()):
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} draws, {task.fields[divergences]} divergences"),
        TimeRemainingColumn(),
    )
    with _shown(), Progress(*columns, console=Console(stderr=True)) as bar:
        of = _part.get()
        task = bar.add_task(f"{of}Tuning", total=total, divergences=0)

        def update(chains: list[Any]) -> None:
            bar.update(
                task,
                description=of + ("Tuning" if any(chain.tuning for chain in chains) else "Sampling"),
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
    with _shown(), _step_bar() as bar:
        task = bar.add_task(doing, total=len(items))
        for item in items:
            bar.update(task, description=printable(f"{doing}: {name(item)}", one_line=True))
            yield item
            bar.advance(task)


@contextmanager
def counted(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """Yield what is to be called after each of `total` steps; a bar appears where they take long and somebody watches.

    Nothing is shown inside of another bar.
    """
    if total < 2 or _showing.get() or not somebody_watches():
        yield lambda: None
        return
    bar = _step_bar()
    task, start = bar.add_task(_part.get() + doing, total=total), time.monotonic()

    def advance() -> None:
        bar.advance(task)
        if not bar.live.is_started and time.monotonic() - start > LONG:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()


def _step_bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    return Progress(*columns, console=Console(stderr=True), transient=True)


def somebody_watches() -> bool:
    """Whether standard error is a terminal, or the code runs in a notebook that has the widgets a bar is made of."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_jupyter:  # without widgets, rich would leave warnings and blank outputs in the notebook
        return find_spec("ipywidgets") is not None
    return console.is_terminal
