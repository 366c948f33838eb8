"""Level-1 SDs and correlations in the graphs: the marginal density as an operation, the residuals' as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph import Apply, Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from bayeshlm.design import Design
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.level1_spread import rows_in_time
from bayeshlm.likelihood.disk_cache import VERSION
from bayeshlm.likelihood.kernel_products import ColumnScaling, scaling_of
from bayeshlm.likelihood.level1_bank import Level1Bank, bank_of
from bayeshlm.likelihood.level1_kernel import level1_log_density
from bayeshlm.likelihood.level1_weights import Level1Weights
from bayeshlm.parameters.priors import Priors

type Tensor = pt.TensorVariable


class Level1LogDensity(Op):
    """Log density of outcomes with a level-1 model, u integrated out, with its gradient as further outputs.

    Inputs are those of `bayeshlm.likelihood.level1_kernel.level1_log_density`, one after the other, outputs the scalar
    log density and its derivatives with respect to gamma, chol, alpha and rho. It can be differentiated once.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Make the node; gamma, chol, alpha and rho first."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, tensors, [pt.dscalar(), pt.dvector(), pt.dmatrix(), pt.dvector(), pt.dscalar()])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Run the kernel, for the backends that call Python."""
        gamma, chol, alpha, rho, origin, to_scaled, u_to_scaled, n_obs, *data = inputs
        weights, bank = Level1Weights(*data[:7]), Level1Bank(*data[7:])
        scaling = ColumnScaling(origin, to_scaled, u_to_scaled)
        values = level1_log_density(gamma, chol, alpha, float(rho), scaling, weights, bank, float(n_obs))
        for storage, value in zip(outputs, values, strict=True):
            storage[0] = np.asarray(value)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only the log density depends, for differentiation, on the parameters, and nothing on the data."""
        return [[position < 4, False, False, False, False] for position in range(len(node.inputs))]

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """The gradient: the further outputs times the cotangent of the log density."""
        (cotangent, *_), (_, *gradient) = cotangents, outputs
        if isinstance(cotangent.type, DisconnectedType):
            return [disconnected_type() for _ in inputs]
        return [cotangent * part for part in gradient] + [disconnected_type() for _ in inputs[4:]]


@register_funcify_default_op_cache_key(Level1LogDensity)
def _numba_level1_log_density(op: Level1LogDensity, node: Apply, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def density(  # type: ignore[no-untyped-def]
        gamma, chol, alpha, rho, o, x, z, n_obs, w0, w1, w2, w3, w4, w5, w6, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10
    ):
        value, d_gamma, d_chol, d_alpha, d_rho = level1_log_density(
            gamma,
            chol,
            alpha,
            rho.item(),
            ColumnScaling(o, x, z),
            Level1Weights(w0, w1, w2, w3, w4, w5, w6),
            Level1Bank(b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10),
            n_obs.item(),
        )
        return np.asarray(value), d_gamma, d_chol, d_alpha, np.asarray(d_rho)

    return density, VERSION


def level1_density(
    design: Design, priors: Priors, gamma: Tensor, chol: Tensor, auxiliary: Mapping[str, Tensor]
) -> Tensor:
    """Log density of the outcomes, the random effects integrated out.

    Parameters
    ----------
    design : Design
    priors : Priors
    gamma, chol : tensors, (p,), (q, q)
        In the coordinates of the priors; ``G = chol chol'``.
    auxiliary : mapping of str to tensor
        ``alpha`` or ``sigma``, and ``rho`` where there is one.
    """
    weights, bank = bank_of(design)
    alpha = auxiliary["alpha"] if "alpha" in auxiliary else pt.log(auxiliary["sigma"])[None]
    rho = auxiliary.get("rho", pt.constant(0.0))
    arrays = {
        **scaling_of(design.cross_products, priors)._asdict(),
        "n_obs": np.array(float(design.n_obs)),
        **{f"weight_{name}": values for name, values in weights._asdict().items()},
        **bank._asdict(),
    }
    found, *_ = Level1LogDensity()(gamma, chol, alpha, rho, *(_data(name, one) for name, one in arrays.items()))
    return found


def _data(name: str, values: np.ndarray) -> Tensor:
    """An array of the graph; whole numbers keep their 64 bits, of which pm.Data makes 32."""
    made = pm.Data(name, values)
    return pt.cast(made, "int64") if values.dtype.kind == "i" else made


def residual_density(design: Design, residual: Tensor, auxiliary: Mapping[str, Tensor]) -> Tensor:
    """Log density of the level-1 residuals of all rows, ``r ~ N(0, D R D)``.

    Parameters
    ----------
    design : Design
    residual : tensor, (N,)
        The outcomes less their predictor.
    auxiliary : mapping of str to tensor
        As `level1_density` takes it.
    """
    level1 = design.kept_rows.modeled
    sd = level1_sd(level1, auxiliary)
    e, log_sd = residual / sd, pt.log(sd).sum()
    if level1.correlation == "":
        squares, log_det = (e**2).sum(), pt.constant(0.0)
    elif level1.correlation == "ar1":
        later = np.concatenate([np.empty(0, dtype=np.int64), *rows_in_time(level1.previous)])
        first = np.flatnonzero(level1.previous < 0)
        power = auxiliary["rho"] ** level1.gap[later]
        new = e[later] - power * e[level1.previous[later]]
        squares = (e[first] ** 2).sum() + (new**2 / (1 - power**2)).sum()
        log_det = pt.log(1 - power**2).sum()
    else:
        rho, n = auxiliary["rho"], np.bincount(design.group_codes).astype(np.float64)
        sums = _group_sums(e, design)
        share = rho / (1 + (n - 1) * rho)
        squares = ((e**2).sum() - (share * sums**2).sum()) / (1 - rho)
        log_det = ((n - 1) * pt.log(1 - rho) + pt.log(1 + (n - 1) * rho)).sum()
    return -0.5 * (design.n_obs * np.log(2 * np.pi) + 2 * log_sd + log_det + squares)


def level1_sd(level1: Level1Model, auxiliary: Mapping[str, Tensor]) -> Tensor:
    """SD of the residual of each row, (N,)."""
    if "sigma" in auxiliary:
        return auxiliary["sigma"] * np.ones(len(level1.A))
    return pt.exp(pm.Data("A", level1.A, dims=("obs_id", "spread")) @ auxiliary["alpha"])


def _group_sums(values: Tensor, design: Design) -> Tensor:
    """Sums over the rows of each group, (J,)."""
    return pt.inc_subtensor(pt.zeros(design.n_groups)[design.group_codes], values)
