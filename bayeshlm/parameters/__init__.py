"""The parameters of a model: their names, priors and draws."""
