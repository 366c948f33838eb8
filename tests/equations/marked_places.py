"""Texts in which «...» marks the place that an error is to point to."""

import pytest

from bayeshlm.equations import parse
from bayeshlm.errors import EquationError


def check_error(marked, says, notation=None):
    """The error of a text says this and has its carets under what is marked, in its first line."""
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(EquationError) as caught:
        parse(text, notation)
    message, quoted, carets = str(caught.value).split("\n")[:3]
    assert says in message
    assert message.startswith(f"line {text.count(chr(10), 0, start) + 1}: ")
    first_line = text[start:end].split("\n")[0]
    assert quoted[carets.index("^") : carets.rindex("^") + 1] == (first_line.strip() or first_line)
