"""How much is tried in the profile that runs."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, settings


def amount(quick: int, nightly: int) -> int:
    """A number of cases, of the quick or of the nightly profile of Hypothesis."""
    return nightly if settings.get_current_profile_name() == "nightly" else quick


def examples(quick: int, nightly: int) -> settings:
    """Settings of a property over models: examples are dear, and the same each time in the quick run."""
    return settings(
        max_examples=amount(quick, nightly),
        deadline=None,
        derandomize=amount(1, 0) == 1,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def of_types(names: Iterable[str], quick: Iterable[str]) -> pytest.MarkDecorator:
    """A test for types of models by their names: the quick ones each time, the others at night."""
    quick = tuple(quick)
    return pytest.mark.parametrize(
        "name", [name if name in quick else pytest.param(name, marks=pytest.mark.nightly) for name in names]
    )
