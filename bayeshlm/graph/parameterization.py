"""The names of a model's graphs."""

from typing import Literal, get_args

from bayeshlm.errors import OptionError

type Parameterization = Literal["marginal", "noncentered", "centered"]


def check_parameterization(name: str) -> None:
    """Refuse a name that is no parameterization."""
    if name not in get_args(Parameterization.__value__):
        raise OptionError(f'parameterization must be "marginal", "noncentered" or "centered", not {name!r}.')


def check_marginal(parameterization: Parameterization) -> None:
    """Refuse explicit random effects under sampling weights.

    Raises
    ------
    OptionError
    """
    if parameterization != "marginal":
        raise OptionError(
            "with sampling weights the random effects are integrated out, because the weight of a group multiplies the"
            f' logarithm of an integral: parameterization is "marginal", not "{parameterization}".'
        )
