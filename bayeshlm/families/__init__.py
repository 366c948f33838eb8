"""The distributions that an outcome may have, one file each."""

from bayeshlm.families.bernoulli import BERNOULLI
from bayeshlm.families.beta import BETA
from bayeshlm.families.binomial import BINOMIAL
from bayeshlm.families.family import Auxiliary, Family
from bayeshlm.families.gamma import GAMMA
from bayeshlm.families.negative_binomial import NEGATIVE_BINOMIAL
from bayeshlm.families.normal import NORMAL
from bayeshlm.families.ordinal import ORDINAL
from bayeshlm.families.poisson import POISSON
from bayeshlm.families.student_t import STUDENT_T

__all__ = ["FAMILIES", "Auxiliary", "Family"]

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (NORMAL, BERNOULLI, BINOMIAL, POISSON, NEGATIVE_BINOMIAL, GAMMA, BETA, STUDENT_T, ORDINAL)
}
