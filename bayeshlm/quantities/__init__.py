"""Draws of the parameters to labelled quantities, one file a quantity."""
