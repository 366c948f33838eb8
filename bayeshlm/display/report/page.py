"""The page: its sections in order, and the document around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape

from bayeshlm.display.report.check_sections import (
    influence_section,
    left_out_section,
    predictive_section,
    prior_sensitivity_section,
    residuals_section,
)
from bayeshlm.display.report.elements import asked, bullets, paragraph
from bayeshlm.display.report.methods_text import methods_section
from bayeshlm.display.report.model_sections import data_section, model_section, priors_section
from bayeshlm.display.report.report_style import CSS
from bayeshlm.display.report.reproduce import reproduce_section
from bayeshlm.display.report.result_sections import (
    convergence_section,
    cross_check_section,
    effects_section,
    groups_section,
    in_short,
    in_words,
    variance_section,
)
from bayeshlm.display.report.subject import Subject
from bayeshlm.progress import steps

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section of the page.

    Attributes
    ----------
    id : str
        Its anchor.
    title : str
        Its heading.
    body : callable
        Makes its HTML of the subject, all text of users escaped; the section is left out where that is empty.
    """

    id: str
    title: str
    body: Callable[[Subject], str]


SECTIONS: tuple[ReportSection, ...] = (
    ReportSection("model", "Model", model_section),
    ReportSection("data", "Data", data_section),
    ReportSection("priors", "Priors", priors_section),
    ReportSection("convergence", "Convergence", convergence_section),
    ReportSection("effects", "Fixed effects", effects_section),
    ReportSection("variance", "Variance within and between groups", variance_section),
    ReportSection("groups", "Groups", groups_section),
    ReportSection("predictive", "Posterior predictive checks", predictive_section),
    ReportSection("left-out", "Leave-one-out cross-validation", left_out_section),
    ReportSection("residuals", "Residuals", residuals_section),
    ReportSection("influence", "Influence of the groups", influence_section),
    ReportSection("prior-sensitivity", "Sensitivity to the priors", prior_sensitivity_section),
    ReportSection("cross-check", "Check against maximum likelihood", cross_check_section),
    ReportSection("methods", "For the methods section", methods_section),
    ReportSection("reproduce", "How to do it again", reproduce_section),
)
"""The sections in order; a new one is a line here and a function from the subject to HTML."""


def report_html(subject: Subject, progress: bool | None = False) -> str:
    """Write the whole page: one HTML document that loads nothing and runs nothing; `progress` shows a bar."""
    sections_at_work = steps(SECTIONS, lambda section: section.title, "Writing the report", progress)
    made = [(section, asked(partial(section.body, subject))) for section in sections_at_work]
    made = [(section, body) for section, body in made if body]
    links = "".join(f'<li><a href="#{section.id}">{escape(section.title)}</a></li>' for section, _ in made)
    sections = "".join(
        f'<section id="{section.id}" aria-labelledby="{section.id}-title">'
        f'<h2 id="{section.id}-title">{escape(section.title)}</h2>{body}</section>'
        for section, body in made
    )
    title = escape(subject.heading)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{CSS}</style></head>\n<body>"
        f'<header><h1>{title}</h1>{_opening(subject)}<nav aria-label="Contents"><ul>{links}</ul></nav></header>\n'
        f"<main>{sections}</main>\n"
        f"<footer>{escape(f'bayeshlm {subject.fitted.versions["bayeshlm"]}')}</footer></body></html>\n"
    )


def _opening(subject: Subject) -> str:
    """The question, the source, and the result in short."""
    parts = []
    if subject.question:
        parts.append(f'<p class="question">{escape(subject.question)}</p>')
    if subject.source:
        parts.append(f'<p class="source">{escape(subject.source)}</p>')
    text, converged = in_short(subject)
    parts.append(f'<div class="verdict{"" if converged else " bad"}">{paragraph(text)}</div>')
    if converged:
        parts.append(bullets(in_words(subject)))
    return "".join(parts)
