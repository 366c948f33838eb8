"""What holds for every figure."""

import inspect
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

import bayeshlm as hlm
from bayeshlm.display.plots.arviz_figures import parameters_tree
from bayeshlm.display.plots.figure_style import CATEGORIES, SETTINGS, style
from bayeshlm.display.plots.fit_plots import FitPlots
from bayeshlm.errors import OptionError
from bayeshlm.quantities.summary import summarize
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

ARVIZ = ("trace", "rank", "forest", "pair")
FULL = "`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*urban + g02*beds + u0\nb1 = g10 + g11*urban + g12*beds + u1"
OTHER = ("calibration", "meta_forest")
"""Of outcomes that are not normal: test_outcome_figures.py; of known level-1 SDs: test_meta_forest.py."""
OURS = [name for name in dir(FitPlots) if not name.startswith("_") and name not in (*ARVIZ, *OTHER)]
ARGUMENTS = {"caterpillar": {"coefficient": "b0"}, "shrinkage": {"coefficient": "b1"}, "interaction": {"by": "beds"}}
ARGUMENTS |= {"comparisons": {"name": "beds"}, "slopes": {"name": "beds"}, "ranks": {"coefficient": "b1"}}
MODELS = {
    "intercept": "`pain $` = b0 + r\nb0 = g00 + u0",
    "slope without effect": "`pain $` = b0 + b1*dose + r\nb0 = g00 + g01*region + u0\nb1 = g10 + g11*region",
    "purely random slope": "`pain $` = b0 + b1*cwc(dose) + b2*sex + r\nb0 = g00 + u0\nb1 = u1\nb2 = g20",
    "no intercept": "`pain $` = b1*dose + b2*sex + r\nb1 = g10 + u1\nb2 = g20",
    "offset": "`pain $` = b0 + b1*dose + offset(beds) + r\nb0 = g00 + u0\nb1 = g10 + g11*urban + u1",
}


def made(fit, name, **arguments):
    found = getattr(fit.plot, name)(**(ARGUMENTS.get(name, {}) | arguments))
    return found if isinstance(found, list) else [found]


@pytest.fixture(scope="module")
def long_named(wards, fake_draws):
    """The fit `full`, with names longer than a column is wide."""
    data = wards(12).rename(columns=LONG)
    data["ward"] = "St. Mary Magdalene's hospital, " + data["ward"]
    text = FULL.replace("dose", LONG["dose"]).replace("urban", LONG["urban"])
    model = hlm.Model(text, data, "ward")
    raw = fake_draws(model.design, 2, 50)
    return hlm.Fit(model, to_datatree(raw, model.design, model.priors, sampling_options(draws=50, seed=3)))


def test_every_figure_is_listed():
    assert {*OURS, *ARVIZ, *OTHER} == {
        *("group_lines", "caterpillar", "shrinkage", "beta_space", "icc", "variance_components", "plausible_ranges"),
        *("interaction", "variance_function", "cross_check", "trace", "rank", "forest", "pair"),
        *("predictive_check", "residuals", "loo", "influence", "prior_sensitivity"),
        *("calibration", "meta_forest", "predictions", "comparisons", "slopes", "ranks"),
    }


LONG = {"dose": "milligrams_per_kilogram_of_body_weight_and_day", "urban": "ward_of_an_urban_teaching_hospital"}


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("long", [False, True])
def test_every_figure_says_what_its_axes_are_and_keeps_inside(full, long_named, name, long):
    axes = made(long_named if long else full, name)
    figure = axes[0].figure
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for ax in axes:
        assert isinstance(ax, Axes)
        assert ax.get_xlabel()
        assert ax.get_ylabel() or not len(ax.get_yticks()) or name == "plausible_ranges"
    labels = [label for ax in axes for label in (ax.xaxis.label, ax.yaxis.label) if label.get_text()]
    for artist in [*figure.legends, *(ax.get_legend() for ax in axes), *labels]:
        if artist is not None:
            box = artist.get_window_extent()
            assert box.x0 >= -1, artist
            assert box.x1 <= width + 1, artist
            assert box.y0 >= -1, artist
            assert box.y1 <= height + 1, artist


@pytest.mark.parametrize("name", OURS)
def test_every_figure_draws_on_given_axes(full, name):
    n = len(made(full, name))
    _, grid = plt.subplots(n, squeeze=False)
    before = len(plt.get_fignums())
    given = grid[0, 0] if n == 1 else grid
    assert made(full, name, ax=given) == list(grid.ravel())
    assert len(plt.get_fignums()) == before
    with pytest.raises(OptionError, match="matplotlib Axes"):
        made(full, name, ax="figure")


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_figure_of_every_kind_of_model_is_drawn_or_refused_in_words(model, fit_of):
    fit = fit_of(MODELS[model])
    refused = {
        "intercept": ["group_lines", "beta_space", "interaction", "variance_function"],
        "slope without effect": ["beta_space", "variance_function"],
        "purely random slope": ["caterpillar", "shrinkage", "interaction", "ranks"],
        "no intercept": ["beta_space", "interaction"],
        "offset": ["caterpillar", "shrinkage", "ranks"],
    }[model]
    refused += ["comparisons", "slopes"]  # no predictor, or several of which none is named
    for name in OURS:
        if name in refused:
            with pytest.raises(OptionError):
                getattr(fit.plot, name)()
        else:
            found = getattr(fit.plot, name)()
            (found[0] if isinstance(found, list) else found).figure.canvas.draw()
        plt.close("all")
    assert fit.model.plot.data(None if model == "intercept" else "dose")


@pytest.mark.slow
def test_a_fit_from_disk_has_its_figures(full, tmp_path):
    full.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    for name in ("caterpillar", "beta_space", "icc", "interaction"):
        first, second = made(full, name)[0], made(loaded, name)[0]
        for one, other in zip(first.lines, second.lines, strict=True):
            assert other.get_xydata() == pytest.approx(one.get_xydata(), nan_ok=True)


@pytest.mark.slow
def test_the_accessors_are_made_once_and_load_matplotlib_late():
    code = (
        "import sys, bayeshlm as hlm; model = hlm.open_model('hsb-one-way-anova'); assert 'matplotlib' not in"
        " sys.modules; assert model.plot is model.plot; print('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "True"


def test_arviz_gets_every_parameter_once_by_its_name(full):
    tree = parameters_tree(full.posterior, full.idata["sample_stats"].to_dataset(), full.model.design)
    names = [*full.model.design.fixed_labels, "tau[u0]", "tau[u1]", "corr[u0,u1]", "sigma"]
    assert list(tree["posterior"].data_vars) == names
    fixed, variances = full.fixed_effects(), full.variance_components()
    assert summarize(tree["posterior"]["g10"])["mean"].item() == fixed.loc["g10", "mean"]
    assert summarize(tree["posterior"]["corr[u0,u1]"])["mean"].item() == variances.loc[("corr", "u0,u1"), "mean"]
    assert list(tree["sample_stats"].data_vars) == ["diverging"]


@pytest.mark.parametrize("name", ARVIZ)
def test_arviz_draws_what_it_is_asked_for(full, name):
    found = getattr(full.plot, name)(["tau", "sigma"])
    variables = {str(variable) for variable in found.viz.to_dataset().data_vars} | set(found.viz.children)
    text = " ".join([*variables, *(label for ax in found.get_viz("figure").axes for label in texts_of(ax))])
    assert "tau[u1]" in text
    assert "sigma" in text
    assert "g00" not in text
    with pytest.raises(OptionError, match="var_names: there is no 'beta'; there are gamma, tau"):
        getattr(full.plot, name)("beta")


def texts_of(ax):
    yield from (text.get_text() for text in ax.texts)
    yield from (ax.get_title(), ax.get_xlabel(), ax.get_ylabel())


def test_colors_are_six_and_differ_in_lightness_or_hue():
    values = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in CATEGORIES], dtype=float)
    distance = np.linalg.norm(values[:, None] - values[None], axis=-1)
    assert distance[~np.eye(6, dtype=bool)].min() > 50


def test_figures_say_what_they_take():
    for name in OURS:
        assert "ax" in inspect.signature(getattr(FitPlots, name)).parameters
        assert inspect.getdoc(getattr(FitPlots, name))


def test_what_a_backend_sets_when_it_is_loaded_stays():
    # the backend of a notebook turns interactive in the first figure; without it no later figure would be shown
    before = {name: mpl.rcParams[name] for name in SETTINGS}
    try:
        with style():
            mpl.interactive(True)
            assert mpl.rcParams["font.size"] == SETTINGS["font.size"] != before["font.size"]
        assert mpl.is_interactive()
        assert {name: mpl.rcParams[name] for name in SETTINGS} == before
    finally:
        mpl.interactive(False)
