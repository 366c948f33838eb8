"""Parameters that a user states, by symbol, as one draw of a design's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.schema import SUPPORTS, Schema

type Stated = float | Prior
"""A number, or a distribution that each study draws it from."""


@dataclass(frozen=True, slots=True)
class StatedValues:
    """Values of the parameters of a model by their symbols.

    Attributes
    ----------
    gamma, tau, auxiliary : mapping of str to float or Prior
        Fixed effects ``"g00"``, SDs ``"u0"``, and parameters of the outcome's distribution ``"sigma"``.
    corr : mapping of str to float or Prior
        Correlations ``"u0,u1"``; 0 where they are not named.
    """

    gamma: Mapping[str, Stated]
    tau: Mapping[str, Stated] = field(default_factory=dict)
    auxiliary: Mapping[str, Stated] = field(default_factory=dict)
    corr: Mapping[str, Stated] = field(default_factory=dict)

    def draw(self, design: Design, rng: np.random.Generator) -> Draws:
        """One draw of the parameters of a design: the numbers, and what the distributions give.

        Raises
        ------
        OptionError
            A parameter has no value, a value belongs to no parameter or is none that it can have.
        """
        schema, q = Schema.of(design), len(design.random_labels)
        gamma = self._values(design, "gamma", self.gamma, rng)
        tau = self._values(design, "tau", self.tau, rng)
        names = [one.name for one, _ in design.outcome.auxiliary]
        own = [one for one in schema.parameters if one.component in names]
        auxiliary = _taken("auxiliary", {one.label: one.component for one in own}, self.auxiliary, rng)
        pairs = {one.effect: one.position for one in schema.of_component("corr")}
        corr = np.eye(q)
        unknown = [name for name in self.corr if name not in pairs]
        if unknown:
            there = _are(list(pairs)) if pairs else ": the model has none"
            raise OptionError(f"corr: {unknown[0]!r} is no pair of effects that covary{there}.")
        for name, value in self.corr.items():
            r, s = pairs[name]
            corr[r, s] = corr[s, r] = _drawn(f"corr[{name}]", value, "correlation", rng)
        if q and np.linalg.eigvalsh(corr)[0] < -1e-12:
            raise OptionError("corr: these are no correlations of one distribution, for the matrix is not positive.")
        one = (None, None)
        return Draws(labelled_posterior(design, gamma[one], tau[one], auxiliary[one], corr[one]), design)

    def _values(
        self, design: Design, component: str, given: Mapping[str, Stated], rng: np.random.Generator
    ) -> FloatArray:
        wanted = {one.effect: component for one in Schema.of(design).of_component(component)}
        return _taken(component, wanted, given, rng)


def _taken(
    argument: str, wanted: Mapping[str, str], given: Mapping[str, Stated], rng: np.random.Generator
) -> FloatArray:
    """Values in the order of what is wanted, component by label; each has to be named, and nothing else."""
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if unknown:
        raise OptionError(f"{argument}: {unknown[0]!r} is no parameter of this model{_are(list(wanted))}.")
    if missing:
        raise OptionError(f"{argument}: {missing[0]!r} has no value{_are(list(wanted))}.")
    found = [
        _drawn(parameter_label(argument, name) if argument == "tau" else name, given[name], SUPPORTS[component], rng)
        for name, component in wanted.items()
    ]
    return np.array(found, dtype=np.float64)


def _drawn(label: str, value: Stated, support: str, rng: np.random.Generator) -> float:
    """A number that a parameter can have: the one that was stated, or a draw."""
    drawn = isinstance(value, Prior)
    if not drawn and (isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating)):
        raise OptionError(f"{label} is a number, or a distribution such as hlm.Normal(0, 1), not {value!r}.")
    number = float(np.asarray(value.random(rng, (1,)))[0]) if isinstance(value, Prior) else float(value)
    least, most = {"positive": (0.0, math.inf), "correlation": (-1.0, 1.0)}.get(support, (-math.inf, math.inf))
    if not (least <= number <= most and math.isfinite(number)):
        said = f"{value!r} gave {number:g}" if drawn else f"{number:g}"
        raise OptionError(f"{label} lies between {least:g} and {most:g}, and {said}.")
    return number


def _are(names: list[str]) -> str:
    return f": name {', '.join(map(repr, names))}" if names else ", which has none"
