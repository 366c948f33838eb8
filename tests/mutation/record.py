"""The record of mutants, by what stays the same when other lines of a file come and go."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from mutants import Mutant

RAN = "killed", "timeout", "survived"
"""Outcomes of mutants that a test ran; the other is ``not reached``."""

type Place = tuple[Any, ...]


def record_of(path: str, mutant: Mutant) -> dict[str, Any]:
    """A mutant as it is recorded."""
    named = dict(zip(("within", "text", "before", "after", "nth"), mutant.name, strict=True))
    return {"path": path} | named | {"date": date.today().isoformat()}


def place(record: dict[str, Any]) -> Place:
    """What makes a recorded mutant the same as one of today."""
    return tuple(record[name] for name in ("path", "within", "text", "before", "after", "nth"))


def is_open(record: dict[str, Any]) -> bool:
    """Whether a mutant came through and nothing says why."""
    return record["outcome"] in ("survived", "not reached") and "why" not in record


def count_first(of_room: dict[str, Any], outcome: str) -> None:
    """Count what becomes of a mutant when it is drawn, before a test is written because of it."""
    counts = Counter(of_room.get("at first", {"reached": 0, "killed": 0}))
    counts["reached"] += outcome in RAN
    counts["killed"] += outcome in ("killed", "timeout")
    of_room["at first"] = dict(counts)
