import os
import re
import sys
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from odd_names import SCRIPT, fit_of, odd_fit

import bayeshlm as hlm
from bayeshlm.display.digits import decimals, number
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import width_of


@pytest.fixture(scope="module")
def null():
    return hlm.open_model("hsb-one-way-anova").reml()


@pytest.fixture(scope="module")
def slopes():
    return hlm.open_model("hsb-slopes-as-outcomes-full")


@pytest.fixture(scope="module")
def fit(slopes, fake_draws):
    return fit_of(slopes, fake_draws)


@pytest.fixture(scope="module")
def odd(fake_draws):
    return odd_fit(fake_draws)


def test_the_frame_has_the_numbers_of_the_fits(fit, slopes, null):
    reml = slopes.reml()
    found = hlm.table(null, fit, reml, names=["null", "NUTS", "REML"], null=null, prob=0.9)
    fixed, tested = fit.fixed_effects(0.9), reml.fixed_effects(0.9)
    row = found.frame.loc[("fixed", "Slope of cwc(ses)", "sector")]
    assert row["NUTS"].tolist() == fixed.loc["g11", ["mean", "sd", "lower", "upper"]].tolist()
    assert row["REML"].tolist() == tested.loc["g11", ["estimate", "se", "lower", "upper"]].tolist()
    assert row["null"].isna().all()
    variance = found.frame.loc["variance"].droplevel("section")
    components = fit.variance_components(0.9)
    assert variance.loc["SD, slope of cwc(ses)", "NUTS"]["estimate"] == components.loc[("tau", "u1"), "mean"]
    assert variance.loc["Correlation, intercept, cwc(ses)", "REML"]["estimate"] == reml.corr.loc["u0", "u1"]
    assert variance.index[-1] == "SD, residual"
    model = found.frame.loc["model"].droplevel("section")
    assert model.loc["ICC", "NUTS"]["lower"] == fit.icc(prob=0.9).table.loc["icc", "lower"]
    assert model.loc["R2, conditional", "REML"]["estimate"] == reml.r2()["conditional"]
    assert model.loc["reduced tau2, intercept", "REML"]["estimate"] == reml.r2(null)["reduction tau2[u0]"]
    assert model.loc["reduced sigma2", "NUTS"]["error"] == fit.r2(null).table.loc["reduction sigma2", "sd"]
    assert np.isnan(model.loc["reduced sigma2", "null"]["estimate"])
    assert model.loc["rows"].xs("estimate", level="statistic").tolist() == [7185] * 3
    assert found.frame.attrs["ci_prob"] == 0.9
    assert found.frame.attrs["estimators"] == {"null": "REML", "NUTS": "posterior", "REML": "REML"}


def cells(grid, label):
    return [row for section in grid.sections for row in section.rows if row[0] == label]


def test_cells_have_the_digits_that_the_monte_carlo_error_allows(fit):
    row = fit.fixed_effects().loc["g01"]
    places = decimals(row["sd"], row["mcse_mean"])
    mean, sd, lower, upper = (number(row[name], places) for name in ("mean", "sd", "lower", "upper"))
    assert cells(hlm.table(fit).grid, "sector")[0][1:] == ("g01", f"{mean} ({sd})")
    assert cells(hlm.table(fit, cells="interval").grid, "sector")[0][2] == f"{mean} [{lower}, {upper}]"


def test_variances_in_place_of_standard_deviations(fit):
    found = hlm.table(fit, components="variance").frame.loc["variance"].droplevel("section")["Model 1"]["estimate"]
    components = fit.variance_components()["mean"]
    assert found["Variance, slope of cwc(ses)"] == components[("tau2", "u1")]
    assert found["Covariance, intercept, cwc(ses)"] == components[("cov", "u0,u1")]
    assert found["Variance, residual"] == components[("sigma2", "")]


def test_rows_meet_by_what_they_are_whatever_the_symbol():
    data = hlm.load_dataset("hs")
    one = hlm.Model("mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + u1", data, group="school")
    two = hlm.Model(
        "mathach = b0 + b5*female + b1*ses + e; b0 = g00 + g01*meanses + g02*sector + v0; b5 = g50; b1 = g10 + v1",
        data,
        group="school",
    )
    grid = hlm.table(one.reml(), two.reml()).grid
    assert [section.name for section in grid.sections][:4] == ["", "Intercept", "Slope of female", "Slope of ses"]
    (sector,), (meanses,) = cells(grid, "sector"), cells(grid, "meanses")
    assert sector[1] == "g01 / g02"
    assert sector[2]
    assert sector[3]
    assert meanses[2] == ""
    assert cells(grid, "SD, slope of ses")[0][1] == "u1 / v1"


def test_categories_have_a_row_each():
    data = hlm.load_dataset("hs")
    data["sex"] = data["female"].map({0: "male", 1: "female"})
    text = "mathach = b0 + b1*C(sex) + r; b0 = g00 + g01*C(sector) + u0; b1 = g10 + g11*C(sector)"
    table = hlm.table(hlm.Model(text, data.assign(sector=data["sector"].map("s{}".format)), group="school").reml())
    rows = [row[:2] for section in table.grid.sections for row in section.rows]
    assert ("sector: s1 (vs. s0)", "g01[s1]") in rows
    assert ("sector: s1 (vs. s0)", "g11[male,s1]") in rows
    assert "Slope of sex: male (vs. female)" in [section.name for section in table.grid.sections]


def test_what_a_reader_must_know_stands_below(fit, null, fake_draws, slopes):
    short = fit_of(slopes, fake_draws, draws=20)
    singular = hlm.open_model("hsb-intercepts-and-slopes-as-outcomes").reml()
    assert singular.singular
    other = hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")).reml()
    notes = " ".join(hlm.table({"short": short, "corner": singular, "hs": other}).grid.notes)
    assert "short: NOT CONVERGED. The bulk effective sample size" in notes
    assert f"corner: SINGULAR, {singular.reason}" in notes
    assert "different numbers of rows" in notes
    assert "NOT CONVERGED" not in " ".join(hlm.table(fit).grid.notes)


def test_two_outcomes_are_told_apart(null):
    other = hlm.Model("ses = b0 + r; b0 = g00 + u0", hlm.load_dataset("hsb"), group="school").reml()
    grid = hlm.table(null, other).grid
    assert cells(grid, "outcome") == [("outcome", "", "mathach", "ses")]
    assert cells(hlm.table(null).grid, "outcome") == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: hlm.table(), "at least one fit"),
        (lambda fit: hlm.table(fit, "fit"), "not a str"),
        (lambda fit: hlm.table(fit, fit, names=["a", "a"]), "2 different names"),
        (lambda fit: hlm.table(fit, names="a"), "1 different names"),
        (lambda fit: hlm.table({"a": fit}, names=["a"]), "leave `names` out"),
        (lambda fit: hlm.table(fit, cells="se"), "cells is one of 'sd', 'interval'"),
        (lambda fit: hlm.table(fit, components="var"), "components is one of"),
        (lambda fit: hlm.table(fit, prob=95), "between 0 and 1"),
        (lambda fit: hlm.table(fit, null=hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")).reml()), "rows"),
    ],
)
def test_bad_arguments_are_refused(call, message, null):
    with pytest.raises(OptionError, match=message):
        call(null)


def latex_rows(text):
    """The rows of the tabular, each as its number of columns; checks environments and braces on the way."""
    stack = []
    for command, name in re.findall(r"\\(begin|end)\{([a-z]+)\}", text):
        if command == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    plain = re.sub(r"\\[\\{}$&#%_]", lambda match: "\n" if match[0] == "\\\\" else "x", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert "#" not in plain
    assert "%" not in plain
    outside_math = re.sub(r"\$[^$]*\$", "", plain)
    assert "_" not in outside_math
    assert "^" not in outside_math
    body = plain[plain.index("\\toprule") : plain.index("\\bottomrule")]
    rows = [line for line in re.sub(r"\\(top|mid)rule", "", body).split("\n") if line.strip()]
    widths = []
    for row in rows:
        assert row.lstrip()[0] not in "[*"
        spans = [
            int(re.search(r"\\multicolumn\{(\d+)\}", cell)[1]) if "multicolumn" in cell else 1
            for cell in row.split("&")
        ]
        widths.append(sum(spans))
    return widths


def test_latex_has_rows_of_one_width_whatever_the_names(odd):
    text = hlm.table(
        odd, odd.model.reml(), names=["50% & more", "a_b #2 {x} ~ ^ \\ $"], cells="interval", columns_per_page=2
    )
    text = text.to_latex("tab:a")
    columns = re.search(r"begin\{tabular\}\{@\{\}(.*)@\{\}\}", text)[1]
    declared = len(re.findall("[lr]", re.sub(r"@\{.*?\}", "", columns)))
    assert declared == 6
    assert set(latex_rows(text)) == {declared}
    assert r"\label{tab:a}" in text
    assert r"\textasciicircum{}2\textasciitilde{}\textbackslash{}" in text


def test_markdown_has_cells_of_one_count_and_no_markup_of_users(odd):
    lines = hlm.table(odd, names=["a|b_c"]).to_markdown().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert re.fullmatch(r"\| :-+ \| :-+ \| -+: \|", rows[1])
    assert not any(re.search(r"(?<!\\)<", line) for line in lines)
    assert "a\\|b\\_c" in rows[0]


class Cells(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.row_widths = set(), "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.row_widths.append(0)
        if tag in ("td", "th"):
            self.row_widths[-1] += int(dict(attrs).get("colspan", 1))
            assert tag == "td" or dict(attrs)["scope"] in ("col", "row", "rowgroup")

    def handle_data(self, data):
        self.text += data


def test_html_escapes_and_keeps_its_widths(odd):
    table = hlm.table(odd, names=[SCRIPT])
    parsed = Cells(table._repr_html_())
    assert "script" not in parsed.tags
    assert SCRIPT in parsed.text
    assert set(parsed.row_widths) == {3}
    assert str(table) == repr(table) == table.to_text()


@pytest.mark.parametrize(("unit", "label"), [("row", "LOO elpd, new row"), ("group", "LOO elpd, new group")])
def test_leave_one_out_has_a_row_for_posteriors(unit, label, fake_draws):
    fit = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws)
    table = hlm.table(fit, fit.model.reml(), names=["NUTS", "REML"], loo=unit, cells="interval")
    expected = fit.loo(unit)
    row = table.frame.loc[("model", "Model", label)]
    assert row["NUTS"][["estimate", "error"]].tolist() == [expected.elpd, expected.se]
    assert row["REML"].isna().all()
    places = decimals(expected.se, expected.mcse)
    shown = f"{number(expected.elpd, places)} ({number(expected.se, places)})"
    assert cells(table.grid, label) == [(label, "", shown, "")]
    assert sum(note.startswith("LOO elpd: log density of each " + unit) for note in table.grid.notes) == 1
    assert not any("TRUSTWORTHY" in note for note in table.grid.notes)


def test_leave_one_out_that_cannot_be_trusted_is_told(fake_draws, monkeypatch):
    fit = fit_of(hlm.open_model("hsb-one-way-anova", hlm.load_dataset("hs")), fake_draws)
    monkeypatch.setattr("bayeshlm.checks.loo.threshold", lambda n_draws: -10.0)
    (note,) = (note for note in hlm.table(fit, loo="group").grid.notes if "TRUSTWORTHY" in note)
    assert note.startswith("Model 1: elpd NOT TRUSTWORTHY, Pareto k of 40 of 40 units above -10.00")


def test_leave_one_out_needs_a_posterior_and_a_unit(fit, null):
    with pytest.raises(OptionError, match="needs a posterior"):
        hlm.table(null, loo="row")
    with pytest.raises(OptionError, match='unit must be "row"'):
        hlm.table(fit, loo="district")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"title": 3}, "title is a text, not 3"),
        ({"labels": "g01"}, "labels names rows by text"),
        ({"labels": {"g00": 3}}, "labels names rows by text"),
        ({"notes": None}, "notes is a text, or a list of such, not None"),
        ({"notes": [1]}, "notes is a text"),
    ],
)
def test_texts_of_a_table_are_texts(null, options, message):
    with pytest.raises(OptionError, match=message):
        hlm.table(null, **options)


def test_rows_are_renamed_by_symbol_or_by_name(null, slopes):
    labels = {"g01": "Catholic school", "SD, residual": "pupils", "tau2": "no"}
    with pytest.raises(OptionError, match="labels: 'tau2' is neither a symbol nor the name of a row"):
        hlm.table(null, slopes.reml(), labels=labels)
    del labels["tau2"]
    found = hlm.table(null, slopes.reml(), labels=labels, title="Table 1", notes="Source: HSB.", digits=1)
    (row,) = cells(found.grid, "Catholic school")
    assert re.fullmatch(r"-?\d+\.\d \(\d\.\d\)", row[3])
    assert cells(found.grid, "pupils")[0][2] == f"{null.sigma:.1f}"
    assert (found.grid.title, found.grid.notes[-1]) == ("Table 1", "Source: HSB.")
    assert ("fixed", "Intercept", "sector") in found.frame.index


def test_intervals_stand_below_their_estimates(fit):
    row = fit.fixed_effects().loc["g01"]
    places = decimals(row["sd"], row["mcse_mean"])
    grid = hlm.table(fit, cells="stacked").grid
    rows = [row for section in grid.sections for row in section.rows]
    place = next(k for k, (_, symbol, *_) in enumerate(rows) if symbol == "g01")
    assert rows[place][2] == number(row["mean"], places)
    assert rows[place + 1] == ("", "", f"[{number(row['lower'], places)}, {number(row['upper'], places)}]")


@pytest.mark.parametrize("wrong", [-1, 1.5])
def test_digits_are_a_count(null, wrong):
    with pytest.raises(OptionError, match="digits must be a whole number"):
        hlm.table(null, digits=wrong)


def test_a_word_document_has_the_cells_of_the_grid(null, odd, tmp_path):
    docx = pytest.importorskip("docx")
    table = hlm.table(null, odd, names=["null", SCRIPT], columns_per_page=2)
    table.to_docx(tmp_path / "table.docx")
    document = docx.Document(tmp_path / "table.docx")
    assert document.paragraphs[0].text == table.grid.title
    (written,) = document.tables
    found = [[cell.text for cell in row.cells] for row in written.rows]
    assert found[0] == ["", "", "null", SCRIPT]
    rows = [
        row for section in table.grid.sections for row in ([section.name], *section.rows) if section.name or row != [""]
    ]
    assert len(found) == 1 + len(rows)
    for one, row in zip(found[1:], rows, strict=True):
        assert one == list(row) if len(row) > 1 else set(one) == {row[0]}
    assert [one.text for one in document.paragraphs[1:]] == list(table.grid.notes)
    hlm.table({str(k): null for k in range(6)}).to_docx(tmp_path / "table.docx")
    wide = docx.Document(tmp_path / "table.docx").sections[0]
    assert wide.page_width > wide.page_height
    with pytest.raises(hlm.FileError, match="There is no folder"):
        table.to_docx(tmp_path / "nowhere" / "table.docx")


def test_word_documents_need_their_package(null, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(OptionError, match=r'pip install "bayeshlm\[docx\]"'):
        hlm.table(null).to_docx(tmp_path / "table.docx")
    assert not list(tmp_path.iterdir())


def test_estimates_of_all_models_are_drawn(null, slopes, fit):
    table = hlm.table(slopes.reml(), fit, names=["REML", "posterior"], labels={"g01": "Catholic school"})
    ax = table.plot()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "Catholic school"
    assert "cwc(ses) × sector" in names
    assert not any("intercept" in name for name in names)
    for k, model in enumerate(("REML", "posterior")):
        (line,) = [line for line in ax.lines if line.get_gid() == f"model {k}"]
        expected = table.frame.loc["fixed", (model, "estimate")].to_numpy()[1:]
        np.testing.assert_allclose(np.asarray(line.get_xdata(), float), expected)
    plt.close(ax.figure)
    with_intercept = table.plot(intercept=True)
    assert len(with_intercept.get_yticklabels()) == len(names) + 1
    plt.close(with_intercept.figure)
    ax = table.plot("variance")
    assert "SD, residual" in [label.get_text() for label in ax.get_yticklabels()]
    plt.close(ax.figure)
    with pytest.raises(OptionError, match='part is "fixed" or "variance"'):
        table.plot("random")
    with pytest.raises(OptionError, match="no row of the part"):
        hlm.table(null).plot()


@pytest.fixture(scope="module")
def nine(null, fit):
    return hlm.table({f"Modell Nummer {k}": (null, fit)[k % 2] for k in range(9)}, notes="a note")


def below(text, title):
    """The parts of a table, by their titles."""
    return text.split(title)[1:]


def test_a_table_wider_than_a_page_of_text_stands_in_parts(nine, fit):
    text = nine.to_text()
    parts = below(text, nine.grid.title)
    assert len(parts) > 1
    assert 96 < max(map(len, text.splitlines())) <= 120
    assert all(part.startswith(" (continued)") for part in parts[1:])
    assert all("(intercept)" in part and "SD, residual" in part for part in parts)
    assert ["a note" in part for part in parts] == [False] * (len(parts) - 1) + [True]
    mean = number(fit.fixed_effects().loc["g01", "mean"], 2)
    assert sum(line.count(mean) for line in text.splitlines() if line.split()[:1] == ["sector"]) >= 4
    heads = " ".join(part.splitlines()[1] for part in parts)
    assert [f"Modell Nummer {k}" in heads for k in range(9)] == [True] * 9
    assert "continued" not in hlm.table(fit).to_text()


def test_parts_have_the_columns_that_are_asked_for(null):
    table = hlm.table({f"m{k}": null for k in range(5)}, columns_per_page=2)
    for written in (table.to_text(), table.to_markdown(), table.to_html(), str(table), table._repr_html_()):
        assert written.count("continued") == 2
        assert [written.count(f"m{k}") for k in range(5)] == [1] * 5
    assert table.to_latex("tab:a").count(r"\begin{tabular}") == 3
    assert table.to_latex("tab:a").count(r"\label") == 1
    with pytest.raises(OptionError, match="columns_per_page"):
        hlm.table(null, columns_per_page=0)


def test_rows_that_no_model_of_a_part_has_are_left_out(null, fit):
    first, second = hlm.table({"a": fit, "b": null}, columns_per_page=1).to_markdown().split("continued")
    assert "sector" in first
    assert "sector" not in second
    assert "(intercept)" in second


def test_markdown_and_html_scroll(nine):
    assert "continued" not in nine.to_markdown() + nine.to_html()


def test_parts_of_a_wide_latex_table_have_one_number_and_rows_of_one_width(nine):
    text = nine.to_latex("tab:nine")
    tabulars = re.findall(r"\\begin{tabular}{@{}(.*?)@{}}\n(.*?)\\end{tabular}", text, re.DOTALL)
    assert len(tabulars) > 1
    assert text.count(r"\begin{table}") == text.count(r"\caption") == len(tabulars)
    assert text.count(r"\label{tab:nine}") == 1
    assert text.count(r"\addtocounter{table}{-1}") == text.count("(continued)") == len(tabulars) - 1
    for columns, body in tabulars:
        width = 2 + 2 * columns.count("r@{}l")
        for row in re.findall(r"(?m)^(.*) \\\\$", body):
            spans = [int(span) - 1 for span in re.findall(r"\\multicolumn{(\d+)}", row)]
            assert row.count("&") + 1 + sum(spans) == width
    assert sum(columns.count("r@{}l") for columns, _ in tabulars) == 9


def test_word_turns_the_page_and_then_splits(null, nine, tmp_path):
    docx = pytest.importorskip("docx")
    hlm.table({f"m{k}": null for k in range(4)}).to_docx(tmp_path / "four.docx")
    four = docx.Document(tmp_path / "four.docx")
    assert len(four.tables) == 1
    assert four.sections[0].page_width < four.sections[0].page_height
    nine.to_docx(tmp_path / "nine.docx")
    made = docx.Document(tmp_path / "nine.docx")
    assert len(made.tables) > 1
    assert made.sections[0].page_width > made.sections[0].page_height
    heads = [[cell.text for cell in table.rows[0].cells][2:] for table in made.tables]
    assert [name for head in heads for name in head] == [f"Modell Nummer {k}" for k in range(9)]
    titles = [one.text for one in made.paragraphs if one.text.startswith(nine.grid.title)]
    assert titles == [nine.grid.title, *[nine.grid.title + " (continued)"] * (len(made.tables) - 1)]
    assert all(table.rows[0]._tr.trPr.xpath("w:tblHeader") for table in made.tables)
    kept = [[row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in table.rows] for table in made.tables]
    assert all(all(rows[:-1]) and not rows[-1] for rows in kept)


def test_a_narrow_terminal_holds_fewer_columns(nine, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((70, 24)))
    text = nine.to_text()
    assert 50 < max(map(len, text.splitlines())) <= 70


def test_wide_characters_are_aligned(null):
    table = hlm.table(
        {"北京模型": null, "Modell": null},
        labels={"g00": "截距", "SD, residual": "e\N{COMBINING ACUTE ACCENT}cart-type"},
    )
    lines = table.to_text().splitlines()
    rows = [
        line for line in lines if "g00" in line or line.strip().startswith(("e\N{COMBINING ACUTE ACCENT}", "SD, int"))
    ]
    assert len(rows) == 3
    places = {width_of(row[: row.index(".")]) for row in rows}
    assert len(places) == 1
