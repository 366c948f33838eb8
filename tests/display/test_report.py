import ast
import base64
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from odd_names import GROUP, SCRIPT, fit_of, odd_fit, odd_frame
from report_reader import Page

import bayeshlm as hlm
from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.digits import decimals, number
from bayeshlm.display.report import figures as report_figures
from bayeshlm.display.report import page as report_page
from bayeshlm.display.report import subject as report_subject
from bayeshlm.display.report.elements import MOST_TOGETHER, shown
from bayeshlm.display.report.model_sections import data_section, priors_section
from bayeshlm.display.report.page import SECTIONS, report_html
from bayeshlm.display.report.report_style import CSS
from bayeshlm.display.report.reproduce import python_code, reproduce_section, toml_text
from bayeshlm.display.report.result_sections import cross_check_section, in_short
from bayeshlm.display.report.subject import Subject
from bayeshlm.errors import FileError

CHECKS = {"predictive", "left-out", "residuals", "influence", "prior-sensitivity"}


def subject_of(fit, **said):
    return Subject(fit._fitted, **said)


@pytest.fixture(scope="module")
def fit(fake_draws):
    return fit_of(hlm.open_model("hsb-slopes-as-outcomes-full", hlm.load_dataset("hs")), fake_draws, draws=150)


@pytest.fixture
def light(monkeypatch):
    """The page without its checks and figures, which take seconds."""
    few = tuple(section for section in SECTIONS if section.id not in CHECKS)
    monkeypatch.setattr(report_page, "SECTIONS", few)
    monkeypatch.setattr(report_figures, "FIGURES", ())


@pytest.fixture(scope="module")
def page(fit):
    said = {"title": "Sector and SES", "question": "Is it the sector?", "source": "A book", "data": "hs"}
    return Page(report_html(subject_of(fit, **said)))


@pytest.fixture(scope="module")
def odd(fake_draws):
    return odd_fit(fake_draws)


@pytest.mark.slow
def test_the_page_has_every_section_once_and_links_to_it(page):
    titles = [text for tag, text in page.headings if tag == "h2"]
    assert titles == [section.title for section in SECTIONS]
    assert page.links == [f"#{section.id}" for section in SECTIONS]
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == ("h1", "Sector and SES")
    assert "Is it the sector?" in page.text[""]
    assert page.attributes["html"]["lang"] == "en"


def test_the_page_loads_nothing_and_runs_nothing(page):
    assert page.tags.isdisjoint({"script", "link", "iframe", "object", "embed", "form", "base"})
    assert page.loaded
    assert all(source.startswith(("data:image/svg+xml;base64,", "data:image/png;base64,")) for source in page.loaded)


def test_the_numbers_are_those_of_the_fit_with_their_digits(page, fit):
    row = fit.fixed_effects().loc["g11"]
    places = decimals(row["sd"], row["mcse_mean"])
    expected = [number(row[name], places) for name in ("mean", "sd", "lower", "upper")]
    assert next(cells for cells in page.rows if cells[0] == "g11" and len(cells) == 9)[2:6] == expected
    r2 = fit.r2().table.loc["marginal"]
    assert ["marginal: fixed effects", number(r2["mean"], decimals(r2["sd"], r2["mcse_mean"]))] in [
        cells[:2] for cells in page.rows
    ]
    reliability = fit.reliability().table
    assert any(cells[0] == "b0" and cells[1] == number(reliability.loc["b0", "mean"], 3) for cells in page.rows)
    assert fit.cross_check().verdict in page.text["cross-check"]
    assert "1,977 rows (level 1) in 40 groups (school, level 2). No row of the data was left out." in page.text["data"]


def test_the_groups_at_the_ends_are_those_of_the_table(page, fit):
    means = fit.group_coefficients().xs("b0", level="coefficient")["mean"].sort_values()
    start = next(k for k, cells in enumerate(page.rows) if cells[-1:] == ["own estimate"])
    names = [cells[0] for cells in page.rows[start + 1 : start + 9] if len(cells) > 1]
    assert names == [str(label) for label in (*means.index[:3], *means.index[-3:])]


def test_missing_rows_are_told(fake_draws, light):
    data = hlm.load_dataset("hs")
    lost = data["school"].iloc[-1]
    data.loc[3, "ses"] = data.loc[3, "mathach"] = np.nan
    data.loc[data["school"] == lost, "mathach"] = np.nan
    n = 1 + (data["school"] == lost).sum()
    fit = fit_of(hlm.Model("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", data, group="school"), fake_draws)
    page = Page(report_html(subject_of(fit)))
    assert f"{n} of 1,977 rows were left out" in page.text["data"]
    assert f"misses a value (complete cases): mathach in {n}, ses in 1." in page.text["data"]
    assert f"1 of 40 groups has no complete row and is not in the model: school {lost}." in page.text["data"]
    assert f"; {n} with missing values were excluded, and with them 1 group" in page.text["methods"]


def test_a_fit_that_has_not_converged_says_so_first_and_in_the_methods(fake_draws, light):
    fit = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws, draws=20)
    page = Page(report_html(subject_of(fit)))
    assert "NOT CONVERGED" in page.text[""]
    assert "Do not interpret" in page.text[""]
    assert "had NOT converged" in page.text["methods"]
    assert page.attributes["div"]["class"] == "verdict bad"


@pytest.mark.slow
def test_everything_that_users_named_is_escaped(odd):
    html = report_html(subject_of(odd, title=SCRIPT, question=SCRIPT, source=SCRIPT, data=SCRIPT))
    page = Page(html)
    assert page.tags.isdisjoint({"script", "b"})
    assert page.headings[0] == ("h1", SCRIPT)
    assert "w0 & <b>0</b> %" in " ".join(cells[0] for cells in page.rows)
    assert f"ma$le{SCRIPT}" in [cells[0] for cells in page.rows]
    assert f"pain\N{NO-BREAK SPACE}&\N{NO-BREAK SPACE}{SCRIPT}" in page.text["model"]
    assert f"pain & {SCRIPT}" in page.text["data"]


def test_the_model_file_gives_the_model_again(odd, tmp_path, fake_draws):
    model = hlm.Model(
        odd.model.equations(),
        odd_frame(),
        group=GROUP,
        priors={"g01": hlm.Normal(0, 0.123456789), "tau_u1": "HalfNormal(2)"},
    )
    subject = subject_of(fit_of(model, fake_draws), title='A "quoted"\\ title', data="wards.csv")
    odd_frame().to_csv(tmp_path / "wards.csv", index=False)
    (tmp_path / "model.toml").write_text(toml_text(subject), encoding="utf-8")
    again = hlm.open_model(tmp_path / "model.toml")
    assert again.spec == model.spec
    assert again.priors.texts() == model.priors.texts()
    np.testing.assert_allclose(again.design.X, model.design.X, rtol=1e-12)
    assert tomllib.loads(toml_text(subject))["title"] == subject.title


def test_the_python_code_is_the_call_that_made_the_fit(odd, fake_draws):
    (call, fitted) = [
        node.value for node in ast.parse(python_code(subject_of(odd))).body if isinstance(node, ast.Assign)
    ]
    assert hlm.parse(ast.literal_eval(call.args[0])) == odd.model.spec
    assert {keyword.arg: keyword.value for keyword in call.keywords}["group"].value == GROUP
    options = {keyword.arg: keyword.value.value for keyword in fitted.keywords}
    assert options == {"draws": 500, "tune": 400, "chains": 4, "seed": 1}


def test_the_python_code_reads_ids_and_categories_as_the_model_file_does(tmp_path, monkeypatch, fake_draws):
    """A leading zero, 17 digits with one missing, a category called None: pandas guesses each of them wrong."""
    monkeypatch.chdir(tmp_path)
    plain = odd_frame().set_axis(["ward", "pain", "share", "sex", "dose", "beds"], axis="columns")
    for ids in (["01", "1", "002", "2"], [str(10**16 + k) for k in range(4)]):
        frame = plain[["pain", "dose"]].assign(ward=np.resize(ids, 80), arm=np.repeat(["None", "new"], 40))
        pd.concat([frame, pd.DataFrame({"pain": [1.0], "dose": 2.0, "arm": "new"})]).to_csv("wards.csv", index=False)
        Path("model.toml").write_text(
            'data = "wards.csv"\ngroup = "ward"\n'
            'equations = "pain = b0 + b1*dose + b2*C(arm) + r; b0 = g00 + u0; b1 = g10; b2 = g20"\n'
        )
        model = hlm.open_model("model.toml")
        assert [str(label) for label in model.design.group_labels] == sorted(ids)
        code = python_code(subject_of(fit_of(model, fake_draws), data="wards.csv"))
        names = {}
        exec(code.partition("fit = ")[0], names)
        pd.testing.assert_index_equal(names["model"].design.group_labels, model.design.group_labels)
        assert names["model"].design.fixed_labels == ["g00", "g10", "g20[new]"] == model.design.fixed_labels


def test_options_of_the_fit_are_repeated_where_they_can_be(odd):
    odd = hlm.Fit(odd.model, odd.idata.copy())
    changed = {"target_accept": 0.99, "sampler": "pymc", "parameterization": "centered"}
    odd.idata.attrs = {**odd.idata.attrs, **changed}
    subject = subject_of(odd)
    assert python_code(subject).endswith(
        "0.99, sampler='pymc', parameterization='centered')\nfit.report(\"report.html\")"
    )
    text = Page(reproduce_section(subject)).text[""]
    assert "--seed 1 --target-accept 0.99 --sampler pymc --report" in text
    assert "no option for parameterization: only the Python code repeats this fit" in text


@pytest.mark.slow
def test_the_python_code_gives_the_same_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs"))
    fit = model.fit(draws=100, tune=150, chains=2, seed=7, target_accept=0.8, progress=False)
    text = python_code(subject_of(fit, data="hs"))
    assert "target_accept=0.8" in text
    names = {}
    exec(text, names)
    np.testing.assert_array_equal(names["fit"].posterior["gamma"], fit.posterior["gamma"])
    assert (tmp_path / "report.html").stat().st_size > 20_000


def test_figures_stand_in_their_section_with_words_and_nothing_to_load(fit, monkeypatch, light):
    from matplotlib.figure import Figure

    def draw(shown):
        axes = Figure(figsize=(2, 1)).add_subplot()
        axes.plot([1, 2], [0, shown.design.n_groups])
        yield report_figures.Figure.of([axes], 'A "line" & more', "A line <up>")

    monkeypatch.setattr(report_figures, "FIGURES", (("effects", draw), ("groups", lambda shown: ())))
    html = report_html(subject_of(fit))
    (image,) = Page(html).images
    assert image["alt"] == 'A "line" & more'
    kind, _, data = image["src"].partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert b"<svg" in base64.b64decode(data)
    assert html.index('id="effects"') < html.index("<figure ") < html.index('id="variance"')
    assert "A line &lt;up&gt;" in html


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "mathach = b0 + r; b0 = g00 + u0",
        "mathach = b1*ses + b2*minority + r; b1 = g10; b2 = u2",
        "mathach = b0 + b1*ses + offset(meanses) + r; b0 = g00 + u0; b1 = u1; cov(u0, u1) = 0",
    ],
)
def test_every_kind_of_model_has_a_report(text, fake_draws):
    fit = fit_of(hlm.Model(text, hlm.load_dataset("hs"), group="school"), fake_draws)
    page = Page(report_html(subject_of(fit)))
    assert all(page.text[section.id] for section in SECTIONS)
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan", "", " ".join(page.text.values()).lower())


@pytest.mark.slow
def test_groups_of_one_row_and_few_groups(fake_draws):
    frame = odd_frame().iloc[[0, 10, 11, 12, 20, 21, 22, 23]]
    model = hlm.Model("`50%_of#$` = b0 + r; b0 = g00 + u0", frame, group=GROUP)
    page = Page(report_html(subject_of(fit_of(model, fake_draws))))
    assert "1 of the groups has a single row." in page.text["data"]
    assert "lowest" not in page.text["groups"]


def test_data_that_reml_cannot_fit_are_told(fake_draws, monkeypatch):
    fit = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws)
    refused = hlm.DataError("nothing is left")
    monkeypatch.setattr(report_subject, "classical_estimate", lambda design: (_ for _ in ()).throw(refused))
    assert "does not exist for these data: nothing is left" in Page(cross_check_section(subject_of(fit))).text[""]


def test_the_file_is_written_whole_or_not_at_all(fit, tmp_path, monkeypatch, light):
    fit.report(tmp_path / "new" / "report.html", title="One")
    target = tmp_path / "new" / "report.html"
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    before = target.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda self, other: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(FileError, match="disk full"):
        fit.report(target, title="Two")
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_a_folder_is_refused_before_anything_is_computed(fit, tmp_path):
    with pytest.raises(FileError, match=r"is a folder; report\(\) needs a file name, such as report.html"):
        fit.report(tmp_path)


@pytest.mark.slow
def test_a_fit_too_big_to_keep_draws_of_groups_has_a_report_and_a_table(fake_draws, monkeypatch):
    monkeypatch.setattr("bayeshlm.likelihood.budget.BUDGET_BYTES", 50_000)
    fit = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws)
    assert "u" not in fit.posterior
    page = Page(report_html(subject_of(fit)))
    assert str(fit.group_coefficients()["mean"].idxmax()[0]) in [cells[0] for cells in page.rows]
    assert "R2, conditional" in str(hlm.table(fit))


@pytest.mark.slow
def test_a_loaded_fit_has_the_same_report(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    assert report_html(subject_of(hlm.load(tmp_path / "fit.nc"))) == report_html(subject_of(fit))


def test_the_opening_says_what_is_singular(fake_draws):
    rng = np.random.default_rng(3)
    clinic, noise = np.repeat(np.arange(12), 6), rng.normal(size=72)
    alike = noise - np.repeat(noise.reshape(12, 6).mean(axis=1), 6)
    data = pd.DataFrame({"clinic": clinic, "pain": alike})
    fit = fit_of(hlm.Model("pain = b0 + r; b0 = g00 + u0", data, "clinic"), fake_draws)
    text, _ = in_short(subject_of(fit))
    assert f"REML's estimate is singular ({fit.model.reml().reason})" in text
    assert "the variance of u0 is 0" in text
    data["pain"] += np.repeat(rng.normal(size=12), 6)
    regular = fit_of(hlm.Model("pain = b0 + r; b0 = g00 + u0", data, "clinic"), fake_draws)
    assert "singular" not in in_short(subject_of(regular))[0]


def test_a_meta_analysis_opens_with_its_heterogeneity(fake_draws):
    fit = fit_of(hlm.open_model("bcg-null"), fake_draws)
    row = fit.heterogeneity().table.T["i2"]
    places = decimals(row["sd"], row["mcse_mean"])
    said = " to ".join(number(row[name], places) for name in ("lower", "upper"))
    text, _ = in_short(subject_of(fit))
    assert f"I2, the share of the variance that lies between groups, {number(row['mean'], places)}" in text
    assert f"(95% interval {said})" in text


def test_groups_of_one_row_and_an_effect_alone_are_told_as_they_are(fake_draws):
    subject = subject_of(fit_of(hlm.open_model("bcg-null"), fake_draws))
    text = data_section(subject)
    assert "Every group has 1 row." in text
    assert "single row" not in text
    assert "tau are the SDs of the random effects; the SDs" in priors_section(subject)
    both = subject_of(fit_of(hlm.open_model("hsb-random-coefficients"), fake_draws))
    assert "corr their correlation matrix, sigma" in priors_section(both)


def test_only_long_tables_may_be_torn_between_pages():
    def grid(rows):
        return Grid("t", ("", "a"), (Section("", (("b", "1"),) * rows),))

    assert 'class="scroll"' in shown(grid(MOST_TOGETHER))
    assert 'class="scroll long"' in shown(grid(MOST_TOGETHER + 1))
    assert ".scroll, blockquote.paste { break-inside: avoid; }" in CSS
    assert ".scroll.long { break-inside: auto; }" in CSS
