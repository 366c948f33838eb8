"""Texts as they are pasted: what HLM 6 and 7 and papers print, and the plain equations that they mean."""

LEVELS_7 = """
Summary of the model specified

Level-1 Model

    MATH05ij = β0j + β1j*(READ05ij) + rij

Level-2 Model

    β0j = γ00 + γ01*(READ05_Mj) + u0j
    β1j = γ10 + γ11*(READ05_Mj) + u1j
"""
SENTENCES_7 = """
READ05 has been centered around the group mean.

READ05_M has been centered around the grand mean.
"""
MIXED_7 = """
Mixed Model

    MATH05ij = γ00 + γ01*READ05_Mj
    + γ10*READ05ij + γ11*READ05_Mj*READ05ij
     + u0j + u1j*READ05ij + rij
"""
PLAIN_7 = """
MATH05ij = b0 + b1*cwc(READ05ij) + r
b0 = g00 + g01*cgm(READ05_Mj) + u0
b1 = g10 + g11*cgm(READ05_Mj) + u1
"""
# HLM 6 writes Y for the outcome; version 7.00 prints a text file so
TEXT_FILE = """
 Summary of the model specified (in hierarchical format)
 ---------------------------------------------------

Level-1 Model

\tSCORE = B0 + B1*(D1) + B2*(D2) + r

Level-2 Model
\tB0 = G00 + u0
\tB1 = G10
\tB2 = G20


Mixed Model
    SCORE = G00
    + G10*D1
    + G20*D2
     + u0+ r

"""
PLAIN_TEXT_FILE = "SCORE = b0 + b1*D1 + b2*D2 + r; b0 = g00 + u0; b1 = g10; b2 = g20"

# three levels: HLM 7 on the screen, HLM 6 in a text file, and a paper
LEVELS_3 = """
LEVEL 1 MODEL
    MATHijk = π0jk + π1jk*(YEARijk) + eijk
LEVEL 2 MODEL
    π0jk = β00k + β01k*(FEMALEjk) + r0jk
    π1jk = β10k + r1jk
LEVEL 3 MODEL
    β00k = γ000 + γ001(LOWINCk) + u00k
    β01k = γ010
    β10k = γ100 + γ101(LOWINCk) + u10k
"""
MIXED_3 = """
Mixed Model
    MATHijk = γ000 + γ001*LOWINCk + γ010*FEMALEjk
    + γ100*YEARijk + γ101*YEARijk*LOWINCk
    + r0jk + r1jk*YEARijk + u00k + u10k*YEARijk + eijk
"""
PLAIN_3 = """
MATHijk = pi0 + pi1*YEARijk + e
pi0 = b00 + b01*FEMALEjk + r0
pi1 = b10 + r1
b00 = g000 + g001*LOWINCk + u00
b01 = g010
b10 = g100 + g101*LOWINCk + u10
"""
TEXT_FILE_3 = """
 Summary of the model specified (in hierarchical format)
 ---------------------------------------------------

Level-1 Model

\tY = P0 + P1*(YEAR) + E

Level-2 Model
\tP0 = B00 + R0
\tP1 = B10 + R1

Level-3 Model
\tB00 = G000 + G001(SIZE) + U00
\tB10 = G100 + U10
"""
PLAIN_TEXT_FILE_3 = "Y = p0 + p1*YEAR + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g000 + g001*SIZE + u00; b10 = g100 + u10"
PAPER_3 = """
Level 1: Y_ijk = pi_0jk + pi_1jk x_ijk + e_ijk
Level 2: pi_0jk = beta_00k + r_0jk
         pi_1jk = beta_10k + r_1jk
Level 3: beta_00k = gamma_000 + u_00k
         beta_10k = gamma_100 + u_10k
"""
PLAIN_PAPER_3 = "{} = pi0 + pi1*{} + e; pi0 = b00 + r0; pi1 = b10 + r1; b00 = g000 + u00; b10 = g100 + u10"

TWO = "y = b0 + b1*(SES) + b2*(AGE) + r\nb0 = g00 + u0\nb1 = g10\nb2 = g20\n"
TWO_PLAIN = "y = b0 + b1*{0}(SES) + b2*{0}(AGE) + r; b0 = g00 + u0; b1 = g10; b2 = g20"
ONE = "y = b0 + b1*ses + r\nb0 = g00 + u0\nb1 = g10\n"
ONE_J = "y = b0 + b1(ses)_ij + r\nb0 = g00 + u0\nb1 = g10\n"
PAPER = "Yij = b0 + b1*Xij + r; b0 = g00 + g01*Wj + u0; b1 = g10 + g11*Wj + u1"
SUBSCRIPTS = "Yᵢⱼ = b0 + b1*Xᵢⱼ + r; b0 = g00 + g01*Wⱼ + u0; b1 = g10 + g11*Wⱼ + u1"

MEANS = {
    "HLM 7": (LEVELS_7 + SENTENCES_7 + MIXED_7, PLAIN_7),
    "the mixed model first": (MIXED_7 + LEVELS_7 + SENTENCES_7, PLAIN_7),
    "without blank lines": (LEVELS_7 + SENTENCES_7.replace("\n\n", "\n") + MIXED_7.strip() + "\nLevel 2:", PLAIN_7),
    "line breaks of Windows": ((LEVELS_7 + SENTENCES_7 + MIXED_7).replace("\n", "\r\n"), PLAIN_7),
    "broken subscripts in the mixed model": (
        LEVELS_7 + SENTENCES_7 + MIXED_7.replace("+ γ10", "+ γ\n10").replace("u0j", "u\n0j"),
        PLAIN_7,
    ),
    "a text file of HLM": (TEXT_FILE, PLAIN_TEXT_FILE),
    "three levels of HLM 7": (LEVELS_3 + MIXED_3, PLAIN_3),
    "three levels, centered": (
        LEVELS_3
        + "YEAR has been centered around the grand mean.\nFEMALE has been centered around the group mean."
        + MIXED_3,
        PLAIN_3.replace("YEARijk", "cgm(YEARijk)").replace("FEMALEjk", "cwc(FEMALEjk)"),
    ),
    "rows and columns of HCM2": (
        "Level-1 Model\n ATTAINijk = π0jk + π1jk*(VRQijk) + eijk\nLevel-2 Model\n π0jk = θ0 + b00j + c00k + γ01*(DEPj)"
        "\n π1jk = θ1 + b10j",
        "ATTAINijk = pi0 + pi1*VRQijk + e; pi0 = theta0 + g01*DEPj + b00 + c00; pi1 = theta1 + b10",
    ),
    "a subscript behind parentheses": (ONE_J, ONE_J.replace("(ses)_ij", "*ses")),
    "an exposure": (
        "E(Yij|βj) = λij*(Nij)\nlog[λij] = ηij\nηij = β0j + β1j*(X)\nβ0j = γ00 + u0j\nβ1j = γ10",
        "Yij ~ Poisson(lambda); log(lambda) = b0 + b1*X + offset(log(Nij)); b0 = g00 + u0; b1 = g10",
    ),
    "three levels of a text file": (TEXT_FILE_3, PLAIN_TEXT_FILE_3),
    "three levels of a paper": (PAPER_3, PLAIN_PAPER_3.format("Y_ijk", "x_ijk")),
    "three levels, occasions first": (
        PAPER_3.replace("ijk", "tij").replace("jk", "ij").replace("0k", "0j"),
        PLAIN_PAPER_3.format("Y_tij", "x_tij"),
    ),
    "three levels, Unicode subscripts": (
        "Yᵢⱼₖ = π₀ⱼₖ + π₁ⱼₖXᵢⱼₖ + eᵢⱼₖ\nπ₀ⱼₖ = β₀₀ₖ + r₀ⱼₖ; π₁ⱼₖ = β₁₀ₖ + r₁ⱼₖ\nβ₀₀ₖ = γ₀₀₀ + u₀₀ₖ\nβ₁₀ₖ = γ₁₀₀ + u₁₀ₖ",
        PLAIN_PAPER_3.format("Yᵢⱼₖ", "Xᵢⱼₖ"),
    ),
    "three levels, subscripts lost": (
        "Yijk = π0jk + π1jkXijk + eijk; π0jk = β00k + r0jk; π1jk = β10k + r1jk; β00k = γ000 + u00k; β10k = γ100 + u10k",
        PLAIN_PAPER_3.format("Yijk", "Xijk"),
    ),
    "three levels, their distributions": (
        PLAIN_3 + "(r0jk, r1jk) ~ N(0, T_π)\nu00k, u10k ~ N(0, T_β)\neijk ~ N(0, σ^2)",
        PLAIN_3,
    ),
    "have, with and": (TWO + "SES and AGE have been centered around the grand mean.", TWO_PLAIN.format("cgm")),
    "have, with a comma": (TWO + "SES, AGE have been centered around the group mean.", TWO_PLAIN.format("cwc")),
    "have, with blanks": (TWO + "SES AGE have been centred around the group mean", TWO_PLAIN.format("cwc")),
    "two sentences in a line": (
        TWO + "SES has been centered around the group mean. AGE has been centered around its group mean.",
        TWO_PLAIN.format("cwc"),
    ),
    "centered in the equation too": (
        ONE.replace("ses", "cwc(ses)") + "ses has been centered around the group mean.",
        ONE.replace("ses", "cwc(ses)"),
    ),
    "a product": (
        ONE.replace("ses", "ses*age") + "ses has been centered around the grand mean.",
        ONE.replace("ses", "cgm(ses)*age"),
    ),
    "behind a semicolon": ("; ".join(ONE.split("\n")) + "ses has been centered around the group mean.",
                           ONE.replace("ses", "cwc(ses)")),
    "a name in backticks that says so": (ONE.replace("b1*ses", "\nb1*`x is centered`"),
                                         ONE.replace("ses", "`x is centered`")),
    "in a comment": (ONE + "# ses has been centered around the group mean.", ONE),
    "Unicode subscripts": (
        "Yᵢⱼ = β₀ⱼ + β₁ⱼXᵢⱼ + rᵢⱼ\nβ₀ⱼ = γ₀₀ + γ₀₁Wⱼ + u₀ⱼ\nβ₁ⱼ = γ₁₀ + γ₁₁Wⱼ + u₁ⱼ",
        SUBSCRIPTS,
    ),
    "subscripts lost": ("Yij = β0j + β1jXij + rij\nβ0j = γ00 + γ01Wj + u0j\nβ1j = γ10 + γ11Wj + u1j", PAPER),
    "a blank for the product": (
        "Yij = β0j + β1j Xij + rij; β0j = γ00 + γ01 Wj + u0j; β1j = γ10 + γ11 `Wj` + u1j",
        PAPER,
    ),
    "no sign before a parenthesis": ("y = B0 + B1(ses) + R; B0 = G00 + U0; B1 = G10", ONE),
    "no sign before a function": (ONE.replace("*ses", " log(ses)"), ONE.replace("ses", "log(ses)")),
    **{f"{sign} for *": (ONE.replace("*", sign), ONE) for sign in "·×⋅∙∗"},
    "the residual's distribution": (ONE + "r ~ N(0, σ²)", ONE),
    "its variance with a subscript": (ONE + "r_ij ∼ N(0, σ_r^2),", ONE),
    "times the identity": (ONE + "r ~ iid N(0, sigma^2 I)", ONE),
    "the distribution of u": (ONE + "u_0j ~ Normal(0, τ_00)", ONE),
    "the distribution of a vector": (
        PAPER + "\n(u0j, u1j) ~ MVN(0, G)\nrij ~ N(0, \\sigma^{2})",
        PAPER,
    ),
}  # fmt: skip

HGLM = "Prob(Y=1|β) = P\nlog[P/(1-P)] = β0j + β1j*(X)\nβ0j = γ00 + u0j\nβ1j = γ10"
NOT_NAMED = "of which outcome this is the distribution is not said"
UNREAD = "write cwc(x) in the equation"
LEADS_TO = [
    # what statements about centering cannot say
    (TWO + "«AGES» has been centered around the group mean.", "write cwc(AGES) in the equation"),
    (TWO + "'*' - This level-1 predictor has been «centered» around its group mean.", UNREAD),
    (TWO + "SES and AGE have been grand-mean «centered».", UNREAD),
    (TWO + "«y» has been centered around the grand mean.", "stands in no equation"),
    (ONE.replace("ses", "cwc(ses)") + "«ses» has been centered around the grand mean.", "stands inside of cwc()"),
    (ONE.replace("ses", "log(ses)") + "«ses» has been centered around the grand mean.", "stands inside of log()"),
    (ONE.replace("g00", "g00 + g01*ses") + "«ses» has been centered around the grand mean.", "in both levels"),
    (ONE.replace("b1*ses + ", "").replace("b1 = g10", "").replace("g00", "g00 + g01*w")
     + "«w» has been centered around the group mean.", "write cgm(w)"),
    # a mixed model that says something else
    (LEVELS_7 + MIXED_7.replace("γ11*READ05_Mj*READ05ij", "«γ11*READ05_Mj»"), "the levels do not"),
    (LEVELS_7 + MIXED_7.replace("+ u1j*READ05ij", "").replace("MATH05ij = ", "«MATH05ij = ")
     .replace("γ01*READ05_Mj\n", "γ01*READ05_Mj»\n"), "lacks the term `u1*READ05`"),
    (LEVELS_3 + MIXED_3.replace("γ101*YEARijk*LOWINCk", "«γ101*LOWINCk»"), "the levels do not"),
    (LEVELS_3 + MIXED_3.replace("+ u10k*YEARijk ", "").replace("MATHijk", "«MATHijk")
     .replace("jk\n    + γ1", "jk»\n    + γ1"), "lacks the term `u10*YEAR`"),
    (LEVELS_3 + "«LOWINC» has been centered around the group mean.", "stands in level 3, where centering around group"),
    (LEVELS_3.replace("γ010", "γ010 + γ011*FEMALEjk") + "«FEMALE» has been centered around the group mean.",
     "stands in several levels"),
    (PLAIN_3 + "«r0, u00 ~ N(0, T)»", "of random effects"),
    # other languages
    ("y = b0 «&» r", "a meaning in LaTeX alone"),
    ("y = b0 + x«$»z + r", "a meaning in LaTeX alone"),
    ("«%»WITHIN%\ny ON x;\n%BETWEEN%\ny ON w;", "one equation a level"),
    # dashes, full stops, blanks
    ("y = b0 «–» r", "write `+`"),
    (ONE.strip() + "«.»", "leave it out"),
    (ONE.replace("ses", "friend rel«.»"), "write `friend rel.` in backticks"),
    (ONE.replace("ses", "friend «rel»"), "a name with a space stands in backticks"),
    # distributions
    (ONE + "«u_0j ~ N(0, 1)»", "`u0 ~ N(0, tau00)`"),
    (ONE + "«r_ij ~ N(0, σ_j^2)»", "one variance for all"),
    (ONE + "«y ~ N(0, s)»", "of random effects (`u0`)"),
    ("y = b0 + r, r «~» N(0, σ²)\nb0 = g00 + u0", "on a line of its own"),
    ("y = b0 + r\nb0 = g00 + u0,  u0 «∼» N(0, τ00)", "on a line of its own"),
    (ONE + "«y ~ Bernoulli(p)»", "level 1 predicts what the distribution names"),
    (HGLM.split("\n", 1)[1].replace("log[", "«log[»"), NOT_NAMED),
    ("«E(Y|B) = L»", "level 1 predicts what the distribution names"),
    ("«logit(»p) = b0 + r; b0 = g00 + u0", NOT_NAMED),
    (ONE + "«Var»(r) = σ", "always estimated"),
    # fixed effects in level 1
    ("y = b0 + «g10»*ses + r; b0 = g00 + u0", "write `b1*ses` here and `b1 = g10` on a line of its own"),
    ("y = «g00» + g10*ses + r", "take the combined equation apart"),
    # what a column is needed for
    (ONE.replace("ses", "ses«^»2"), "write `ses*ses` or `poly(ses, 2)`"),
    (ONE.replace("*ses", "*«(»ses - 11)"), 'data["ses_0"] = data["ses"] - 11'),
]  # fmt: skip
