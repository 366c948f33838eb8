"""The prior families a user may write, as small values: ``Normal(0, 1)``, ``HalfStudentT(3, 5)``, ``LKJ(2)``.

Each prints as it is written, so a prior's text in Python, in a TOML file and in a saved fit is the
same. Parameters are named as in PyMC. ``log_density`` is the density in closed form, for the
``log_prior`` group; it holds on the family's support, which a posterior draw never leaves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayeshlm.errors import PriorError

type Array = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True)
class Prior(ABC):
    """A prior family; `positive` names the parameters that must be greater than zero."""

    positive: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for parameter in fields(self):
            value = getattr(self, parameter.name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise PriorError(f"{self._name}: {parameter.name} must be a number, not {value!r}.")
            if not np.isfinite(value):
                raise PriorError(f"{self._name}: {parameter.name} must be finite, not {value!r}.")
            if parameter.name in self.positive and value <= 0:
                raise PriorError(f"{self._name}: {parameter.name} must be greater than 0, not {value!r}.")
            object.__setattr__(self, parameter.name, float(value))

    @property
    def _name(self) -> str:
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters by the names that PyMC gives them."""
        return {parameter.name: getattr(self, parameter.name) for parameter in fields(self)}

    @abstractmethod
    def log_density(self, x: Array) -> Array:
        """Log density at `x`; elementwise but for the LKJ's matrices."""

    @abstractmethod
    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draws of this shape, independent but for the LKJ's matrices."""

    def short(self) -> str:
        """The prior with its parameters to four significant digits, to look at."""
        return f"{self._name}({', '.join(f'{value:.4g}' for value in self.parameters.values())})"

    def __str__(self) -> str:
        return f"{self._name}({', '.join(repr(value).removesuffix('.0') for value in self.parameters.values())})"


@dataclass(frozen=True, slots=True)
class Normal(Prior):
    """Normal prior of a fixed effect.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> str(hlm.Normal(0, 2.5))
    'Normal(0, 2.5)'
    """

    positive: ClassVar[tuple[str, ...]] = ("sigma",)
    mu: float
    sigma: float

    def log_density(self, x: Array) -> Array:
        """Log density at `x`, elementwise."""
        z = (x - self.mu) / self.sigma
        return np.asarray(-0.5 * (LOG_2PI + z * z) - np.log(self.sigma))

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return rng.normal(self.mu, self.sigma, shape)


@dataclass(frozen=True, slots=True)
class StudentT(Prior):
    """Student t prior of a fixed effect, with `nu` degrees of freedom."""

    positive: ClassVar[tuple[str, ...]] = ("nu", "sigma")
    nu: float
    mu: float
    sigma: float

    def log_density(self, x: Array) -> Array:
        """Log density at `x`, elementwise."""
        return np.asarray(_student_t((x - self.mu) / self.sigma, self.nu) - np.log(self.sigma))

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return np.asarray(self.mu + self.sigma * rng.standard_t(self.nu, shape))


@dataclass(frozen=True, slots=True)
class HalfNormal(Prior):
    """Half-normal prior of a standard deviation."""

    positive: ClassVar[tuple[str, ...]] = ("sigma",)
    sigma: float

    def log_density(self, x: Array) -> Array:
        """Log density at ``x >= 0``, elementwise."""
        return np.asarray(np.log(2) + Normal(0, self.sigma).log_density(x))

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return np.abs(rng.normal(0.0, self.sigma, shape))


@dataclass(frozen=True, slots=True)
class HalfStudentT(Prior):
    """Half-t prior of a standard deviation (Gelman 2006), with `nu` degrees of freedom."""

    positive: ClassVar[tuple[str, ...]] = ("nu", "sigma")
    nu: float
    sigma: float

    def log_density(self, x: Array) -> Array:
        """Log density at ``x >= 0``, elementwise."""
        return np.asarray(np.log(2 / self.sigma) + _student_t(x / self.sigma, self.nu))

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return np.abs(self.sigma * rng.standard_t(self.nu, shape))


@dataclass(frozen=True, slots=True)
class HalfCauchy(Prior):
    """Half-Cauchy prior of a standard deviation with scale `beta`."""

    positive: ClassVar[tuple[str, ...]] = ("beta",)
    beta: float

    def log_density(self, x: Array) -> Array:
        """Log density at ``x >= 0``, elementwise."""
        return np.asarray(np.log(2 / (np.pi * self.beta)) - np.log1p((x / self.beta) ** 2))

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return np.abs(self.beta * rng.standard_cauchy(shape))


@dataclass(frozen=True, slots=True)
class Exponential(Prior):
    """Exponential prior of a standard deviation with rate `lam` (mean ``1 / lam``)."""

    positive: ClassVar[tuple[str, ...]] = ("lam",)
    lam: float

    def log_density(self, x: Array) -> Array:
        """Log density at ``x >= 0``, elementwise."""
        return np.asarray(np.log(self.lam) - self.lam * x)

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return rng.exponential(1 / self.lam, shape)


@dataclass(frozen=True, slots=True)
class LKJ(Prior):
    """LKJ prior of the correlation matrix of the random effects (Lewandowski, Kurowicka & Joe 2009)."""

    positive: ClassVar[tuple[str, ...]] = ("eta",)
    eta: float

    def log_density(self, x: Array) -> Array:
        """Log density of correlation matrices.

        Parameters
        ----------
        x : array, shape (..., q, q)
            Correlation matrices.

        Returns
        -------
        array, shape (...)
            ``(eta - 1) log|x|`` plus the normalizing constant, equation (16) of Lewandowski,
            Kurowicka & Joe (2009), J. Multivariate Analysis 100, 1989-2001.
        """
        q = x.shape[-1]
        k = np.arange(1, q)
        a = self.eta + (q - 1 - k) / 2
        log_beta = 2 * gammaln(a) - gammaln(2 * a)
        constant = np.sum((2 * self.eta - 2 + q - k) * (q - k) * np.log(2) + (q - k) * log_beta)
        return np.asarray((self.eta - 1) * np.linalg.slogdet(x)[1] - constant)

    def pair_shape(self, n_effects: int) -> float:
        """The a of ``2 Beta(a, a) - 1``, the prior of each correlation of a block of m effects.

        ``a = eta + m/2 - 1`` (Lewandowski, Kurowicka & Joe 2009, section 3.1).
        """
        return self.eta + n_effects / 2 - 1

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent correlation matrices of shape (..., q, q)."""
        factor = self.random_factor(rng, shape)
        return np.asarray(factor @ np.swapaxes(factor, -1, -2))

    def random_factor(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Cholesky factors L (..., q, q) of independent correlation matrices.

        L is built row by row from independent partial correlations ``p_ij = 2 B - 1``, ``B ~ Beta(a_j, a_j)``,
        ``a_j = eta + (q - 2 - j)/2`` in column j from 0: ``L_ij = p_ij prod_{k<j} sqrt(1 - p_ik^2)``
        (Lewandowski, Kurowicka & Joe 2009, section 2.4).
        """
        q = shape[-1]
        factor = np.zeros(shape)
        for row in range(q):
            left = np.ones(shape[:-2])
            for column in range(row):
                a = self.eta + (q - 2 - column) / 2
                partial = 2 * rng.beta(a, a, shape[:-2]) - 1
                factor[..., row, column] = partial * left
                left = left * np.sqrt(1 - partial**2)
            factor[..., row, row] = left
        return factor


@dataclass(frozen=True, slots=True)
class Uniform(Prior):
    """Uniform prior of a correlation of level-1 residuals, between `lower` and `upper`.

    Examples
    --------
    >>> str(Uniform(0, 1))
    'Uniform(0, 1)'
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        Prior.__post_init__(self)
        if self.lower >= self.upper:
            raise PriorError(f"Uniform: upper must be greater than lower, not {self.upper:g} <= {self.lower:g}.")

    def log_density(self, x: Array) -> Array:
        """Log density at `x`, elementwise: -inf outside of the bounds."""
        inside = (x > self.lower) & (x < self.upper)
        return np.where(inside, -np.log(self.upper - self.lower), -np.inf)

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws of this shape."""
        return rng.uniform(self.lower, self.upper, shape)


GAMMA_FAMILIES: tuple[type[Prior], ...] = (Normal, StudentT)
SCALE_FAMILIES: tuple[type[Prior], ...] = (HalfNormal, HalfStudentT, HalfCauchy, Exponential)
CORR_FAMILIES: tuple[type[Prior], ...] = (LKJ,)
RHO_FAMILIES: tuple[type[Prior], ...] = (Uniform,)


def _student_t(z: Array, nu: float) -> Array:
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
    return np.asarray(constant - (nu + 1) / 2 * np.log1p(z * z / nu))
