"""``bayeshlm fit`` from status to files, by draws that are not sampled."""

import json
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm import text_file
from bayeshlm.commands import results_folder
from bayeshlm.commands.cli import UNEXPECTED, main
from bayeshlm.design.left_out import LeftOut
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.interruption import SIGNALS
from bayeshlm.sampling.options import sampling_options

EQUATIONS = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1"
INTERVAL = {"mean", "sd", "lower", "upper"}


@pytest.fixture
def fit_of(ward_study, fake_draws, monkeypatch):
    """``fit_of(*arguments)``: the status of `bayeshlm fit` of the folder's model, by draws that are not sampled."""

    def run(*arguments, change=None):
        data = arguments[arguments.index("--data") + 1] if "--data" in arguments else None
        design = hlm.open_model(ward_study / "model.toml", data).design

        def draw(graph, layout, options):
            raw = fake_draws(design, options.chains, options.draws, options.seed)
            return raw if change is None else change(raw)

        monkeypatch.setattr("bayeshlm.sampling.nuts.run_nuts", draw)
        return main(["fit", str(ward_study / "model.toml"), "--seed", "1", *arguments])

    return run


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.parent.rglob("*"))}


def test_a_fit_prints_its_results_and_writes_three_files(ward_study, fit_of, capsys):
    target = ward_study / "deep" / "results"
    assert fit_of("--out", str(target)) == 0
    out, err = capsys.readouterr()
    assert "Fixed effects" in out
    assert "Converged: 0 of 4000 draws diverged" in out
    assert f'Written to {target}: posterior.nc (read it by hlm.load("posterior.nc"))' in out
    assert err == ""
    assert sorted(path.name for path in target.iterdir()) == ["group_coefficients.csv", "posterior.nc", "summary.json"]
    assert [path.name for path in target.parent.iterdir()] == ["results"]

    fit = hlm.load(target / "posterior.nc")
    groups = pd.read_csv(target / "group_coefficients.csv", index_col=["ward", "coefficient"])
    pd.testing.assert_frame_equal(groups, pd.DataFrame(fit.group_coefficients()), check_index_type=False)
    check_summary(json.loads((target / "summary.json").read_text(encoding="utf-8")), fit)


def check_summary(summary, fit):
    """Exactly the keys of the format, with the numbers of the fit."""
    parts = ("fixed_effects", "icc", "model", "plausible_ranges", "reliability", "sampling", "variance_components")
    assert sorted(summary) == sorted(("format", *parts))
    assert summary["format"] == 1
    assert summary["model"] == {
        "equations": EQUATIONS,
        "lme4": "pain ~ urban + dose + (1 + dose | ward)",
        "n_obs": 96,
        "rows_dropped": 0,
        "missing": {},
        "groups_dropped": [],
        "notes": [],
        "groups": {"ward": 8},
    }
    fixed = fit.fixed_effects()
    columns = ["term", "coefficient", "mean", "sd", "lower", "upper", "ess_bulk", "ess_tail", "r_hat"]
    assert summary["fixed_effects"] == {symbol: row[columns].to_dict() for symbol, row in fixed.iterrows()}
    variances = summary["variance_components"]
    assert {name: list(table) for name, table in variances.items() if name != "sigma"} == {
        "tau": ["u0", "u1"],
        "corr": ["u0,u1"],
    }
    expected = fit.variance_components().loc[("corr", "u0,u1"), ["mean", "median", "sd", "lower", "upper"]].to_dict()
    assert variances["corr"]["u0,u1"] == expected
    assert set(variances["sigma"]) == set(variances["tau"]["u1"]) == set(summary["icc"]) == INTERVAL | {"median"}
    ranges = fit.plausible_ranges().table
    assert summary["plausible_ranges"] == {
        name: {kind: ranges.loc[name, kind].tolist() for kind in ("plug_in", "predictive")} for name in ("b0", "b1")
    }
    assert {name: set(values) for name, values in summary["reliability"].items()} == {"b0": INTERVAL, "b1": INTERVAL}
    sampling = summary["sampling"]
    assert set(sampling) >= {"min_ess_bulk", "max_r_hat"}
    assert {name: value for name, value in sampling.items() if name not in ("min_ess_bulk", "max_r_hat")} == {
        "chains": 4,
        "draws": 1000,
        "tune": sampling_options().tune,
        "seed": 1,
        "sampler": "auto",
        "divergences": 0,
        "importance": None,
        "compile_seconds": 1.5,
        "sample_seconds": 0.5,
        "converged": True,
    }


def test_numbers_that_are_not_finite_are_null(ward_study, fit_of):
    assert fit_of("--chains", "1", "--draws", "1000", "--out", str(ward_study / "out")) == 1
    text = (ward_study / "out" / "summary.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    summary = json.loads(text)
    assert summary["fixed_effects"]["g00"]["r_hat"] is None
    assert summary["sampling"]["max_r_hat"] is None


def diverge(raw):
    return replace(raw, sample_stats=raw.sample_stats.assign(diverging=~raw.sample_stats["diverging"]))


@pytest.mark.parametrize(
    ("arguments", "change", "reason"),
    [
        (["--draws", "50"], None, "effective sample size"),
        ([], diverge, "4000 of 4000 draws diverged"),
        (["--chains", "1", "--draws", "4000"], None, "R-hat needs at least two chains"),
    ],
)
@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_a_fit_that_has_not_converged_is_written_all_the_same(
    arguments, change, reason, quiet, ward_study, fit_of, capsys
):
    assert fit_of(*arguments, *quiet, "--out", str(ward_study / "out"), change=change) == 1
    out, err = capsys.readouterr()
    assert err.startswith("bayeshlm: not converged. ")
    assert reason in err
    assert ("NOT CONVERGED" in out) == (not quiet)
    summary = json.loads((ward_study / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["sampling"]["converged"] is False


def test_quiet_prints_nothing(fit_of, capsys):
    assert fit_of("--quiet") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (hlm.SamplingError("The sampler stopped: no start."), 3, "bayeshlm: The sampler stopped: no start.\n"),
        (KeyboardInterrupt(), 130, "bayeshlm: interrupted; nothing was written\n"),
        (ZeroDivisionError("by zero"), 3, f"bayeshlm: ZeroDivisionError: by zero. {UNEXPECTED}\n"),
    ],
)
def test_a_fit_that_stops_writes_nothing(error, status, message, ward_study, fit_of, capsys):
    def stop(raw):
        raise error

    before = contents(ward_study)
    assert fit_of("--out", str(ward_study / "out"), change=stop) == status
    assert capsys.readouterr() == ("", message)
    assert contents(ward_study) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "status"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130), (ValueError("x"), 3)]
)
def test_old_results_survive_a_failure_of_writing(error, status, ward_study, fit_of, monkeypatch, capsys):
    target = ward_study / "out"
    assert fit_of("--out", str(target), "--quiet") == 0
    before = contents(ward_study)

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(results_folder, "summary", fail)
        assert fit_of("--out", str(target), "--quiet") == status
    assert contents(ward_study) == before
    assert (getattr(error, "strerror", None) or str(error)) in capsys.readouterr().err
    (target / "notes.txt").write_text("mine")
    assert fit_of("--out", str(target), "--quiet", "--draws", "500") == 0
    assert json.loads((target / "summary.json").read_text(encoding="utf-8"))["sampling"]["draws"] == 500
    assert (target / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_spreadsheet_finds_no_formula_in_the_table_of_groups(ward_study, fit_of):
    wards = pd.read_csv(ward_study / "wards.csv")
    wards["ward"] = wards["ward"].replace({"a": "=1+1", "b": "-1"})
    wards.to_csv(ward_study / "wards.csv", index=False)
    assert fit_of("--out", str(ward_study / "out")) == 0
    groups = pd.read_csv(ward_study / "out" / "group_coefficients.csv")
    assert groups["ward"].unique().tolist() == ["-1", "'=1+1", *"cdefgh"]
    assert groups["mean"].dtype == "float64"
    fit = hlm.load(ward_study / "out" / "posterior.nc")
    assert list(fit.group_coefficients().index.levels[0]) == ["-1", "=1+1", *"cdefgh"]
    for level in (1, 2):
        assert set(fit.residuals(level).hlm_file()["L2ID"]) == {"-1", "'=1+1", *"cdefgh"}


def test_a_table_that_is_not_ours(ward_study, fit_of, capsys):
    """A byte order mark, semicolons, decimal commas, quoted text with a semicolon, dots and spaces in names."""
    names = {"ward": "Station Nr.", "pain": "Schmerz.nach.OP", "dose": "Dosis (mg)", "sex": "Geschlecht"}
    wards = pd.read_csv(ward_study / "wards.csv")
    foreign = wards.assign(ward="Haus " + wards["ward"] + "; 1. OG").rename(columns=names)
    foreign.loc[5, "Dosis (mg)"] = np.nan
    foreign.loc[foreign["Station Nr."] == "Haus c; 1. OG", ["Dosis (mg)", "Schmerz.nach.OP"]] = np.nan
    foreign.to_csv(ward_study / "stationen.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig")
    (ward_study / "model.toml").write_text(
        'group = "Station Nr."\nequations = """\nSchmerz.nach.OP = b0 + b1*cwc(`Dosis (mg)`) + b2*Geschlecht + r\r\n'
        'b0 = g00 + g01*urban + u0\r\nb1 = g10\r\nb2 = g20\r\n"""\n'
    )
    status = fit_of("--data", str(ward_study / "stationen.csv"), "--out", str(ward_study / "out"))
    out = capsys.readouterr().out
    assert status == 0
    assert "83 rows in 7 groups (Station Nr.)" in out
    assert "\n13 rows with missing values dropped (Schmerz.nach.OP 12, Dosis (mg) 13)\n" in out
    assert "\n\nNote: 1 of 8 groups has no complete row and is not in the model: Station Nr. Haus c; 1. OG.\n" in out
    loaded = hlm.load(ward_study / "out" / "posterior.nc")
    assert loaded.model.design.left_out == LeftOut((("Schmerz.nach.OP", 12), ("Dosis (mg)", 13)), ("Haus c; 1. OG",))
    summary = json.loads((ward_study / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["model"]["groups"] == {"Station Nr.": 7}
    assert summary["model"]["rows_dropped"] == 13
    assert summary["model"]["missing"] == {"Schmerz.nach.OP": 12, "Dosis (mg)": 13}
    assert summary["model"]["groups_dropped"] == ["Haus c; 1. OG"]
    assert summary["model"]["notes"] == list(data_notes(loaded.model.design))
    assert list(summary["fixed_effects"]) == ["g00", "g01", "g10", "g20[male]"]
    assert summary["fixed_effects"]["g10"]["coefficient"] == "b1"


@pytest.mark.slow
def test_a_report_is_written_with_the_title_and_the_data_of_the_model_file(ward_study, fit_of, capsys):
    model = ward_study / "model.toml"
    model.write_text('title = "Pain & wards"\n' + model.read_text(encoding="utf-8"), encoding="utf-8")
    target = ward_study / "pages" / "report.html"
    assert fit_of("--report", str(target), "--quiet") == 0
    page = target.read_text(encoding="utf-8")
    assert "<h1>Pain &amp; wards</h1>" in page
    assert "wards.csv" in page
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    assert capsys.readouterr().out == ""
    assert fit_of("--report", str(target)) == 0
    assert f"The report is {target}; open it in a browser." in capsys.readouterr().out


def test_an_acceptance_rate_is_passed_on(ward_study, fit_of):
    assert fit_of("--target-accept", "0.99", "--quiet", "--out", str(ward_study / "out")) == 0
    assert hlm.load(ward_study / "out" / "posterior.nc").idata.attrs["target_accept"] == 0.99


@pytest.fixture
def heard():
    """Ctrl-C is not ignored, as it is by what a shell starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_files_change_places_leaves_the_old_results_and_no_draft(
    number, ward_study, fit_of, monkeypatch, capsys
):
    target = ward_study / "out"
    assert fit_of("--out", str(target), "--quiet") == 0
    before, handlers = contents(ward_study), [signal.getsignal(each) for each in SIGNALS]
    monkeypatch.setattr(results_folder, "summary", lambda *_: signal.raise_signal(number))
    assert fit_of("--out", str(target), "--quiet", "--draws", "500") == 130
    assert capsys.readouterr().err == "bayeshlm: interrupted; nothing was written\n"
    assert contents(ward_study) == before
    assert [signal.getsignal(each) for each in SIGNALS] == handlers


@pytest.mark.slow
@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("move", range(5))
def test_a_signal_while_the_files_change_places_waits_and_the_message_is_true(
    number, move, ward_study, fit_of, monkeypatch, capsys
):
    target = ward_study / "out"
    assert fit_of("--out", str(target), "--quiet") == 0
    real, moves = text_file._moved, []

    def signalled(source, place):
        moves.append(place)
        if len(moves) == move + 1:
            signal.raise_signal(number)
        return real(source, place)

    monkeypatch.setattr(text_file, "_moved", signalled)
    assert fit_of("--out", str(target), "--quiet", "--draws", "500") == 130
    assert capsys.readouterr().err == f"bayeshlm: interrupted; {target} had been written\n"
    assert sorted(path.name for path in target.iterdir()) == ["group_coefficients.csv", "posterior.nc", "summary.json"]
    assert json.loads((target / "summary.json").read_text(encoding="utf-8"))["sampling"]["draws"] == 500
    fit = hlm.load(target / "posterior.nc")
    assert fit.posterior.sizes["draw"] == 500
    groups = pd.read_csv(target / "group_coefficients.csv", index_col=["ward", "coefficient"])
    pd.testing.assert_frame_equal(groups, pd.DataFrame(fit.group_coefficients()), check_index_type=False)


def test_an_interruption_of_the_report_says_what_was_written_before(ward_study, fit_of, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(hlm.Fit, "report", interrupt)
    out, report = ward_study / "out", ward_study / "report.html"
    assert fit_of("--out", str(out), "--report", str(report), "--quiet") == 130
    assert capsys.readouterr().err == f"bayeshlm: interrupted; {out} had been written\n"


def test_a_folder_where_a_file_goes_is_refused_before_sampling(ward_study, fit_of, capsys):
    (ward_study / "out" / "summary.json").mkdir(parents=True)
    before = contents(ward_study)

    def never(raw):
        raise AssertionError("sampled")

    assert fit_of("--out", str(ward_study / "out"), change=never) == 2
    assert "summary.json' is a folder; --out writes a file there" in capsys.readouterr().err
    assert contents(ward_study) == before


def test_a_place_where_no_report_can_be_is_refused_before_sampling(ward_study, fit_of, capsys):
    before = contents(ward_study)

    def never(raw):
        raise AssertionError("sampled")

    assert fit_of("--report", str(ward_study), change=never) == 2
    assert "is a folder; --report needs a file name, such as report.html" in capsys.readouterr().err
    assert contents(ward_study) == before
