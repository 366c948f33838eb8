"""The second sentence of an error about a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Name the nearest known name, or all of them when none is near.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What could have been written.

    Returns
    -------
    str
        A sentence that ends the error message.

    Examples
    --------
    >>> did_you_mean("lee-bryk", ["hsb", "hs", "lee_bryk"])
    'Did you mean "lee_bryk"?'
    >>> did_you_mean("iris", ["hsb", "hs"])
    'Use one of: hs, hsb.'
    """
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), by_lower_case, n=1)
    if near:
        return f'Did you mean "{by_lower_case[near[0]]}"?'
    return f"Use one of: {', '.join(sorted(by_lower_case.values()))}."
