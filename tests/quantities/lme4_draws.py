"""Gallery models with lme4's estimates as their only draw."""

import tomllib
from pathlib import Path

import numpy as np
from gallery_models import ONE_GROUPING

from bayeshlm.datasets import load_dataset
from bayeshlm.design import build_design
from bayeshlm.equations import parse

MODELS = [Path(__file__).parents[2] / "models" / f"{name}.toml" for name in ONE_GROUPING]


def lme4_draw(path, gallery_case, reference_case, posterior_of):
    """A gallery model's design, lme4's estimates as its only draw, and lme4's values."""
    model = tomllib.loads(path.read_text(encoding="utf-8"))
    design = build_design(parse(model["equations"]), load_dataset(model["dataset"]), group=model["group"])
    names = gallery_case(path.stem)
    values = reference_case(names["case"])["values"]
    fixed = dict(zip(values["fixed"]["names"], values["fixed"]["estimate"], strict=True))
    (varcor,) = values["varcor"].values()
    order = [varcor["terms"].index(names["random"][label]) for label in design.random_labels]
    gamma = [fixed[names["fixed"][label]] for label in design.fixed_labels]
    corr = None if len(order) == 1 else np.array(varcor["corr"], dtype=float)[np.ix_(order, order)]
    return design, posterior_of(design, gamma, np.array(varcor["sd"])[order], values["sigma"], corr), values
