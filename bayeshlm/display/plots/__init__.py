"""Figures: numbers come from `quantities`, `reml` and `checks`; here they are drawn with matplotlib."""
