"""Outcomes and parameters of every family under every link, and its distribution as SciPy has it."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from bayeshlm.families import FAMILIES

AUXILIARY = {
    "Normal": ((0.3,), (2.5,)),
    "NegativeBinomial": ((0.4,), (7.5,), (60.0,)),
    "Gamma": ((0.3,), (4.0,), (90.0,)),
    "Beta": ((0.6,), (5.0,), (80.0,)),
    "StudentT": ((0.7, 1.5), (2.0, 12.0), (1.0, 70.0)),
    "Ordinal": ((0.3,), (-1.5, 0.2), (-2.0, -0.5, -0.45, 1.0)),
}
OUTCOMES = {
    "Normal": (-3.0, 0.4, 2.0),
    "Bernoulli": (0.0, 1.0),
    "Binomial": (0.0, 1.0, 5.0, 12.0),
    "Poisson": (0.0, 1.0, 2.0, 9.0, 60.0),
    "NegativeBinomial": (0.0, 1.0, 2.0, 9.0, 60.0),
    "Gamma": (0.01, 0.8, 6.0),
    "Beta": (0.001, 0.3, 0.9),
    "StudentT": (-9.0, 0.4, 2.0),
}
SIZE = 12.0
PREDICTORS = (-3.1, -1.0, -0.2, 0.0, 0.55, 1.2)
INVERSE = {
    "identity": lambda eta: eta,
    "log": np.exp,
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda eta: -np.expm1(-np.exp(eta)),
}


@dataclass(frozen=True)
class Case:
    family_name: str
    link: str
    auxiliary: tuple[float, ...]

    def __str__(self):
        return "-".join((self.family_name, self.link, *map(str, self.auxiliary)))

    @property
    def family(self):
        return FAMILIES[self.family_name]

    @property
    def array(self):
        return np.array(self.auxiliary, dtype=float)

    @property
    def outcomes(self):
        return OUTCOMES.get(self.family_name) or tuple(range(len(self.auxiliary) + 1))

    def row(self, y, eta):
        return self.family.rows[self.link](float(y), SIZE, eta, self.array)

    def slope(self, y, eta, weight=1.0):
        slope = np.zeros(len(self.auxiliary))
        self.family.row_slope[self.link](float(y), SIZE, eta, self.array, weight, slope)
        return slope


CASES = [
    Case(name, link, auxiliary)
    for name, family in FAMILIES.items()
    for link in family.links
    for auxiliary in AUXILIARY.get(name, ((),))
]
LINKED = [(name, link) for name, family in FAMILIES.items() for link in family.links]


def scipy_distribution(name, mu, auxiliary):
    """SciPy's distribution of a family at the mean mu; of Ordinal at the probabilities mu."""
    match name:
        case "Normal":
            return stats.norm(mu, auxiliary[0])
        case "Bernoulli":
            return stats.bernoulli(mu)
        case "Binomial":
            return stats.binom(int(SIZE), mu)
        case "Poisson":
            return stats.poisson(mu)
        case "NegativeBinomial":
            return stats.nbinom(auxiliary[0], auxiliary[0] / (auxiliary[0] + mu))
        case "Gamma":
            return stats.gamma(auxiliary[0], scale=mu / auxiliary[0])
        case "Beta":
            return stats.beta(auxiliary[0] * mu, auxiliary[0] * (1 - mu))
        case "StudentT":
            return stats.t(auxiliary[1], mu, auxiliary[0])
        case "Ordinal":
            return stats.rv_discrete(values=(range(len(mu)), mu))
    raise KeyError(name)


def at(case, eta):
    """What SciPy's distribution takes of a predictor."""
    if case.family_name != "Ordinal":
        return INVERSE[case.link](eta)
    below = INVERSE[case.link](np.array(case.auxiliary) - eta)
    return np.diff(np.concatenate([[0], below, [1]]))
