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


MIXED = """
y = b0 + b1*x + e
b0 = g00 + u0[pupil] + v0[class] + w0[area] + s0[school]
b1 = g10 + v1[class] + w1[area]
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


def mixed_model():
    """Pupils in classes in schools, pupils in areas that cross with both; rows in no order, one class of one row."""
    rng = np.random.default_rng(4)
    pupil = np.concatenate([np.repeat(np.arange(30), 3), [30]])
    of_class = np.concatenate([rng.integers(0, 10, 30), [10]])
    area = rng.integers(0, 4, 31)
    data = pd.DataFrame({"pupil": pupil, "class": of_class[pupil], "area": area[pupil]})
    data["school"] = data["class"] % 4
    data["x"] = rng.normal(size=len(data))
    data["y"] = 2 + data["x"] + rng.normal(size=4)[data["school"]] + rng.normal(size=len(data))
    return hlm.Model(MIXED, data.sample(frac=1.0, random_state=1), ["pupil", "class", "area", "school"])


def cells_model():
    """Raters crossed with items, and their cells, some with one row."""
    rng = np.random.default_rng(5)
    rater, item = rng.integers(0, 5, 70), rng.integers(0, 9, 70)
    data = pd.DataFrame({"rater": rater, "item": item, "y": rng.normal(size=70) + rater})
    return hlm.Model("y = b0 + e; b0 = g00 + u0[rater:item] + v0[rater] + w0[item]", data)


MODELS = {"growth": growth_model, "crossed": crossed_model, "mixed": mixed_model, "cells": cells_model}


def with_cells():
    text = CROSSED.replace("v0[secondary]", "v0[secondary] + w0[primary:secondary]")
    return hlm.Model(text, crossed_model().design.frame)


def big_matrices(design, G):
    """Z with a column an effect of a unit, and the covariance matrix of all of them."""
    columns, blocks, start = [], [], 0
    for Z, codes, term in zip(design.kept_rows.Z, design.kept_rows.codes, design.predictor.random, strict=True):
        q, J = Z.shape[1], len(term.labels)
        big = np.zeros((design.n_obs, J, q))
        big[np.arange(design.n_obs), codes] = Z
        columns.append(big.reshape(design.n_obs, -1))
        blocks.append(np.kron(np.eye(J), G[start : start + q, start : start + q]))
        start += q
    size = sum(map(len, blocks))
    prior, at = np.zeros((size, size)), 0
    for block in blocks:
        prior[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return np.hstack(columns), prior
