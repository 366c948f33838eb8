"""Equations as textbooks and HLM print them.

Each has the source whose notation it is in, as plain text: subscripts behind `_`. It is read, and then says the level
equations beside it, or it ends in an error that points to what «...» marks and says what to change.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A model as it is printed, the notation that it is recognized as, and what it says or leads to."""

    source: str
    notation: str
    text: str
    levels: str = ""
    says: str = ""


EQUATIONS = (
    Published(
        "Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., ch. 4, one-way ANOVA",
        "levels",
        """
        Y_ij = β_0j + r_ij
        β_0j = γ_00 + u_0j
        """,
        levels="""
        Y_ij = b0 + r
        b0 = g00 + u0
        """,
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 4, means as outcomes",
        "levels",
        """
        Y_ij = β_0j + r_ij
        β_0j = γ_00 + γ_01«(»MEAN SES)_j + u_0j
        """,
        says="a name with a space stands in backticks, `mean ses`; a product has `*` between",
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 4, random coefficients",
        "levels",
        """
        Y_ij = β_0j + β_1j«(»X_ij − X̄_.j) + r_ij
        β_0j = γ_00 + u_0j
        β_1j = γ_10 + u_1j
        """,
        says="parentheses hold a product of columns, not a sum: write products out, and",
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 4, intercepts and slopes as outcomes, with names",
        "levels",
        """
        MATHACH_ij = β_0j + β_1j*cwc(SES_ij) + r_ij
        β_0j = γ_00 + γ_01 MEANSES_j + γ_02 SECTOR_j + u_0j
        β_1j = γ_10 + γ_11 MEANSES_j + γ_12 SECTOR_j + u_1j
        """,
        levels="""
        MATHACH_ij = b0 + b1*cwc(SES_ij) + r
        b0 = g00 + g01*MEANSES_j + g02*SECTOR_j + u0
        b1 = g10 + g11*MEANSES_j + g12*SECTOR_j + u1
        """,
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 6, linear growth",
        "levels",
        """
        Y_ti = π_0i + π_1i «a_ti» + e_ti
        π_0i = β_00 + β_01 X_i + r_0i
        π_1i = β_10 + β_11 X_i + r_1i
        """,
        says="put `*` between π_1i and a_ti: `π_1i*a_ti`, or `+` if they are two terms; a",
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 8, unconditional model of three levels",
        "levels",
        """
        Y_ijk = π_0jk + e_ijk
        π_0jk = β_00k + r_0jk
        β_00k = γ_000 + u_00k
        """,
        levels="""
        Y_ijk = pi0 + e
        pi0 = b00 + r0
        b00 = g000 + u00
        """,
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 10, Bernoulli outcome",
        "levels",
        """
        Prob(Y_ij = 1 | β_j) = φ_ij
        log[φ_ij/(1 − φ_ij)] = η_ij
        η_ij = β_0j + β_1j(SEX)_ij
        β_0j = γ_00 + u_0j
        β_1j = γ_10
        """,
        levels="""
        Y_ij ~ Bernoulli(phi)
        logit(phi) = b0 + b1*SEX
        b0 = g00 + u0
        b1 = g10
        """,
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 12, neighborhoods crossed with schools",
        "levels",
        """
        Y_ijk = π_0jk + e_ijk
        π_0jk = θ_0 + b_00j + c_00k
        """,
        levels="""
        Y_ijk = pi0 + e
        pi0 = theta0 + b00 + c00
        """,
    ),
    Published(
        "Raudenbush & Bryk (2002), ch. 7, known level-1 variances",
        "levels",
        """
        d_j = δ_j + e_j
        δ_j = γ_0 + γ_1 W_1j + u_j
        «e_j ~ N(0, V_j)»
        """,
        says="`V_j` is a variance of each unit's own: one variance for all is",
    ),
    Published(
        "Raudenbush et al. (2011), HLM 7, output of HLM2",
        "levels",
        """
        Level-1 Model
            MATHACH_ij = β_0j + β_1j*(SES_ij) + r_ij
        Level-2 Model
            β_0j = γ_00 + γ_01*(SECTOR_j) + u_0j
            β_1j = γ_10 + γ_11*(SECTOR_j) + u_1j
        SES has been centered around the group mean.
        Mixed Model
            MATHACH_ij = γ_00 + γ_01*SECTOR_j
            + γ_10*SES_ij + γ_11*SECTOR_j*SES_ij
             + u_0j + u_1j*SES_ij + r_ij
        """,
        levels="""
        MATHACH_ij = b0 + b1*cwc(SES_ij) + r
        b0 = g00 + g01*SECTOR_j + u0
        b1 = g10 + g11*SECTOR_j + u1
        """,
    ),
    Published(
        "Raudenbush et al. (2011), HLM 7, output of HLM3",
        "levels",
        """
        Level-1 Model
            MATH_ijk = π_0jk + π_1jk*(YEAR_ijk) + e_ijk
        Level-2 Model
            π_0jk = β_00k + β_01k*(BLACK_jk) + r_0jk
            π_1jk = β_10k + r_1jk
        Level-3 Model
            β_00k = γ_000 + γ_001(LOWINC_k) + u_00k
            β_01k = γ_010
            β_10k = γ_100 + u_10k
        """,
        levels="""
        MATH_ijk = pi0 + pi1*YEAR_ijk + e
        pi0 = b00 + b01*BLACK_jk + r0
        pi1 = b10 + r1
        b00 = g000 + g001*LOWINC_k + u00
        b01 = g010
        b10 = g100 + u10
        """,
    ),
    Published(
        "Raudenbush et al. (2004), HLM 6, output of HCM2",
        "levels",
        """
        Level-1 Model
            Y = P0 + P1*(VRQ) + e
        Level-2 Model
            P0 = theta0 + b00 + c00
            P1 = theta1
        """,
        levels="""
        Y = p0 + p1*VRQ + e
        p0 = theta0 + b00 + c00
        p1 = theta1
        """,
    ),
    Published(
        "Raudenbush et al. (2011), HLM 7, a Poisson outcome with exposure",
        "levels",
        """
        Level-1 Model
            E(HOMCNT_ij|β_j) = λ_ij*POP_ij
            log[λ_ij] = η_ij
            η_ij = β_0j
        Level-2 Model
            β_0j = γ_00 + u_0j
        """,
        levels="""
        HOMCNT_ij ~ Poisson(lambda)
        log(lambda) = b0 + offset(log(POP_ij))
        b0 = g00 + u0
        """,
    ),
    Published(
        "Snijders & Bosker (2012), ch. 5, random slope and cross-level interaction",
        "levels",
        "Y_ij = γ_00 + γ_10 x_ij + γ_01 z_j + γ_11 z_j «x_ij» + U_0j + U_1j x_ij + R_ij",
        says="put `*` between γ_11 z_j and x_ij: `γ_11 z_j*x_ij`, or `+` if they are two",
    ),
    Published(
        "Snijders & Bosker (2012), ch. 4, three levels",
        "levels",
        """
        Y_ijk = β_0jk + «β_1» x_ijk + R_ijk
        β_0jk = δ_00k + U_0jk
        δ_00k = γ_000 + V_00k
        """,
        says="the coefficient `β_1` has no level-2 line: add `β_1 = g10` or `β_1 = g10 +",
    ),
    Published(
        "Snijders & Bosker (2012), ch. 17, random-intercept logistic regression",
        "levels",
        "«logit(»P_ij) = γ_00 + γ_10 x_ij + U_0j",
        says="of which outcome this is the distribution is not said: name it on a line of its",
    ),
    Published(
        "Hox (2010), Multilevel Analysis, 2nd ed., ch. 2, popularity",
        "levels",
        """
        popular_ij = β_0j + β_1j gender_ij + β_2j extraversion_ij + e_ij
        β_0j = γ_00 + γ_01 experience_j + u_0j
        β_1j = γ_10 + γ_11 experience_j + u_1j
        β_2j = γ_20 + γ_21 experience_j + u_2j
        """,
        levels="""
        popular_ij = b0 + b1*gender_ij + b2*extraversion_ij + e
        b0 = g00 + g01*experience_j + u0
        b1 = g10 + g11*experience_j + u1
        b2 = g20 + g21*experience_j + u2
        """,
    ),
    Published(
        "Hox (2010), ch. 2, the single equation",
        "levels",
        "Y_ij = γ_00 + γ_10 X_ij + γ_01 Z_j + γ_11 X_ij «Z_j» + u_1j X_ij + u_0j + e_ij",
        says="put `*` between γ_11 X_ij and Z_j: `γ_11 X_ij*Z_j`, or `+` if they are two",
    ),
    Published(
        "Singer & Willett (2003), Applied Longitudinal Data Analysis, ch. 4",
        "levels",
        """
        ALCUSE_ij = π_0i + π_1i TIME_ij + ε_ij
        π_0i = γ_00 + γ_01 COA_i + ζ_0i
        π_1i = γ_10 + γ_11 COA_i + ζ_1i
        """,
        levels="""
        ALCUSE_ij = pi0 + pi1*TIME_ij + e
        pi0 = g00 + g01*COA_i + zeta0
        pi1 = g10 + g11*COA_i + zeta1
        """,
    ),
    Published(
        "Gelman & Hill (2007), Data Analysis Using Regression, ch. 12",
        "levels",
        """
        «y_i ~ N(α_j[i] + β x_i, σ_y^2)»
        α_j ~ N(γ_0 + γ_1 u_j, σ_α^2)
        """,
        says="an equation has `=`, not the `~` of R: write one equation a level, such as `y =",
    ),
    Published(
        "Snijders & Bosker (2012), Multilevel Analysis, 2nd ed., ch. 4, random intercept",
        "combined",
        "Y_ij = γ_00 + γ_10 x_ij + U_0j + R_ij",
        levels="""
        Y_ij = b0 + b1*x_ij + r
        b0 = g00 + u0
        b1 = g10
        """,
    ),
)
