"""The marginal likelihood as a PyTensor operation: value and gradient from one run of the kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph import Apply, Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from bayeshlm.likelihood.disk_cache import VERSION
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling, GroupProducts


class MarginalLogDensity(Op):
    """Log density of the outcomes with the u integrated out, with its gradient as further outputs.

    Inputs are those of the kernel (`bayeshlm.likelihood.gaussian_kernel`), one array after the other, outputs the
    scalar log density and its derivatives with respect to gamma, chol and sigma; `n_effects` is q. It can be
    differentiated once: the gradient has no gradient.
    """

    __props__ = ("n_effects",)

    def __init__(self, n_effects: int) -> None:
        self.n_effects = n_effects

    def make_node(self, *inputs: Any) -> Apply:
        """Make the node; gamma, chol and sigma first, then the cross-products."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, tensors, [pt.dscalar(), pt.dvector(), pt.dmatrix(), pt.dscalar()])

    def perform(self, node: Apply, inputs: list[np.ndarray], outputs: list[list[Any]]) -> None:
        """Run the kernel, for the backends that call Python."""
        gamma, chol, sigma, *data = inputs
        scaling, products = ColumnScaling(*data[:3]), GroupProducts(*data[3:])
        values = marginal_log_density(self.n_effects)(gamma, chol, float(sigma), scaling, products)
        for storage, value in zip(outputs, values, strict=True):
            storage[0] = np.asarray(value)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only the log density depends, for differentiation, on the parameters, and nothing on the data."""
        return [[position < 3, False, False, False] for position in range(len(node.inputs))]

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """The gradient: the further outputs times the cotangent of the log density."""
        (cotangent, *_), (_, *gradient) = cotangents, outputs
        if isinstance(cotangent.type, DisconnectedType):
            return [disconnected_type() for _ in inputs]
        return [cotangent * part for part in gradient] + [disconnected_type() for _ in inputs[3:]]


@register_funcify_default_op_cache_key(MarginalLogDensity)
def _numba_marginal_log_density(op: MarginalLogDensity, node: Apply, **kwargs: Any) -> tuple[Any, int]:
    log_density = marginal_log_density(op.n_effects)

    @numba_njit
    def marginal(  # type: ignore[no-untyped-def]
        gamma, chol, sigma, origin, to_scaled, u_to_scaled, ZtZ, ZtX, Zty, W, to_parts, XtX, Xty, totals
    ):
        value, d_gamma, d_chol, d_sigma = log_density(
            gamma,
            chol,
            sigma.item(),
            ColumnScaling(origin, to_scaled, u_to_scaled),
            GroupProducts(ZtZ, ZtX, Zty, W, to_parts, XtX, Xty, totals),
        )
        return np.asarray(value), d_gamma, d_chol, np.asarray(d_sigma)

    return marginal, VERSION
