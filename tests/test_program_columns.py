"""Columns that programs are told to make: categories by what the data hold, means of the rows that are kept."""

import pytest
from programs_cases import hsb60, model_of

import bayeshlm as hlm
from bayeshlm.commands.cli import main

SIZES = "mathach = b0 + b1*C(half) + r; b0 = g00 + u0; b1 = g10"


@pytest.mark.parametrize(
    ("case", "form", "lines"),
    [
        ("text", "sas", ["  CREATE TABLE step1 AS SELECT *, (sex = 'M') AS sex_M FROM step0;"]),
        ("text", "stata", ['generate byte sex_M = (sex == `"M"\')']),
        ("text", "hlm", ["# a column of the data: kind_Public is 1 where kind is Public, else 0"]),
        ("text", "mplus", ["! a column of the data: kind_Pub is 1 where kind is Public, else 0"]),
        (
            "sum coding",
            "sas",
            ["  CREATE TABLE step2 AS SELECT *, (third = 'mid') - (third = 'top') AS third_mid FROM step1;"],
        ),
        ("sum coding", "stata", ['generate byte third_low = (third == `"low"\') - (third == `"top"\')']),
        (
            "missing",
            "sas",
            ["  CREATE TABLE step0 AS SELECT mathach, school, gap FROM d WHERE CMISS(mathach, school, gap) = 0;"],
        ),
        ("missing", "stata", ["drop if missing(mathach, school, gap)"]),
        ("missing", "mplus", ["! the file holds the complete rows alone", "  gap_mean = CLUSTER_MEAN(gap);"]),
        ("missing", "hlm", ["# the data hold the complete rows alone"]),
        ("logical", "mplus", ["  black_by = black*ses;"]),
        ("logical", "hlm", ["# a column of the data: black_by_ses is the product of black and ses"]),
    ],
)
def test_columns_of_the_data(case, form, lines):
    assert set(lines) <= set(model_of(case).equations(form).splitlines())


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("sas", "  CREATE TABLE step1 AS SELECT *, (half = 2.5) AS half_2_5 FROM step0;"),
        ("stata", "generate byte half_2_5 = (reldif(half, 2.5) < 1e-6)"),
        ("mplus", "  IF (half EQ 2.5) THEN half_2_5 = 1; IF (half NE 2.5) THEN half_2_5 = 0;"),
        ("bambi", 'data = data.assign(half_2_5=(data["half"] == 2.5).astype(int))'),
    ],
)
def test_categories_that_are_numbers(form, line):
    data = hsb60().assign(half=lambda data: (data["size"] > 1000) + 1.5)
    assert line in hlm.Model(SIZES, data, "school").equations(form).splitlines()


def test_bases_of_splines_are_refused_where_columns_are_made():
    model = hlm.Model("mathach = b0 + b1*bs(ses, df=4) + r; b0 = g00 + u0; b1 = g10", hsb60(), "school")
    assert "splines::bs(ses, df = 4)" in model.equations("nlme")
    for form in ("sas", "stata", "hlm", "mplus", "bambi"):
        with pytest.raises(hlm.EquationError, match=r"has no bs\(\) of ours: make its columns in the data"):
            model.equations(form)


def test_the_command_line_writes_every_form(capsys):
    assert main(["equations", "pastes-nested", "--as", "stata"]) == 0
    assert capsys.readouterr().out == "mixed strength || batch: || cask:, reml dfmethod(satterthwaite)\n"
    with pytest.raises(SystemExit):
        main(["equations", "pastes-nested", "--as", "spss"])
    assert "nlme" in capsys.readouterr().err
    assert main(["equations", "penicillin-crossed", "--as", "nlme"]) == 2
    assert "lme() of nlme fits nested groupings only" in capsys.readouterr().err


def test_categories_of_the_level_1_sd_are_no_columns_of_sas():
    data = hlm.load_dataset("hsb").assign(kind=lambda own: own["female"].map({0: "m", 1: "w"}))
    model = hlm.Model("mathach = b0 + r; b0 = g00 + u0; log(sigma) = a0 + a1*kind", data, group="school")
    with pytest.raises(hlm.HLMError, match="takes no categories of `kind` in the equation of the level-1 SD: make"):
        model.equations("sas")
