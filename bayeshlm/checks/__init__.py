"""What is asked of a fit: predictions, residuals, influence, leaving out, agreement with REML, priors, imputations."""
