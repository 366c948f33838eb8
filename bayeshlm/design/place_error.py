"""The error for a place in the equations."""

from __future__ import annotations

from bayeshlm.equations import quote
from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import shortened
from bayeshlm.errors import DataError


def place_error(message: str, text: str, span: Span | None) -> DataError:
    """Build the error for a place in the equations: the message, then the line with a caret."""
    message = shortened(message)
    return DataError(f"{message}\n{quote(text, span)}" if text and span else message)
