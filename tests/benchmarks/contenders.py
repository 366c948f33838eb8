"""The programs that `compare.py` measures, a function each: HSB data, the same model and priors, one record.

Every function imports what it needs itself, prints its tables, and reads the clock before anything is computed
for the benchmark's own sake.
"""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import Phases, Record, entered, peak_mib, seconds_since_start, smallest_ess, versions

MODEL = "hsb-slopes-as-outcomes-full"
FIXED = ("g00", "g01", "g02", "g10", "g11", "g12")
COLUMNS = ("sector", "meanses", "ses_cwc", "ses_cwc:sector", "ses_cwc:meanses")  # of g01, g02, g10, g11, g12
R_SCRIPT = Path(__file__).with_name("contenders.R")


@dataclass(frozen=True)
class Settings:
    """What every sampler is asked for; `tune` None leaves each program its own default."""

    draws: int
    tune: int | None
    chains: int
    cores: int
    seed: int


@dataclass(frozen=True)
class Contender:
    """A program and what it needs: nothing but the project, "bambi", or an R package."""

    run: Callable[[Settings], Record]
    what: str
    needs: str = ""


def _bayeshlm(settings: Settings, parameterization: str, extra: str = "", again: bool = False) -> Record:
    phases = Phases()
    with phases("import"):
        import bayeshlm as hlm
        import bayeshlm.faces.fit
        import bayeshlm.sampling.convert
        from bayeshlm.faces.gallery import read_model_file
        from bayeshlm.sampling import nuts

        if parameterization != "marginal":
            import bayeshlm.graph.hierarchical
            import bayeshlm.sampling.compile

    def fit(seed: int) -> tuple[Any, float]:
        start = time.perf_counter()
        source = read_model_file(MODEL)
        model = hlm.Model(source.equations + extra, data=hlm.load_dataset("hsb"), group=source.group)
        with entered(nuts, "run_nuts") as moments:
            fitted = model.fit(
                draws=settings.draws,
                tune=settings.tune,
                chains=settings.chains,
                cores=settings.cores,
                seed=seed,
                parameterization=parameterization,
                progress=False,
            )
        print(fitted)
        return fitted, moments[0] - start

    fitted, built = fit(settings.seed)
    attrs = fitted.idata.attrs
    phases["build, compile"], phases["sample"] = built + attrs["compile_seconds"], attrs["sample_seconds"]
    record = _record(phases, attrs["tune"])
    draws = _coefficients(fitted.posterior["gamma"].to_numpy(), fitted.posterior["tau"].to_numpy())
    if "corr" in fitted.posterior:
        draws["corr"] = fitted.posterior["corr"].to_numpy()[..., 0, 1]
    draws["sigma"] = fitted.posterior["sigma"].to_numpy()
    divergences = int(fitted.idata["sample_stats"]["diverging"].sum())
    if again:
        with phases("second fit"):
            fit(settings.seed + 1)
        record["second_fit"] = phases["second fit"]
    return _with_draws(record, draws, divergences)


def _reml(settings: Settings) -> Record:
    phases = Phases()
    with phases("import"):
        import bayeshlm as hlm
        import bayeshlm.faces.reml_fit
    with phases("sample"):
        estimate = hlm.open_model(MODEL).reml()
        print(estimate)
    return _record(phases, None)


def _bambi(settings: Settings, sampler: str) -> Record:
    phases = Phases()
    with phases("import"):
        import arviz as az
        import bambi as bmb
    frame, prior = hsb_frame()

    def half_t(scale: float) -> Any:
        return bmb.Prior("HalfStudentT", nu=3, sigma=scale)

    def effect(scale: float) -> Any:
        return bmb.Prior("Normal", mu=0, sigma=half_t(scale))

    with phases("build, compile"):
        model = bmb.Model(
            f"mathach ~ {' + '.join(COLUMNS)} + (ses_cwc | school)",
            frame,
            priors={
                "Intercept": bmb.Prior("Normal", mu=prior.y_mean, sigma=2.5 * prior.y_sd),  # of centered predictors
                **{name: bmb.Prior("Normal", mu=0, sigma=sd) for name, sd in prior.slopes.items()},
                "1|school": effect(prior.y_sd),
                "ses_cwc|school": effect(prior.tau_slope),
                "sigma": half_t(prior.y_sd),
            },
        )
        tree = model.fit(
            draws=settings.draws,
            tune=settings.tune or 1000,
            chains=settings.chains,
            cores=settings.cores,
            random_seed=settings.seed,
            inference_method=sampler,
            progressbar=False,
        )
    posterior = tree["posterior"].to_dataset()
    names = ["Intercept", *COLUMNS, "1|school_sigma", "ses_cwc|school_sigma", "sigma"]
    print(az.summary(tree, var_names=names))
    draws = {name: posterior[name].to_numpy() for name in names}
    labels = [*FIXED, "tau_u0", "tau_u1", "sigma"]
    draws = dict(zip(labels, draws.values(), strict=True))
    return _pymc_record(phases, settings, sampler, tree, draws)


def _by_hand(settings: Settings, sampler: str) -> Record:
    phases = Phases()
    with phases("import"):
        import arviz as az
        import numpy as np
        import pymc as pm
    frame, prior = hsb_frame()
    with phases("build, compile"):
        code, schools = frame["school"].factorize()
        X = np.column_stack([frame[name] for name in COLUMNS])
        coords = {"school": schools, "slope": list(COLUMNS), "effect": ["u0", "u1"]}
        with pm.Model(coords=coords) as model:
            intercept = pm.Normal("intercept", prior.y_mean, 2.5 * prior.y_sd)
            slopes = pm.Normal("slopes", 0, list(prior.slopes.values()), dims="slope")
            # Unit scales: nutpie cannot start a model whose sd_dist has an array for its sigma.
            unit = pm.HalfStudentT.dist(nu=3, sigma=1, shape=2)
            chol, corr, unit_tau = pm.LKJCholeskyCov("G", eta=2, n=2, sd_dist=unit)
            scales = np.array([prior.y_sd, prior.tau_slope])
            pm.Deterministic("tau", scales * unit_tau, dims="effect")
            pm.Deterministic("corr", corr[0, 1])
            z = pm.Normal("z", 0, 1, dims=("school", "effect"))
            u = pm.Deterministic("u", z @ (scales[:, None] * chol).T, dims=("school", "effect"))
            sigma = pm.HalfStudentT("sigma", nu=3, sigma=prior.y_sd)
            mean = intercept + (X - X.mean(axis=0)) @ slopes + u[code, 0] + u[code, 1] * frame["ses_cwc"].to_numpy()
            pm.Normal("y", mean, sigma, observed=frame["mathach"].to_numpy())
        with model:
            tree = pm.sample(
                draws=settings.draws,
                tune=settings.tune or 1000,
                chains=settings.chains,
                cores=settings.cores,
                random_seed=settings.seed,
                nuts_sampler=sampler,
                progressbar=False,
            )
    print(az.summary(tree, var_names=["intercept", "slopes", "tau", "corr", "sigma"]))
    posterior = tree["posterior"].to_dataset()
    slopes = posterior["slopes"].to_numpy()
    intercept = posterior["intercept"].to_numpy() - slopes @ X.mean(axis=0)
    draws = _coefficients(np.dstack([intercept, slopes]), posterior["tau"].to_numpy())
    draws |= {"corr": posterior["corr"].to_numpy(), "sigma": posterior["sigma"].to_numpy()}
    return _pymc_record(phases, settings, sampler, tree, draws)


def _r(settings: Settings, package: str) -> Record:
    frame, prior = hsb_frame()
    with tempfile.TemporaryDirectory() as folder:
        data, answer, table = (Path(folder) / name for name in ("hsb.csv", "answer.json", "draws.csv"))
        frame.to_csv(data, index=False)
        asked = {**vars(settings), "tune": settings.tune or 1000, "y_mean": prior.y_mean, "y_sd": prior.y_sd}
        asked |= {"slopes": list(prior.slopes.values()), "data": str(data), "answer": str(answer), "table": str(table)}
        phases, command = Phases(), ["Rscript", "--vanilla", str(R_SCRIPT), package]
        with phases("total"):
            subprocess.run(command, input=json.dumps(asked), text=True, check=True)
        answered = json.loads(answer.read_text())
        record = {"import": answered["import"], "sample": answered["sample"], "total": phases["total"]}
        record |= {"peak_mib": peak_mib(resource.RUSAGE_CHILDREN), "versions": answered["versions"]}
        if table.exists():
            import pandas as pd

            columns = pd.read_csv(table)
            shape = (settings.chains, settings.draws)
            draws = {name: columns[name].to_numpy().reshape(shape) for name in columns}
            record = _with_draws(record | {"tune": asked["tune"]}, draws, answered["divergences"])
        return record


@dataclass(frozen=True)
class Prior:
    """Scales of the default priors, computed from the data as `bayeshlm.parameters.priors` states them."""

    y_mean: float
    y_sd: float
    slopes: dict[str, float]
    tau_slope: float


def hsb_frame() -> tuple[Any, Prior]:
    """The data, with ses centered within schools, and the scales of the priors."""
    from bayeshlm import load_dataset

    frame = load_dataset("hsb")[["school", "mathach", "ses", "sector", "meanses"]].copy()
    frame["ses_cwc"] = frame["ses"] - frame.groupby("school")["ses"].transform("mean")
    for name in ("sector", "meanses"):
        frame[f"ses_cwc:{name}"] = frame["ses_cwc"] * frame[name]
    y_sd = float(frame["mathach"].std())
    slopes = {name: 2.5 * y_sd / float(frame[name].std()) for name in COLUMNS}
    return frame, Prior(float(frame["mathach"].mean()), y_sd, slopes, y_sd / float(frame["ses_cwc"].std()))


def _coefficients(gamma: Any, tau: Any) -> dict[str, Any]:
    draws = {name: gamma[..., k] for k, name in enumerate(FIXED)}
    return draws | {f"tau_u{k}": tau[..., k] for k in range(2)}


def _record(phases: Mapping[str, float], tune: int | None) -> Record:
    """Read the clock and the memory: the tables have just been printed."""
    total = seconds_since_start()
    return {**phases, "total": total, "peak_mib": peak_mib(), "tune": tune, "versions": versions()}


def _pymc_record(phases: Phases, settings: Settings, sampler: str, tree: Any, draws: dict[str, Any]) -> Record:
    """Split what `pm.sample` did into sampling, which it reports, and the rest."""
    phases["sample"] = float(tree["posterior"].attrs["sampling_time"])
    phases["build, compile"] -= phases["sample"]
    record = _record(phases, settings.tune or 1000)
    if sampler == "pymc":
        record["worker_mib"] = peak_mib(resource.RUSAGE_CHILDREN)  # a process a chain; pages may be shared
    return _with_draws(record, draws, int(tree["sample_stats"]["diverging"].sum()))


def _with_draws(record: Record, draws: Mapping[str, Any], divergences: int) -> Record:
    record |= smallest_ess(draws) | {"divergences": divergences}
    record["ess_per_second"] = min(record["ess_bulk"], record["ess_tail"]) / record["sample"]
    return record


CONTENDERS = {
    "bayeshlm-marginal": Contender(lambda s: _bayeshlm(s, "marginal", again=True), "bayeshlm, marginal"),
    "bayeshlm-independent": Contender(
        lambda s: _bayeshlm(s, "marginal", "\ncov(u0, u1) = 0", again=True), "bayeshlm, marginal, independent G"
    ),
    "bayeshlm-noncentered": Contender(lambda s: _bayeshlm(s, "noncentered"), "bayeshlm, noncentered"),
    "bambi-pymc": Contender(lambda s: _bambi(s, "pymc"), "bambi, PyMC's NUTS, independent G", "bambi"),
    "bambi-nutpie": Contender(lambda s: _bambi(s, "nutpie"), "bambi, nutpie, independent G", "bambi"),
    "pymc-lkj": Contender(lambda s: _by_hand(s, "pymc"), "hand-written PyMC, its NUTS"),
    "pymc-lkj-nutpie": Contender(lambda s: _by_hand(s, "nutpie"), "hand-written PyMC, nutpie"),
    "rstanarm": Contender(lambda s: _r(s, "rstanarm"), "rstanarm (its own prior of G)", "rstanarm"),
    "lmer": Contender(lambda s: _r(s, "lme4"), "lme4's lmer (REML, no posterior)", "lme4"),
    "bayeshlm-reml": Contender(_reml, "bayeshlm's REML (no posterior)"),
}
