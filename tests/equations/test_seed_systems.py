import pytest
from seed_systems import COMBINED, REFUSED, SYSTEMS, RefusedSystem, SeedSystem

from bayeshlm.equations import parse, render
from bayeshlm.errors import EquationError


def by_name(system):
    return system.name


@pytest.mark.parametrize("system", [*SYSTEMS, *COMBINED], ids=by_name)
def test_lme4_formula_of_a_seed_system(system: SeedSystem):
    assert render(parse(system.text), "lme4", group=system.group) == system.lme4


@pytest.mark.parametrize("system", [*SYSTEMS, *COMBINED], ids=by_name)
def test_seed_system_round_trips(system: SeedSystem):
    spec = parse(system.text)
    assert parse(render(spec)) == spec


@pytest.mark.parametrize("system", REFUSED, ids=by_name)
def test_wrong_or_one_level_seed_system_is_refused(system: RefusedSystem):
    with pytest.raises(EquationError) as caught:
        parse(system.text)
    report = str(caught.value)
    _, quoted, carets = report.splitlines()[:3]
    assert system.says in report
    if system.place == "\n":  # something is missing at the end of a line
        assert carets.index("^") == len(quoted)
    else:
        start = carets.index("^")
        assert quoted[start : start + carets.count("^")] == system.place


def test_the_three_models_with_their_own_symbols():
    spec = parse("math_ij = β_j + e_ij\nβ_j = β_0 + β_1*mses_j + β_2*sector_j + v_j")
    assert (spec.coefficients, spec.fixed, spec.random, spec.residual) == (("b",), ("b0", "b1", "b2"), ("v",), "e")
    spec = parse(next(system.text for system in SYSTEMS if system.name == "003-equations-3-to-5"))
    assert (spec.fixed, spec.random) == (("g00", "g01"), ("u0", "u1"))
    spec = parse(next(system.text for system in SYSTEMS if system.name == "001-09-contextual-raw"))
    assert [(line.coefficient, [term.symbol for term in line.fixed], line.random) for line in spec.level2] == [
        ("b0", ["g00", "g01"], "u0"),
        ("b1", ["g10"], None),
        ("b2", [], "u2"),
    ]
