"""A model whose columns, group and categories are named to break LaTeX, Markdown and HTML; draws without a sampler."""

import numpy as np
import pandas as pd

import bayeshlm as hlm
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

SCRIPT = "<script>alert(1)</script>"
EQUATIONS = f"""
`pain & {SCRIPT}` = b0 + b1*`50%_of#$` + b2*C(`sex|{{x}}`) + b3*`[dose]` + r
b0 = g00 + g01*`beds^2~\\` + u0
b1 = g10 + u1
b2 = g20
b3 = g30
"""
GROUP = "*ward*_<script>#1"


def odd_frame():
    rng = np.random.default_rng(1)
    n = 80
    ward = np.repeat([f"w{k} & <b>{k}</b> %" for k in range(8)], 10)
    frame = pd.DataFrame({GROUP: ward, f"pain & {SCRIPT}": rng.normal(5, 2, n), "50%_of#$": rng.normal(size=n)})
    frame["sex|{x}"] = rng.permutation(np.resize(["fe_male", f"ma$le{SCRIPT}"], n))
    frame["[dose]"] = rng.normal(size=n)
    frame["beds^2~\\"] = np.repeat(rng.normal(size=8), 10)
    return frame


def fit_of(model, fake_draws, seed=1, draws=500):
    """A `Fit` of draws that are not sampled."""
    options = sampling_options(draws=draws, seed=seed)
    raw = fake_draws(model.design, options.chains, options.draws, seed)
    return hlm.Fit(model, to_datatree(raw, model.design, model.priors, options))


def odd_fit(fake_draws):
    return fit_of(hlm.Model(EQUATIONS, odd_frame(), group=GROUP), fake_draws)
