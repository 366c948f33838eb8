# ruff: noqa: E501, a text and its meaning stand side by side
r"""LaTeX as textbooks and papers set it, with what it means; and what is refused, its place between ``«`` and ``»``."""

SLOPES = "Y_ij = b0 + b1*X_ij + r; b0 = g00 + u0; b1 = g10 + u1"
FIXED = "Y_ij = b0 + b1*X_ij + r; b0 = g00 + u0; b1 = g10"
NULL = "Y_ij = b0 + r; b0 = g00 + u0"
LEVEL1 = r"Y_{ij} = \beta_{0j} + \beta_{1j} X_{ij} + r_{ij} \\ "
B0 = r"\beta_{0j} = \gamma_{00} + u_{0j} \\ "
B1 = r"\beta_{1j} = \gamma_{10} + u_{1j} \\ "
SLOPE = LEVEL1 + B0 + B1
COMBINED = r"Y_{ij} = \gamma_{00} + \gamma_{10} X_{ij} + u_{0j} + u_{1j} X_{ij} + r_{ij} \\ "
MEAN = r"Y_{ij} = \beta_{0j} + r_{ij} \\ " + B0

BOOKS = {
    "Raudenbush and Bryk, means and slopes, with the distributions": (
        r"""
\begin{align}
Y_{ij} &= \beta_{0j} + \beta_{1j}\,(X_{ij} - \overline{X}_{\cdot j}) + r_{ij}, \qquad r_{ij} \sim N(0, \sigma^2) \label{l1}\\
\beta_{0j} &= \gamma_{00} + \gamma_{01}\,\mathrm{(MEAN\ SES)}_j + \gamma_{02}(\mathrm{SECTOR})_j + u_{0j} \nonumber\\
\beta_{1j} &= \gamma_{10} + \gamma_{11} (\mathrm{SECTOR})_j + u_{1j} \tag{4.2}
\end{align}
where
\begin{equation}
\begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} \sim N\left[\begin{pmatrix} 0 \\ 0 \end{pmatrix},
\begin{pmatrix} \tau_{00} & \tau_{01} \\ \tau_{10} & \tau_{11} \end{pmatrix}\right]
\end{equation}
""",
        "Y_ij = b0 + b1*cwc(X_ij) + r; b0 = g00 + g01*`MEAN SES` + g02*SECTOR + u0; b1 = g10 + g11*SECTOR + u1",
    ),
    "Raudenbush and Bryk, grand-mean centering, in a sentence": (
        r"""The model is $Y_{ij} = \beta_{0j} + \beta_{1j}(X_{ij} - \bar X_{..}) + r_{ij}$, with
$\beta_{0j} = \gamma_{00} + \gamma_{01}\bar{X}_{.j} + u_{0j}$ and $\beta_{1j} = \gamma_{10}$,
where $\mathrm{Var}(u_{0j}) = \tau_{00}$, $E(u_{0j}) = 0$, $\operatorname{Cov}(u_{0j}, r_{ij}) = 0$.""",
        "Y_ij = b0 + b1*cgm(X_ij) + r; b0 = g00 + g01*mean(X) + u0; b1 = g10",
    ),
    "Raudenbush and Bryk, three levels, rows with labels": (
        r"""
\text{Level 1:} & Y_{tij} = \pi_{0ij} + \pi_{1ij} a_{tij} + e_{tij} \\
\text{Level 2:} & \pi_{0ij} = \beta_{00j} + \beta_{01j}(\text{Female})_{ij} + r_{0ij} \\
 & \pi_{1ij} = \beta_{10j} + r_{1ij} \\
\text{Level 3:} & \beta_{00j} = \gamma_{000} + \gamma_{001} W_j + u_{00j} \\
& \beta_{01j} = \gamma_{010} \\
& \beta_{10j} = \gamma_{100} + u_{10j}
""",
        "Y_tij = p0 + p1*a_tij + e; p0 = b00 + b01*Female + r0; p1 = b10 + r1; b00 = g000 + g001*W_j + u00;"
        "b01 = g010; b10 = g100 + u10",
    ),
    "Raudenbush and Bryk, a binary outcome by way of eta": (
        r"""
\[ \text{Prob}(Y_{ij} = 1 \mid \beta_j) = \phi_{ij} \]
\[ \log\left[\frac{\phi_{ij}}{1 - \phi_{ij}}\right] = \eta_{ij} \]
\[ \eta_{ij} = \beta_{0j} + \beta_{1j} X_{ij} \]
\[ \beta_{0j} = \gamma_{00} + u_{0j} \]
\[ \beta_{1j} = \gamma_{10} \]
""",
        "Y_ij ~ Bernoulli(phi); logit(phi) = b0 + b1*X_ij; b0 = g00 + u0; b1 = g10",
    ),
    "Snijders and Bosker, levels": (
        r"""
\begin{eqnarray}
Y_{ij} &=& \beta_{0j} + \beta_{1j}\, x_{ij} + R_{ij} \\[2pt]
\beta_{0j} &=& \gamma_{00} + \gamma_{01} z_j + U_{0j} \\
\beta_{1j} &=& \gamma_{10} + \gamma_{11} z_j + U_{1j}
\end{eqnarray}
""",
        "Y_ij = b0 + b1*x_ij + r; b0 = g00 + g01*z_j + u0; b1 = g10 + g11*z_j + u1",
    ),
    "Snijders and Bosker, combined": (
        r"Y_{ij} = \gamma_{00} + \gamma_{10}\, x_{ij} + \gamma_{01} z_j + \gamma_{11} z_j x_{ij} + U_{0j} + U_{1j} x_{ij} + R_{ij}",
        "Y_ij = g00 + g10*x_ij + g01*z_j + g11*z_j*x_ij + u0 + u1*x_ij + r",
    ),
    "Snijders and Bosker, within and between": (
        r"Y_{ij} = \gamma_{00} + \gamma_{10} (x_{ij} - \bar{x}_{.j}) + \gamma_{01}\,\bar{x}_{.j} + U_{0j} + R_{ij}",
        "Y_ij = g00 + g10*cwc(x_ij) + g01*mean(x) + u0 + r",
    ),
    "Hox, a cross-level interaction": (
        r"""
$$ \mathrm{popularity}_{ij} = \beta_{0j} + \beta_{1j}\,\mathrm{gender}_{ij} + \beta_{2j}\,\mathrm{extraversion}_{ij} + e_{ij} $$
$$ \beta_{0j} = \gamma_{00} + \gamma_{01}\,\mathrm{experience}_j + u_{0j} $$
$$ \beta_{1j} = \gamma_{10} $$
$$ \beta_{2j} = \gamma_{20} + \gamma_{21}\,\mathrm{experience}_j + u_{2j} $$
""",
        "popularity = b0 + b1*gender + b2*extraversion + e; b0 = g00 + g01*experience + u0; b1 = g10;"
        "b2 = g20 + g21*experience + u2",
    ),
    "Hox, numbered columns, variances and a covariance": (
        r"Y_{ij} = \beta_{0j} + \beta_{1j} X_{1ij} + \beta_{2j} X_{ij2} + e_{ij} \\ \beta_{2j} = \gamma_{20} \\"
        + B0
        + B1
        + r"u_{0j} \sim N(0, \sigma^2_{u0}) \\ u_{1j} \sim N(0, \sigma^2_{u1}) \\ \mathrm{cov}(u_{0j}, u_{1j}) = \sigma_{u01}",
        "Y_ij = b0 + b1*X1_ij + b2*X2_ij + e; b0 = g00 + u0; b1 = g10 + u1; b2 = g20",
    ),
    "Gelman and Hill, groups of units": (
        r"y_i = \alpha_{j[i]} + \beta_{j[i]} x_i + \epsilon_i \\ \alpha_j = \gamma_0 + \gamma_1 w_j + \eta_{1j} \\"
        r"\beta_j = \delta_0 + \eta_{2j}",
        "y_i = alpha + b*x_i + e; alpha = g0 + g1*w_j + eta1; b = delta0 + eta2",
    ),
    "Goldstein, the lower half of a covariance matrix": (
        r"""
\begin{align*}
y_{ij} &= \beta_{0j} + \beta_{1j} x_{ij} + e_{ij} \\
\beta_{0j} &= \gamma_0 + u_{0j} \\
\beta_{1j} &= \gamma_1 + u_{1j} \\
\begin{bmatrix} u_{0j} \\ u_{1j} \end{bmatrix} &\sim N(0, \Omega_u): \quad
\Omega_u = \begin{bmatrix} \sigma_{u0}^2 & \\ \sigma_{u01} & \sigma_{u1}^2 \end{bmatrix} \\
e_{ij} &\sim N(0, \sigma_e^2)
\end{align*}
""",
        "y_ij = b0 + b1*x_ij + e; b0 = g0 + u0; b1 = g1 + u1",
    ),
    "crossed groupings in brackets": (
        r"Y_{i(jk)} = \beta_{0(jk)} + e_{i(jk)} \\ \beta_{0(jk)} = \gamma_{00} + u_{0[school]} + v_{0[\text{the area}]}",
        "Y = b0 + e; b0 = g00 + u0[school] + v0[`the area`]",
    ),
    "groupings behind the distributions": (
        MEAN + r"u_{0j} \sim N(0, \tau_{00}), \text{ for each school } j = 1, \dots, J",
        NULL.replace("u0", "u0[school]"),
    ),
    "a Poisson outcome with an offset": (
        r"y_{ij} \sim \mathrm{Poisson}(\mu_{ij}), \quad \log(\mu_{ij}) = \beta_{0j}"
        r" + \operatorname{offset}(\log(\text{expected}_{ij})) + \beta_{1j}\text{trt}_{ij} \\" + B0 + r"\beta_{1j} = \gamma_{10}",
        "y_ij ~ Poisson(mu); log(mu) = b0 + offset(log(expected)) + b1*trt; b0 = g00 + u0; b1 = g10",
    ),
    "trials": (
        r"y_{ij} \sim \text{Binomial}(n_{ij}, \pi_{ij}) \\ \operatorname{logit}(\pi_{ij}) = \beta_{0j} \\" + B0,
        "y_ij ~ Binomial(n_ij, pi); logit(pi) = b0; b0 = g00 + u0",
    ),
    "probit by its function": (
        r"y_{ij} \sim \text{Bernoulli}(p_{ij}) \\ \Phi^{-1}(p_{ij}) = \beta_{0j} \\" + B0,
        "y_ij ~ Bernoulli(p); probit(p) = b0; b0 = g00 + u0",
    ),
}  # fmt: skip

SET = {
    "cases": (r"\begin{cases} Y_{ij} = \beta_{0j} + r_{ij} \\ " + B0 + r"\end{cases}", NULL),
    "a brace and an array": (
        r"\left\{ \begin{array}{rcl} Y_{ij} &=& \beta_{0j} + r_{ij} \\ \beta_{0j} &=& \gamma_{00} + u_{0j} \end{array} \right.",
        NULL,
    ),
    "a table": (
        "\\begin{tabular}{ll}\nLevel 1: & $Y_{ij} = \\beta_{0j} + r_{ij}$ \\\\\nLevel 2: & $\\beta_{0j} = \\gamma_{00} + u_{0j}$\n"
        "\\end{tabular}",
        NULL,
    ),
    "split, gather and a term on the next row": (
        r"\begin{equation*}\begin{split} Y_{ij} ={}& \beta_{0j} + \beta_{1j}X_{ij} \\ & + r_{ij} \end{split}\end{equation*}"
        r"\begin{gather*}" + B0 + B1 + r"\end{gather*}",
        SLOPES,
    ),
    "intertext": (r"\begin{align*} \intertext{Level 1:} " + MEAN.replace(r"\beta_{0j} = \g", r"\intertext{Level 2:} \beta_{0j} = \g") + r"\end{align*}", NULL),
    "escapes, comments, faces": (
        r"\text{math\_score}_{ij} = \beta_{0j} + \beta_{1j} \times \texttt{ses}_{ij} + \varepsilon_{ij} % level 1"
        "\n" r"\beta_{0j} = \gamma_{00} + \upsilon_{0j}" "\n" r"\beta_{1j} = \gamma_{10} + \gamma_{11} \ast \textit{sector}_{j}",
        "math_score = b0 + b1*ses + e; b0 = g00 + upsilon0; b1 = g10 + g11*sector",
    ),
    "ties and sizes": (
        r"Y_{ij}~=~\beta_{0j}~+~\beta_{1j}~\bigl(X_{ij} - \bar{X}_{\cdot\cdot}\bigr)~+~r_{ij} \\" + B0 + B1,
        SLOPES.replace("X_ij", "cgm(X_ij)"),
    ),
    "subscripts without braces": (r"Y_ij = \beta_0j + \beta_1j X_ij + r_ij \\ \beta_0j = \gamma_00 + u_0j \\" + B1, SLOPES),
    "products": (
        r"Y_{ij} = \beta_{0j} + \beta_{1j} X_{ij} Z_{ij} + r_{ij} \\" + B0 + r"\beta_{1j} = \gamma_{10} \bar{X}_j \cdot W_j",
        "Y_ij = b0 + b1*X_ij*Z_ij + r; b0 = g00 + u0; b1 = g10*mean(X)*W_j",
    ),
    "functions": (
        r"Y_{ij} = \beta_{0j} + \beta_{1j}\log x_{ij} + \beta_{2j}\sqrt{x_{ij}} + \beta_{3j}\operatorname{C}(\text{race}_{ij},"
        r" ref=\text{White}) + \beta_{4j}\operatorname{poly}(x_{ij}, 2) + r_{ij} \\"
        + B0 + "".join(rf"\beta_{{{k}j}} = \gamma_{{{k}0}} \\" for k in range(1, 5)),
        'Y_ij = b0 + b1*log(x_ij) + b2*sqrt(x_ij) + b3*C(race, ref="White") + b4*poly(x_ij, 2) + r; b0 = g00 + u0;'
        "b1 = g10; b2 = g20; b3 = g30; b4 = g40",
    ),
    "Greek letters of a keyboard": ("$Y_{ij} = β_{0j} + ε_{ij}$\n$β_{0j} = γ_{00} + U_{0j}$", "Y_ij = b0 + e; b0 = g00 + u0"),
    "plain lines between": (
        "$$Y_{ij} = \\beta_{0j} + \\beta_{1j} X_{ij} + r_{ij}$$\n$$\\beta_{0j} = \\gamma_{00} + u_{0j}$$\n"
        "β_1j = g10 + u1\ncov(u0, u1) = 0",
        SLOPES + "; cov(u0, u1) = 0",
    ),
    "a sentence that centers": (
        "Level 1: $Y_{ij} = \\beta_{0j} + \\beta_{1j} X_{ij} + r_{ij}$\nLevel 2: $\\beta_{0j} = \\gamma_{00} + u_{0j}$,"
        " $\\beta_{1j} = \\gamma_{10}$\nX has been centered around the group mean.",
        FIXED.replace("X_ij", "cwc(X_ij)"),
    ),
    "a diagonal matrix": (
        SLOPE + r"(u_{0j}, u_{1j})' \sim \mathcal{N}\left(\mathbf{0}, \begin{pmatrix}\tau_{00} & 0 \\ 0 & \tau_{11}\end{pmatrix}\right)",
        SLOPES + "; cov(u0, u1) = 0",
    ),
    "a vector in bold and its matrix": (
        SLOPE + r"\mathbf{u}_j \sim \mathcal{N}(\mathbf{0}, \mathbf{G}), \quad"
        r" \mathbf{G} = \begin{pmatrix}\tau_{00} & 0 \\ 0 & \tau_{11}\end{pmatrix} \\ r_{ij} \overset{iid}{\sim} N(0, \sigma^2)",
        SLOPES + "; cov(u0, u1) = 0",
    ),
    "a correlation of zero": (SLOPE + r"\operatorname{Corr}(u_{0j}, u_{1j}) = 0", SLOPES + "; cov(u0, u1) = 0"),
    "independence in words": (SLOPE + r"u_{0j}, u_{1j} \text{ independent}", SLOPES + "; cov(u0, u1) = 0"),
    "the combined equation beside the levels": (
        SLOPE + r"\text{Combined:}\quad Y_{ij} = \gamma_{00} + \gamma_{10} X_{ij} + u_{0j} + u_{1j} X_{ij} + r_{ij}",
        SLOPES,
    ),
    "the same without a label, multiplied out or not": (
        COMBINED + SLOPE + r"Y_{ij} = (\gamma_{00} + u_{0j}) + X_{ij} (\gamma_{10} + u_{1j}) + r_{ij}",
        SLOPES,
    ),
    "the same centered": (
        (SLOPE + COMBINED).replace("X_{ij}", r"(X_{ij} - \bar{X}_{.j})"),
        SLOPES.replace("X_ij", "cwc(X_ij)"),
    ),
    "the combined equation of three levels, and a sentence that centers": (
        "Level 1: $Y_{ijk} = \\pi_{0jk} + \\pi_{1jk} a_{ijk} + e_{ijk}$\nLevel 2: $\\pi_{0jk} = \\beta_{00k} + r_{0jk}$\n"
        "$\\pi_{1jk} = \\beta_{10k}$\nLevel 3: $\\beta_{00k} = \\gamma_{000} + u_{00k}$\n$\\beta_{10k} = \\gamma_{100}$\n"
        "Full model: $Y_{ijk} = \\gamma_{000} + \\gamma_{100} a_{ijk} + u_{00k} + r_{0jk} + e_{ijk}$\n"
        "a has been centered around the grand mean.",
        "Y_ijk = pi0 + pi1*cgm(a_ijk) + e; pi0 = b00 + r0; pi1 = b10; b00 = g000 + u00; b10 = g100",
    ),
    "a link without parentheses, an exposure without coefficient": (
        r"\text{deaths}_{ij} \sim \text{Poisson}(\mu_{ij}) \\ \ln \mu_{ij} = \beta_{0j} + \beta_{1}\text{uvb}_{ij} +"
        r" \log(\text{expected}_{ij}) \\" + B0 + r"\beta_{1} = \gamma_{10}",
        "deaths ~ Poisson(mu); log(mu) = b0 + b1*uvb + offset(log(expected)); b0 = g00 + u0; b1 = g10",
    ),
    "centered where only one mean can be meant": (
        SLOPE.replace(r"\gamma_{00}", r"\gamma_{00} + \gamma_{01} (W_j - \bar W)"),
        SLOPES.replace("g00", "g00 + g01*cgm(W_j)"),
    ),
    "a probability given effects": (
        r"\Pr(Y_{ij} = 1 \mid \beta) = p_{ij} \\ \operatorname{logit}(p_{ij}) = \beta_{0j} \\" + B0,
        "Y_ij ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0",
    ),
    "ranges of indices": (MEAN + r"i = 1, \dots, n_j, \quad j = 1, \ldots, J", NULL),
    "a grouping in a subscript": (MEAN.replace("u_{0j}", "u_{0[school]}"), NULL.replace("u0", "u0[school]")),
    "the mean of an outcome with a normal distribution": (
        r"y_{ij} \sim N(\mu_{ij}, \sigma^2) \\ \mu_{ij} = \beta_{0j} \\" + B0,
        "y_ij ~ Normal(mu, sigma); mu = b0; b0 = g00 + u0",
    ),
}  # fmt: skip

REFUSED = [
    # other notations of textbooks
    (r"y_i \sim N(«\alpha_{j[i]} + \beta x_i», \sigma_y^2) \\ \alpha_j \sim N(\mu_\alpha, \sigma^2_\alpha)", "write the mean as an equation"),
    (r"y_i = \alpha_{j[i]} + \epsilon_i \\ \alpha_j = «\gamma_0^{\alpha}» + \eta_j^{\alpha}", "a symbol has no superscript"),
    (r"\Pr(y_i = 1) = «\operatorname{logit}^{-1}»(\alpha_{j[i]} + \beta x_i)", "the inverse of a link is not read"),
    (r"y_{ij} = \beta_{0j} + e_{ij} \\ \beta_{0j} = «\beta_0» + u_{0j}", "give one of them another name"),
    (r"y_{ij} = \beta_{0ij} x_0 + e_{ij} \\ \beta_{0ij} = «\beta_0» + u_{0j}", "another name"),
    (r"«\boldsymbol{\beta}_j» = \mathbf{W}_j \boldsymbol{\gamma} + \mathbf{u}_j", "one equation for each coefficient"),
    # distributions that the model does not have
    (SLOPE + r"u_{0j} \sim N(0, \tau_0^2) \\ «u_{1j}» \sim N(0, \tau_1^2)", "covary is not said"),
    (SLOPE + r"(u_{0j}, u_{1j}) \sim N(0, «\tau^2 I»)", "one variance for several random effects"),
    (SLOPE + r"(u_{0j}, u_{1j}) \sim N(0, \begin{pmatrix}\tau & 0 \\ 0 & «\tau»\end{pmatrix})", "two that are equal are not"),
    (SLOPE + r"(u_{0j}, u_{1j}) \sim N(0, \begin{pmatrix}\tau_0 & «\rho» \\ 0 & \tau_1\end{pmatrix})", "symmetric"),
    (SLOPE + r"(u_{0j}, u_{1j}) \sim N(0, «\begin{pmatrix}\tau_0 & \tau_1\end{pmatrix}»)", "2 rows and columns"),
    (SLOPE + r"«\mathbf{G}» = \begin{pmatrix}\tau_0 & 0 \\ 0 & \tau_1\end{pmatrix}", "of which random effects"),
    (SLOPE + r"\operatorname{Cov}(u_{0j}, u_{1j}) = «0.5»", "are estimated"),
    (MEAN + r"«r_{ij} \sim N(0, \sigma_j^2)»", "a variance of each unit's own"),
    (MEAN + r"u_{0j} \sim N(0, «1»)", "are estimated"),
    (MEAN + r"u_{0j} \sim N(0, \tau) «+» 1", "a distribution ends here"),
    (MEAN + r"«u_{0j} \sim \text{Poisson}(\mu)»", "level 1 predicts what the distribution names"),
    (MEAN + r"«w_{0j} \sim N(0, \tau)»", "a distribution is stated of the residual"),
    # accents, powers, division, columns that are not said
    (MEAN.replace(r"= \beta", r"= «\hat\beta_{0j}» + \beta"), r"what `\hat` stands for is not said"),
    (SLOPE.replace("X_{ij}", r"«\tilde{X}_{ij}»"), r"what `\tilde` stands for is not said"),
    (SLOPE.replace("X_{ij}", "«X_{ij}^2»"), "powers are not read"),
    (SLOPE.replace("X_{ij}", r"«\frac{X_{ij}}{10}»"), "division is not read"),
    (SLOPE.replace("X_{ij}", "«(»X_{ij} - 12)"), "make the column in the data first"),
    (SLOPE.replace("X_{ij}", r"(X_{ij} - «\bar{Z}_{.j}»)"), "center a column around its own mean"),
    (SLOPE.replace("X_{ij}", r"(X_{ij} - «\bar{X}»)"), "whose mean is meant is not said"),
    (SLOPE.replace("X_{ij}", r"«\bar{X}_{..}»"), "the grand mean is one number"),
    (SLOPE.replace("X_{ij}", r"«\mathbf{1}(\text{race}_{ij} = \text{Black})»"), "write the category as a whole"),
    (SLOPE.replace("X_{ij}", "«math_s»core_{ij}".replace("_s»core", "_score»")), r"`\text{math\_score}`"),
    (SLOPE.replace(r"+ \beta_{1j}", r"+ «\sqrt{n_{ij}}» + \beta_{1j}"), "`offset(sqrt(...))`"),
    (LEVEL1.replace("X_{ij}", r"(X_{ijk} - «\bar{X}_{..k}»)"), "write the mean of `jk` here"),
    (SLOPE.replace("X_{ij}", r"(X_{ij} - «\bar{X}_{ij}»)"), "write the mean of `j` here"),
    (SLOPE.replace("X_{ij}", r"(X_{j} - «\bar{X}_{j}»)"), r"`\bar{X}_{.}` for the mean of all"),
    (SLOPE.replace("X_{ij}", r"«\sum»_k X_{kij}"), "sums are not read"),
    (SLOPE.replace("X_{ij}", r"«\{»X_{ij} - 1\}"), "write parentheses, `(` and `)`"),
    (r"y_i \sim N(\alpha_{j[i]}, \sigma^2) \\ \alpha_j \sim N(«\mu», \tau^2)", "write the mean as an equation"),
    # a combined equation beside the levels that says something else
    (SLOPE + COMBINED.replace(r"\gamma_{10} X", r"«\gamma_{11} X").replace("} + u_{0j} +", "}» + u_{0j} +"), "the levels do not"),
    (SLOPE + "\n«" + COMBINED.replace(" + u_{1j} X_{ij}", "").removesuffix(r" \\ ") + "»", "lacks the term `u1*X`"),
    (SLOPE + r"Y_{ij} = (\gamma_{00} + u_{0j}) + («\gamma_{01} + u_{1j}) X_{ij}» + r_{ij}", "the levels do not"),
    (SLOPE.replace("X_{ij}", r"(X_{ij} - \bar{X}_{.j})") + COMBINED.replace(r"\gamma_{10} X_{ij}", r"«\gamma_{10} X_{ij}»"),
     "the levels do not"),
    (SLOPE + COMBINED.replace(r"+ r_{ij}", r"+ «\log(n_{ij})» + r_{ij}"), "the levels do not"),
    (SLOPE.replace(r"\gamma_{00} + u", r"\gamma_{00} «u").replace("«u_{0j}", "«u_{0j}»"), "or `+` if they are two terms"),
    (SLOPE.replace(r"\beta_{1j} X", r"\beta_{1j} «\foo» X"), r"a name is set by `\text{foo}`"),
    (SLOPE.replace(" + r_{ij}", "« » "), "level 1 ends with its residual"),
    (SLOPE.replace(r"\gamma_{00} +", r"\gamma_{00} «-» \gamma_{01} W_j +"), "terms are only added"),
    # what is not closed, or stands where it means nothing
    ("«$»" + MEAN, "is not closed"),
    (SLOPE.replace("X_{ij}", "«(»X_{ij}"), "this parenthesis is not closed"),
    (SLOPE.replace("X_{ij}", "X_«{»ij + r"), "this brace is not closed"),
    (r"«\begin»{align} " + MEAN, r"`\end{align}` is missing"),
    (SLOPE.replace("X_{ij}", "X_{ij}«_»{k}"), "two scripts at one place"),
    (SLOPE.replace(r"\\ ", "«= 3» ".replace("= 3»", "=» 3"), 1), "a second `=`"),
    (r"$Y_{ij} = \beta_{0j} + \beta_{1j} X_{ij} + r_{ij}$, $\beta_{0j} = \gamma_{00} + u_{0j}$, where $X$ is group-mean «centered».", "centering has to stand in the equations"),
]  # fmt: skip
