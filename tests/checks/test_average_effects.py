"""Average predictions, comparisons and slopes: against emmeans, matrices by hand, quadrature, and closed forms."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import bayeshlm as hlm
from bayeshlm.checks.average_effects import average_effects, averages
from bayeshlm.checks.average_effects_of_estimates import _as_draws
from bayeshlm.design import build_design
from bayeshlm.design.counterfactual import ask
from bayeshlm.display.shown_effects import ShownEffects
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, OptionError
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.simple_slopes import find_moderator, simple_slopes
from bayeshlm.reml.family_scalars import family_covariance

EMMEANS = json.loads((Path(__file__).parents[1] / "references" / "emmeans.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def hsb():
    data = hlm.load_dataset("hsb")
    return data.assign(cses=data["ses"] - data.groupby("school")["ses"].transform("mean"))


@pytest.fixture(scope="module")
def slopes_fit(hsb):
    return hlm.Model("mathach ~ meanses*cses + sector*cses + (cses | school)", hsb).reml()


@pytest.fixture(scope="module")
def cells_fit(hsb):
    data = hsb.assign(minority=hsb["minority"].map({0: "no", 1: "yes"}), female=hsb["female"].map({0: "m", 1: "w"}))
    return hlm.Model("mathach ~ minority*female + cses + (1 | school)", data).reml()


def check(table, case, name):
    expected = EMMEANS[case]["emmeans"][name]
    for column, digits in (
        ("estimate", 1e-6),
        ("se", 1e-6),
        ("df", 1e-3),
        ("t", 1e-5),
        ("lower", 1e-5),
        ("upper", 1e-5),
    ):
        assert table[column].to_numpy() == pytest.approx(np.array(expected[column]), rel=digits)
    assert np.log(table["p"].to_numpy()) == pytest.approx(np.log(expected["p"]), rel=1e-3)


def test_adjusted_means_and_slopes_are_those_of_emmeans(slopes_fit):
    case = "hsb-slopes-as-outcomes-full-REML"
    both = {"sector": [0, 1]}
    check(slopes_fit.predictions(at=both), case, "adjusted_means_sector")
    check(slopes_fit.comparisons("sector"), case, "adjusted_means_sector_difference")
    cells = slopes_fit.predictions(at={"cses": [-1, 0, 1], "sector": [0, 1], "meanses": 0})
    check(cells, case, "adjusted_means_sector_by_cses_meanses0")
    check(slopes_fit.slopes("cses", at=both), case, "simple_slopes_cses_by_sector")
    along = slopes_fit.slopes("cses", at={"meanses": [-0.5, 0, 0.5], "sector": [0, 1]})
    check(along, case, "simple_slopes_cses_by_sector_and_meanses")


def test_cells_of_categories_are_those_of_emmeans(cells_fit):
    case = "hsb-minority-female-REML"
    check(cells_fit.predictions(at={"female": "levels", "minority": "levels", "cses": "mean"}), case, "cell_means")
    effects = cells_fit.comparisons("minority", at={"female": "levels"})
    assert effects.index.to_list() == [("yes - no", "m"), ("yes - no", "w")]
    check(effects, case, "minority_effect_by_female")
    check(cells_fit.predictions(at={"minority": "levels"}), case, "minority_proportional_weights")


TEXT = "pain = b0 + b1*cwc(dose) + b2*dose*age + r; b0 = g00 + g01*mean(dose) + g02*urban + u0; b1 = g10 + u1; b2 = g20"


@pytest.fixture(scope="module")
def wards():
    rng = np.random.default_rng(8)
    ward = np.repeat(np.arange(9), [3, 4, 5, 6, 2, 7, 3, 5, 4])
    frame = pd.DataFrame({"ward": ward, "dose": rng.normal(2, 1, len(ward)), "age": rng.normal(5, 1, len(ward))})
    frame["urban"] = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1])[ward]
    frame["pain"] = rng.normal(size=len(ward))
    frame["well"] = rng.integers(0, 2, len(ward))
    frame["count"] = rng.poisson(2, len(ward))
    frame["rating"] = rng.integers(1, 4, len(ward))
    return frame


def drawn(design, seed=1, n=6, auxiliary=None):
    """A few invented draws with u of every group."""
    rng, p, q, J = np.random.default_rng(seed), len(design.fixed), len(design.random), design.n_groups
    corr = np.tile(np.eye(q), (1, n, 1, 1))
    if q > 1:
        corr[..., 0, 1] = corr[..., 1, 0] = 0.4
    own = rng.uniform(0.5, 1, (1, n, 1)) if auxiliary is None else np.tile(auxiliary, (1, n, 1))
    gamma, tau = rng.normal(0, 0.5, (1, n, p)), rng.uniform(0.3, 1, (1, n, q))
    u = rng.normal(size=(1, n, J, q))
    beta = np.zeros((1, n, J, len(design.coefficients)))
    return Draws(labelled_posterior(design, gamma, tau, own, corr if q > 1 else None, [u], [beta]), design)


def test_columns_made_of_a_predictor_change_with_it_and_group_means_do_not(wards):
    design = build_design(parse(TEXT), wards, group="ward")
    posterior = drawn(design)
    mean = wards.groupby("ward")["dose"].transform("mean")

    def rows(dose):
        columns = {"g00": 1.0, "g01": mean, "g02": wards["urban"], "g10": dose - mean, "g20": dose * wards["age"]}
        return np.column_stack([np.broadcast_to(columns[label], len(wards)) for label in design.fixed_labels])

    gamma = posterior.flat(posterior.gamma)
    found = average_effects(posterior, ask(design, None, "dose", "difference"))
    by_hand = gamma @ (rows(wards["dose"] + 1) - rows(wards["dose"])).mean(axis=0)
    assert found.draws.to_numpy()[0, :, 0] == pytest.approx(by_hand)
    slope = average_effects(posterior, ask(design, None, "dose", "slope", by="urban"))
    for k, urban in enumerate((0, 1)):
        own = (wards["urban"] == urban).to_numpy()
        assert slope.draws.to_numpy()[0, :, k] == pytest.approx(
            gamma[:, design.fixed_labels.index("g10")]
            + gamma[:, design.fixed_labels.index("g20")] * wards["age"][own].mean()
        )
    assert slope.table.index.to_list() == [0.0, 1.0]
    predicted = average_effects(posterior, ask(design, None, at={"dose": 3.0}))
    assert predicted.draws.to_numpy()[0, :, 0] == pytest.approx(gamma @ rows(np.full(len(wards), 3.0)).mean(axis=0))
    assert any("means of groups in the equations stay" in note for note in predicted.notes)


def test_the_groups_of_the_rows_keep_their_effects(wards):
    design = build_design(parse(TEXT), wards, group="ward")
    posterior = drawn(design)
    found = average_effects(posterior, ask(design, None, by="urban"), "same")
    u, gamma = posterior.u[0], posterior.gamma[0]
    fitted = gamma @ design.X.T + np.einsum("snq,nq->sn", u[:, design.group_codes], design.Z)
    for k in (0, 1):
        own = (design.frame["urban"] == k).to_numpy()
        assert found.draws.to_numpy()[0, :, k] == pytest.approx(fitted[:, own].mean(axis=1))


LOGIT = "well ~ Bernoulli(p); logit(p) = b0 + b1*dose; b0 = g00 + g01*urban + u0; b1 = g10 + u1"


def test_probabilities_are_averaged_over_rows_and_groups(wards):
    """Against adaptive integration over u of each row's own normal predictor."""
    design = build_design(parse(LOGIT), wards, group="ward")
    posterior = drawn(design, n=2, auxiliary=np.empty(0))
    question = ask(design, None, "urban", "difference")
    found = averages(posterior, question)[:, 0, 0]

    def probability(mean, sd):
        return quad(lambda z: expit(mean + sd * z) * norm.pdf(z), -9, 9, epsabs=1e-10)[0]

    for s in range(2):
        gamma, G = posterior.gamma[0, s], posterior.G[0, s]
        sd = np.sqrt(np.einsum("nq,qr,nr->n", design.Z, G, design.Z))
        X = design.X.copy()
        urban, ends = design.fixed_labels.index("g01"), []
        for value in (1.0, 0.0):
            X[:, urban] = value
            ends.append(np.mean([probability(mean, one) for mean, one in zip(X @ gamma, sd, strict=True)]))
        assert found[s] == pytest.approx(ends[0] - ends[1], abs=5e-6)
    ratio = averages(posterior, ask(design, None, "urban", "ratio"))[-1, 0, 0]
    assert ratio == pytest.approx(ends[0] / ends[1], abs=1e-5)
    same = averages(posterior, ask(design, None, "urban", "difference"), "same")[-1, 0, 0]
    Zu = np.einsum("nq,nq->n", posterior.u[0, 1][design.group_codes], design.Z)
    by_hand = []
    for value in (1.0, 0.0):
        X[:, urban] = value
        by_hand.append(expit(X @ posterior.gamma[0, 1] + Zu).mean())
    assert same == pytest.approx(by_hand[0] - by_hand[1])


def test_probabilities_of_ordered_categories(wards):
    spec = parse("rating ~ Ordinal(eta); eta = b0 + b1*dose; b0 = u0; b1 = g10")
    design = build_design(spec, wards, group="ward")
    posterior = drawn(design, auxiliary=np.array([-0.5, 0.8]))
    found = average_effects(posterior, ask(design, None, at={"dose": [0.0, 1.0]}))
    assert found.table.index.names == ["dose", "category"]
    drawn_values = found.draws.to_numpy()[0].reshape(6, 2, 3)
    assert drawn_values.sum(axis=-1) == pytest.approx(1.0)
    change = average_effects(posterior, ask(design, None, "dose", "difference"))
    assert change.draws.to_numpy()[0].sum(axis=-1) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
def test_maximum_likelihood_of_ordered_categories():
    """Averages by quadrature over u; errors by draws of the parameters in a hundredth of their errors."""
    fit = hlm.open_model("wine-bitterness").ml()
    table = fit.predictions(at={"warm": [0, 1]})
    gamma, cuts = fit.gamma.to_numpy(), fit.auxiliary.to_numpy()
    tau = float(fit.tau.iloc[0])
    contact = fit.design.frame["contact"].to_numpy(float)
    for warm in (0.0, 1.0):
        eta = gamma @ [[warm, warm], [0.0, 1.0]]

        def up_to(cut, share, eta=eta):
            return quad(lambda u: norm.pdf(u, 0, tau) * share @ expit(cut - eta - u), -12 * tau, 12 * tau)[0]

        share = np.array([(contact == 0).mean(), (contact == 1).mean()])
        cumulated = np.array([0.0, *(up_to(cut, share) for cut in cuts), 1.0])
        assert table.loc[warm, "estimate"].to_numpy() == pytest.approx(np.diff(cumulated), abs=1e-7)
    difference = fit.comparisons("warm")
    assert difference.index.names[-1] == "category"
    expected = table.loc[1.0, "estimate"] - table.loc[0.0, "estimate"]
    assert difference["estimate"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-10)
    assert difference["estimate"].sum() == pytest.approx(0.0, abs=1e-12)
    found, S, small = family_covariance(fit.estimate), 4000, 0.01
    drawn = np.random.default_rng(2).multivariate_normal(found.values, small**2 * found.covariance, S)
    draws = Draws(_as_draws(fit.design, found.labels, drawn), fit.design)
    values = averages(draws, ask(fit.design, None, "warm", "difference", None, None, None)).reshape(S, -1)
    spread = values.std(axis=0) / small
    assert difference["se"].to_numpy() == pytest.approx(spread, rel=4.5 / np.sqrt(2 * S))  # of an SD of normal draws
    assert "category" in repr(difference)


@pytest.mark.slow
def test_maximum_likelihood_of_counts_has_the_closed_form_of_the_log_normal():
    """E exp(eta + u) = exp(eta + tau^2/2): estimate, and the delta method's error from its own derivatives."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(40), 8)
    x = rng.normal(size=320)
    y = rng.poisson(np.exp(0.5 + 0.3 * x + 0.6 * rng.normal(size=40)[g]))
    frame = pd.DataFrame({"g": g, "x": x, "y": y})
    fit = hlm.Model("y ~ Poisson(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10", frame, group="g").ml()
    row = fit.predictions(at={"x": 1.0}).iloc[0]
    tau = float(fit.tau.iloc[0])
    expected = np.exp(fit.gamma.sum() + tau**2 / 2)
    assert row["estimate"] == pytest.approx(expected, rel=1e-6)
    gradient = expected * np.array([1.0, 1.0, tau])
    assert row["se"] == pytest.approx(np.sqrt(gradient @ fit._covariance().covariance @ gradient), rel=1e-5)
    ratio = fit.comparisons("x", ratio=True).iloc[0]
    slope = float(fit.gamma.iloc[1])
    assert ratio["estimate"] == pytest.approx(np.exp(slope), rel=1e-6)
    assert ratio["se"] == pytest.approx(np.exp(slope) * float(fit.fixed_effects()["se"].iloc[1]), rel=1e-5)
    assert ratio["t"] == pytest.approx((np.exp(slope) - 1) / ratio["se"])


def test_regions_are_those_of_the_simple_slope(wards):
    design = build_design(
        parse("pain = b0 + b1*dose + r; b0 = g00 + g01*size + u0; b1 = g10 + g11*size"),
        wards.assign(size=np.linspace(-2, 2, 9)[wards["ward"]]),
        group="ward",
    )
    rng = np.random.default_rng(3)
    gamma = np.array([0, 0, 0.1, 1.0]) + 0.2 * rng.normal(size=(1, 400, 4))
    posterior = Draws(labelled_posterior(design, gamma, np.ones((1, 400, 1)), np.ones((1, 400, 1))), design)
    along = np.linspace(-2, 2, 101).tolist()
    found = average_effects(posterior, ask(design, None, "dose", "slope", at={"size": along}))
    expected = simple_slopes(posterior, "b1", find_moderator(design, "b1", "size"))
    assert len(found.regions) == 2
    assert np.array(found.regions) == pytest.approx(np.array(expected.regions), abs=1e-6)
    assert "the interval leaves 0 out from -2 to" in repr(ShownEffects.of(found))


def test_comparisons_of_numbers(wards):
    design = build_design(parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10"), wards, group="ward")
    posterior = drawn(design)
    slope = posterior.gamma[0, :, 1]
    for change, label, size in (
        (None, "+ 1", 1.0),
        (-2.5, "- 2.5", -2.5),
        ("sd", "+ 1 SD", wards["dose"].std()),
        ((1, 4), "4 - 1", 3.0),
    ):
        found = average_effects(posterior, ask(design, None, "dose", "difference", change=change))
        assert found.table.index.to_list() == [label]
        assert found.draws.to_numpy()[0, :, 0] == pytest.approx(size * slope)


def test_everything_at_its_mean(wards):
    text = "pain = b0 + b1*dose + b2*dose*age + r; b0 = g00 + g01*region + u0; b1 = g10; b2 = g20"
    frame = wards.assign(region=np.array(["n", "s", "s"])[wards["ward"] % 3])
    design = build_design(parse(text), frame, group="ward")
    posterior = drawn(design)
    gamma = dict(zip(design.fixed_labels, posterior.gamma[0].T, strict=True))
    found = average_effects(posterior, ask(design, None, "dose", "difference", at="mean"))
    assert found.draws.to_numpy()[0, :, 0] == pytest.approx(gamma["g10"] + gamma["g20"] * frame["age"].mean())
    predicted = average_effects(posterior, ask(design, None, at="mean"))
    region = next(value for label, value in gamma.items() if label.startswith("g01"))
    dose, age = frame["dose"].mean(), frame["age"].mean()
    common = frame["region"].mode().item()
    by_hand = gamma["g00"] + region * (common == "s") + gamma["g10"] * dose + gamma["g20"] * dose * age
    assert predicted.draws.to_numpy()[0, :, 0] == pytest.approx(by_hand)


def test_shares_of_a_population_weigh_the_rows(wards):
    design = build_design(parse(TEXT), wards, group="ward")
    posterior = drawn(design)
    shares = np.random.default_rng(2).dirichlet(np.ones(len(wards)))
    found = average_effects(posterior, ask(design, shares, by="urban"))
    own = np.where(wards["urban"] == 1, shares, 0.0)
    by_hand = posterior.gamma[0] @ (own @ design.X) / own.sum()
    assert found.draws.to_numpy()[0, :, 1] == pytest.approx(by_hand)


WRONG = [
    ({"name": "mean(dose)", "operation": "difference"}, "is an expression: name a column of the data"),
    ({"name": 3, "operation": "difference"}, "3 is no predictor of this model"),
    ({"by": 3}, "3 is no predictor of this model"),
    ({"at": {3: 1}}, "3 is no predictor of this model"),
    ({"name": "pain", "operation": "difference"}, "'pain' is no predictor of this model; there are: dose, age, urban"),
    ({"at": {"dose": "high"}}, "write numbers"),
    ({"at": {"dose": [np.nan]}}, "write numbers"),
    ({"at": "median"}, 'write "mean"'),
    ({"by": "dose"}, "different values: set it to some"),
    ({"by": "urban", "at": {"urban": 1}}, "in by= and in at="),
    ({"name": "dose", "operation": "slope", "at": {"dose": 1}}, "is what varies"),
    ({"name": "dose", "operation": "difference", "change": "iqr"}, "change='iqr'"),
    ({"name": "dose", "operation": "difference", "change": (1, "b")}, "write two different numbers"),
    ({"name": "dose", "operation": "difference", "change": 0}, "change=0"),
    ({"name": "dose", "operation": "difference", "change": (1, 1)}, "two different numbers"),
    ({"name": ["dose"], "operation": "difference"}, "is no predictor"),
    ({"by": ["dose"]}, "is no predictor"),
    ({"at": 3}, "at=3: write"),
    ({"at": ["dose"]}, "values of predictors"),
    ({"at": {"dose": None}}, "'dose' is None; write numbers"),
    ({"at": {"dose": [pd.NA]}}, "write numbers"),
    ({"at": {"dose": 1j}}, "write numbers"),
    ({"at": {"dose": [[1, 2]]}}, "write numbers"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[str(k) for k in range(len(WRONG))])
def test_wrong_questions(options, message, wards):
    design = build_design(parse(TEXT), wards, group="ward")
    with pytest.raises(OptionError, match=message):
        ask(design, None, **options)


def test_values_are_told_apart_however_large(wards):
    fit = hlm.Model("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10", wards.assign(dose=wards["dose"] + 1e6), "ward")
    lines = str(fit.reml().predictions(at={"dose": [1000000.25, 1000001.0, 2000001.0]})).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["1000000", "1000001", "2000001"]
    change = (np.int64(1234567), np.int64(1234568))
    assert fit.reml().comparisons("dose", change=change).index.to_list() == ["1234568 - 1234567"]
    assert fit.reml().comparisons("dose", change=np.array(change)).index.to_list() == ["1234568 - 1234567"]


def test_wrong_questions_about_categories(wards):
    text = "pain = b0 + b1*C(rating) + r; b0 = g00 + u0; b1 = g10"
    design = build_design(parse(text), wards, group="ward")
    with pytest.raises(OptionError, match=r"has categories and no slope: write comparisons\('rating'\)"):
        ask(design, None, "rating", "slope")
    with pytest.raises(OptionError, match="has no category 7; it has 1, 2, 3"):
        ask(design, None, at={"rating": 7})
    assert ask(design, None, at={"rating": [1, 2.0, np.int64(3), "1"]}).index.to_list() == ["1", "2", "3", "1"]
    with pytest.raises(OptionError, match="has no category None"):
        ask(design, None, at={"rating": None})
    with pytest.raises(OptionError, match="has no value; its categories are 1, 2, 3"):
        ask(design, None, at={"rating": []})
    with pytest.raises(OptionError, match="leave change out"):
        ask(design, None, "rating", "difference", change=1)
    posterior = drawn(design)
    with pytest.raises(OptionError, match="ratio of expected outcomes has no meaning"):
        average_effects(posterior, ask(design, None, "rating", "ratio"))
    with pytest.raises(OptionError, match="groups='new'"):
        average_effects(posterior, ask(design, None, "rating", "difference"), "new")
    keys = ask(design, None, "rating", "difference").keys
    assert keys == [("2 - 1",), ("3 - 1",)]


def test_a_level2_predictor_of_a_known_group_must_be_constant(wards):
    """Values that a user sets are one for all rows; those of the data move together within a group."""
    design = build_design(parse(TEXT), wards, group="ward")
    question = ask(design, None, "urban", "difference", change=0.5)
    L, _ = question.linear()
    assert L[0, design.fixed_labels.index("g02")] == pytest.approx(0.5)
    with pytest.raises(DataError, match="needs the rows of the data"):
        ask(_without_rows(design), None)


def _without_rows(design):
    from dataclasses import replace

    return replace(design, rows=None)
