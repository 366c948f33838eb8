"""A fitted model of draws that no sampler made, for the functions that may refit."""

import xarray as xr

from bayeshlm.fitted import FittedModel
from bayeshlm.parameters.priors import make_priors


def fitted_of(design, posterior, priors=None, options=None):
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = {} if options is None else options.to_attrs()
    return FittedModel(design, make_priors(design) if priors is None else priors, tree)
