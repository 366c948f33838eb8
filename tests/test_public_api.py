"""What users may write: ``uv run python tests/test_public_api.py`` writes references/public_api.txt anew."""

import difflib
import inspect
from pathlib import Path

import bayeshlm
from bayeshlm.display.plots.fit_plots import FitPlots
from bayeshlm.display.plots.model_plots import ModelPlots

LISTING = Path(__file__).parent / "references" / "public_api.txt"


def signature(function):
    """Names, kinds and defaults of the parameters, as text; types are left to the docstrings."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    return str(inspect.Signature(parameters))


def members(name, cls):
    """The public attributes of a class, its bases' included, but what Python or pandas gave those."""
    for member in sorted(dir(cls)):
        home = next((base for base in cls.__mro__ if member in vars(base)), object)
        if member.startswith("_") or not home.__module__.startswith("bayeshlm"):
            continue
        value = inspect.getattr_static(cls, member)
        if isinstance(value, (classmethod, staticmethod)):
            yield f"{name}.{member}{signature(value.__func__)}  {type(value).__name__}"
        else:
            yield f"{name}.{member}{signature(value) if callable(value) else ''}"


def public_api():
    """One line a name: functions and methods with their parameters, classes with their attributes."""
    things = {name: getattr(bayeshlm, name) for name in bayeshlm.__all__}
    things |= {"Fit.plot": FitPlots, "Model.plot": ModelPlots}
    lines = []
    for name, thing in sorted(things.items()):
        if not inspect.isclass(thing):
            lines.append(f"{name}{signature(thing)}")
        elif issubclass(thing, (Exception, Warning)):
            lines.append(f"{name}: {', '.join(base.__name__ for base in thing.__bases__)}")
        else:
            made = [] if name.endswith(".plot") else [f"{name}{signature(thing)}"]
            lines += [*made, *members(name, thing)]
    return lines


def test_the_public_api_is_the_listed_one():
    """A difference is a change for users: write the list anew, read its diff, and say it in CHANGELOG.md."""
    listed = LISTING.read_text(encoding="utf-8").splitlines()
    assert not list(difflib.unified_diff(listed, public_api(), "listed", "found", lineterm="", n=0))


if __name__ == "__main__":
    LISTING.write_text("\n".join(public_api()) + "\n", encoding="utf-8")
