"""Model, Fit and RemlFit: the public classes, thin over the other rooms."""
