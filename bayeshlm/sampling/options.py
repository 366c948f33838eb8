"""What a user may ask of the sampler, checked once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bayeshlm.arguments import checked_count, checked_seed
from bayeshlm.errors import OptionError
from bayeshlm.graph.parameterization import Parameterization, check_parameterization

type Sampler = Literal["auto", "nutpie", "pymc", "importance"]

DEFAULT_TUNE = {"marginal": 400, "noncentered": 1000, "centered": 1000}
DEFAULT_TARGET_ACCEPT = 0.9

KEPT: dict[str, type[Any]] = {
    "seed": int,
    "sampler": str,
    "parameterization": str,
    "chains": int,
    "draws": int,
    "tune": int,
    "target_accept": float,
}
"""The options that the draws depend on, with their types."""


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """Options of one run of a sampler; every field has its final value.

    Attributes
    ----------
    draws, tune, chains, cores : int
        Draws kept and draws of tuning per chain; chains; chains run at a time.
    seed : int
        The seed that was given, or the one that was drawn: the same seed gives the same draws.
    sampler : {"auto", "nutpie", "pymc", "importance"}
        What was asked for; what ran is in the draws' `bayeshlm.sampling.certificate.Certificate`.
    parameterization : {"marginal", "noncentered", "centered"}
    target_accept : float
        Acceptance rate that the step size is tuned to, between 0 and 1.
    progress : bool or None
        Show a progress bar; None decides by whether a terminal or a notebook is watching.
    """

    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    sampler: Sampler
    parameterization: Parameterization
    target_accept: float
    progress: bool | None

    def to_attrs(self) -> dict[str, int | float | str]:
        """What is kept with the draws: all that they depend on.

        Examples
        --------
        >>> options = sampling_options(draws=500, chains=2, seed=1)
        >>> SamplingOptions.from_attrs(options.to_attrs()) == options
        True
        """
        return {name: getattr(self, name) for name in KEPT}

    @classmethod
    def from_attrs(cls, attrs: Mapping[Hashable, Any]) -> SamplingOptions:
        """Read what `to_attrs` gave, as it is or as a file of draws has it; other attributes do not count.

        Raises
        ------
        OptionError
            If an option is not of its range.
        """
        return sampling_options(**{name: kind(attrs[name]) for name, kind in KEPT.items()})


def sampling_options(
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    sampler: Sampler = "auto",
    parameterization: Parameterization = "marginal",
    target_accept: float | None = None,
    progress: bool | None = None,
) -> SamplingOptions:
    """Check the options of `Model.fit` and fill in the defaults.

    Raises
    ------
    OptionError
        If an option is not of its type or range.

    Examples
    --------
    >>> sampling_options(draws=500, seed=1).tune
    400
    """
    if sampler not in get_args(Sampler.__value__):
        raise OptionError(f'sampler must be "auto", "nutpie", "pymc" or "importance", not {sampler!r}.')
    check_parameterization(parameterization)
    if sampler == "importance" and parameterization != "marginal":
        raise OptionError(
            'sampler="importance" draws few parameters, those of parameterization="marginal": with'
            f" {parameterization!r} leave sampler out."
        )
    chains = checked_count("chains", chains, 1)
    if target_accept is None:
        target_accept = DEFAULT_TARGET_ACCEPT
    if not isinstance(target_accept, int | float) or not 0 < target_accept < 1:
        raise OptionError(f"target_accept must lie between 0 and 1, not {target_accept!r}.")
    return SamplingOptions(
        draws=checked_count("draws", draws, 4),
        tune=checked_count("tune", DEFAULT_TUNE[parameterization] if tune is None else tune, 0),
        chains=chains,
        cores=min(chains, os.cpu_count() or 1) if cores is None else checked_count("cores", cores, 1),
        seed=checked_seed(seed),
        sampler=sampler,
        parameterization=parameterization,
        target_accept=float(target_accept),
        progress=progress,
    )
