"""`Schema`: what the parameters of a model are, where they stand and how they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.families import FAMILIES
from bayeshlm.families.family import ALPHA, RHO

type Component = str
"""``"gamma"``, ``"tau"``, ``"corr"``, or the name of an auxiliary parameter of a family, such as ``"sigma"``."""

type Support = Literal["real", "positive", "correlation"]

AUXILIARY = {one.name: one.support for family in FAMILIES.values() for one in family.auxiliary}
AUXILIARY |= {one.name: one.support for one in (ALPHA, RHO)}
"""Support of the auxiliary parameters of all families, and of level-1 residuals; of each name there is one kind."""

_AUXILIARY_DIMS = {"increasing": ("threshold",), "real": ("spread",)}

DIMS: dict[str, tuple[str, ...]] = {"gamma": ("fixed",), "tau": ("random",), "corr": ("random", "random_")} | {
    name: _AUXILIARY_DIMS.get(support, ()) for name, support in AUXILIARY.items()
}
"""The dims of each component of the posterior, behind those of the draws."""

SUPPORTS: dict[Component, Support] = {"gamma": "real", "tau": "positive", "corr": "correlation"}
SUPPORTS |= {name: "real" if support == "increasing" else support for name, support in AUXILIARY.items()}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that a model estimates.

    Attributes
    ----------
    component : str
        The array that it is an element of.
    effect : str
        What it belongs to: ``"g00"``, ``"u0"``, ``"u0,u1"``, ``"1|2"`` of a cutpoint, ``"a0"`` of alpha; empty for
        sigma and its like.
    position : tuple of int
        Its place in the array, behind the dims of the draws.
    """

    component: Component
    effect: str
    position: tuple[int, ...]

    @property
    def label(self) -> str:
        """How it is called everywhere: ``g00``, ``tau[u0]``, ``corr[u0,u1]``, ``sigma``, ``a0``, ``cutpoint[1|2]``."""
        return parameter_label(self.component, self.effect)

    @property
    def prior_key(self) -> str:
        """The key under which its prior is given: ``g00``, ``tau_u0``, ``corr``, ``sigma``, ``cutpoint[1|2]``."""
        if self.component == "tau":
            return f"tau_{self.effect}"
        return "corr" if self.component == "corr" else self.label

    @property
    def support(self) -> Support:
        """The values that it can have."""
        return SUPPORTS[self.component]


@dataclass(frozen=True, slots=True)
class Schema:
    """The parameters of a model, in the order in which they are shown: gamma, tau, auxiliary ones such as sigma, corr.

    Attributes
    ----------
    parameters : tuple of Parameter
        Of corr the pairs of effects that may covary, each once.
    """

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, design: Design) -> Schema:
        """The parameters of a design's model."""
        return cls(tuple(_parameters(design)))

    @property
    def labels(self) -> list[str]:
        """Labels of all parameters."""
        return [one.label for one in self.parameters]

    def of_component(self, component: Component) -> list[Parameter]:
        """The parameters of one component."""
        return [one for one in self.parameters if one.component == component]


def _parameters(design: Design) -> Iterator[Parameter]:
    for k, label in enumerate(design.fixed_labels):
        yield Parameter("gamma", label, (k,))
    random, positions = design.random_labels, Counter[str]()
    for k, label in enumerate(random):
        yield Parameter("tau", label, (k,))
    for name, effect in design.outcome.auxiliary_effects:
        yield Parameter(name, effect, (positions[name],) if effect else ())
        positions[name] += 1
    for first, second in covarying(design):
        yield Parameter("corr", f"{random[first]},{random[second]}", (first, second))


def covarying(design: Design) -> list[tuple[int, int]]:
    """Positions of each two random effects that may covary."""
    return [pair for block in design.blocks for pair in combinations(sorted(block), 2)]


def block_size(design: Design, pair: str) -> int:
    """Number of effects in the block of covarying effects that a pair of effects, such as ``"u0,u1"``, belongs to."""
    first = next(one.position[0] for one in Schema.of(design).of_component("corr") if one.effect == pair)
    return next(len(block) for block in design.blocks if first in block)
