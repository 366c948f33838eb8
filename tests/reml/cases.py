"""The 69 lme4 fits as level equations, and their REML and ML fits by this package."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from bayeshlm.datasets import load_dataset
from bayeshlm.design import Design, build_design
from bayeshlm.equations import parse
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import RemlEstimate, fit_reml

# model -> (level equations, lme4's names of the fixed effects, lme4's names of the random effects)
LEE_BRYK = {
    "000-m2-LeeBryk": ("math = b0 + r; b0 = g00 + u0", "(Intercept)", "(Intercept)"),
    "000-m3-LeeBryk": (
        "math = b0 + r; b0 = g00 + g01*mses + g02*sector + u0",
        "(Intercept) mses sector",
        "(Intercept)",
    ),
    "000-m4-LeeBryk": (
        "math = b0 + b1*ses + r; b0 = g00 + g01*mses + g02*sector + u0; b1 = g10 + g11*mses + g12*sector + u1",
        "(Intercept) mses sector ses mses:ses sector:ses",
        "(Intercept) ses",
    ),
}
MONETTE = {
    "01-oneway-anova": ("mathach = b0 + r; b0 = g00 + u0", "(Intercept)", "(Intercept)"),
    "02-means-as-outcomes": (
        "mathach = b0 + r; b0 = g00 + g01*sector + u0",
        "(Intercept) sector",
        "(Intercept)",
    ),
    "02b-means-as-outcomes-meanses": (
        "mathach = b0 + r; b0 = g00 + g01*meanses + u0",
        "(Intercept) meanses",
        "(Intercept)",
    ),
    "02c-means-as-outcomes-sector-meanses": (
        "mathach = b0 + r; b0 = g00 + g01*sector + g02*meanses + u0",
        "(Intercept) sector meanses",
        "(Intercept)",
    ),
    "03-oneway-ancova": (
        "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10",
        "(Intercept) ses",
        "(Intercept)",
    ),
    "04-random-coefficients": (
        "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1",
        "(Intercept) ses",
        "(Intercept) ses",
    ),
    "04b-random-coefficients-cwg": (
        "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + u1",
        "(Intercept) dvar_ses",
        "(Intercept) dvar_ses",
    ),
    "05-intercepts-slopes-outcomes": (
        "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector + u1",
        "(Intercept) sector ses ses:sector",
        "(Intercept) ses",
    ),
    "05b-intercepts-slopes-outcomes-meanses": (
        "mathach = b0 + b1*ses + r; b0 = g00 + g01*meanses + g02*sector + u0; b1 = g10 + g11*meanses + g12*sector + u1",
        "(Intercept) meanses sector ses ses:meanses ses:sector",
        "(Intercept) ses",
    ),
    "05c-intercepts-slopes-outcomes-meanses-cwg": (
        "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*meanses + g02*sector + u0;"
        "b1 = g10 + g11*meanses + g12*sector + u1",
        "(Intercept) meanses sector dvar_ses dvar_ses:meanses dvar_ses:sector",
        "(Intercept) dvar_ses",
    ),
    "06-nonrandom-slopes": (
        "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector",
        "(Intercept) sector ses ses:sector",
        "(Intercept)",
    ),
    "07-parallel-mean-slopes": (
        "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + u1",
        "(Intercept) sector ses",
        "(Intercept) ses",
    ),
    "08-contextual-cwg": (
        "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10 + u1",
        "(Intercept) cvar_ses dvar_ses",
        "(Intercept) dvar_ses",
    ),
    "09-contextual-raw": (
        "mathach = b0 + b1*ses + b2*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10; b2 = u2",
        "(Intercept) cvar_ses ses",
        "(Intercept) dvar_ses",
    ),
    "10-contextual-intercepts-slopes-outcomes": (
        "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + g02*sector + g03*mean(ses)*sector + u0;"
        "b1 = g10 + g11*sector + u1",
        "(Intercept) cvar_ses sector cvar_ses:sector dvar_ses dvar_ses:sector",
        "(Intercept) dvar_ses",
    ),
}
IOWA = {
    "004-covariates-hsb": (
        "mathach = b0 + b1*ses + b2*minority + b3*female + r; b0 = g00 + u0; b1 = g10; b2 = g20; b3 = g30",
        "(Intercept) ses minority female",
        "(Intercept)",
    ),
    "004-random-slope-hsb": (
        "mathach = b0 + b1*ses + b2*minority + b3*female + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20; b3 = g30",
        "(Intercept) ses minority female",
        "(Intercept) ses",
    ),
    "004-size-sector-hsb": (
        "mathach = b0 + b1*ses + b2*minority + b3*female + r;"
        "b0 = g00 + g01*size + g02*sector + u0; b1 = g10 + g11*size + u1; b2 = g20; b3 = g30",
        "(Intercept) size sector ses size:ses minority female",
        "(Intercept) ses",
    ),
}


@dataclass(frozen=True)
class Case:
    id: str
    dataset: str
    group: str
    equations: str
    fixed: tuple[str, ...]
    random: tuple[str, ...]
    method: Method


def _cases() -> dict[str, Case]:
    rows = [(f"{key}-REML", "lee_bryk", text, "REML") for key, text in LEE_BRYK.items()]
    for data in ("hs", "hsb"):
        for method in ("REML", "ML"):
            rows += [(f"001-{key}-{data}-{method}", data, text, method) for key, text in MONETTE.items()]
    rows += [(f"{key}-{method}", "hsb", text, method) for key, text in IOWA.items() for method in ("REML", "ML")]
    return {
        key: Case(
            key,
            data,
            "schoolid" if data == "lee_bryk" else "school",
            equations.replace(";", "\n"),
            tuple(fixed.split()),
            tuple(random.split()),
            method,
        )
        for key, data, (equations, fixed, random), method in rows
    }


CASES = _cases()


@cache
def dataset(name: str) -> Any:
    return load_dataset(name)


@cache
def design(key: str) -> Design:
    case = CASES[key]
    return build_design(parse(case.equations), dataset(case.dataset), group=case.group)


@cache
def estimate(key: str) -> RemlEstimate:
    """The fit of a case, made once a session."""
    return fit_reml(design(key), CASES[key].method)
