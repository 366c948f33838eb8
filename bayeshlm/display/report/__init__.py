"""One HTML page that says all of a fit: model, data, priors, convergence, results, checks, how to do it again."""
