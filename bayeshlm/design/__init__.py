"""Specification and data to numbers: X, Z, y, groups, labels and per-group cross-products.

`build_design` finds the columns that the equations use, drops incomplete rows, centers and codes each
expression at its level and checks that the effects can be told apart.
"""

from bayeshlm.design.build import build_design
from bayeshlm.design.cross_products import CrossProducts, cross_products
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import CoefficientColumn, FixedColumn, Predictor, RandomColumn, RandomTerm

__all__ = [
    "CoefficientColumn",
    "CrossProducts",
    "Design",
    "FixedColumn",
    "Predictor",
    "RandomColumn",
    "RandomTerm",
    "build_design",
    "cross_products",
]
