"""How the level-1 residuals count: read off the equations, and asked and refused by what they are."""

import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.residuals import ONE_SD, Residuals
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError

DATA = pd.DataFrame(
    {
        "g": [1, 1, 1, 2, 2, 3, 3, 3],
        "x": [1.0, 4.0, 2.0, 8.0, 3.0, 0.0, 2.0, 7.0],
        "y": [1.0, 2.0, 4.0, 3.0, 7.0, 5.0, 2.0, 6.0],
        "se": [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0],
        **{f"v{k}": [float(row == k) for row in (1, 2, 3, 1, 2, 1, 2, 3)] for k in (1, 2, 3)},
    }
)


def outcome_of(line: str):
    return build_design(parse(f"y = b0 + r; b0 = g00 + u0; {line}"), DATA, group="g").outcome


@pytest.mark.parametrize(
    ("line", "found", "parameters", "closed", "joint"),
    [
        ("", ONE_SD, ("sigma",), True, True),
        ("sd(r) = se", Residuals("sd"), (), True, True),
        ("var(r) = 4", Residuals("sd"), (), True, True),
        ("cov(r) = [v1, v2, v3]", Residuals("cov"), (), True, True),
        ("log(sigma) = a0 + a1*x", Residuals(spread=("a0", "a1")), ("alpha", "alpha"), False, True),
        ("log(sigma) = a0 + v0", Residuals(spread=("a0",), spread_effect=True), ("alpha",), False, False),
        ("corr(r) = ar1(x)", Residuals(correlation="ar1", lowest=-1.0), ("sigma", "rho"), False, True),
    ],
)
def test_each_line_has_its_record(line, found, parameters, closed, joint):
    outcome = outcome_of(line)
    assert outcome.residuals == found
    assert tuple(name for name, _ in outcome.auxiliary_effects) == parameters
    assert outcome.has_sigma == ("sigma" in parameters)
    assert (outcome.has_closed_forms, outcome.is_jointly_normal) == (closed, joint)
    assert found.modeled == (not closed)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sd(r) = se", "those of 'y' are known and differ from row to row: take that"),
        ("cov(r) = [v1, v2, v3]", "those of 'y' are known and differ from row to row: take that"),
        ("log(sigma) = a0", "those of 'y' have an equation of their SD, by which it differs from row to row"),
    ],
)
def test_what_needs_one_sd_is_refused_with_the_reason(line, says):
    with pytest.raises(OptionError) as caught:
        outcome_of(line).require_one_sd("This", "take that")
    assert str(caught.value) == f"This is defined for level-1 residuals of one variance, and {says}"


def test_what_needs_independent_rows_is_refused_with_the_pattern():
    outcome_of("cov(r) = [v1, v2, v3]").require_independent("This")
    with pytest.raises(OptionError, match=r"that are independent, and those of 'y' are correlated \(ar1\)"):
        outcome_of("corr(r) = ar1(x)").require_independent("This")
