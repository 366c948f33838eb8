"""The gallery's models by outcome and groupings: what assumes a normal one with a sigma is tested on those."""

from bayeshlm.equations import parse
from bayeshlm.faces.gallery import gallery_names, read_model_file

SPECS = {name: parse(read_model_file(name).equations) for name in gallery_names()}
NOT_NORMAL = tuple(name for name, spec in SPECS.items() if spec.distribution.family != "Normal")
KNOWN_SD = tuple(name for name, spec in SPECS.items() if spec.residual_spread is not None)
LEVEL1 = tuple(name for name, spec in SPECS.items() if spec.has_level1_model)
LOCATION_SCALE = ("hsb-location-scale",)  # no REML
NORMAL = tuple(name for name in SPECS if name not in (*NOT_NORMAL, *KNOWN_SD, *LEVEL1))
ONE_GROUPING = tuple(name for name in NORMAL if len(SPECS[name].groupings) == 1)
SEVERAL_GROUPINGS = tuple(name for name in NORMAL if name not in ONE_GROUPING)


def named_auxiliary(outcome):
    """The auxiliary parameters as model files name published numbers: ``sigma``, ``phi``, ``cutpoint_1_2``."""
    return [
        effect if name == "alpha" else f"{name}_{effect.replace('|', '_')}" if effect else name
        for name, effect in outcome.auxiliary_effects
    ]
