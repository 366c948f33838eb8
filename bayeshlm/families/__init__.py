"""The distributions that an outcome may have, one file each."""

from bayeshlm.families.bernoulli import BERNOULLI
from bayeshlm.families.family import Auxiliary, Family
from bayeshlm.families.normal import NORMAL

__all__ = ["FAMILIES", "Auxiliary", "Family"]

FAMILIES: dict[str, Family] = {family.name: family for family in (NORMAL, BERNOULLI)}
