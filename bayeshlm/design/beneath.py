"""What is said of the rows beneath the cells that a database gave in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bayeshlm.design.centering import Scale
from bayeshlm.design.naming import Part
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Product


@dataclass(frozen=True, slots=True, eq=False)
class Expanded:
    """The columns of an expression.

    Attributes
    ----------
    matrix : (n, k) array
        n rows, or n = J groups.
    labels : tuple of str
        Label of each column; a single unlabelled column has the empty label.
    parts : tuple of tuple of Part
        Of each column what the factors of the expression give to it.
    """

    matrix: FloatArray
    labels: tuple[str, ...] = ("",)
    parts: tuple[tuple[Part, ...], ...] = ((),)


class Beneath(Protocol):
    """Rows that lie in a database, beneath cells: `bayeshlm.design.rows.Rows` whose rows are cells have one."""

    @property
    def not_at_hand(self) -> frozenset[str]:
        """Columns that have placeholders in the cells."""

    def differing(self, name: str) -> tuple[int, Any, Any] | None:
        """The first cell within which a column varies, and two of its values; None for a column that never does."""

    def rows(self, expression: Product) -> Expanded:
        """Labels of the columns of an expression of rows; the numbers themselves, NaN here, are in the database."""

    def means(self, expression: Product, grouping: int) -> Expanded:
        """Means of an expression of rows in the units of a grouping, of those that the equations take means of."""

    def levels(self, name: str) -> tuple[str, ...]:
        """Levels of a column as categories."""

    def group_means(self, expression: Product, grouping: int) -> FloatArray:
        """Means of any expression of rows in the units of a grouping, (J, k)."""

    def scale(self, expression: Product, grouping: int) -> Scale:
        """Mean and SD over all rows of an expression, whose own means are those of a grouping."""
