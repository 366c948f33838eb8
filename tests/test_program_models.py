"""A model has the same columns and the same estimates from SAS, Stata, HLM and MLwiN as from level equations."""

from dataclasses import replace

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design

HSB = """
mathach = b0 + b1*ses + r
b0 = g00 + g01*sector + u0[school]
b1 = g10 + g11*sector + u1[school]
"""
GROWTH = """
math = p0 + p1*year + e
p0 = b00 + r0[child]
p1 = b10 + r1[child]
b00 = g000 + g001*poverty + u00[school]
b10 = g100
"""
CROSSED = """
attain = b0 + b1*verbal + e
b0 = g00 + u0[primary] + v0[secondary]
b1 = g10
"""
BINARY = """
recovered ~ Bernoulli(p)
logit(p) = b0 + b1*severity
b0 = g00 + g01*urban + u0[clinic]
b1 = g10 + u1[clinic]
cov(u0, u1) = 0
"""
COUNTS = """
seizures ~ Poisson(mu)
log(mu) = b0 + b1*fourth + offset(log(baseline))
b0 = g00 + g01*progabide + u0[patient]
b1 = g10
"""
MODELS = {
    "hsb": (HSB, {
        "sas": """proc mixed data=hsb covtest; class school;
            model mathach = ses|sector / solution ddfm=kr; random intercept ses / subject=school type=un; run;""",
        "stata": "mixed mathach c.ses##c.sector || school: ses, cov(unstructured) reml",
        "hlm": """
            Level-1 Model
                mathach_ij = β_0j + β_1j*(ses_ij) + r_ij
            Level-2 Model
                β_0j = γ_00 + γ_01*(sector_j) + u_0j
                β_1j = γ_10 + γ_11*(sector_j) + u_1j
            """,
        "mlwin": """
            mathach_ij ~ N(XB, Ω)
            mathach_ij = β_0ij cons + β_1j ses_ij + β_2 sector_j + β_3 ses_ij*sector_j
            β_0ij = β_0 + u_0j + e_0ij
            β_1j = β_1 + u_1j
            """,
    }, "school"),
    "growth": (GROWTH, {
        "sas": """proc mixed method=ml; class school child; model math = year poverty / s;
            random int / sub=school; random int year / sub=child(school) type=un;""",
        "stata": "mixed math year poverty || school: || child: year, covariance(un)",
        "hlm": """
            Level-1 Model
                math_ijk = π_0jk + π_1jk*(year_ijk) + e_ijk
            Level-2 Model
                π_0jk = β_00k + r_0jk
                π_1jk = β_10k + r_1jk
            Level-3 Model
                β_00k = γ_000 + γ_001(poverty_k) + u_00k
                β_10k = γ_100
            """,
        "mlwin": """
            math_ijk ~ N(XB, Ω)
            math_ijk = β_0ijk cons + β_1jk year_ijk + 0.5(0.1)poverty_k
            β_0ijk = β_0 + v_0k + u_0jk + e_0ijk
            β_1jk = β_1 + u_1jk
            """,
    }, ["child", "school"]),
    "crossed": (CROSSED, {
        "sas": "proc mixed; class primary secondary; model attain = verbal; random primary secondary; run;",
        "stata": "mixed attain verbal || _all: R.primary || _all: R.secondary",
        "hlm": "attain = P0 + P1*(verbal) + e\nP0 = theta0 + b00 + c00\nP1 = theta1",
    }, ["primary", "secondary"]),
    "binary": (BINARY, {
        "sas": """proc glimmix method=quad(qpoints=7); class clinic;
            model recovered(event='1') = severity urban / dist=binary link=logit;
            random intercept severity / subject=clinic; run;""",
        "stata": "melogit recovered severity urban || clinic: severity, or",
        "hlm": """
            Level-1 Model
                Prob(recovered_ij=1|β_j) = φ_ij
                log[φ_ij/(1 - φ_ij)] = η_ij
                η_ij = β_0j + β_1j*(severity_ij)
            Level-2 Model
                β_0j = γ_00 + γ_01*(urban_j) + u_0j
                β_1j = γ_10 + u_1j
            cov(u0, u1) = 0
            """,
        "mlwin": """
            recovered_ij ~ Binomial(cons_ij, π_ij)
            logit(π_ij) = β_0j cons + β_1j severity_ij + β_2 urban_j
            β_0j = β_0 + u_0j
            β_1j = β_1 + u_1j
            [u_0j u_1j] ~ N(0, Ω_u): Ω_u = [σ²_u0 ; 0 σ²_u1]
            var(recovered_ij|π_ij) = π_ij(1 - π_ij)/cons_ij
            """,
    }, "clinic"),
    "counts": (COUNTS, {
        "stata": "mepoisson seizures fourth progabide, exposure(baseline) || patient:, irr",
        "mlwin": """
            seizures_ij ~ Poisson(π_ij)
            log(π_ij) = offset(lb) + β_0j cons + β_1 fourth_ij + β_2 progabide_j
            β_0j = β_0 + u_0j
            """,
        "sas": """proc glimmix; class patient; model seizures = fourth progabide / dist=poisson offset=lb;
            random int / subject=patient; run;""",
    }, "patient"),
}  # fmt: skip
CASES = [(model, program) for model, (_, texts, _) in MODELS.items() for program in texts]
DATASETS = {"hsb": "hsb", "growth": "growth", "crossed": "attainment", "binary": "clinics", "counts": "epilepsy"}


def in_order(matrix):
    return matrix[:, np.lexsort(matrix.round(9))]


@pytest.mark.parametrize(("name", "program"), CASES)
def test_a_program_has_the_columns_of_the_level_equations(name, program):
    levels, texts, group = MODELS[name]
    data = hlm.load_dataset(DATASETS[name])
    if name == "counts":
        data = data.assign(lb=np.log(data["baseline"]))
    if name == "binary":
        data = data.dropna(subset=["recovered"])
    own = hlm.Model(levels, data).design
    found = hlm.Model(texts[program], data, group if program in ("hlm", "mlwin") else None).design
    np.testing.assert_allclose(in_order(found.X), in_order(own.X), atol=1e-12)
    np.testing.assert_allclose(in_order(found.Z), in_order(own.Z), atol=1e-12)
    np.testing.assert_array_equal(found.rows.offset, own.rows.offset)
    assert replace(found.spec.distribution, symbols=()) == replace(own.spec.distribution, symbols=())
    assert sorted(map(len, found.blocks)) == sorted(map(len, own.blocks))
    assert [len(term.columns) for term in found.predictor.random] == [
        len(term.columns) for term in own.predictor.random
    ]
    for k in range(len(own.predictor.random)):
        np.testing.assert_array_equal(_units(found, k), _units(own, k))


@pytest.mark.parametrize(("name", "program"), [case for case in CASES if case[0] != "counts"])
def test_what_is_stored_of_a_program_gives_the_same_model(name, program):
    _, texts, group = MODELS[name]
    data = hlm.load_dataset(DATASETS[name])
    design = hlm.Model(texts[program], data, group if program in ("hlm", "mlwin") else None).design
    assert build_design(hlm.parse(design.spec.text), design.frame, design.groupings).spec == design.spec
    assert hlm.parse(hlm.Model.from_design(design).equations()) == design.spec


def test_a_model_file_may_hold_a_program(tmp_path):
    path = tmp_path / "model.toml"
    text = "proc mixed; class school; model mathach = ses; random int / subject=school;"
    path.write_text(f'data = "hsb.csv"\nequations = """\n{text}\n"""\n', encoding="utf-8")
    model = hlm.open_model(path, hlm.load_dataset("hsb"))
    assert model.equations().splitlines() == ["mathach = b0 + b1*ses + r", "b0 = g00 + u0[school]", "b1 = g10"]
    assert model.reml().criterion == hlm.Model("mixed mathach ses || school:", hlm.load_dataset("hsb")).reml().criterion


def _units(design, k):
    """The unit of each row, by first appearance, whatever the units are called."""
    _, first, inverse = np.unique(design.kept_rows.codes[k], return_index=True, return_inverse=True)
    return first[inverse]
