"""Specification and data to numbers: X, Z, y, groups, labels and per-group cross-products.

`build_design` finds the columns that the equations use, drops incomplete rows, centers and codes each
expression at its level and checks that the effects can be told apart.
"""

from bayeshlm.design.build import build_design
from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.design import CoefficientColumn, Design, FixedColumn, RandomColumn

__all__ = [
    "CoefficientColumn",
    "CrossProducts",
    "Design",
    "FixedColumn",
    "RandomColumn",
    "build_design",
    "cross_products",
]
