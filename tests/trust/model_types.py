"""One small model of every type that the package has, on data that a seed makes; equations and their columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

import bayeshlm as hlm

SLOPES = "b0 = g00 + g01*w + u0; b1 = g10"
LINES = f"y = b0 + b1*x + r; {SLOPES}"


@dataclass(frozen=True)
class ModelType:
    """Equations, the group column if they do not name it, and what else the model takes."""

    equations: str
    group: str | list[str] | None = "g"
    options: dict[str, object] = field(default_factory=dict)

    def model(self, frame: pd.DataFrame, **options: object) -> hlm.Model:
        return hlm.Model(self.equations, frame, self.group, **(self.options | options))


def of_family(line: str, link: str) -> ModelType:
    return ModelType(f"{line}; {link} = b0 + b1*x; {SLOPES}")


NORMAL = {
    "intercepts": ModelType(LINES),
    "slopes": ModelType(f"{LINES} + u1"),
    "independent": ModelType(f"{LINES} + u1; cov(u0, u1) = 0"),
    "categories": ModelType(f"y = b0 + b1*x + b2*C(kind) + b3*x*C(kind) + r; {SLOPES}; b2 = g20; b3 = g30"),
    "centered": ModelType(
        "y = b0 + b1*cwc(x) + b2*cgm(time) + r; b0 = g00 + g01*mean(x) + u0; b1 = g10 + g11*w; b2 = g20"
    ),
    "nested": ModelType(
        "y = p0 + p1*x + e; p0 = b00 + b01*w + r0; p1 = b10; b00 = g000 + u00; b01 = g010; b10 = g100", ["g", "h"]
    ),
    "crossed": ModelType("y = b0 + b1*x + r; b0 = g00 + g01*w + u0[g] + v0[k]; b1 = g10", None),
    "formula": ModelType("y ~ x*w + (1 + x || g) + (1 | k)", None),
    "known SDs": ModelType(f"{LINES}; sd(r) = se"),
}
LEVEL1 = {
    "log(sigma)": ModelType(f"{LINES}; log(sigma) = a0 + a1*x"),
    "AR(1)": ModelType(f"{LINES}; corr(r) = ar1(time)"),
    "compound symmetry": ModelType("y = b0 + b1*x + r; b0 = g00; b1 = g10 + u1; corr(r) = cs"),
}
FAMILIES = {
    "Bernoulli": of_family("yes ~ Bernoulli(p)", "logit(p)"),
    "Binomial": of_family("hits ~ Binomial(tries, p)", "probit(p)"),
    "Poisson": of_family("count ~ Poisson(lam)", "log(lam)"),
    "NegativeBinomial": of_family("count ~ NegativeBinomial(mu, phi)", "log(mu)"),
    "Gamma": of_family("cost ~ Gamma(mu, shape)", "log(mu)"),
    "Beta": of_family("share ~ Beta(mu, phi)", "logit(mu)"),
    "StudentT": of_family("y ~ StudentT(mu, sigma, nu)", "mu"),
    "Ordinal": ModelType("grade ~ Ordinal(eta); eta = b0 + b1*x; b0 = g01*w + u0; b1 = g10"),
    "crossed counts": ModelType("count ~ Poisson(m); log(m) = b0 + b1*x; b0 = g00 + u0[g] + v0[k]; b1 = g10", None),
}
WEIGHTED = {
    "weights": ModelType(LINES, options={"weights": {"row": "weight", "g": "group_weight"}}),
    "weighted Bernoulli": ModelType(
        FAMILIES["Bernoulli"].equations, options={"weights": {"row": "weight", "g": "group_weight"}}
    ),
}
TYPES = NORMAL | LEVEL1 | FAMILIES | WEIGHTED


def frame(seed: int = 1, n_groups: int = 12, most: int = 9) -> pd.DataFrame:
    """Rows of groups of 3 to `most`, the columns of all types, with nothing at its default or in order."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, most + 1, n_groups)
    g = np.repeat(np.arange(n_groups), sizes)
    n = len(g)
    table = pd.DataFrame(
        {
            "g": g,
            "h": g // 3,
            "k": rng.integers(0, 5, n),
            "x": rng.normal(size=n),
            "w": rng.normal(size=n_groups)[g],
            "time": np.concatenate([np.arange(size) for size in sizes]).astype(float),
            "kind": rng.permutation(np.resize(["red", "green", "blue"], n)),
            "se": rng.uniform(0.5, 1.5, n),
            "weight": rng.uniform(1, 4, n),
            "group_weight": rng.uniform(1, 3, n_groups)[g],
            "tries": rng.integers(3, 9, n),
        }
    )
    predictor = (
        0.3 + 0.5 * table.x + 0.4 * table.w + 0.6 * rng.normal(size=n_groups)[g] + 0.3 * rng.normal(size=5)[table.k]
    )
    p = 1 / (1 + np.exp(-predictor))
    table["y"] = 2 + predictor + rng.normal(size=n)
    table["yes"] = (rng.random(n) < p).astype(int)
    table["hits"] = rng.binomial(table.tries, p)
    table["count"] = rng.poisson(np.exp(predictor))
    table["cost"] = rng.gamma(3.0, np.exp(predictor) / 3.0)
    table["share"] = np.clip(rng.beta(5 * p, 5 * (1 - p)), 0.001, 0.999)
    table["grade"] = np.digitize(predictor + rng.logistic(size=n), [-0.5, 0.8])
    return table.sample(frac=1.0, random_state=seed).reset_index(drop=True)
