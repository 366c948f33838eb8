"""A bar over steps: every item once and in order, and what it says where somebody watches."""

import logging
from types import SimpleNamespace

import numba
import pytest

from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.progress import counted, part, sampling_bar, somebody_watches, stage, steps


def test_every_item_once_and_nothing_shown_when_nobody_watches(capsys):
    assert list(steps([3, 1, 2], str, "Counting")) == [3, 1, 2]
    assert list(steps([], str, "Counting", show=True)) == []
    assert capsys.readouterr() == ("", "")


def test_the_bar_names_what_is_at_work(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    done = list(steps(["data", "priors"], str, "Writing", show=True))
    assert done == ["data", "priors"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Writing: priors" in printed.err


def test_names_in_a_bar_are_neither_markup_nor_commands(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the captured stream for a terminal
    name = "ward a[/b] \x1b[5mc"
    assert list(steps(["first", name], str, "Fitting without", show=True)) == ["first", name]
    with stage(f"Computing ({name})", show=True):
        pass
    shown = capsys.readouterr().err
    assert "Fitting without: ward a[/b] \\x1b[5mc" in shown
    assert "Computing (ward a[/b] \\x1b[5mc)" in shown
    assert "\x1b[5m" not in shown


def test_a_stage_says_that_it_compiles_only_when_it_does(caplog):
    function = numba.njit(lambda x: x + 1)
    said = []
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            caplog.clear()
            with stage("Preparing", False, "Compiling, ten seconds"):
                assert function(1) == 2
            said.append([record.message for record in caplog.records if record.name == "bayeshlm.progress"])
    assert said == [["Preparing", "Compiling, ten seconds"], ["Preparing"]]


def test_the_spinner_changes_to_what_is_compiled(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with stage("Preparing", True, "Compiling, ten seconds"):
        assert numba.njit(lambda x: x + 1)(1) == 2
    assert "Compiling, ten seconds" in capsys.readouterr().err


def test_which_of_several_fits_is_at_work_is_said_by_every_bar(capsys, monkeypatch, caplog):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with caplog.at_level(logging.INFO), part("2 of 5"):
        with stage("Preparing", True):
            pass
        with sampling_bar(10, True) as callback:
            callback([SimpleNamespace(tuning=False, finished_draws=10, divergences=0)])
    assert caplog.messages == ["2 of 5: Preparing"]
    shown = capsys.readouterr().err
    assert "2 of 5: Preparing" in shown
    assert "2 of 5: Sampling" in shown
    with stage("Preparing", True):
        pass
    assert "2 of 5" not in capsys.readouterr().err


def test_long_work_in_threads_shows_a_bar_and_short_work_none(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("bayeshlm.progress.LONG", 0.0)
    assert in_threads(abs, range(-3, 0), "Leaving groups out") == [3, 2, 1]
    assert "Leaving groups out" in capsys.readouterr().err
    assert in_threads(abs, range(-3, 0)) == [3, 2, 1]
    list(steps([1], str, "Writing", show=True))
    monkeypatch.setattr("bayeshlm.progress.LONG", 3600.0)
    capsys.readouterr()
    assert in_threads(abs, range(-3, 0), "Leaving groups out") == [3, 2, 1]
    assert capsys.readouterr().err == ""


def test_there_is_one_bar_at_a_time(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("bayeshlm.progress.LONG", 0.0)
    for _ in steps([1], str, "Writing", show=True):
        with counted(3, "Leaving groups out") as advance:
            advance()
    shown = capsys.readouterr().err
    assert "Writing" in shown
    assert "Leaving" not in shown


@pytest.mark.parametrize("installed", [True, False])
def test_in_a_notebook_a_bar_needs_widgets(installed, monkeypatch):
    monkeypatch.setattr("rich.console.Console.is_jupyter", True, raising=False)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("bayeshlm.progress.find_spec", lambda name: installed or None)
    assert somebody_watches() is installed
