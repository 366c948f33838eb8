# ruff: noqa: E501, the lines are those of the texts
r"""Prints of the five textbook chapters that are wrong or no model of levels, with the errors that they end in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RefusedPrint:
    """A print that is wrong or no model; ``place`` is what the carets mark, ``says`` is in the message."""

    name: str
    text: str
    place: str
    says: str


REFUSED_PRINTS = (
    RefusedPrint(
        "000-one-level-mean",
        r"""
\[math_{ij} = \beta_0 + e_{ij}.\]
""",
        r"\beta_0",
        "the only equation",
    ),
    RefusedPrint(
        "000-one-level-regression",
        r"""
\[math_{ij}=\beta_{0}+\beta_{1}ses_{ij}+e_{ij}.\]
""",
        r"\beta_{0}",
        "the only equation",
    ),
    RefusedPrint(
        "000-substituted",
        r"""
\begin{eqnarray} math_{ij} & = & \beta_{0j}+\beta_{1j}ses_{ij}+e_{ij}\nonumber \\ & = & \gamma_{0}+\gamma_{1}mses_{j}+\gamma_{2}sector_{j}+v_{0j}\nonumber \\ & & +(\gamma_{3}+\gamma_{4}mses_{j}+\gamma_{5}sector_{j}+v_{1j})*ses_{ij}+e_{ij}. \end{eqnarray}
""",
        r"=",
        "goes on with the equation above",
    ),
    RefusedPrint(
        "000-estimates",
        r"""
\begin{eqnarray*} \beta_{0j} & = & 12.10+3.32mses_{j}+1.19sector_{j}+v_{0j}\\ \beta_{1j} & = & 2.91+0.85mses_{j}-1.58sector_{j}+v_{1j} \end{eqnarray*}
""",
        r"12.10",
        "begins with a symbol",
    ),
    RefusedPrint(
        "001-between-school-model-alone",
        r"""
$$\beta_{0j} = \gamma_{00} + \gamma_{01}W_j + u_{0j}$$

$$\beta_{1j} = \gamma_{10} + \gamma_{11}W_j + u_{1j}$$
""",
        r"\gamma_{00}",
        "level 1 is missing",
    ),
    RefusedPrint(
        "001-of-public-schools",
        r"""
$$\beta_{0j} = \gamma_{00} + \gamma_{01} \times 0 + u_{0j} = \gamma_{00} + u_{0j}$$
""",
        r"=",
        "a second `=`",
    ),
    RefusedPrint(
        "001-substituted",
        r"""
$$\begin{aligned} Y_{ij} &= \left(\beta_{0j} \right) + \left(\beta_{1j} \right) X_{ij} + r_{ij} \\ &= \left(\gamma_{00} + \gamma_{01}W_j + u_{0j} \right) \\ &\quad + \left(\gamma_{10} + \tau_{11}W_j + u_{1j} \right) X_{ij} + r_{ij} \end{aligned}$$
""",
        r"=",
        "goes on with the equation above",
    ),
    RefusedPrint(
        "001-means-as-outcomes-as-printed",
        r"""
$$Y_{ij} = \beta_0 + \beta_{0j} + r_{ij}$$

Level 2 model:

$$\beta_{0j} = \gamma_{00} + \gamma_{01}W_j + u_{0j}$$
""",
        r"\beta_{0j}",
        "stands twice as a coefficient of level 1",
    ),
    RefusedPrint(
        "001-combined-errors",
        r"""
$$Y_{ij} = \gamma_{00} + \gamma_{01} W_j + \gamma_{10} X_{ij} + \gamma_{11} W_j X_{ij} + \delta_{ij}$$
""",
        r"\gamma_{00}",
        "take the combined equation apart",
    ),
    RefusedPrint(
        "001-within-school-model",
        r"""
$$Y_{ij} = \beta_{0j} + \beta_{1j} X_{ij} + \varepsilon_{ij}$$
""",
        r"\beta_{0j}",
        "the only equation",
    ),
    RefusedPrint(
        "001-vectors",
        r"""
$$\boldsymbol{\beta}_j = \begin{bmatrix} \beta_{0j} \\ \beta_{1j} \end{bmatrix} = \begin{bmatrix} \gamma_0 \\ \gamma_1 \end{bmatrix} + \begin{bmatrix} u_{0j} \\ u_{1j} \end{bmatrix}, \quad \begin{bmatrix} u_{0j} \\ u_{1j} \end{bmatrix} \sim N \left(\begin{bmatrix} 0 \\ 0 \end{bmatrix}, \begin{bmatrix} g_{00} & g_{01} \\ g_{10} & g_{11} \end{bmatrix} \right)$$
""",
        "",
        "one equation for each coefficient",
    ),
    RefusedPrint(
        "001-matrices",
        r"""
$$\mathbf{Y} = \mathbf{X}\boldsymbol{\beta} + \boldsymbol{\varepsilon}$$
""",
        r"\mathbf{Y}",
        "vectors and matrices are not read",
    ),
    RefusedPrint(
        "003-indicators",
        r"""
\[ Y = \beta_0 + \beta_1X + \beta_2I_2 + \beta_3I_3 + \dots + \beta_kI_k \qquad(1)\]
""",
        r"\dots",
        "write each term out",
    ),
    RefusedPrint(
        "003-sum-of-indicators",
        r"""
\[ Y = \beta_0 + \beta_1X + \sum\limits_{2}^{160} \beta_kI_k \qquad(2)\]
""",
        "",
        "sums are not read",
    ),
    RefusedPrint(
        "003-combined-with-parentheses",
        r"""
\[ Y_{ij} = \gamma_{00} + u_{0j} + (\gamma_{01} + u_{1j})X_{ij} + r_{ij} \qquad(6)\]
""",
        r"(",
        "one line for each coefficient",
    ),
    RefusedPrint(
        "003-rearranged",
        r"""
\[ \begin{aligned} & \beta_{0j} = \gamma_{00} + u_{0j} \text{(rearrange equation)} \\ & $u_{0j} = \beta_{0j} - \gamma_{00} \end{aligned} \]
""",
        r"$",
        "inside of an equation",
    ),
    RefusedPrint(
        "003-residual",
        r"""
\(r_{ij} = Y_{ij} - \gamma_{00} - u_{0j} - \gamma_{01}X_{ij} - u_{1j}X_{ij}\) → deviation of the observed value (\(Y_{ij}\)) from the conditional expected value, given the predictor (\(X_{ij}\)) in cluster \(j\)
""",
        r"-",
        "only added",
    ),
    RefusedPrint(
        "004-full-model-as-printed",
        r"""
  - Level-1 Model (student-level):
$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} + \beta_{3j}\text{female}_{ij} + \varepsilon_{ij}$$
  - Level-2 Models (school-level):
    - $\beta_{0j} = \gamma_{00} + U_{0j}$
    - $\beta_{1j} = \gamma_{10} + U_{1j}$
    - $\beta_{2j} = \gamma_{20}$
    - $\beta_{3j} = \gamma_{30}$
  - Full Model:
$$\text{mathach}_{ij} = \gamma_{00} + \gamma_{10}\text{SES}_{ij} + \gamma_{20}\text{minority}_{ij} + \gamma_{30}\text{female}_{ij} + U_{0j} + U_{1j} + \varepsilon_{ij}$$
""",
        r"U_{1j}",
        "the levels do not",
    ),
    RefusedPrint(
        "004-full-model-of-two-levels-as-printed",
        r"""
  - Level-1 Model (student-level):
$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} + \beta_{3j}\text{female}_{ij} + \varepsilon_{ij}$$
  - Level-2 Models (school-level):
    - $\beta_{0j} = \gamma_{00} + \gamma_{01}\text{size}_j + \gamma_{02}\text{sector}_j + U_{0j}$
    - $\beta_{1j} = \gamma_{10} + \gamma_{11}\text{size}_j + U_{1j}$
    - $\beta_{2j} = \gamma_{20}$
    - $\beta_{3j} = \gamma_{30}$
  - Full Model:  $\text{mathach}_{ij} = \gamma_{00} + \gamma_{01}\text{size}_j + \gamma_{02}\text{sector}_j + \gamma_{10}\text{SES}_{ij} + \gamma_{11}\text{size}_j * \text{SES}_{ij} + \gamma_{20}\text{minority}_{ij} + \gamma_{30}\text{female}_{ij} + U_{0j} + U_{1j} + \varepsilon_{ij}$
""",
        "",
        "the levels do not",
    ),
)
