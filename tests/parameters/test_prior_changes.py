import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import PriorError
from bayeshlm.parameters.prior_changes import average_priors, basis_text, replace_priors, scale_priors, stored_priors
from bayeshlm.parameters.prior_families import LKJ, Exponential, HalfCauchy, HalfNormal, HalfStudentT, Normal, StudentT
from bayeshlm.parameters.priors import make_priors

EQUATIONS = "pain = b0 + b1*year + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + g11*urban + u1"


def design_of(seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    clinic = np.repeat(np.arange(8), 6)
    columns = {"clinic": clinic, "year": 2000 + rng.normal(size=48), "urban": (clinic % 2).astype(float)}
    return build_design(parse(EQUATIONS), pd.DataFrame(columns | {"pain": shift + rng.normal(size=48)}), "clinic")


def test_a_replaced_prior_holds_for_the_effect_as_written_and_the_others_stay():
    design = design_of()
    wide = scale_priors(make_priors(design, {"sigma": "HalfNormal(3)"}), 2.0)
    new = replace_priors(wide, design, {"γ01": Normal(0, 1), "tau_u1": "HalfNormal(2)"})
    expected = wide.texts() | {"g01": "Normal(0, 1)", "tau_u1": "HalfNormal(2)"}
    assert new.texts() == expected
    np.testing.assert_array_equal(new.basis[1], [0, 1, 0, 0])
    np.testing.assert_array_equal(new.basis[[0, 2, 3]], wide.basis[[0, 2, 3]])
    assert wide.basis[1, 3] != 0  # the default stood at the mean year
    assert new.typed == {"sigma", "g01", "tau_u1"}
    with pytest.raises(PriorError, match="no parameter 'g77'"):
        replace_priors(wide, design, {"g77": Normal(0, 1)})


@pytest.mark.parametrize(
    ("key", "prior", "expected"),
    [
        ("g00", Normal(1, 2), Normal(1, 6)),
        ("g10", StudentT(4, 1, 2), StudentT(4, 1, 6)),
        ("tau_u0", HalfNormal(2), HalfNormal(6)),
        ("tau_u0", HalfStudentT(3, 2), HalfStudentT(3, 6)),
        ("tau_u0", HalfCauchy(2), HalfCauchy(6)),
        ("sigma", Exponential(6), Exponential(2)),
        ("corr", LKJ(6), LKJ(2)),
    ],
)
def test_three_times_as_wide(key, prior, expected):
    given = make_priors(design_of(), {key: prior})
    wide = scale_priors(given, 3.0)
    assert wide.by_key()[key] == expected
    assert wide.by_key()["g01"].sigma == 3 * given.by_key()["g01"].sigma
    np.testing.assert_array_equal(wide.basis, given.basis)


def test_the_average_is_that_of_the_defaults_in_any_order():
    several = [make_priors(design_of(seed, shift), {"g01": Normal(0, 1)}) for seed, shift in ((0, 0.0), (1, 4.0))]
    average = average_priors(several)
    assert average.gamma[0].mu == pytest.approx(np.mean([priors.gamma[0].mu for priors in several]))
    assert average.tau[1].sigma == pytest.approx(np.mean([priors.tau[1].sigma for priors in several]))
    assert average.sigma.nu == 3
    assert average.gamma[1] == Normal(0, 1)
    assert average.corr == LKJ(2)
    np.testing.assert_allclose(average.basis, (several[0].basis + several[1].basis) / 2)
    assert average.texts() == average_priors(several[::-1]).texts()
    assert average_priors(several[:1]).texts() == several[0].texts()


def test_what_is_stored_is_restored():
    design = design_of()
    own = make_priors(design, {"sigma": "HalfNormal(3)"})
    assert stored_priors(own, own.texts(), basis_text(own)) is own
    wide = average_priors([scale_priors(own, 1 / 3), make_priors(design_of(1), {"sigma": "HalfNormal(3)"})])
    again = stored_priors(own, wide.texts(), basis_text(wide))
    assert again.texts() == wide.texts() != own.texts()
    np.testing.assert_array_equal(again.basis, wide.basis)
    with pytest.raises(PriorError):
        stored_priors(own, {"g00": "Normal(0, 1)"}, "[]")
