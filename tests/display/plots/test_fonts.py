"""Names in any script: fallback fonts, and one remark where no font has a character."""

import logging
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.display.plots import fonts
from bayeshlm.display.plots.data import _titles
from bayeshlm.display.plots.drawn_fit import Groups
from bayeshlm.display.plots.figure_style import short, style


@pytest.fixture
def model() -> hlm.Model:
    rng = np.random.default_rng(2)
    names = np.repeat(["\U00014400病院", "Больница №7", "Städtische Klinik Großröhrsdorf"], 6)
    data = pd.DataFrame({"g": names, "x": rng.normal(size=18), "y": rng.normal(size=18)})
    return hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", data, group="g")


def test_characters_that_no_font_has_are_remarked_once(model, monkeypatch, caplog):
    monkeypatch.setattr(fonts, "_UNSAID", {"remark"})
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            model.plot.data()[0].figure.canvas.draw()
    (record,) = caplog.records
    assert "\U00014400" in record.getMessage()
    assert "Noto Sans CJK" in record.getMessage()


def test_latin_and_cyrillic_need_no_remark():
    texts = plt.figure().text(0, 0, "Städtische Больница γ₀₀ σ²")
    assert fonts.missing_characters([texts], ["DejaVu Sans"]) == []


def test_fallback_fonts_stand_behind_the_users_own_while_a_figure_is_made(monkeypatch):
    monkeypatch.setattr(fonts, "FALLBACK", ("STIXGeneral", "Not Installed"))
    before = list(mpl.rcParams["font.family"])
    with style():
        assert mpl.rcParams["font.family"] == [*before, "STIXGeneral"]
    assert mpl.rcParams["font.family"] == before


def test_wide_characters_count_twice():
    assert short("北京第四人民医院", 9) == "北京…医院"
    assert short("北京医院", 8) == "北京医院"


def test_long_names_stand_above_their_counts(model):
    assert all("\n(n=6)" in title for title in _titles(Groups.of(model.design, None), np.arange(3)).values())
