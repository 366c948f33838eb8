"""Design to REML: exact estimates from per-group cross-products, with numpy and scipy alone."""
