"""DESIGN + PRIORS -> pm.Model: the PyMC graph of the level equations."""
