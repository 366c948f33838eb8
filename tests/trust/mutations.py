"""Texts and files with pieces changed, left out, repeated or put in from others; and what a case may take."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

TOKEN = re.compile(r"\\?\w+|\s+|.", re.DOTALL)
ODD_TEXTS = (
    "\x00", "\x1b[2J", "\u202e", "½", "²", "_", "__", "`", "\\", "{", "}", "[", "]", "(", ")", "1e400", "10**400", "∞",
    "nan", "\\frac{", "\\begin{aligned}", "&", "\\\\", "~", "|", "||", ":", "*", "^", "/", ";", "\n", "#", "/*", "'",
    '"', "__import__('os').system('true')", "().__class__", "lambda: 0", "=", "<", "β", "γ_{00}", "ß", "🎈", "\ud800",
    "\u0301", "-" * 300, "9" * 500, "(" * 200, "{" * 200,
)  # fmt: skip
ODD_BYTES = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b'"', b"'", b",", b";", b"\t", b"\r", b"\r\n", b"1e400", b"-inf", b"1,5",
    b"9" * 400, b"\xe2\x80\xae", b"[", b"]", b"{", b"=", b'"""', b"\\u0000", b"#", b"\x1b[2J", b"a" * 5000,
    b"http://127.0.0.1:9/x.csv", b"/etc/passwd", b"duckdb:",
)  # fmt: skip


def mutated_text(text: str, others: Sequence[str], rng: np.random.Generator) -> str:
    """A text with one to six changes of its words and signs."""
    tokens = TOKEN.findall(text) or ["y"]
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        place, length = int(rng.integers(len(tokens) + 1)), int(rng.integers(1, 12))
        match rng.integers(7):
            case 0:
                tokens[place : place + 1] = []
            case 1:
                tokens.insert(place, tokens[int(rng.integers(len(tokens)))] if tokens else "y")
            case 2:
                tokens.insert(place, ODD_TEXTS[int(rng.integers(len(ODD_TEXTS)))])
            case 3:
                tokens[place : place + length] = tokens[place : place + length] * int(rng.choice([2, 3, 20]))
            case 4:
                tokens[place:] = []
            case 5:
                other = TOKEN.findall(others[int(rng.integers(len(others)))])
                start = int(rng.integers(len(other)))
                tokens[place:place] = other[start : start + 2 * length]
            case 6:
                tokens[place : place + 2] = tokens[place : place + 2][::-1]
    return "".join(tokens)[:20_000]


def mutated_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with one to ten changes: flipped bits, pieces left out, repeated or put in, the end cut off."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 10])):
        place, length = int(rng.integers(len(changed) + 1)), int(rng.integers(1, 40))
        match rng.integers(5):
            case 0:
                changed[place : place + 1] = bytes(
                    byte ^ 1 << int(rng.integers(8)) for byte in changed[place : place + 1]
                )
            case 1:
                changed[place : place + length] = b""
            case 2:
                changed[place:place] = ODD_BYTES[int(rng.integers(len(ODD_BYTES)))]
            case 3:
                changed[place:place] = changed[place : place + length] * int(rng.choice([1, 3, 30]))
            case 4:
                changed[place:] = b""
    return bytes(changed)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop a case that computes longer: of the process's own time, which others on the machine do not take."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
