"""Models from formulas and combined equations: in Python, in model files, on the command line and after storage."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.design import build_design
from bayeshlm.errors import EquationError, FileError, OptionError
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

RNG = np.random.default_rng(3)
WARD = np.repeat(np.arange(10), 9)
DATA = pd.DataFrame(
    {
        "ward": WARD,
        "nurse": np.tile(np.arange(3), 30),
        "dose": RNG.normal(size=90),
        "urban": (WARD % 2).astype(float),
        "pain": RNG.normal(size=90) + RNG.normal(size=10)[WARD],
        "well": RNG.integers(0, 5, 90),
        "ill": RNG.integers(1, 4, 90),
    }
)
LEVELS = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0[ward]\nb1 = g10 + g11*urban + u1[ward]"
FORMULA = "pain ~ dose*urban + (1 + dose | ward)"


@pytest.mark.parametrize(
    "text",
    [
        FORMULA,
        "lmer(pain ~ dose*urban + (1 + dose | ward), data)",
        "pain ~ dose*urban, random = ~ dose | ward",
        "pain = g00 + g01*urban + g10*dose + g11*urban*dose + u0[ward] + u1[ward]*dose + r",
    ],
)
def test_a_model_shows_itself_as_level_equations(text):
    model = hlm.Model(text, DATA)
    assert model.equations() == LEVELS
    assert LEVELS.splitlines()[1] in repr(model)
    assert model.equations("lme4") == "pain ~ urban + dose + urban:dose + (1 + dose | ward)"
    own = hlm.Model(LEVELS, DATA)
    assert model.reml().criterion == own.reml().criterion
    assert model.priors.texts() == own.priors.texts()
    assert hlm.Model(hlm.parse(text), DATA).equations() == LEVELS


def test_group_may_be_said_too():
    assert hlm.Model(FORMULA, DATA, "ward").equations() == LEVELS
    text = "pain = g00 + g01*urban + g10*dose + g11*urban*dose + u0 + u1*dose + r"
    assert hlm.Model(text, DATA, group="ward").equations() == LEVELS.replace("[ward]", "")


def test_columns_of_a_table_of_groups_stand_in_level_2():
    wards = DATA[["ward", "urban"]].drop_duplicates()
    assert hlm.Model(FORMULA, DATA.drop(columns="urban"), group_data=wards).equations() == LEVELS


def test_priors_are_those_of_the_symbols_that_are_shown():
    model = hlm.Model(FORMULA, DATA, priors={"g11": "Normal(0, 1)", "tau_u1": "HalfNormal(2)"})
    assert model.priors.texts()["g11"] == "Normal(0, 1)"


def test_successes_and_failures_are_a_binomial_outcome():
    model = hlm.Model("cbind(well, ill) ~ dose + (1 | ward)", DATA, family="binomial")
    assert model.equations().splitlines()[0] == "well ~ Binomial(well + ill, p)"
    np.testing.assert_array_equal(model.design.rows.size, DATA["well"] + DATA["ill"])
    assert model.equations("lme4") == 'glmer(cbind(well, ill) ~ dose + (1 | ward), family = binomial("logit"))'
    again = hlm.Model(model.equations("lme4"), DATA)
    assert again.spec == model.spec
    assert "Binomial" in model.equations("latex")
    wrong = DATA.assign(ill=DATA["ill"].where(DATA.index != 4, -1))
    with pytest.raises(hlm.DataError, match="row 4 of 'ill' is -1: it is a count"):
        hlm.Model("cbind(well, ill) ~ 1 + (1 | ward), family = binomial", wrong)
    with pytest.raises(hlm.DataError, match=r"number of trials 'well \+ ill' is 0"):
        hlm.Model("cbind(well, ill) ~ 1 + (1 | ward), family = binomial", DATA.assign(well=0, ill=0))


def test_family_belongs_to_a_formula():
    with pytest.raises(EquationError, match="family= belongs to a formula"):
        hlm.Model(LEVELS, DATA, family="binomial")
    with pytest.raises(OptionError, match="a ModelSpec has its distribution"):
        hlm.Model(hlm.parse(FORMULA), DATA, family="binomial")


@pytest.mark.parametrize(("text", "group"), [(FORMULA, None), ("pain = g0 + g1*urban + u0 + r", "ward")])
def test_a_stored_fit_is_the_same_model(text, group, fake_draws, tmp_path):
    model = hlm.Model(text, DATA.drop(index=[3, 17]), group)
    options = sampling_options(draws=10, chains=2, seed=1)
    fit = hlm.Fit(model, to_datatree(fake_draws(model.design, 2, 10), model.design, model.priors, options))
    fit.save(tmp_path / "fit.nc")
    found = hlm.load(tmp_path / "fit.nc")
    assert found.model.spec == model.spec
    assert found.model.equations() == model.equations()


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("pain ~ dose + (1 | nurse) + (1 | ward)", None),
        ("pain ~ dose + (1 | ward/nurse) + (1 | nurse)", "student"),
        ("pain = g0 + g1*urban + u[nurse] + v[ward] + w[ward:nurse] + r", None),
    ],
)
def test_what_is_stored_of_several_groupings_gives_the_same_model(text, family):
    design = hlm.Model(text, DATA, family=family).design
    assert build_design(hlm.parse(design.spec.text), design.frame, design.groupings).spec == design.spec


@pytest.fixture
def study(tmp_path):
    DATA.to_csv(tmp_path / "wards.csv", index=False)

    def write(text):
        (tmp_path / "model.toml").write_text(f'data = "wards.csv"\n{text}\n', encoding="utf-8")
        return tmp_path / "model.toml"

    return write


def test_model_files_hold_formulas(study, capsys):
    path = study(f'equations = "{FORMULA}"')
    assert hlm.open_model(path).equations() == LEVELS
    assert main(["equations", str(path)]) == 0
    assert capsys.readouterr().out.strip() == LEVELS
    assert main(["reml", str(path)]) == 0
    assert "urban" in capsys.readouterr().out


def test_model_files_name_families(study, capsys):
    path = study('equations = "well | trials(4) ~ dose + (1 | ward)"\nfamily = "binomial(link = \'probit\')"')
    assert hlm.open_model(path).equations().splitlines()[:2] == ["well ~ Binomial(4, p)", "probit(p) = b0 + b1*dose"]
    assert main(["equations", str(study('equations = "pain ~ s(dose) + (1 | ward)"'))]) == 2
    assert "    pain ~ s(dose) + (1 | ward)\n           ^\n" in capsys.readouterr().err
    with pytest.raises(FileError, match=r'unknown key "famly"\. Did you mean "family"'):
        hlm.open_model(study(f'equations = "{FORMULA}"\nfamly = "poisson"'))
