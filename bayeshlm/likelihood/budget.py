"""How much memory draws of the groups may take."""

BUDGET_BYTES = 256 * 2**20
"""Bytes that one array of draws of the groups may take; beyond, they are made on request."""

GROUP_DRAWS, ON_REQUEST = "group_draws", "on request"
"""The attribute of a fit, and its value, that say so of its draws of the groups."""


def within_budget(n_numbers: int) -> bool:
    """Whether an array of so many doubles may be kept.

    Examples
    --------
    >>> within_budget(4_000 * 160 * 2), within_budget(4_000 * 100_000 * 2)
    (True, False)
    """
    return 8 * n_numbers <= BUDGET_BYTES
