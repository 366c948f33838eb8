"""pm.Model -> DataTree: NUTS, its conversion to labelled draws, and the verdict on its convergence."""
