"""What this package finds for the numbers that the five texts print, by (text, model, quantity)."""

import json
from functools import cache
from pathlib import Path

import cases
import numpy as np

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.type_three import sum_coded_effects
from bayeshlm.equations import parse
from bayeshlm.methods.compare_methods import compare_methods
from bayeshlm.reml.empirical_bayes import empirical_bayes, scaled_residuals
from bayeshlm.reml.hypotheses import hypothesis_from_text
from bayeshlm.reml.intervals import wald_components
from bayeshlm.reml.tests_of_effects import linear_hypothesis, t_tests, type_three

LISTINGS = Path(__file__).parents[1] / "references" / "seed_listings.json"
QUANTILES = ("Min", "1Q", "Median", "3Q", "Max")

LEE_BRYK_HEAD = """
1 5.88 -1.53 -0.43 0
1 19.71 -0.59 -0.43 0
1 20.35 -0.53 -0.43 0
1 8.78 -0.67 -0.43 0
1 17.90 -0.16 -0.43 0
1 4.58 0.02 -0.43 0
"""
HSB_HEAD = """
1224 0 1 -1.528 5.876 842 0 -0.428
1224 0 1 -0.588 19.708 842 0 -0.428
1224 0 0 -0.528 20.349 842 0 -0.428
1224 0 0 -0.668 8.781 842 0 -0.428
1224 0 0 -0.158 17.898 842 0 -0.428
1224 0 0 0.022 4.583 842 0 -0.428
"""


def _equal(frame, text):
    """How many numbers of a frame's head are those of a listing."""
    listed = np.array([line.split() for line in text.strip().splitlines()], dtype=float)
    return int((frame.head(len(listed)).to_numpy(dtype=float) == listed).sum())


def lmer_values(key):
    """Values of a mixed model by the names of lme4's and lmerTest's output."""
    design, fit, names = cases.design(key), cases.estimate(key), cases.CASES[key].fixed
    values = {"REML criterion": fit.criterion, "residual variance": fit.sigma**2, "residual sd": fit.sigma}
    residuals = np.quantile(scaled_residuals(design, fit), [0, 0.25, 0.5, 0.75, 1])
    values |= {f"scaled residual {name}": value for name, value in zip(QUANTILES, residuals, strict=True)}
    for name, sd in zip(cases.CASES[key].random, fit.tau, strict=True):
        values |= {f"variance {name}": sd**2, f"sd {name}": sd}
    if len(fit.tau) == 2:
        values["corr (Intercept),ses"] = fit.corr[0, 1]
    tests, corr = t_tests(fit), fit.vcov / np.outer(fit.se, fit.se)
    for k, name in enumerate(names):
        values |= {
            f"fixed {name} estimate": tests.estimate[k],
            f"fixed {name} SE": tests.se[k],
            f"fixed {name} Satterthwaite df": tests.df[k],
            f"fixed {name} t": tests.t[k],
            f"fixed {name} p": tests.p[k],
        }
        for j, other in enumerate(names):
            pair = [n.replace("(Intercept)", "(Intr)") for n in (name, other)]
            values |= {f"corr fixed {pair[0]},{pair[1]}": corr[k, j], f"corr fixed {pair[0]} , {pair[1]}": corr[k, j]}
    for test in type_three(fit, design.fixed, sum_coded_effects(design)):
        name = names[design.fixed_labels.index(test.label)]
        values |= {
            f"anova III {name} Sum Sq": test.F * test.numerator_df * fit.sigma**2,
            f"anova III {name} NumDF": test.numerator_df,
            f"anova III {name} DenDF": test.denominator_df,
            f"anova III {name} F": test.F,
            f"anova III {name} p": test.p,
        }
    return values


def lee_bryk_values():
    data = cases.dataset("lee_bryk")
    m2, m3, m4 = (lmer_values(f"000-{model}-LeeBryk-REML") for model in ("m2", "m3", "m4"))
    between, within = m2["variance (Intercept)"], m2["residual variance"]
    m2 |= {"ICC tau": between / (between + within)}
    m2 |= {"between-school variance in text": between, "within-school variance in text": within}
    in_text = {
        "text beta_0j: 12.10": "fixed (Intercept) estimate",
        "text mses on intercept": "fixed mses estimate",
        "text sector on intercept": "fixed sector estimate",
        "text beta_1j: 2.91": "fixed ses estimate",
        "text mses on slope": "fixed mses:ses estimate",
        "text sector on slope": "fixed sector:ses estimate",
        "text var e": "residual variance",
        "text var v0": "variance (Intercept)",
        "text var v1": "variance ses",
    }
    m4 |= {quantity: m4[source] for quantity, source in in_text.items()}
    listing = "head(LeeBryk): 6 rows x (math, ses, mses, sector)"
    equal = _equal(data[["math", "ses", "mses", "sector"]], "\n".join(r[2:] for r in LEE_BRYK_HEAD.strip().split("\n")))
    of_data = {"variance of math": data["math"].var(), "n students": len(data), listing: equal}
    of_data["n schools"] = len(hlm.group_frame(data, "schoolid"))
    return {"data": of_data, "m2": m2, "m3": m3, "m4": m4}


def ols_values(fit, names):
    """Values of a least-squares regression; `names` are the text's names of the coefficients."""
    found = zip(names, fit.coef, fit.se, fit.t, fit.p, strict=True)
    return {
        f"{name} {quantity}": value
        for name, *row in found
        for quantity, value in zip(("Estimate", "Std. Error", "t value", "Pr(>|t|)"), row, strict=True)
    }


def summary_values(fit):
    quantiles = zip(QUANTILES, np.quantile(fit.residuals, [0, 0.25, 0.5, 0.75, 1]), strict=True)
    values = {f"residual {name}": value for name, value in quantiles}
    values |= {"residual SE": fit.sigma, "df": fit.df, "residual df": fit.df, "R2": fit.r_squared}
    return values | {"adj R2": fit.adjusted_r_squared, "F": fit.overall.F, "p of F": fit.overall.p}


def rieger_values():
    hsb = cases.dataset("hsb")
    equations = "mathach = b0 + b1*ses + r\nb0 = g00 + u0\nb1 = g10"
    columns = ["school", "minority", "female", "ses", "mathach", "size", "sector", "meanses"]
    first = hsb.head(550)
    pooled = compare_methods(build_design(parse(equations), first, "school")).pooled
    part = {}
    for name, est, se, t, p in zip(("(Intercept)", "ses"), pooled.coef, pooled.se, pooled.t, pooled.p, strict=True):
        part |= {name: est, f"SE {name}": se, f"t {name}": t, f"p {name}": p}
    whole = build_design(parse(equations), hsb, "school")
    comparison = compare_methods(whole)
    lines = dict(zip(whole.group_labels, comparison.lines.coef, strict=True))
    parameters = whole.n_groups + len(comparison.fixed_effects.coef) + 1
    return {
        "data": {"head(dat, 6): 48 values": _equal(hsb[columns], HSB_HEAD)}
        | {"schools in rows 1:550 ('14')": len(hlm.group_frame(first, "school"))},
        "lm first 550 rows": part | summary_values(pooled),
        "school OLS lines": {"1224 intercept": lines[1224][0], "1224 slope": lines[1224][1]},
        "fixed effects approach": {"parameters '162'": parameters},
    }


def monette_methods():
    hs = cases.dataset("hs")
    hs = hs.assign(Sector=np.where(hs["sector"] == 1, "Catholic", "Public"))
    per_sector = "mathach = b0 + b1*ses + r; b0 = g00 + g01*Sector + u0; b1 = g10 + g11*Sector + u1"
    found = compare_methods(build_design(parse(per_sector), hs, "school"))
    one_slope = "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1"
    between = compare_methods(build_design(parse(one_slope), hs, "school")).between
    separate, common, slopes = found.separate_lines, found.fixed_effects, found.two_stage.of("b1")
    joint = separate.wald([[0, 1, 0, 0], [0, 0, 0, 1]])
    lines = {"numDF": joint.numerator_df, "denDF": joint.denominator_df, "F": joint.F, "p of F": joint.p}
    for name, k in (("Int", 1), ("Slope", 3)):
        lines |= {f"{name} estimate": separate.coef[k], f"{name} SE": separate.se[k]}
        lines |= {f"{name} t": separate.t[k], f"{name} p": separate.p[k]}
    k = common.labels.index("g11[Public]")
    stages = {}
    for name, *row in zip(
        ("slope (Intercept)", "slope SectorPublic"), slopes.coef, slopes.se, slopes.t, slopes.p, strict=True
    ):
        stages |= dict(zip((name, f"{name} SE", f"{name} t", f"{name} p"), row, strict=True))
    means = {}
    for name, *row in zip(("(Intercept)", "ses"), between.coef, between.se, between.t, between.p, strict=True):
        means |= dict(zip((name, f"{name} SE", f"{name} t", f"{name} p"), row, strict=True))
    names = ("(Intercept)", "SectorPublic", "ses", "ses:SectorPublic")
    return {
        "1 pooled OLS": ols_values(found.pooled, names) | summary_values(found.pooled),
        "2a fixed effects, sector contrast": lines,
        "2b fixed effects, common slopes": {"ses:Sector estimate": common.coef[k], "SE": common.se[k]}
        | {"DF": common.df, "t": common.t[k], "p": common.p[k]},
        "3 MANOVA two-stage (slope column)": stages,
        "4 between-school regression": means,
    }


def monette_oneway():
    key = "001-01-oneway-anova-hs-REML"
    design, fit, tests = cases.design(key), cases.estimate(key), t_tests(cases.estimate(key))
    data = cases.dataset("hs")
    glh = linear_hypothesis(fit, hypothesis_from_text("g00 = 0", fit.fixed_labels))
    intervals = wald_components(fit)
    sigma = intervals.keys.index(("sigma", ""))
    values = {
        "logLik (REML)": fit.log_likelihood,
        "AIC": fit.aic,
        "BIC (nlme: log(N-p))": fit.bic,  # nlme's rounds to the same digits
        "BIC (lme4: log(N))": fit.bic,
        "sd (Intercept)": fit.tau[0],
        "sd Residual": fit.sigma,
        "(Intercept)": fit.gamma[0],
        "(Intercept) SE": fit.se[0],
        "(Intercept) t": tests.t[0],
        "(Intercept) p": tests.p[0],
        "glh F": glh.F,
        "glh p": glh.p,
        "within sd upper": intervals.upper[sigma],
        "within sd lower (accurate Hessian)": intervals.lower[sigma],
        "within sd upper (accurate Hessian)": intervals.upper[sigma],
    }
    residuals = np.quantile(scaled_residuals(design, fit), [0, 0.25, 0.5, 0.75, 1])
    names = ("Min", "Q1", "Med", "Q3", "Max")
    values |= {f"standardized residual {name}": value for name, value in zip(names, residuals, strict=True)}
    u = empirical_bayes(fit)[0].u[:, 0]
    groups = hlm.group_frame(
        data.assign(
            ses_sch=hlm.contextual(data, "ses", "school"),
            ols=hlm.group_summary(data["mathach"], data["school"], "mean"),
            n=hlm.group_summary(data["mathach"], data["school"], len),
            sex=hlm.group_summary(data["female"] == 1, data["school"], "mean"),
        ),
        "school",
    )
    for k, school in enumerate(design.group_labels):
        row = groups.loc[school]
        values |= {
            f"ranef {school}": u[k],
            f"coef {school}": fit.gamma[0] + u[k],
            f"blup {school}": fit.gamma[0] + u[k],
            f"ses.sch {school}": row["ses_sch"],
            f"mathach.ols {school}": row["ols"],
            f"n {school}": row["n"],
            f"Sex.comp {school}": row["sex"],
        }
    return values


def monette_data():
    listed = json.loads(LISTINGS.read_text(encoding="utf-8"))
    hs, hsb = cases.dataset("hs"), cases.dataset("hsb")
    hs = hs.assign(
        Sex=np.where(hs["female"] == 1, "Female", "Male"),
        Minority=np.where(hs["minority"] == 1, "Yes", "No"),
        Sector=np.where(hs["sector"] == 1, "Catholic", "Public"),
        comp=hlm.group_summary(hs["female"] == 1, hs["school"]),
    )
    level2 = hlm.group_frame(hs, "school")
    everything = hlm.group_frame(hs, "school", summaries=True)
    n = hlm.group_frame(hs.assign(n=hlm.group_summary(hs["ses"], hs["school"], "size")), "school")["n"]
    females = hs["female"].groupby(hs["school"]).sum()
    columns = ("school", "mathach", "ses", "sector", "female", "Sex", "Minority", "size")

    def same(row, names, printed):
        return all(
            value == text if isinstance(value, str) else f"{value:.{len(text.partition('.')[2])}f}" == text
            for value, text in zip((row[name] for name in names), printed, strict=True)
        )

    rows = [
        same(hs.iloc[int(at) - 1], columns, printed)
        and hsb.iloc[int(number) - 1].tolist() == hs.iloc[int(at) - 1][list(hsb.columns)].tolist()
        for at, number, *printed in listed["rows"]
    ]
    level2_names = ("Sector", "pracad", "disclim", "himinty", "comp")
    contexts = [same(hs.iloc[int(at) - 1], level2_names, printed) for at, *printed in listed["contexts"]]
    schools = [
        same(level2.loc[int(school)], ("size", *level2_names)[: len(printed)], printed)
        for school, *printed in listed["schools"]
    ]
    means = [
        same(everything.loc[int(school)], ("mathach", "ses", "Sex", "Minority"), printed)
        for school, *printed in listed["summaries"]
    ]
    sexes = hs.groupby(["Sex", "Sector"]).size()
    share = level2.loc[level2["Sector"] == "Public", "comp"]
    return {
        "students": len(hs),
        "schools": len(level2),
        "smallest school": n.min(),
        "largest school": n.max(),
        "Catholic students": (hs["Sector"] == "Catholic").sum(),
        "Public students": (hs["Sector"] == "Public").sum(),
        "Female students": (hs["Sex"] == "Female").sum(),
        "Male students": (hs["Sex"] == "Male").sum(),
        **{f"{sex}, {sector}": count for (sex, sector), count in sexes.items()},
        "'All Public schools are co-educational'": "yes" if share.between(0, 1, inclusive="neither").all() else "no",
        "n per school (40 numbers)": sum(n[int(s)] == count for s, count in listed["n_per_school"].items()),
        "females per school (40)": sum(females[int(s)] == count for s, count in listed["females_per_school"].items()),
        "some(hs)/head(hs) rows (X, school, mathach, ses, sector, female, Sex, Minority, Size)": sum(rows),
        "some(hs) rows (Sector, PRACAD, DISCLIM, HIMINTY, Sex.comp)": sum(contexts),
        "up(hs, all=T): school means of mathach and ses": sum(means),
        "school-level listings hs.sch, hs.sid, hs1.sid (Size, Sector, PRACAD, DISCLIM, HIMINTY, Sex.comp, id)": sum(
            schools
        ),
    }


@cache
def values():
    """All of them, by (text, model, quantity)."""
    of_monette = {**monette_methods(), "fit.oneway.re": monette_oneway(), "data hs (40 schools)": monette_data()}
    texts = {"000": lee_bryk_values(), "001": of_monette, "003": rieger_values()}
    return {
        (text, model, quantity): value
        for text, models in texts.items()
        for model, found in models.items()
        for quantity, value in found.items()
    }
