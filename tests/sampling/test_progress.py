"""A bar over steps: every item once and in order, and what it says where somebody watches."""

from bayeshlm.sampling.progress import stage, steps


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
