"""Restricted and full maximum likelihood, without PyMC."""
