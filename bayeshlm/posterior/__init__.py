"""DataTree -> quantities: fixed effects, variance components, ICC, plausible ranges, reliability."""
