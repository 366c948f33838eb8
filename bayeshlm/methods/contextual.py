"""Within and between slopes of one variable in one mixed model, and the tests that they are equal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import CoefficientColumn, FixedColumn, Predictor, RandomColumn, intercept_position
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import UnitEquations
from bayeshlm.errors import DataError
from bayeshlm.methods.least_squares import LeastSquares, independent_columns, least_squares
from bayeshlm.methods.slope import Slope, find_slope, group_means_of, other_columns
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.hypotheses import Hypothesis
from bayeshlm.reml.satterthwaite import positive_inverse
from bayeshlm.reml.tests_of_effects import WaldTest, linear_hypothesis


@dataclass(frozen=True, eq=False, slots=True)
class Contextual:
    """REML of the model with x split into ``x - mean`` and its group mean.

    Attributes
    ----------
    estimate : RemlEstimate
        The fit. Its fixed effects are ``within[term]``, ``between[term]`` and the other effects of the model.
    terms : tuple of str, (m,)
        Level-2 terms of the slope whose between slope the data determine.
    within, between : ndarray, (m, p)
        Rows L of each in the fit's fixed effects; their difference is the contextual effect.
    """

    estimate: RemlEstimate
    terms: tuple[str, ...]
    within: FloatArray
    between: FloatArray

    def test(self, kind: str) -> WaldTest:
        """Joint and single tests of the ``"within"``, ``"between"`` or ``"contextual"`` slopes."""
        L = {"within": self.within, "between": self.between, "contextual": self.between - self.within}[kind]
        labels = tuple(f"{kind}[{term}]" for term in self.terms)
        return linear_hypothesis(self.estimate, Hypothesis(labels, L, np.zeros(len(L))))


@dataclass(frozen=True, eq=False, slots=True)
class Hausman:
    """Tests that the slope between groups is the slope within groups.

    Attributes
    ----------
    x : str
        Level-1 variable.
    terms : tuple of str, (m,)
        Level-2 terms of its slope.
    contextual : WaldTest
        Wald test that the contextual effects, between less within, are zero, with the model's random effects.
    difference : ndarray, (m,)
        Fixed-effects estimate less random-effects estimate.
    chi2, p : float
        Hausman's statistic ``d'(V_fixed - V_random)^-1 d``, both covariance matrices at one sigma, and its p.
    df : int
        Rank of the difference of the covariance matrices.
    notes : tuple of str
        Conditions that belong beside the numbers.

    References
    ----------
    Hausman (1978), Econometrica 46, 1251-1271; Mundlak (1978), Econometrica 46, 69-85.
    """

    x: str
    terms: tuple[str, ...]
    contextual: WaldTest
    difference: FloatArray
    chi2: float
    df: int
    p: float
    notes: tuple[str, ...]


def contextual(design: Design, slope: Slope) -> Contextual:
    """Fit the model with the group means of x, times the terms of its slope, in the intercept's line.

    What stands there for the group mean already is left out: ``mean(x)``, or a column that follows it with an R squared
    above .99.

    Raises
    ------
    DataError
        When the group means of x do not vary.
    """
    m = len(slope.terms)
    split = np.column_stack([slope.within_columns, slope.between_columns[design.group_codes]])
    labels = [f"{kind}[{term}]" for kind in ("within", "between") for term in slope.terms]
    of = [slope.coefficient] * m + [_constant(design).label] * m
    W = np.column_stack([slope.W, slope.between_columns])
    changed = _with_columns(design, slope, _Columns(split, W, labels, of))
    found = [column.label for column in changed.fixed]
    kept = [k for k in range(m) if labels[m + k] in found]
    if not kept or slope.means.std() <= 1e-9 * np.abs(slope.within).max():
        raise DataError(
            f"The group means of {slope.name} are the same in every group: there is no slope between groups to "
            "compare with the slope within them."
        )
    rows = np.eye(len(found))
    return Contextual(
        estimate=fit_reml(changed),
        terms=tuple(slope.terms[k] for k in kept),
        within=rows[[found.index(labels[k]) for k in kept]],
        between=rows[[found.index(labels[m + k]) for k in kept]],
    )


def fixed_effects(design: Design, slope: Slope) -> LeastSquares:
    """Least squares with an indicator for every group, which takes out all that is constant within groups.

    Computed from deviations from group means (the within transformation); the group effects count in the degrees of
    freedom. The slope's columns come first.
    """
    other = other_columns(design, slope)
    codes, n_groups = design.group_codes, design.n_groups
    source = design.X[:, other]
    outcome = (design.y - design.offset)[:, None]
    deviations = GroupMeans.learn(source, codes, n_groups).deviations(source, codes)
    X = np.column_stack([slope.within_columns, deviations])
    size = np.sqrt(np.append(np.einsum("ik,ik->k", X[:, : len(slope.terms)], X[:, : len(slope.terms)]), 0.0))[:-1]
    size = np.append(size, np.sqrt(np.einsum("ik,ik->k", source, source)))
    kept = independent_columns(X, size=size)
    labels = [*slope.symbols, *(design.fixed[k].label for k in other)]
    y = GroupMeans.learn(outcome, codes, n_groups).deviations(outcome, codes)[:, 0]
    return least_squares(X[:, kept], y, [labels[k] for k in kept], absorbed=n_groups)


def hausman(design: Design, x: str | None = None) -> Hausman:
    """Test that the slope of x between groups equals the one within groups.

    Parameters
    ----------
    design : Design
        The model; a group mean of x in it does not matter.
    x : str, optional
        A level-1 column, or its coefficient; may be left out where the model has one only.

    Raises
    ------
    OptionError
        When the model has no such slope, or several.
    DataError
        When the group means of x do not vary.
    """
    slope = find_slope(design, x)
    split = contextual(design, slope)
    fixed = fixed_effects(design, slope)
    raw = (slope.within + slope.means[design.group_codes])[:, None] * slope.W[design.group_codes]
    between = slope.between_columns[design.group_codes]
    m = len(slope.terms)
    columns = _Columns(raw, slope.W, list(slope.symbols), [slope.coefficient] * m)
    changed = _with_columns(design, slope, columns, instead=between)
    u0 = RandomColumn("u0", "u0", _constant(design).label, "1", is_intercept=True)
    labels = changed.coefficient_labels
    changed = changed.changed(
        predictor=Predictor(changed.fixed, (replace(design.term, columns=(u0,), blocks=((0,),)),)),
        equations=(UnitEquations.of_one(labels, changed.fixed, (u0,), changed.W),),
        rows=replace(changed.kept_rows, Z=(np.ones((design.n_obs, 1)),)),
    )
    random = fit_reml(changed)
    shared = [symbol for symbol in slope.symbols if symbol in fixed.labels and symbol in random.fixed_labels]
    of_fixed = [fixed.labels.index(symbol) for symbol in shared]
    of_random = [random.fixed_labels.index(symbol) for symbol in shared]
    difference = fixed.coef[of_fixed] - random.gamma[of_random]
    vcov = random.sigma**2 * fixed.unscaled[np.ix_(of_fixed, of_fixed)] - random.vcov[np.ix_(of_random, of_random)]
    inverse = positive_inverse(vcov)
    df = int(np.linalg.matrix_rank(inverse))
    chi2 = float(difference @ inverse @ difference)
    notes = [
        "The contextual effect is the slope between groups less the slope within groups; it is tested in the model "
        "as it is written."
    ]
    if len(design.random) > 1 or not design.random[0].is_intercept:
        notes.append("Hausman's statistic compares with a model whose intercept alone is random.")
    notes += stand_ins(design, slope)
    if random.singular:
        notes.append("That model has no variance between groups: it is the pooled regression.")
    return Hausman(
        x=slope.name,
        terms=split.terms,
        contextual=split.test("contextual"),
        difference=difference,
        chi2=chi2,
        df=df,
        p=float(chdtrc(df, chi2)),
        notes=tuple(notes),
    )


def stand_ins(design: Design, slope: Slope) -> list[str]:
    """Notes on the columns that were taken for the group mean of x without being it."""
    terms = [design.fixed[k].term for k in group_means_of(design, slope)]
    return [
        f"{term} follows the group means of {slope.name} with an R squared above .99 and is replaced by them."
        for term in dict.fromkeys(terms)
        if f"mean({slope.name})" not in term
    ]


@dataclass(frozen=True, eq=False, slots=True)
class _Columns:
    """Columns for a slope in place of a design's own: X (N, m), W (J, m), their labels and coefficients."""

    X: FloatArray
    W: FloatArray
    labels: list[str]
    coefficients: list[str]


def _constant(design: Design) -> CoefficientColumn:
    """The level-1 coefficient of the constant, one of its own where the equations have none."""
    own = (column for column in design.coefficients if column.expression == "1")
    return next(own, CoefficientColumn("(constant)", "(constant)", "1"))


def _with_columns(design: Design, slope: Slope, columns: _Columns, instead: FloatArray | None = None) -> Design:
    """The design with other columns for the slope.

    Columns that follow from these are left out, and so are those that follow from these and `instead`.
    """
    ones = intercept_position(design.fixed)
    first = [] if ones is None else [ones]
    other = other_columns(design, slope)
    hidden = columns.X[:, :0] if instead is None else instead
    everything = np.column_stack([design.X[:, first], columns.X, hidden, design.X[:, other]])
    start = len(first) + columns.X.shape[1]
    stop = start + hidden.shape[1]
    independent = independent_columns(everything, intercept=0 if first else None)
    kept = [k for k in independent if k < start] + [k - stop + start for k in independent if k >= stop]
    shown = np.delete(everything, slice(start, stop), axis=1)
    made = [
        FixedColumn(label, label, coefficient, label, is_intercept=False)
        for label, coefficient in zip(columns.labels, columns.coefficients, strict=True)
    ]
    fixed = [*(design.fixed[k] for k in first), *made, *(design.fixed[k] for k in other)]
    constant, chosen = _constant(design), tuple(fixed[k] for k in kept)
    coefficients = design.coefficients if constant in design.coefficients else (*design.coefficients, constant)
    W = np.column_stack([design.W[:, first], columns.W, design.W[:, other]])[:, kept]
    labels = [column.label for column in coefficients]
    return design.changed(
        predictor=Predictor(chosen, design.predictor.random),
        rows=replace(design.kept_rows, X=np.ascontiguousarray(shown[:, kept])),
        equations=(UnitEquations.of_one(labels, chosen, design.random, W),),
        coefficients=coefficients,
    )
