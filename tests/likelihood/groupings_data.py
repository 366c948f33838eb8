"""Models of several groupings on simulated rows."""

import numpy as np
import pandas as pd

import bayeshlm as hlm

GROWTH = """
math = p0 + p1*time + e
p0 = b00 + b01*female + r0
p1 = b10 + r1
b00 = g000 + g001*size + u00
b01 = g010
b10 = g100 + u10
"""
CROSSED = """
attain = b0 + b1*verbal + e
b0 = g00 + g01*funds + u0[primary] + v0[secondary]
b1 = g10 + u1[primary]
"""


def growth_model(n_schools=8, n_children=5, n_times=4, seed=1, **options):
    """Measurements in children in schools."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(n_schools), n_children * n_times)
    child = np.repeat(np.arange(n_schools * n_children), n_times)
    time = np.tile(np.arange(n_times) - 1.5, n_schools * n_children)
    size, female = rng.normal(size=n_schools)[school], rng.integers(0, 2, n_schools * n_children)[child]
    own = rng.normal(0, 1, (n_schools * n_children, 2))[child] + rng.normal(0, 0.7, (n_schools, 2))[school]
    math = 10 + size + 0.5 * female + own[:, 0] + time * (1 + 0.4 * own[:, 1]) + rng.normal(size=len(school))
    data = pd.DataFrame({"school": school, "child": child, "time": time, "size": size, "female": female, "math": math})
    return hlm.Model(GROWTH, data, ["child", "school"], **options)


def crossed_model(n_rows=150, seed=2, **options):
    """Pupils of primary crossed with secondary schools."""
    rng = np.random.default_rng(seed)
    primary, secondary = rng.integers(0, 14, n_rows), rng.integers(0, 6, n_rows)
    verbal, funds = rng.normal(size=n_rows), rng.normal(size=6)[secondary]
    own = rng.normal(0, 1, (14, 2))[primary]
    attain = 5 + 0.5 * funds + own[:, 0] + rng.normal(size=6)[secondary] + verbal * (1 + 0.5 * own[:, 1])
    attain += rng.normal(size=n_rows)
    data = pd.DataFrame(
        {"primary": primary, "secondary": secondary, "verbal": verbal, "funds": funds, "attain": attain}
    )
    return hlm.Model(CROSSED, data, **options)
