"""Random equations of nested, crossed and mixed groupings: from the text to the criterion, beside dense matrices."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayeshlm as hlm
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.relative_factor import factor_pattern


def rows() -> pd.DataFrame:
    """Five schools with one to five children, one to five rows each, and four raters who cross both."""
    rng = np.random.default_rng(11)
    school_of = np.repeat(np.arange(5), [3, 1, 5, 4, 3])
    child = np.repeat(np.arange(16), rng.integers(1, 6, 16))
    data = {"child": child, "school": school_of[child], "rater": rng.integers(0, 4, len(child))}
    data |= {"x": rng.normal(2, 1, len(child)), "z": rng.normal(size=16)[child], "t": rng.normal(size=4)[data["rater"]]}
    data |= {"w": rng.normal(5, 2, 5)[data["school"]], "y": rng.normal(size=len(child))}
    return pd.DataFrame(data).sample(frac=1, random_state=2).reset_index(drop=True)


DATA = rows()


@dataclass
class Written:
    """Equations, and what they say of X and Z: columns by the labels of the effects, groupings of the random ones."""

    lines: list[str] = field(default_factory=list)
    X: dict[str, np.ndarray] = field(default_factory=dict)
    Z: dict[str, np.ndarray] = field(default_factory=dict)
    grouping: dict[str, str] = field(default_factory=dict)
    apart: set[frozenset[str]] = field(default_factory=set)

    def line(self, symbol: str, fixed: dict[str, str], effects: dict[str, str], column: np.ndarray) -> None:
        """Write a line; `fixed` are its fixed effects by symbol, with their columns of the data or none."""
        terms = [name + (f"*{factor}" if factor else "") for name, factor in fixed.items()]
        terms += [f"{name}[{grouping}]" for name, grouping in effects.items()]
        self.lines.append(f"{symbol} = {' + '.join(terms)}")
        self.Z |= dict.fromkeys(effects, column)
        self.grouping |= effects


@st.composite
def written(draw: st.DrawFn) -> Written:
    found, yes = Written(), st.booleans()
    ones = np.ones(len(DATA))
    deep, crossed = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
    columns = {"p0": ones} | ({"p1": DATA["x"].to_numpy()} if draw(yes) else {})
    found.lines.append("y = " + " + ".join(["p0", *(["p1*x"] if "p1" in columns else []), "e"]))
    later = []
    for k, (symbol, column) in enumerate(columns.items()):
        effects = {f"r{k}": "child"} if k == 0 or draw(yes) else {}
        if crossed and (k == 0 or draw(yes)):
            effects[f"v{k}"] = "rater"
        terms = (
            {f"b{k}0": ""} | ({f"b{k}1": "z"} if draw(yes) else {}) | ({f"b{k}2": "t"} if crossed and draw(yes) else {})
        )
        with_line = [f"b{k}0"] if deep and (k == 0 or draw(yes)) else []
        if deep and not with_line and draw(yes):
            effects[f"s{k}"] = "school"  # a school's effect on a line of its children
        if deep and f"b{k}1" in terms and draw(yes):
            with_line.append(f"b{k}1")
        found.line(symbol, terms, effects, column)
        for name, factor in terms.items():
            below = column * (DATA[factor].to_numpy() if factor else 1.0)
            if name in with_line:
                later.append((name, below))
            else:
                found.X[name] = below
    for name, below in later:
        gammas = {f"g{name}0": ""} | ({f"g{name}1": "w"} if draw(yes) else {})
        gammas = {symbol.replace("gb", "g"): factor for symbol, factor in gammas.items()}
        effects = {f"u{name[1:]}": "school"} if name == "b00" or draw(yes) else {}
        found.line(name, gammas, effects, below)
        found.X |= {g: below * (DATA[factor].to_numpy() if factor else 1.0) for g, factor in gammas.items()}
    if {"r0", "r1"} <= found.Z.keys() and draw(yes):
        found.lines.append("cov(r0, r1) = 0")
        found.apart.add(frozenset({"r0", "r1"}))
    return found


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(written(), st.data(), st.sampled_from(["REML", "ML"]))
def test_the_criterion_of_random_equations_is_that_of_dense_matrices(equations, data, method):
    design = hlm.Model("\n".join(equations.lines), DATA).design
    assert sorted(design.fixed_labels) == sorted(equations.X)
    assert sorted(design.random_labels) == sorted(equations.Z)
    deviance = GroupingDeviance(GroupingProducts.of(design.products), factor_pattern(design.blocks), method)
    pattern = deviance.pattern
    theta = [
        data.draw(st.floats(0, 1.5) if row == column else st.floats(-1, 1))
        for row, column in zip(pattern.rows, pattern.columns, strict=True)
    ]
    solution = deviance.solve(np.array(theta))
    root = deviance.scaled.z_transform @ solution.Lambda
    G = root @ root.T

    X = np.column_stack([equations.X[label] for label in design.fixed_labels])
    V, labels = np.eye(len(DATA)), design.random_labels
    for a, one in enumerate(labels):
        for b, other in enumerate(labels):
            grouping = equations.grouping[one]
            if equations.grouping[other] != grouping or frozenset({one, other}) in equations.apart:
                assert G[a, b] == 0
                continue
            codes = DATA[grouping].to_numpy()
            V += np.where(codes[:, None] == codes, G[a, b] * np.outer(equations.Z[one], equations.Z[other]), 0.0)
    y, inverse = DATA["y"].to_numpy(), np.linalg.inv(V)
    A = X.T @ inverse @ X
    left = y - X @ np.linalg.solve(A, X.T @ inverse @ y)
    dof = len(y) - (X.shape[1] if method == "REML" else 0)
    expected = np.linalg.slogdet(V)[1] + dof * (1 + np.log(2 * np.pi * (left @ inverse @ left) / dof))
    expected += np.linalg.slogdet(A)[1] if method == "REML" else 0.0
    # rounding: the condition of V times the unit roundoff, of numbers of the size of the criterion
    tolerance = 1e-13 * np.linalg.cond(V) * (1 + abs(expected))
    assert abs(deviance.value(solution) - expected) < max(tolerance, 1e-9)
