"""The HTML view of a model that is not sampled yet: equations, counts, priors."""

from __future__ import annotations

from bayeshlm.checks.lint_design import lint_design
from bayeshlm.design.design import Design
from bayeshlm.design.expanded import expanded_spec
from bayeshlm.design.naming import prior_label
from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Section, Title
from bayeshlm.display.html import to_html
from bayeshlm.display.left_out_notes import data_notes, dropped_rows, notes_block
from bayeshlm.display.model_size import kind_of_model, size_of_model
from bayeshlm.equations import render
from bayeshlm.foreign_text import printable
from bayeshlm.parameters.priors import Priors

SAID = ("far-from-zero", "zeros-and-ones")


def model_text(design: Design) -> str:
    """Write a model as plain text: its size, its equations, and what must be said of the data."""
    title = f"Model: {size_of_model(design)}, {len(design.fixed)} fixed and {len(design.random)} random effects"
    dropped = dropped_rows(design.rows_dropped, design.left_out)
    equations = render(design.spec, "levels", design.groupings)
    notes = (f"Note: {note}" for note in model_notes(design))
    return printable("\n".join(filter(None, (title, dropped, equations, *notes))))


def model_html(design: Design, priors: Priors) -> str:
    """Write a model as HTML for a notebook."""
    blocks: list[Block] = [
        Title(f"{kind_of_model(design)} of {design.spec.outcome.name}"),
        equations_block(design),
        Lines((rows_line(design), f"{len(design.fixed)} fixed and {len(design.random)} random effects")),
        *notes_block(model_notes(design)),
        priors_grid(priors),
    ]
    return to_html(blocks)


def model_notes(design: Design) -> tuple[str, ...]:
    """Notes on the data, and remarks on the equations but those that are warnings or notes already."""
    remarks = (one.text for one in lint_design(design) if one.code not in SAID)
    return (*data_notes(design), *remarks)


def equations_block(design: Design) -> Equations:
    """The level equations as text and as MathML."""
    mathml = render(design.spec, "mathml", design.groupings, written_out=expanded_spec(design))
    return Equations(render(design.spec, "levels", design.groupings), mathml)


def rows_line(design: Design) -> str:
    """Count rows, groups and rows left out."""
    return "; ".join(filter(None, (size_of_model(design), dropped_rows(design.rows_dropped, design.left_out))))


def priors_grid(priors: Priors) -> Grid:
    """Lay out the priors, their parameters to four digits, and which the user gave."""
    applies = priors.table()["applies"]
    rows = tuple(
        (prior_label(key), prior.short(), str(applies[key]), "given" if key in priors.typed else "default")
        for key, prior in priors.by_key().items()
    )
    return Grid("Priors", ("parameter", "prior", "where it applies", "chosen"), (Section("", rows),), n_labels=4)
