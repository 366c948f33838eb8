"""Notes on rows and groups that were left out, and on data that deserve a second look."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.design.left_out import LeftOut
from bayeshlm.display.blocks import Lines
from bayeshlm.display.digits import count
from bayeshlm.display.weights_note import weights_notes

MOST_NAMED = 10


def dropped_rows(rows: int, left_out: LeftOut) -> str:
    """Count the rows that were dropped, by column; empty when there are none.

    Examples
    --------
    >>> dropped_rows(3, LeftOut((("dose", 2), ("sex", 2))))
    '3 rows with missing values dropped (dose 2, sex 2)'
    >>> dropped_rows(1, LeftOut((("dose", 1),)))
    '1 row with missing values dropped (dose 1)'
    """
    if not rows:
        return ""
    by_column = ", ".join(f"{name} {count(n)}" for name, n in left_out.columns)
    text = f"{count(rows)} {'row' if rows == 1 else 'rows'} with missing values dropped"
    return f"{text} ({by_column})" if by_column else text


def notes_block(notes: tuple[str, ...]) -> list[Lines]:
    """Lay out notes on the data; nothing where there are none."""
    return [Lines(tuple(f"Note: {note}" for note in notes))] if notes else []


def data_notes(design: Design) -> tuple[str, ...]:
    """Sentences on weights, groups that are not there, rows without one, an outcome of two values, two groups."""
    lost, sizes = design.left_out.groups, [len(term.labels) for term in design.predictor.random]
    notes = list(weights_notes(design))
    if lost:
        named = ", ".join(lost[:MOST_NAMED]) + (
            f" and {count(len(lost) - MOST_NAMED)} more" if lost[MOST_NAMED:] else ""
        )
        verbs = "has no complete row and is" if len(lost) == 1 else "have no complete row and are"
        total, group = sum(sizes) + len(lost), f"{design.group} " if len(sizes) == 1 else ""
        notes.append(f"{count(len(lost))} of {count(total)} groups {verbs} not in the model: {group}{named}.")
    for group in design.groupings:
        ungrouped = dict(design.left_out.columns).get(group)
        if not ungrouped:
            continue
        notes.append(
            f"{count(ungrouped)} {'row names' if ungrouped == 1 else 'rows name'} no group ({group}). In a file that is"
            " what an empty field, NA, NaN, nan or a lone . says: a group that is called so needs another name."
        )
    if design.moments.y_two_values and design.outcome.is_normal:
        low, high = design.moments.y_range
        notes.append(
            f"The outcome {design.spec.outcome.name} has only the values {low:g} and {high:g}. The model takes it for"
            " normal around a straight line: it can predict values beyond them, and its level-1 variance cannot be one"
            " and the same. A multilevel logistic regression is made for such outcomes."
        )
    if 2 in sizes:
        notes.append(
            "Two groups say next to nothing of the variance between groups: a posterior of tau and of the ICC is"
            " mostly the prior, an estimate by REML mostly chance."
        )
    return tuple(notes)
