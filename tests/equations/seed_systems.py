"""Every two-level scalar system of the five textbook chapters, in the notation of the equations language.

The names give chapter and model: 000 a tutorial on the Lee & Bryk (1989) data; 001 Monette, "Mixed
Models with R: From Hierarchical to Mixed" (its table of ten models, with the variants that its data have);
002 "Our First Multilevel Models"; 003 Rieger, "Introduction to Multilevel Modeling"; 004 Wallace & LaCombe,
"Multilevel Modeling Using R and Stata".
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SeedSystem:
    name: str
    group: str
    text: str
    lme4: str


@dataclass(frozen=True)
class RefusedSystem:
    """A system that is wrong or has one level; ``place`` is what the caret marks, ``says`` is in the message."""

    name: str
    text: str
    place: str
    says: str


CWC_X = "I(X_ij - ave(X_ij, school))"
CWC_SES = "I(ses - ave(ses, school))"

SYSTEMS = (
    SeedSystem(
        "000-m2",
        "schoolid",
        "math_ij = β_j + e_ij\nβ_j = β_0 + v_j",
        "math_ij ~ 1 + (1 | schoolid)",
    ),
    SeedSystem(
        "000-m3",
        "schoolid",
        "math_ij = β_j + e_ij\nβ_j = β_0 + β_1*mses_j + β_2*sector_j + v_j",
        "math_ij ~ mses_j + sector_j + (1 | schoolid)",
    ),
    SeedSystem(
        "000-m4",
        "schoolid",
        """
        math_ij = β_0j + β_1j*ses_ij + e_ij
        β_0j = γ_0 + γ_1*mses_j + γ_2*sector_j + v_0j
        β_1j = γ_3 + γ_4*mses_j + γ_5*sector_j + v_1j
        """,
        "math_ij ~ mses_j + sector_j + ses_ij + mses_j:ses_ij + sector_j:ses_ij + (1 + ses_ij | schoolid)",
    ),
    SeedSystem(
        "001-between-school-model",
        "school",
        """
        Y_ij = β_0j + β_1j*X_ij + r_ij
        β_0j = γ_00 + γ_01*W_j + u_0j
        β_1j = γ_10 + γ_11*W_j + u_1j
        """,
        "Y_ij ~ W_j + X_ij + W_j:X_ij + (1 + X_ij | school)",
    ),
    SeedSystem(
        "001-01-one-way-anova",
        "school",
        "Y_ij = β_0j + r_ij\nβ_0j = γ_00 + u_0j",
        "Y_ij ~ 1 + (1 | school)",
    ),
    SeedSystem(
        "001-02-means-as-outcomes",
        "school",
        "Y_ij = β_0j + r_ij\nβ_0j = γ_00 + γ_01*W_j + u_0j",
        "Y_ij ~ W_j + (1 | school)",
    ),
    SeedSystem(
        "001-02b-means-as-outcomes-meanses",
        "school",
        "mathach = b0 + r\nb0 = g00 + g01*meanses + u0",
        "mathach ~ meanses + (1 | school)",
    ),
    SeedSystem(
        "001-02c-means-as-outcomes-sector-meanses",
        "school",
        "mathach = b0 + r\nb0 = g00 + g01*sector + g02*meanses + u0",
        "mathach ~ sector + meanses + (1 | school)",
    ),
    SeedSystem(
        "001-03-one-way-ancova",
        "school",
        "Y_ij = β_0j + β_1j*X_ij + r_ij\nβ_0j = γ_00 + u_0j\nβ_1j = γ_10",
        "Y_ij ~ X_ij + (1 | school)",
    ),
    SeedSystem(
        "001-04-random-coefficients",
        "school",
        "Y_ij = β_0j + β_1j*X_ij + r_ij\nβ_0j = γ_00 + u_0j\nβ_1j = γ_10 + u_1j",
        "Y_ij ~ X_ij + (1 + X_ij | school)",
    ),
    SeedSystem(
        "001-04b-random-coefficients-cwg",
        "school",
        "Y_ij = β_0j + β_1j*cwc(X_ij) + r_ij\nβ_0j = γ_00 + u_0j\nβ_1j = γ_10 + u_1j",
        f"Y_ij ~ {CWC_X} + (1 + {CWC_X} | school)",
    ),
    SeedSystem(
        "001-05-intercepts-and-slopes-as-outcomes",
        "school",
        "Y_ij = β_0j + β_1j*X_ij + r_ij; β_0j = γ_00 + γ_01*W_j + u_0j; β_1j = γ_10 + γ_11*W_j + u_1j",
        "Y_ij ~ W_j + X_ij + W_j:X_ij + (1 + X_ij | school)",
    ),
    SeedSystem(
        "001-05b-intercepts-and-slopes-as-outcomes-meanses",
        "school",
        """
        mathach = b0 + b1*ses + r
        b0 = g00 + g01*meanses + g02*sector + u0
        b1 = g10 + g11*meanses + g12*sector + u1
        """,
        "mathach ~ meanses + sector + ses + meanses:ses + sector:ses + (1 + ses | school)",
    ),
    SeedSystem(
        "001-05c-intercepts-and-slopes-as-outcomes-meanses-cwg",
        "school",
        """
        mathach = b0 + b1*cwc(ses) + r
        b0 = g00 + g01*meanses + g02*sector + u0
        b1 = g10 + g11*meanses + g12*sector + u1
        """,
        f"mathach ~ meanses + sector + {CWC_SES} + meanses:{CWC_SES} + sector:{CWC_SES} + (1 + {CWC_SES} | school)",
    ),
    SeedSystem(
        "001-06-nonrandom-slopes",
        "school",
        "Y_ij = β_0j + β_1j*X_ij + r_ij\nβ_0j = γ_00 + γ_01*W_j + u_0j\nβ_1j = γ_10 + γ_11*W_j",
        "Y_ij ~ W_j + X_ij + W_j:X_ij + (1 | school)",
    ),
    SeedSystem(
        "001-07-parallel-mean-slopes",
        "school",
        "Y_ij = β_0j + β_1j*X_ij + r_ij\nβ_0j = γ_00 + γ_01*W_j + u_0j\nβ_1j = γ_10 + u_1j",
        "Y_ij ~ W_j + X_ij + (1 + X_ij | school)",
    ),
    SeedSystem(
        "001-08-contextual-cwg",
        "school",
        "Y_ij = β_0j + β_1j*cwc(X_ij) + r_ij\nβ_0j = γ_00 + γ_01*mean(X_ij) + u_0j\nβ_1j = γ_10 + u_1j",
        f"Y_ij ~ ave(X_ij, school) + {CWC_X} + (1 + {CWC_X} | school)",
    ),
    SeedSystem(
        "001-09-contextual-raw",
        "school",
        "mathach = b0 + b1*ses + b2*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10; b2 = u2",
        f"mathach ~ ave(ses, school) + ses + (1 + {CWC_SES} | school)",
    ),
    SeedSystem(
        "001-10-contextual-intercepts-and-slopes-as-outcomes",
        "school",
        """
        Y_ij = β_0j + β_1j*cwc(X_ij) + r_ij
        β_0j = γ_00 + γ_01*mean(X_ij) + γ_02*W_j + γ_03*mean(X_ij)*W_j + u_0j
        β_1j = γ_10 + γ_11*W_j + u_1j
        """,
        f"Y_ij ~ ave(X_ij, school) + W_j + ave(X_ij, school):W_j + {CWC_X} + W_j:{CWC_X} + (1 + {CWC_X} | school)",
    ),
    SeedSystem(
        "002-null",
        "schcode",
        "Level 1: math_ij = β_0j + R_ij\nLevel 2: β_0j = γ_00 + U_0j",
        "math_ij ~ 1 + (1 | schcode)",
    ),
    SeedSystem(
        "003-equations-3-to-5",
        "cluster",
        """
        Level 1: Y_ij = β_0j + β_1j*X_ij + r_ij
        Level 2 (intercept): β_0j = γ_00 + u_0j
        Level 2 (slope):     β_1j = γ_01 + u_1j
        """,
        "Y_ij ~ X_ij + (1 + X_ij | cluster)",
    ),
    SeedSystem(
        "004-null",
        "school",
        "Level-1 Model: y_ij = β_0j + ε_ij\nLevel-2 Model: β_0j = γ_00 + U_0j",
        "y_ij ~ 1 + (1 | school)",
    ),
    SeedSystem(
        "004-null-example",
        "school",
        "Level-1 Model (student-level):\nmathach_ij = β_0j + ε_ij\nLevel-2 Model (school-level):\nβ_0j = γ_00 + U_0j",
        "mathach_ij ~ 1 + (1 | school)",
    ),
    SeedSystem(
        "004-covariate",
        "school",
        "y_ij = β_0j + β_1j*x_ij + ε_ij\nβ_0j = γ_00 + U_0j\nβ_1j = γ_10",
        "y_ij ~ x_ij + (1 | school)",
    ),
    SeedSystem(
        "004-covariates",
        "school",
        """
        mathach_ij = β_0j + β_1j*SES_ij + β_2j*minority_ij + β_3j*female_ij + ε_ij
        β_0j = γ_00 + U_0j
        β_1j = γ_10
        β_2j = γ_20
        β_3j = γ_30
        """,
        "mathach_ij ~ SES_ij + minority_ij + female_ij + (1 | school)",
    ),
    SeedSystem(
        "004-random-slope",
        "school",
        "y_ij = β_0j + β_1j*x_ij + ε_ij\nβ_0j = γ_00 + U_0j\nβ_1j = γ_10 + U_1j",
        "y_ij ~ x_ij + (1 + x_ij | school)",
    ),
    SeedSystem(
        "004-random-slope-example",
        "school",
        """
        mathach_ij = β_0j + β_1j*SES_ij + β_2j*minority_ij + β_3j*female_ij + ε_ij
        β_0j = γ_00 + U_0j
        β_1j = γ_10 + U_1j
        β_2j = γ_20
        β_3j = γ_30
        """,
        "mathach_ij ~ SES_ij + minority_ij + female_ij + (1 + SES_ij | school)",
    ),
    SeedSystem(
        "004-explained-slopes",
        "school",
        "y_ij = β_0j + β_1j*x_ij + ε_ij\nβ_0j = γ_00 + γ_01*z_j + U_0j\nβ_1j = γ_10 + γ_11*z_j + U_1j",
        "y_ij ~ z_j + x_ij + z_j:x_ij + (1 + x_ij | school)",
    ),
    SeedSystem(
        "004-size-and-sector",
        "school",
        """
        mathach_ij = β_0j + β_1j*SES_ij + β_2j*minority_ij + β_3j*female_ij + ε_ij
        β_0j = γ_00 + γ_01*size_j + γ_02*sector_j + U_0j
        β_1j = γ_10 + γ_11*size_j + U_1j
        β_2j = γ_20
        β_3j = γ_30
        """,
        "mathach_ij ~ size_j + sector_j + SES_ij + size_j:SES_ij + minority_ij + female_ij + (1 + SES_ij | school)",
    ),
)

REFUSED = (
    RefusedSystem("000-one-level-mean", "math_ij = β_0 + e_ij", "β_0", "the only equation"),
    RefusedSystem("000-one-level-regression", "math_ij = β_0 + β_1*ses_ij + e_ij", "β_0", "add `β_0 = g00 + u0`"),
    RefusedSystem(
        "000-combined-with-parentheses",
        "math_ij = γ_0 + γ_1*mses_j + v_0j + (γ_3 + γ_4*mses_j + v_1j)*ses_ij + e_ij",
        "(",
        "one line for each coefficient",
    ),
    RefusedSystem(
        "001-means-as-outcomes-as-printed",
        "Y_ij = β_0 + β_0j + r_ij\nβ_0j = γ_00 + γ_01*W_j + u_0j",
        "β_0j",
        "`b0` stands twice as a coefficient of level 1",
    ),
    RefusedSystem("001-within-school-model", "Y_ij = β_0j + β_1j*X_ij + ε_ij", "β_0j", "needs a level-2 line"),
    RefusedSystem(
        "001-between-school-model-alone",
        "β_0j = γ_00 + γ_01*W_j + u_0j\nβ_1j = γ_10 + γ_11*W_j + u_1j",
        "γ_00",
        "level 1 is missing: `γ_00` has no level-2 line",
    ),
    RefusedSystem(
        "001-fixed-effects-only",
        "Y_ij = β_0j + β_1j*ses_ij + e_ij\nβ_0j = γ_00\nβ_1j = γ_10 + γ_11*Public_j",
        "\n",
        "an ordinary regression",
    ),
    RefusedSystem("001-pooled", "Y = b0 + b1*ses + b2*Public + b3*ses*Public + e", "b0", "the only equation"),
    RefusedSystem("003-one-level", "Y = β_0 + β_1*X + β_2*I_2 + β_3*I_3 + e", "β_0", "the only equation"),
    RefusedSystem(
        "003-expectation", "E(Y|X) = β_0j + β_1j*X", "E(Y|", "of which outcome this is the distribution is not said"
    ),
)

COMBINED = (
    SeedSystem("000-combined", "school", "math_ij = β_0 + v_j + e_ij", "math_ij ~ 1 + (1 | school)"),
    SeedSystem(
        "004-full-model",
        "school",
        "y_ij = γ_00 + γ_10*x_ij + U_0j + U_1j*x_ij + ε_ij",
        "y_ij ~ x_ij + (1 + x_ij | school)",
    ),
)
"""Combined equations, into which the levels have been put."""
