"""A bar over steps: every item once and in order, and what it says where somebody watches."""

from bayeshlm.sampling.progress import steps


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
