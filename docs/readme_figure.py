"""Draw the README's figure anew: ``uv run python docs/readme_figure.py``."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

import bayeshlm as hlm

fit = hlm.open_model("hsb-slopes-as-outcomes-full").fit(seed=1, progress=False)
figure, (lines, coefficients) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
fit.plot.group_lines(by="sector", ax=lines)
fit.plot.beta_space(by="sector", ax=coefficients)
figure.savefig(Path(__file__).parent / "figures" / "readme.png", dpi=110)
