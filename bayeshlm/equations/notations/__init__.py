"""Notations other than the level equations' own."""
