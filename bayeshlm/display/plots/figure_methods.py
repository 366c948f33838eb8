"""Figures as methods: ``fit.plot.icc(...)`` calls ``icc_figure(fit, ...)`` and has its parameters and docstring."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Concatenate


class Figures[T]:
    """What figures are drawn of; `figure_method` gives a class of it its figures."""

    def __init__(self, drawn: T) -> None:
        self._drawn = drawn


def figure_method[T, **P, R](figure: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[Figures[T], P], R]:
    """Make the method ``name`` of a function ``name_figure``, whose first parameter is what it is drawn of."""

    @functools.wraps(figure)
    def method(self: Figures[T], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return figure(self._drawn, *args, **kwargs)

    signature = inspect.signature(figure)
    _, *rest = signature.parameters.values()
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = signature.replace(parameters=[self, *rest])  # type: ignore[attr-defined]
    method.__name__ = figure.__name__.removesuffix("_figure")
    method.__qualname__ = f"Figures.{method.__name__}"
    return method
