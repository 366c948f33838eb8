"""Microseconds of one gradient of the marginal density with a model of level-1 SDs or correlations, beside one sigma.

    uv run python tests/benchmarks/level1.py

The C function that nutpie calls, priors and transforms included, of 7,185 rows in 160 groups (q = 2, p = 6).
"""

from __future__ import annotations

import numpy as np
from gradient import callback_microseconds, compiled_microseconds
from measure import markdown_table

import bayeshlm as hlm

EQUATIONS = """
mathach = b0 + b1*cwc(ses) + r
b0 = g00 + g01*sector + g02*meanses + u0
b1 = g10 + g11*sector + g12*meanses + u1
"""
LINES = {
    "SD by 3 categories": "log(sigma) = a0*C(kind)",
    "AR(1), consecutive": "corr(r) = ar1(time)",
    "AR(1), 3 categories": "log(sigma) = a0*C(kind)\ncorr(r) = ar1(time)",
    "compound symmetry, 3 categories": "log(sigma) = a0*C(kind)\ncorr(r) = cs",
    "SD by a continuous column": "log(sigma) = a0 + a1*x",
}


def main() -> None:
    """Measure and print."""
    from bayeshlm.likelihood import likelihood_of
    from bayeshlm.sampling.layout import level1_start, mode_layout
    from bayeshlm.sampling.marginal_target import marginal_target

    rng, frame = np.random.default_rng(1), hlm.load_dataset("hsb")
    frame["kind"], frame["x"] = rng.integers(0, 3, len(frame)), rng.normal(size=len(frame))
    frame["time"] = frame.groupby("school").cumcount()
    one = callback_microseconds(hlm.Model(EQUATIONS, frame, group="school"))
    records = [{"model": "one sigma", "us": one, "ratio": 1.0}]
    for name, line in LINES.items():
        model = hlm.Model(EQUATIONS + line, frame, group="school")
        density = likelihood_of(model.design).log_density(model.priors)
        layout = mode_layout(density, level1_start(model.design, model.priors))
        compiled = marginal_target(model.design, model.priors, layout).compiled
        found = compiled_microseconds(compiled, layout.starting_point(1))
        records.append({"model": name, "us": found, "ratio": found / one})
    print(markdown_table(records, {"model": "level 1", "us": "us a gradient", "ratio": "times one sigma"}))


if __name__ == "__main__":
    main()
