"""Patients in clinics, with an effect between clinics or without."""

import numpy as np
import pandas as pd

from bayeshlm.design import build_design
from bayeshlm.equations import parse

INTERCEPT = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10"
SLOPE = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1"


def clinics_frame(n_groups=40, size=12, tau=(1.0, 1.0), sigma=1.0, seed=3, dose_at=0.0):
    """Deviations and residuals are scaled to the SDs given, so that REML finds nearly these."""
    rng = np.random.default_rng(seed)
    clinic = np.repeat(np.arange(n_groups), size)
    dose = np.tile(np.linspace(-1, 1, size), n_groups)
    urban = rng.integers(0, 2, n_groups).astype(float)
    u = rng.standard_normal((n_groups, 2))
    u -= u.mean(axis=0)
    r = rng.standard_normal((n_groups, size))
    basis = np.linalg.qr(np.column_stack([np.ones(size), dose[:size]]))[0]
    r -= r @ basis @ basis.T  # least squares within a clinic then finds its coefficients exactly
    u, r = u / u.std(axis=0) * tau, sigma * r / r.std()
    pain = 5 - urban[clinic] + (0.5 + u[clinic, 1]) * dose + u[clinic, 0] + r.ravel()
    return pd.DataFrame({"clinic": clinic, "dose": dose + dose_at, "urban": urban[clinic], "pain": pain})


def clinics_design(equations=INTERCEPT, **data):
    return build_design(parse(equations), clinics_frame(**data), "clinic")
