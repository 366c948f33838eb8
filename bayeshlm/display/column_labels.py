"""`ColumnLabels`: names of the design's coefficients, terms and groups for tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayeshlm.design.coefficient_columns import coefficient_columns
from bayeshlm.design.design import Design


@dataclass(frozen=True, slots=True)
class ColumnLabels:
    """Headings of coefficients and names of level-2 terms; a contrast says what it is compared with.

    Attributes
    ----------
    coefficients : mapping of str to str
        In words by label: ``{"b1": "the slope of cwc(ses)"}``.
    terms : mapping of str to str
        By the label of a fixed effect: ``{"g01[Catholic]": "sector: Catholic (vs. public)"}``.
    """

    coefficients: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, design: Design) -> ColumnLabels:
        """Labels of the columns of a design.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> labels = ColumnLabels.of(hlm.open_model("hsb-slopes-as-outcomes-full").design)
        >>> labels.heading("b1"), labels.term("g01"), labels.term("g10")
        ('b1, the slope of cwc(ses)', 'sector', '(intercept)')
        """
        return cls(
            {label: slope_of(column.name) for label, column in coefficient_columns(design).items()},
            {column.label: term_name(column.name) for column in design.fixed},
        )

    def heading(self, coefficient: str) -> str:
        """Say what a coefficient is: ``b1, the slope of race: Black (vs. White)``."""
        words = self.coefficients.get(coefficient)
        return coefficient if words is None else f"{coefficient}, {words}"

    def term(self, fixed: str, default: str = "") -> str:
        """Say what a fixed effect multiplies at level 2; where its label is unknown, `default` is shown."""
        return self.terms.get(fixed, term_name(default))


def term_name(term: str) -> str:
    """Name a level-2 term: the constant is the intercept of its line."""
    return "(intercept)" if term == "1" else term


def slope_of(name: str) -> str:
    """Say what a level-1 coefficient is, by the name of what it multiplies: the intercept, or the slope of it."""
    return "the intercept" if name == "1" else f"the slope of {name}"


def group_name(group: str, label: object) -> str:
    """Name a group by its column and its label, or by its label alone where that says it.

    Examples
    --------
    >>> group_name("site", 9), group_name("site", "site09")
    ('site 9', 'site09')
    """
    text = str(label)
    return text if text.casefold().startswith(group.casefold()) else f"{group} {text}"
