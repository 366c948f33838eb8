"""Every public method of models and fits, of rows in a database: the same numbers as in memory, or one sentence."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from database_designs import pupils, stored

import bayeshlm as hlm
from bayeshlm.errors import HLMError

EQUATIONS = """
math = b0 + b1*cwc(ses) + b2*age + b3*race + r
b0 = g00 + g01*sector + g02*mean(ses) + u0
b1 = g10 + g11*sector + u1
b2 = g20
b3 = g30
"""
API = Path(__file__).parent / "references" / "public_api.txt"
ROWS = "this needs the rows of the data, but of this model only sums over rows are at hand"


@pytest.fixture(scope="module")
def data():
    return pupils().dropna(subset="race").assign(age=lambda frame: frame["age"] - 1e4)


@pytest.fixture(scope="module")
def pair(data):
    """A model and a fit in memory, and in a database."""
    models = [hlm.Model(EQUATIONS, table, "school") for table in (data, stored(data))]
    fit = models[1].fit(draws=250, tune=250, chains=2, seed=1, progress=False)
    return [(model, hlm.Fit(model, fit.idata)) for model in models]


def drawn(name, **options):
    """A figure as what its panels are called, and how many lines and bands they have."""

    def draw(model, fit):
        import matplotlib.pyplot as plt

        plot = model.plot if name == "data" else fit.plot
        getattr(plot, name)(**options)
        axes = [axis for number in plt.get_fignums() for axis in plt.figure(number).axes]
        found = [(axis.get_xlabel(), axis.get_ylabel(), len(axis.lines), len(axis.collections)) for axis in axes]
        assert found
        plt.close("all")
        return found

    return draw


def of_new(model, fit, groups="same"):
    new = pupils(seed=7).assign(age=lambda frame: frame["age"] - 1e4).dropna(subset="race").iloc[:40]
    new = pd.concat([new, new.iloc[:5].assign(school=999, sector="Public")])
    return fit.predict(new, groups, seed=3)["mu"].to_numpy()


SAME = {
    "Fit.convergence": lambda m, f: f.convergence,
    "Fit.cross_check": lambda m, f: f.cross_check(),
    "Fit.eb_weights": lambda m, f: f.eb_weights(),
    "Fit.fixed_effects": lambda m, f: f.fixed_effects(),
    "Fit.group_coefficients": lambda m, f: f.group_coefficients(),
    "Fit.group_draws": lambda m, f: f.group_draws([101])["beta"].to_numpy(),
    "Fit.group_reliability": lambda m, f: f.group_reliability(),
    "Fit.group_sd": lambda m, f: f.group_sd(),
    "Fit.icc": lambda m, f: f.icc(at={"ses": 1.0}),
    "Fit.influence": lambda m, f: f.influence(),
    "Fit.hypothesis": lambda m, f: f.hypothesis("g10 > 0", "tau[u0] > 1"),
    "Fit.contrast": lambda m, f: f.contrast(pattern="g10"),
    "Fit.loo": lambda m, f: f.loo(),
    "Fit.loo group": lambda m, f: f.loo("group"),
    "Fit.nodes": lambda m, f: f.nodes,
    "Fit.plausible_ranges": lambda m, f: f.plausible_ranges(),
    "Fit.posterior": lambda m, f: f.posterior["gamma"].to_numpy(),
    "Fit.predict": of_new,
    "Fit.predict average": lambda m, f: of_new(m, f, "average"),
    "Fit.predictive_check": lambda m, f: f.predictive_check(n_draws=50, seed=1).table["observed"].to_numpy(),
    "Fit.prior_sensitivity": lambda m, f: f.prior_sensitivity(),
    "Fit.r2": lambda m, f: f.r2(m.null().reml()).table[["mean", "sd"]],
    "Fit.ranks": lambda m, f: f.ranks("b0"),
    "Fit.reliability": lambda m, f: f.reliability(),
    "Fit.residuals": lambda m, f: f.residuals().table["standardized"].sort_values().to_numpy(),
    "Fit.residuals 2": lambda m, f: f.residuals(2),
    "Fit.residuals 2 HLM": lambda m, f: f.residuals(2).hlm_file().to_numpy(dtype=float),
    "Fit.standardized": lambda m, f: f.standardized(),
    "Fit.variance_components": lambda m, f: f.variance_components(),
    "Fit.plot.beta_space": lambda m, f: drawn("beta_space")(m, f)[0][:2],  # without the points of other methods
    "Fit.plot.caterpillar": drawn("caterpillar", coefficient="b0"),
    "Fit.plot.cross_check": drawn("cross_check"),
    "Fit.plot.forest": drawn("forest"),
    "Fit.plot.group_lines": drawn("group_lines"),
    "Fit.plot.icc": drawn("icc"),
    "Fit.plot.influence": drawn("influence"),
    "Fit.plot.interaction": drawn("interaction"),
    "Fit.plot.loo": drawn("loo"),
    "Fit.plot.pair": drawn("pair", var_names=["tau"]),
    "Fit.plot.plausible_ranges": drawn("plausible_ranges"),
    "Fit.plot.predictive_check": drawn("predictive_check", show="outcome", seed=1),
    "Fit.plot.prior_sensitivity": drawn("prior_sensitivity"),
    "Fit.plot.ranks": drawn("ranks", coefficient="b0"),
    "Fit.plot.rank": drawn("rank", var_names=["tau"]),
    "Fit.plot.residuals": drawn("residuals", x="ses"),
    "Fit.plot.residuals 2": drawn("residuals", level=2),
    "Fit.plot.shrinkage": drawn("shrinkage", coefficient="b1"),
    "Fit.plot.trace": drawn("trace", var_names=["tau"]),
    "Fit.plot.variance_components": drawn("variance_components"),
    "Fit.plot.variance_function": drawn("variance_function"),
    "Model.describe": lambda m, f: m.describe(),
    "Model.equations": lambda m, f: m.equations("nlme"),
    "Model.lint": lambda m, f: str([code for code in m.lint().codes if code != "informative-size"]),
    "Model.ml": lambda m, f: m.ml().gamma,
    "Model.null": lambda m, f: m.null(),
    "Model.prior_predictive": lambda m, f: m.prior_predictive(20, seed=1)["prior"]["sigma"].to_numpy(),
    "Model.priors": lambda m, f: m.priors,
    "Model.reml": lambda m, f: m.reml().gamma,
    "Model.spec": lambda m, f: m.spec.text,
    "Model.update": lambda m, f: m.update("b1 = g10 + u1"),
    "Model.without": lambda m, f: m.without("g11"),
    "compare_specs": lambda m, f: hlm.compare_specs(m, m.without("g11")),
    "table": lambda m, f: hlm.table(f, m.reml(), loo="row"),
}
for _kind in ("reml", "ml"):
    for _name in (
        "aic", "anova", "as_draw", "bic", "chi_square", "converged", "criterion", "deviance", "fixed_effects", "gamma",
        "group_coefficients", "icc", "intervals", "log_likelihood", "n_parameters", "plausible_ranges", "r2", "reason",
        "reliability", "robust_se", "sigma", "singular", "tau", "variance_components", "vcov", "corr", "G", "estimate",
        "method",
    ):  # fmt: skip

        def _ask(m, f, kind=_kind, name=_name):
            found = getattr(getattr(m, kind)(), name)
            found = found() if callable(found) else found
            return "" if name in ("estimate", "as_draw") else found

        SAME[f"{_kind}.{_name}"] = _ask
    SAME[f"{_kind}.compare"] = lambda m, f, kind=_kind: getattr(m, kind)().compare(getattr(m.without("u1"), kind)())
    SAME[f"{_kind}.wald"] = lambda m, f, kind=_kind: getattr(m, kind)().wald("g01[Other] = 0")
    SAME[f"{_kind}.hypothesis"] = lambda m, f, kind=_kind: getattr(m, kind)().hypothesis("g10 > 0", "tau[u0] > 1")
    SAME[f"{_kind}.standardized"] = lambda m, f, kind=_kind: getattr(m, kind)().standardized()
    SAME[f"{_kind}.ranks"] = lambda m, f, kind=_kind: getattr(m, kind)().ranks("b0").table
    SAME[f"{_kind}.contrast"] = lambda m, f, kind=_kind: getattr(m, kind)().contrast(pattern="g10")
    SAME[f"{_kind}.residuals"] = lambda m, f, kind=_kind: getattr(m, kind)().residuals().to_numpy()

SENTENCE = {
    "Fit.predict fitted": (
        lambda m, f: f.predict(),
        "the rows that were fitted stay in the database: fit.residual_table",
    ),
    "Fit.plot.calibration": (lambda m, f: f.plot.calibration(), "calibration compares predicted probabilities"),
    "Fit.plot.meta_forest": (lambda m, f: f.plot.meta_forest(), "meta_forest() draws rows with known SDs"),
    "Fit.group_level1_sds": (lambda m, f: f.group_level1_sds(), "does not vary between groups beyond its equation"),
    "Fit.heterogeneity": (lambda m, f: f.heterogeneity(), "the level-1 variance of 'math' is estimated: icc()"),
    "reml.heterogeneity": (lambda m, f: m.reml().heterogeneity(), "'math' is estimated: icc()"),
    "Model.compare_methods": (lambda m, f: m.compare_methods("ses"), ROWS),
    "Model.hausman": (lambda m, f: m.hausman("ses"), ROWS),
    "Model.graph": (lambda m, f: m.graph("noncentered"), ROWS),
    "Model.fit": (lambda m, f: m.fit(parameterization="centered", progress=False), ROWS),
    "Model.plot.data": (lambda m, f: m.plot.data(), ROWS),
}
for _name in ("predictions", "comparisons", "slopes", "contextual"):
    _args = () if _name == "predictions" else ("ses",)
    for _face, _of in {
        "Fit": lambda m, f: f,
        "Fit.plot": lambda m, f: f.plot,
        "reml": lambda m, f: m.reml(),
        "ml": lambda m, f: m.ml(),
    }.items():
        if (_face, _name) == ("Fit.plot", "contextual"):
            continue
        SENTENCE[f"{_face}.{_name}"] = (
            lambda m, f, of=_of, name=_name, args=_args: getattr(of(m, f), name)(*args),
            ROWS,
        )
ELSEWHERE = {
    "Fit.idata", "Fit.model", "Fit.plot", "Model.design", "Model.from_design", "Model.plot", "RemlFit.design",
    "RemlFit.plot", "MlFit.plot",  # of ranks
    "MlFit.design", "MlFit.auxiliary", "MlFit.nodes", "RemlFit.theta",  # what the model has, or of other families
    "MlFit.heterogeneity", "Model.survey",  # test_database_known_sd.py and test_database_weights.py
    "Fit.report", "Fit.residual_table", "Fit.save",  # test_database_models.py
}  # fmt: skip


def numbers_of(found):
    """A result as an array, or the numbers in what it prints."""
    if isinstance(found, np.ndarray | float | int):
        return np.asarray(found, dtype=float)
    if isinstance(found, pd.DataFrame | pd.Series):
        return found.select_dtypes("number").to_numpy() if isinstance(found, pd.DataFrame) else found.to_numpy()
    return str(found)


@pytest.mark.parametrize("ask", SAME.values(), ids=SAME)
def test_it_is_what_rows_in_memory_give(ask, pair):
    given, found = (numbers_of(ask(*one)) for one in pair)
    if isinstance(given, str):
        assert re.sub("[-−](?=0[.]0*(?!\\d))", "", found) == re.sub("[-−](?=0[.]0*(?!\\d))", "", given)
    else:
        scale = np.abs(given[np.isfinite(given.astype(float))]).max(initial=1.0) if given.dtype != object else 1.0
        np.testing.assert_allclose(found.astype(float), given.astype(float), rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize(("ask", "message"), SENTENCE.values(), ids=SENTENCE)
def test_what_needs_rows_is_one_sentence(ask, message, pair):
    with pytest.raises(HLMError, match=re.escape(message)) as error:
        ask(*pair[1])
    assert "\n" not in str(error.value)


def test_every_public_method_is_asked():
    lines = [line.partition("(")[0].split(":")[0] for line in API.read_text(encoding="utf-8").splitlines()]
    lines = {re.sub(r"\s.*", "", line) for line in lines}
    wanted = {line for line in lines if re.match(r"(Fit|Model|RemlFit|MlFit)[.]", line)}
    asked = {name.partition(" ")[0] for name in (*SAME, *SENTENCE)}
    for kind, of in (("reml.", "RemlFit."), ("ml.", "MlFit.")):
        asked |= {of + name.removeprefix(kind) for name in asked if name.startswith(kind)}
    assert sorted(wanted - asked - ELSEWHERE) == []


def test_groups_are_left_out_by_new_fits(pair):
    """A fit without a group from the sums of the others is that of the others' rows."""
    from bayeshlm.checks.loo_refits import exact_unit

    (given, _, error), _ = exact_unit(pair[0][1]._fitted, "group", 3)
    (found, _, other), refit = exact_unit(pair[1][1]._fitted, "group", 3)
    assert refit.convergence.max_r_hat < 1.2
    assert found == pytest.approx(given, abs=4 * np.hypot(error, other))


def test_a_design_without_a_group_is_that_of_the_other_rows(pair, data):
    from bayeshlm.design.subset import without_rows

    memory, database = (model.design for model, _ in pair)
    given = without_rows(memory, memory.group_codes == 5)
    found = without_rows(database, database.cells.codes[0] == 5)
    for part in dataclasses.fields(given.products):
        theirs, ours = getattr(given.products, part.name), getattr(found.products, part.name)
        if theirs is None:  # of weighted rows
            assert ours is None
            continue
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * max(np.abs(theirs).max(), 1))
    assert found.moments.y_sd == pytest.approx(given.moments.y_sd, rel=1e-12)
    assert found.group_labels.equals(given.group_labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("math ~ ses*sector + race + C(grade) + offset(income) + (1 + ses | school) + (1 | area)", None),
        (
            "math = p0 + p1*ses + p2*cwc(log(income)) + p3*scale(age) + e; p0 = b00 + b01*cgm(size) + r0; "
            "b00 = g000 + u00; p1 = b10; b10 = g100; p2 = b20; b20 = g200; p3 = b30; b30 = g300",
            ["school", "town"],
        ),
    ],
    ids=["crossed", "three levels"],
)
def test_new_rows_are_coded_by_what_the_database_knows(text, group):
    data = pupils()
    memory, database = hlm.Model(text, data, group), hlm.Model(text, stored(data), group)
    fit = memory.fit(draws=100, tune=250, chains=1, seed=1, progress=False)
    new = data.dropna().iloc[:80]
    new = pd.concat([new, new.iloc[:9].assign(school=99_999, town="new", size=50.0, sector="Public")])
    given = fit.predict(new, seed=3)
    found = hlm.Fit(database, fit.idata).predict(new, seed=3)
    np.testing.assert_allclose(found["mu"], given["mu"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["y"], given["y"], rtol=0, atol=1e-9)
    for grouping in memory.design.groupings:
        assert str(database.describe(grouping)) == str(memory.describe(grouping))
    assert str(database.reml().anova()) == str(memory.reml().anova())
