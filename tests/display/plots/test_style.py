import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from bayeshlm.display.plots.style import SETTINGS, style, styled


@pytest.fixture
def not_interactive():
    before = mpl.is_interactive()
    mpl.interactive(False)
    yield
    mpl.interactive(before)


def test_the_style_holds_inside_and_the_settings_of_the_user_come_back():
    with mpl.rc_context({"figure.dpi": 77}):
        with style():
            assert mpl.rcParams["figure.dpi"] == SETTINGS["figure.dpi"] != 77
        assert mpl.rcParams["figure.dpi"] == 77


@pytest.mark.usefixtures("not_interactive")
def test_interactive_drawing_that_a_notebook_turns_on_at_the_first_figure_stays_on():
    @styled
    def first_figure():
        mpl.interactive(True)  # as matplotlib_inline does when it is loaded, at the first figure
        return plt.figure()

    plt.close(first_figure())
    assert mpl.is_interactive()


@pytest.mark.usefixtures("not_interactive")
def test_settings_come_back_after_an_error():
    with pytest.raises(ZeroDivisionError), mpl.rc_context({"figure.dpi": 77}), style():
        1 / 0  # noqa: B018
    assert mpl.rcParams["figure.dpi"] != SETTINGS["figure.dpi"]
    assert not mpl.is_interactive()
