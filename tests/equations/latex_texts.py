r"""LaTeX as it is printed: the systems of the five textbook chapters (see seed_systems.py), word for word, and others.

Each with the level equations that it means; `«...»` is what an error marks.
"""

FIVE_CHAPTERS = {
    "000-m2": (
        "\\[math_{ij}=\\beta_{j}+e_{ij},\\]\n\nwhere $\\beta_j$ is the average math score or intercept for each school"
        " $j$.\n\\[\\beta_{j}=\\beta_{0}+v_{j}\\]",
        "math_ij = b + e\nb = b0 + v",
    ),
    "000-m2-combined": (r"\[math_{ij}=\beta_{0}+v_{j}+e_{ij}.\]", "math_ij = b + e\nb = b0 + v"),
    "000-m3": (
        r"\begin{eqnarray*}math_{ij} & = & \beta_{j}+e_{ij}\\ \beta_{j} & = &"
        r" \beta_{0}+\beta_{1}mses_{j}+\beta_{2}sector_{j}+v_{j}. \end{eqnarray*}",
        "math_ij = b + e\nb = b0 + b1*mses_j + b2*sector_j + v",
    ),
    "000-m4": (
        r"\begin{eqnarray*} math_{ij} & = & \beta_{0j}+\beta_{1j}ses_{ij}+e_{ij}\\ \beta_{0j} & = &"
        r" \gamma_{0}+\gamma_{1}mses_{j}+\gamma_{2}sector_{j}+v_{0j}.\\ \beta_{1j} & = &"
        r" \gamma_{3}+\gamma_{4}mses_{j}+\gamma_{5}sector_{j}+v_{1j}\end{eqnarray*}",
        "math_ij = b0 + b1*ses_ij + e\nb0 = g0 + g1*mses_j + g2*sector_j + v0\nb1 = g3 + g4*mses_j + g5*sector_j + v1",
    ),
    "001-random-coefficients": (
        "Level 1 model:\n\n$$Y_{ij} = \\beta_{0j} + \\beta_{1j}X_{ij} + r_{ij}$$\n\nLevel 2 model:\n\n"
        "$$\\beta_{0j} = \\gamma_{00} + u_{0j}$$\n\n$$\\beta_{1j} = \\gamma_{10} + u_{1j}$$\n\nwith:\n\n"
        r"$$\text{Var}\left(\begin{bmatrix} u_{0j} \\ u_{1j} \end{bmatrix}\right) = \mathbf{T} = \begin{bmatrix}"
        r" \tau_{00} & \tau_{01} \\ \tau_{10} & \tau_{11} \end{bmatrix}$$",
        "Y_ij = b0 + b1*X_ij + r\nb0 = g00 + u0\nb1 = g10 + u1",
    ),
    "001-parentheses": (
        r"$$Y_{ij} = \left(\beta_{0j} \right) + \left(\beta_{1j} \right) X_{ij} + r_{ij}$$"
        "\n$$\\beta_{0j} = \\gamma_{00} + \\gamma_{01}W_j + u_{0j}$$\n$$\\beta_{1j} = \\gamma_{10} + \\gamma_{11}W_j +"
        " u_{1j}$$",
        "Y_ij = b0 + b1*X_ij + r\nb0 = g00 + g01*W_j + u0\nb1 = g10 + g11*W_j + u1",
    ),
    "001-ancova-combined": (
        r"$$Y_{ij} = \gamma_{00} + \gamma_{10} X_{ij} \\ + u_{0j} + r_{ij}$$",
        "Y_ij = b0 + b1*X_ij + r\nb0 = g00 + u0\nb1 = g10",
    ),
    "002-null": (
        "Level 1 | \\(math_{ij} = \\beta_{0j} + R_{ij}\\) |\n\nLevel 2 | \\(\\beta_{0j} = \\gamma_{00} + U_{0j}\\) |",
        "math_ij = b0 + r\nb0 = g00 + u0",
    ),
    "003-equations-3-to-5": (
        "Level-specific equations: \\[ \\text{Level 1: } Y_{ij} = \\beta_{0j} + \\beta_{1j}X_{ij} + r_{ij}"
        " \\qquad(3)\\]\n\n\\[ \\begin{aligned} \\text{Level 2 (intercept): }& \\beta_{0j} = \\gamma_{00} + u_{0j}"
        " \\end{aligned} \\qquad(4)\\]\n\n\\[ \\begin{aligned} \\text{Level 2 (slope): } &\\beta_{1j} = \\gamma_{01} +"
        " u_{1j} \\end{aligned} \\qquad(5)\\]",
        "Y_ij = b0 + b1*X_ij + r\nb0 = g00 + u0\nb1 = g01 + u1",
    ),
    "003-matrix": (
        r"\[Y_{ij} = \beta_{0j} + \beta_{1j}X_{ij} + r_{ij}\]\[\beta_{0j} = \gamma_{00} + u_{0j}\]"
        r"\[\beta_{1j} = \gamma_{01} + u_{1j}\]"
        r"\[ \left( \begin{matrix}u_{0j} \\ u_{1j}\end{matrix}\right) \sim N\left(\begin{bmatrix} 0 \\ 0\end{bmatrix},"
        r" \begin{bmatrix} VAR(u_{0j}) & COV(u_{0j}, u_{1j}) \\ COV(u_{1j}, u_{0j}) & VAR(u_{1j})\end{bmatrix}"
        r"\right) \]",
        "Y_ij = b0 + b1*X_ij + r\nb0 = g00 + u0\nb1 = g01 + u1",
    ),
    "004-null-example": (
        "  - Level-1 Model (student-level):  $\\text{mathach}_{ij} = \\beta_{0j} + \\varepsilon_{ij}$\n"
        "  - Level-2 Model (school-level):  $\\beta_{0j} = \\gamma_{00} + U_{0j}$",
        "mathach = b0 + e\nb0 = g00 + u0",
    ),
    "004-covariate": (
        "- Level-1 Model:  $y_{ij} = \\beta_{0j} + \\beta_{1j}x_{ij} + \\varepsilon_{ij}$\n"
        "  - Intercept:  $\\beta_{0j} = \\gamma_{00} + U_{0j}$  where\n"
        "    - $\\gamma_{00}$ – Average (general) intercept holding across all groups (fixed effect)\n"
        "  - Slope:  $\\beta_{1j} = \\gamma_{10}$  where",
        "y_ij = b0 + b1*x_ij + e\nb0 = g00 + u0\nb1 = g10",
    ),
    "004-size-and-sector": (
        r"$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} +"
        " \\beta_{3j}\\text{female}_{ij} + \\varepsilon_{ij}$$\n"
        "    - $\\beta_{0j} = \\gamma_{00} + \\gamma_{01}\\text{size}_j + \\gamma_{02}\\text{sector}_j + U_{0j}$\n"
        "    - $\\beta_{1j} = \\gamma_{10} + \\gamma_{11}\\text{size}_j + U_{1j}$\n"
        "    - $\\beta_{2j} = \\gamma_{20}$\n    - $\\beta_{3j} = \\gamma_{30}$",
        "mathach = b0 + b1*SES + b2*minority + b3*female + e\nb0 = g00 + g01*size + g02*sector + u0\n"
        "b1 = g10 + g11*size + u1\nb2 = g20\nb3 = g30",
    ),
}

AS_PRINTED = {
    "centered within groups, a bar with a dot": (
        r"Y_{ij} = \beta_{0j} + \beta_{1j}(X_{ij} - \bar{X}_{.j}) + r_{ij} \\ \beta_{0j} = \gamma_{00} +"
        r" \gamma_{01}\bar{X}_{.j} + u_{0j} \\ \beta_{1j} = \gamma_{10}",
        "Y_ij = b0 + b1*cwc(X_ij) + r\nb0 = g00 + g01*mean(X) + u0\nb1 = g10",
    ),
    "grand-mean centering": (
        r"Y_{ij} = \beta_{0j} + \beta_{1j}\left(X_{ij} - \bar{X}_{..}\right) + r_{ij}, \quad \text{where}"
        "\n\\beta_{0j} = \\gamma_{00} + \\gamma_{01}(W_j - \\bar W) + u_{0j}\n\\beta_{1j} = \\gamma_{10}",
        "Y_ij = b0 + b1*cgm(X_ij) + r\nb0 = g00 + g01*cgm(W_j) + u0\nb1 = g10",
    ),
    "two relations a row": (
        r"\begin{align} y_{ij} &= \beta_{0j} + \epsilon_{ij}, & \epsilon_{ij} &\sim N(0, \sigma^2) \\ \beta_{0j} &="
        r" \gamma_{00}+u_{0j}, & u_{0j} &\sim N(0,\tau) \end{align}",
        "y_ij = b0 + e\nb0 = g00 + u0",
    ),
    "distributions on rows of their own": (
        r"""\begin{align}
        y_{ij} &= \beta_{0j} + \beta_{1j} \cdot \mathrm{x}_{ij} + \epsilon_{ij} \\[2pt]  % level 1
        \beta_{0j} &= \gamma_{00} + u_{0j} \label{eq:a} \\
        \beta_{1j} &= \gamma_{10} + u_{1j} \nonumber \\
        \epsilon_{ij} &\overset{iid}{\sim} \mathcal{N}(0, \sigma^2) \\
        \mathbf{u}_j &\sim N(\mathbf{0}, \mathbf{G})
        \end{align}""",
        "y_ij = b0 + b1*x_ij + e\nb0 = g00 + u0\nb1 = g10 + u1",
    ),
    "a diagonal matrix": (
        r"y_{ij} = \beta_{0j} + \beta_{1j} x_{ij} + r_{ij} \\ \beta_{0j} = \gamma_{00} + u_{0j} \\ \beta_{1j} ="
        r" \gamma_{10} + u_{1j} \\ \begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} \sim N\left(\begin{pmatrix} 0 \\ 0"
        r" \end{pmatrix}, \begin{pmatrix} \tau_{00} & 0 \\ 0 & \tau_{11} \end{pmatrix}\right)",
        "y_ij = b0 + b1*x_ij + r\nb0 = g00 + u0\nb1 = g10 + u1\ncov(u0, u1) = 0",
    ),
    "a covariance that is zero": (
        r"y_{ij} = \beta_{0j} + \beta_{1j} x_{ij} + r_{ij} \\ \beta_{0j} = \gamma_{00} + u_{0j} \\ \beta_{1j} ="
        r" \gamma_{10} + u_{1j} \\ \mathrm{Var}(u_{0j}) = \tau_{00} \\ \operatorname{Cov}(u_{0j}, u_{1j}) = 0",
        "y_ij = b0 + b1*x_ij + r\nb0 = g00 + u0\nb1 = g10 + u1\ncov(u0, u1) = 0",
    ),
    "a logit": (
        r"y_{ij} \sim \mathrm{Bernoulli}(\pi_{ij}), \\ \operatorname{logit}(\pi_{ij}) = \beta_{0j} + \beta_{1j}x_{ij}"
        r" \\ \beta_{0j} = \gamma_{00} + u_{0j} \\ \beta_{1j} = \gamma_{10}",
        "y_ij ~ Bernoulli(pi)\nlogit(pi) = b0 + b1*x_ij\nb0 = g00 + u0\nb1 = g10",
    ),
    "a count with an exposure": (
        r"\text{deaths}_{ij} \sim \text{Poisson}(\mu_{ij}) \\ \log(\mu_{ij}) = \beta_{0j} + \beta_{1}\text{uvb}_{ij} +"
        r" \log(\text{expected}_{ij}) \\ \beta_{0j} = \gamma_{00} + u_{0j} \\ \beta_{1} = \gamma_{10}",
        "deaths ~ Poisson(mu)\nlog(mu) = b0 + b1*uvb + offset(log(expected))\nb0 = g00 + u0\nb1 = g10",
    ),
    "three levels": (
        r"""\begin{aligned}
        Y_{tij} &= \pi_{0ij} + \pi_{1ij} a_{tij} + e_{tij} \\
        \pi_{0ij} &= \beta_{00j} + \beta_{01j} X_{ij} + r_{0ij} \\
        \pi_{1ij} &= \beta_{10j} + r_{1ij} \\
        \beta_{00j} &= \gamma_{000} + \gamma_{001} W_j + u_{00j} \\
        \beta_{01j} &= \gamma_{010} \\
        \beta_{10j} &= \gamma_{100} + u_{10j}
        \end{aligned}""",
        "Y_tij = pi0 + pi1*a_tij + e\npi0 = b00 + b01*X_ij + r0\npi1 = b10 + r1\nb00 = g000 + g001*W_j + u00\n"
        "b01 = g010\nb10 = g100 + u10",
    ),
    "a combined equation with a cross-level product": (
        r"y_{ij} = \gamma_{00} + \gamma_{10}x_{ij} + \gamma_{01}z_j + \gamma_{11} z_j \times x_{ij} + u_{1j}x_{ij} +"
        r" u_{0j} + e_{ij}",
        "y_ij = b0 + b1*x_ij + b2*z_j + b3*z_j*x_ij + e\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g01\nb3 = g11",
    ),
    "fonts, underscores and a sentence": (
        "$\\mathit{MATHACH}_{ij} = \\beta_{0j} + \\beta_{1j}*(\\mathit{SES}_{ij}) + r_{ij}$\n"
        "$\\beta_{0j} = \\gamma_{00} + \\gamma_{01}*(\\mathrm{size\\_2}_j) + u_{0j}$\n$\\beta_{1j} = \\gamma_{10}$\n"
        "SES_ij has been centered around the group mean.",
        "MATHACH_ij = b0 + b1*cwc(SES_ij) + r\nb0 = g00 + g01*size_2_j + u0\nb1 = g10",
    ),
}

TWO = (
    "y_{ij} = \\beta_{0j} + \\beta_{1j}x_{ij} + r_{ij}\n\\beta_{0j} = \\gamma_{00} + u_{0j}\n"
    "\\beta_{1j} = \\gamma_{10} + u_{1j}\n"
)
PAIR = TWO + r"\begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} \sim "

ERRORS = [
    (TWO + r"r_{ij} \sim N(0, \sigma_j^2)", "is a variance of each unit's own"),
    (TWO + r"u_{0j} \sim N(0, 1)", "the one distribution that can be written is the default"),
    (TWO + r"u_{0j} \sim N(0, \tau) «+» 1", "nothing stands behind the distribution"),
    (TWO + r"«\operatorname{Cov}(u_{0j}, u_{1j})» = 0.5", "a variance or covariance is estimated"),
    (PAIR + r"«N(0, \tau^2 I)»", "the covariance matrix is a letter"),
    (PAIR + r"N(0, «\begin{pmatrix} \tau & 0 \\ 0 & \tau \end{pmatrix}»)", "equal ones cannot be written"),
    (PAIR + r"N(0, «\begin{pmatrix} a & b \\ 0 & d \end{pmatrix}»)", "is symmetric"),
    (PAIR + r"N(0, «\begin{pmatrix} \tau_0 & \tau_1 \end{pmatrix}»)", "has 2 rows and 2 columns"),
    (PAIR + r"N(0, \begin{pmatrix} «4» & 0 \\ 0 & \tau_1 \end{pmatrix})", "or a covariance is 0: write a symbol"),
    (TWO.replace("x_{ij}", r"\tilde{x}_{ij}"), r"the command `\tilde` has no meaning"),
    (TWO.replace("x_{ij}", r"«(x_{ij} - \bar{x})»"), "over what this mean is taken is not said"),
    (r"math_{ij} = «\beta_0» + e_{ij}", "the only equation"),
    (r"math_{ij}=\beta_{0}+\beta_{1}ses_{ij}+e_{ij}", "add `β_0 = g00 + u0`"),
    (
        r"math_{ij} = \gamma_{0}+v_{0j} + «(\gamma_{3}+v_{1j})»*ses_{ij}+e_{ij}",
        "one line for each coefficient",
    ),
    (r"y_{ij} = \beta_{0j} + r_{ij} \\ \beta_{0j} = «12.10»+3.32mses_{j}+u_{0j}", "numbers stand only in options"),
    (
        r"y_{ij} = \beta_{0j} + \beta_{1j}«x_{ij}^2» + r_{ij} \\ \beta_{0j} = \gamma_{00} + u_{0j}",
        "powers are not read",
    ),
    (r"y_{ij} = \beta_{0j} + «\frac»{1}{2} + r_{ij}", r"the command `\frac` has no meaning"),
    (r"y_{ij} = \beta_{0j} + \sum_k x_{ij}", r"the command `\sum` has no meaning"),
    (
        r"y_{ij} = \beta_{0j} + \beta_{1j}«(X_{ij} - \bar{Z}_{.j})» + r_{ij} \\ \beta_{0j} = \gamma_{00} + u_{0j}",
        "centered around a mean of its own",
    ),
    (r"«\begin{tikzpicture}» y_{ij} = b \end{tikzpicture}", "holds no equations that are read"),
    (r"y_{ij} = \beta_{«0j + r_{ij}", "missing behind this subscript"),
    (
        r"y_{ij} \sim «N(\alpha_{j[i]}, \sigma^2)» \\ \alpha_j \sim N(\mu, \tau^2)",
        "the mean of a distribution stands in",
    ),
    (r"y_{ij} = \beta_{0j} + r_{ij} \quad r_{ij} \sim «N(0, \sigma^2)»", "stands on a row of its own"),
    (r"\mathbf{Y}_j = \mathbf{X}_j \boldsymbol{\gamma} + «\begin{bmatrix} a \\ b \end{bmatrix}»", "a matrix equation"),
]
