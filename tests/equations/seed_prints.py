# ruff: noqa: E501, the lines are those of the texts
r"""The systems of the five textbook chapters as they are printed, LaTeX and markup, and what each of them means.

The names are those of ``seed_systems``, whose plain texts say the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PrintedSystem:
    name: str
    text: str


PRINTED = (
    PrintedSystem(
        "000-m2",
        r"""
\[math_{ij}=\beta_{j}+e_{ij},\]

where $\beta_j$ is the average math score or intercept for each school $j$.

Because the intercept is different, it can also has its own variation or variance across schools which can also be calculated using a regression model with intercept only

\[\beta_{j}=\beta_{0}+v_{j}\]
""",
    ),
    PrintedSystem(
        "000-m3",
        r"""
\begin{eqnarray*}math_{ij} & = & \beta_{j}+e_{ij}\\ \beta_{j} & = & \beta_{0}+\beta_{1}mses_{j}+\beta_{2}sector_{j}+v_{j}. \end{eqnarray*}
""",
    ),
    PrintedSystem(
        "000-m4",
        r"""
\begin{eqnarray*} math_{ij} & = & \beta_{0j}+\beta_{1j}ses_{ij}+e_{ij}\\ \beta_{0j} & = & \gamma_{0}+\gamma_{1}mses_{j}+\gamma_{2}sector_{j}+v_{0j}.\\ \beta_{1j} & = & \gamma_{3}+\gamma_{4}mses_{j}+\gamma_{5}sector_{j}+v_{1j}\end{eqnarray*}
""",
    ),
    PrintedSystem(
        "000-combined",
        r"""
\[math_{ij}=\beta_{0}+v_{j}+e_{ij}.\]
""",
    ),
    PrintedSystem(
        "001-between-school-model",
        r"""
$$Y_{ij} = \beta_{0j} + \beta_{1j}X_{ij} + r_{ij}$$
$$\beta_{0j} = \gamma_{00} + \gamma_{01}W_j + u_{0j}$$
$$\beta_{1j} = \gamma_{10} + \gamma_{11}W_j + u_{1j}$$
""",
    ),
    PrintedSystem(
        "001-01-one-way-anova",
        r"""
$$Y_{ij} = \beta_{0j} + r_{ij}$$

Level 2 model:

$$\beta_{0j} = \gamma_{00} + u_{0j}$$
""",
    ),
    PrintedSystem(
        "001-02-means-as-outcomes",
        r"""
$$Y_{ij} = \beta_{0j} + r_{ij}$$
$$\beta_{0j} = \gamma_{00} + \gamma_{01}W_j + u_{0j}$$
""",
    ),
    PrintedSystem(
        "001-03-one-way-ancova",
        r"""
$$Y_{ij} = \beta_{0j} + \beta_{1j} X_{ij} + r_{ij}$$

Level 2 model:

$$\beta_{0j} = \gamma_{00} + u_{0j}$$

$$\beta_{1j} = \gamma_{10}$$

Combined model:

$$Y_{ij} = \gamma_{00} + \gamma_{10} X_{ij} \\ + u_{0j} + r_{ij}$$
""",
    ),
    PrintedSystem(
        "001-04-random-coefficients",
        r"""
$$Y_{ij} = \beta_{0j} + \beta_{1j}X_{ij} + r_{ij}$$

Level 2 model:

$$\beta_{0j} = \gamma_{00} + u_{0j}$$

$$\beta_{1j} = \gamma_{10} + u_{1j}$$

with:

$$\text{Var}\left(\begin{bmatrix} u_{0j} \\ u_{1j} \end{bmatrix}\right) = \mathbf{T} = \begin{bmatrix} \tau_{00} & \tau_{01} \\ \tau_{10} & \tau_{11} \end{bmatrix}$$
""",
    ),
    PrintedSystem(
        "002-null",
        r"""
---|---|

Level 1 | \(math_{ij} = \beta_{0j} + R_{ij}\) |

Level 2 | \(\beta_{0j} = \gamma_{00} + U_{0j}\) |

Combined | \(math_{ij} = \gamma_{00} + U_{0j} + R_{ij}\) |
""",
    ),
    PrintedSystem(
        "003-equations-3-to-5",
        r"""
\[ \left( \begin{matrix}u_{0j} \\ u_{1j}\end{matrix}\right) \sim N\left(\begin{bmatrix} 0 \\ 0\end{bmatrix}, \begin{bmatrix} VAR(u_{0j}) & COV(u_{0j}, u_{1j}) \\ COV(u_{1j}, u_{0j}) & VAR(u_{1j})\end{bmatrix}\right) \]
Level-specific equations: \[ \text{Level 1: } Y_{ij} = \beta_{0j} + \beta_{1j}X_{ij} + r_{ij} \qquad(3)\]

\[ \begin{aligned} \text{Level 2 (intercept): }& \beta_{0j} = \gamma_{00} + u_{0j} \end{aligned} \qquad(4)\]

\[ \begin{aligned} \text{Level 2 (slope): } &\beta_{1j} = \gamma_{01} + u_{1j} \end{aligned} \qquad(5)\]
""",
    ),
    PrintedSystem(
        "003-equations-3-to-5",
        r"""
Level-specific equations: \[ \text{Level 1: } Y_{ij} = \beta_{0j} + \beta_{1j}X_{ij} + r_{ij} \qquad(3)\]

\[ \begin{aligned} \text{Level 2 (intercept): }& \beta_{0j} = \gamma_{00} + u_{0j} \end{aligned} \qquad(4)\]

\[ \begin{aligned} \text{Level 2 (slope): } &\beta_{1j} = \gamma_{01} + u_{1j} \end{aligned} \qquad(5)\]

Combined equation: Substituting Equation 4 and Equation 5 into Equation 3 yields the combined model equation (see Equation 6):

\[ Y_{ij} = \gamma_{00} + u_{0j} + (\gamma_{01} + u_{1j})X_{ij} + r_{ij} \qquad(6)\]
""",
    ),
    PrintedSystem(
        "004-null",
        r"""
  - Level-1 Model:  $y_{ij} = \beta_{0j} + \varepsilon_{ij}$
  - Level-2 Model:  $\beta_{0j} = \gamma_{00} + U_{0j}$  where
    - $\gamma_{00}$  – Average (general) intercept holding across all groups (fixed effect)
    - $U_{0j}$  – Group-specific effect on the intercept (random effect)
  - Full Specification:  $y_{ij} = \gamma_{00} + U_{0j} + \varepsilon_{ij}$
""",
    ),
    PrintedSystem(
        "004-null-example",
        r"""
  - Level-1 Model (student-level):  $\text{mathach}_{ij} = \beta_{0j} + \varepsilon_{ij}$
  - Level-2 Model (school-level):  $\beta_{0j} = \gamma_{00} + U_{0j}$
  - Full Model:  $\text{mathach}_{ij} = \gamma_{00} + U_{0j} + \varepsilon_{ij}$
""",
    ),
    PrintedSystem(
        "004-covariate",
        r"""
- Level-1 Model:  $y_{ij} = \beta_{0j} + \beta_{1j}x_{ij} + \varepsilon_{ij}$
- Level-2 Models
  - Intercept:  $\beta_{0j} = \gamma_{00} + U_{0j}$  where
    - $\gamma_{00}$  – Average (general) intercept holding across all groups (fixed effect)
    - $U_{0j}$  – Group-specific effect on the intercept (random effect)
  - Slope:  $\beta_{1j} = \gamma_{10}$  where
    - $\gamma_{10}$  – Amount of increase (decrease) in dependent variable for a one-unit change in  $x_{ij}$  (fixed effect)
- Full Specification:  $y_{ij} = \gamma_{00} + \gamma_{10}x_{ij} + U_{0j} + \varepsilon_{ij}$
""",
    ),
    PrintedSystem(
        "004-covariates",
        r"""
- Level-1 Model (student-level):

$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} + \beta_{3j}\text{female}_{ij} + \varepsilon_{ij}$$

- Level-2 Models (school-level):

- $\beta_{0j} = \gamma_{00} + U_{0j}$

- $\beta_{1j} = \gamma_{10}$

- $\beta_{2j} = \gamma_{20}$

- $\beta_{3j} = \gamma_{30}$

- Full Model:

$$\text{mathach}_{ij} = \gamma_{00} + \gamma_{10}\text{SES}_{ij} + \gamma_{20}\text{minority}_{ij} + \gamma_{30}\text{female}_{ij} + U_{0j} + \varepsilon_{ij}$$
""",
    ),
    PrintedSystem(
        "004-random-slope",
        r"""
  - Level-1 Model:  $y_{ij} = \beta_{0j} + \beta_{1j}x_{ij} + \varepsilon_{ij}$
  - Level-2 Models
    - Intercept:  $\beta_{0j} = \gamma_{00} + U_{0j}$  where
      - $\gamma_{00}$  – Average (general) intercept holding across all groups (fixed effect)
      - $U_{0j}$  – Group-specific effect on the intercept (random effect)
    - Slope:  $\beta_{1j} = \gamma_{10} + U_{1j}$  where
      - $\gamma_{10}$  – Average relationship of  $x_{ij}$  and  $y_{ij}$  across groups (fixed effect)
      - $U_{1j}$  – Group-specific variation of the relationship between  $x_{ij}$  and  $y_{ij}$  (random effect)
  - Full Specification:  $y_{ij} = \gamma_{00} + \gamma_{10}x_{ij} + U_{0j} + U_{1j}x_{ij} + \varepsilon_{ij}$
""",
    ),
    PrintedSystem(
        "004-random-slope-example",
        r"""
  - Level-1 Model (student-level):
$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} + \beta_{3j}\text{female}_{ij} + \varepsilon_{ij}$$
  - Level-2 Models (school-level):
    - $\beta_{0j} = \gamma_{00} + U_{0j}$
    - $\beta_{1j} = \gamma_{10} + U_{1j}$
    - $\beta_{2j} = \gamma_{20}$
    - $\beta_{3j} = \gamma_{30}$
""",
    ),
    PrintedSystem(
        "004-explained-slopes",
        r"""
  - Level-1 Model:  $y_{ij} = \beta_{0j} + \beta_{1j}x_{ij} + \varepsilon_{ij}$
  - Random Intercept:  $\beta_{0j} = \gamma_{00} + \gamma_{01}z_j + U_{0j}$
  - Random Slope:  $\beta_{1j} = \gamma_{10} + \gamma_{11}z_j + U_{1j}$
""",
    ),
    PrintedSystem(
        "004-size-and-sector",
        r"""
  - Level-1 Model (student-level):
$$\text{mathach}_{ij} = \beta_{0j} + \beta_{1j}\text{SES}_{ij} + \beta_{2j}\text{minority}_{ij} + \beta_{3j}\text{female}_{ij} + \varepsilon_{ij}$$
  - Level-2 Models (school-level):
    - $\beta_{0j} = \gamma_{00} + \gamma_{01}\text{size}_j + \gamma_{02}\text{sector}_j + U_{0j}$
    - $\beta_{1j} = \gamma_{10} + \gamma_{11}\text{size}_j + U_{1j}$
    - $\beta_{2j} = \gamma_{20}$
    - $\beta_{3j} = \gamma_{30}$
""",
    ),
    PrintedSystem(
        "004-full-model",
        r"""
  - Full Specification:  $y_{ij} = \gamma_{00} + \gamma_{10}x_{ij} + U_{0j} + U_{1j}x_{ij} + \varepsilon_{ij}$
""",
    ),
)
