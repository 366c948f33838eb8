"""Figures, drawn with matplotlib from numbers that `quantities`, `checks` and `reml` compute."""
