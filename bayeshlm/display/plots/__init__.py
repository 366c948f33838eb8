"""Figures: numbers come from `posterior`, `crosscheck` and `checks`; here they are drawn with matplotlib."""
