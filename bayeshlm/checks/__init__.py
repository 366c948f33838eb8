"""Checks of a fit: predictions, residuals, influence, leave-one-out, REML, priors; pooling of imputations."""
