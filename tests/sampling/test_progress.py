from types import SimpleNamespace

import pytest

from bayeshlm.sampling.progress import sampling_bar, stage


def chain(draws, tuning, divergences=0):
    return SimpleNamespace(finished_draws=draws, tuning=tuning, divergences=divergences)


@pytest.mark.parametrize(
    ("chains", "words"),
    [
        ([chain(100, True), chain(140, False)], ("Tuning", "240/1000 draws", "0 divergences")),
        ([chain(500, False, 2), chain(400, False, 1)], ("Sampling", "900/1000 draws", "3 divergences")),
    ],
)
def test_the_bar_says_what_is_done_over_all_chains(chains, words, capsys):
    with sampling_bar(1000, True) as update:
        update(chains)
    shown = capsys.readouterr()
    assert shown.out == ""
    for word in words:
        assert word in shown.err


def test_nothing_is_shown_where_nobody_watches(capsys, caplog):
    with caplog.at_level("INFO"), stage("Computing", None), sampling_bar(10, False) as update:
        assert update is None
    assert capsys.readouterr() == ("", "")
    assert "Computing" in caplog.text
