"""Bayesian hierarchical linear models: level equations in, posterior out.

::

    import bayeshlm as hlm
    hsb = hlm.load_dataset("hsb")  # or pandas.read_csv("my.csv"): a row a student, a column that names the school
    model = hlm.Model("mathach = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + u1", hsb, group="school")
    fit = model.fit(seed=1)  # printed, it shows estimates, intervals and convergence; model.reml() is without sampling
    fit.report("report.html")  # all results, figures and checks on one page

``help(bayeshlm.Model)`` and ``help(bayeshlm.Fit)`` list what each can do.

The public names are imported when they are first used, so that ``import bayeshlm`` costs nothing
and the command line answers at once; PyMC, nutpie, ArviZ and matplotlib wait for the functions
that need them.
"""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayeshlm.datasets import dataset_names, describe_dataset, load_dataset
    from bayeshlm.design.group_frames import contextual, deviation, group_frame, group_summary
    from bayeshlm.design.survey_weights import SurveyWeights
    from bayeshlm.equations import ModelSpec, parse
    from bayeshlm.errors import (
        DataError,
        EquationError,
        FileError,
        HLMError,
        ModelWarning,
        OptionError,
        PriorError,
        SamplingError,
    )
    from bayeshlm.faces.compare_fits import compare
    from bayeshlm.faces.compare_specs import compare_specs
    from bayeshlm.faces.fit import Fit
    from bayeshlm.faces.gallery import gallery_names, open_model
    from bayeshlm.faces.load_fit import load
    from bayeshlm.faces.many_fits import ManyFits, fit_many
    from bayeshlm.faces.ml_fit import MlFit
    from bayeshlm.faces.model import Model
    from bayeshlm.faces.plan import plan
    from bayeshlm.faces.reml_fit import RemlFit
    from bayeshlm.faces.side_by_side import table
    from bayeshlm.faces.simulate import simulate
    from bayeshlm.hlm_program.hlm_comparison import compare_hlm_output
    from bayeshlm.hlm_program.hlm_output import parse_hlm_output
    from bayeshlm.hlm_program.hlm_tables import HlmOutput
    from bayeshlm.parameters.prior_families import (
        LKJ,
        Exponential,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        Normal,
        StudentT,
        Uniform,
    )

_HOMES = {
    "bayeshlm.faces.compare_fits": ("compare",),
    "bayeshlm.faces.compare_specs": ("compare_specs",),
    "bayeshlm.hlm_program.hlm_comparison": ("compare_hlm_output",),
    "bayeshlm.hlm_program.hlm_output": ("parse_hlm_output",),
    "bayeshlm.hlm_program.hlm_tables": ("HlmOutput",),
    "bayeshlm.datasets": ("dataset_names", "describe_dataset", "load_dataset"),
    "bayeshlm.design.group_frames": ("contextual", "deviation", "group_frame", "group_summary"),
    "bayeshlm.design.survey_weights": ("SurveyWeights",),
    "bayeshlm.equations": ("ModelSpec", "parse"),
    "bayeshlm.errors": (
        "DataError",
        "EquationError",
        "FileError",
        "HLMError",
        "ModelWarning",
        "OptionError",
        "PriorError",
        "SamplingError",
    ),
    "bayeshlm.faces.fit": ("Fit",),
    "bayeshlm.faces.gallery": ("gallery_names", "open_model"),
    "bayeshlm.faces.load_fit": ("load",),
    "bayeshlm.faces.many_fits": ("ManyFits", "fit_many"),
    "bayeshlm.parameters.prior_families": (
        "LKJ",
        "Exponential",
        "HalfCauchy",
        "HalfNormal",
        "HalfStudentT",
        "Normal",
        "StudentT",
        "Uniform",
    ),
    "bayeshlm.faces.ml_fit": ("MlFit",),
    "bayeshlm.faces.model": ("Model",),
    "bayeshlm.faces.reml_fit": ("RemlFit",),
    "bayeshlm.faces.plan": ("plan",),
    "bayeshlm.faces.side_by_side": ("table",),
    "bayeshlm.faces.simulate": ("simulate",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LKJ",
    "DataError",
    "EquationError",
    "Exponential",
    "FileError",
    "Fit",
    "HLMError",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "HlmOutput",
    "ManyFits",
    "MlFit",
    "Model",
    "ModelSpec",
    "ModelWarning",
    "Normal",
    "OptionError",
    "PriorError",
    "RemlFit",
    "SamplingError",
    "StudentT",
    "SurveyWeights",
    "Uniform",
    "compare",
    "compare_hlm_output",
    "compare_specs",
    "contextual",
    "dataset_names",
    "describe_dataset",
    "deviation",
    "fit_many",
    "gallery_names",
    "group_frame",
    "group_summary",
    "load",
    "load_dataset",
    "open_model",
    "parse",
    "parse_hlm_output",
    "plan",
    "simulate",
    "table",
]

__version__ = _version("bayeshlm")


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bayeshlm' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
