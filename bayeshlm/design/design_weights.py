"""Sampling weights of the rows and groups of a design, scaled, and the spread of scores over samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.errors import DataError


@dataclass(frozen=True, eq=False, slots=True)
class DesignWeights:
    """Weights of N rows in J groups.

    Attributes
    ----------
    survey : SurveyWeights
        Where they come from.
    row : (N,) array or None
        Scaled within each group; None where the rows stay in a database.
    group : (J,) array
        Scaled to sum to J.
    psu, stratum : (J,) arrays of int
        Primary sampling unit of each group, and its stratum.
    replicate_row, replicate_group : (R, N) array or None, (R, J) array
        The same under each replicate; no rows without replicates. A group that a replicate leaves out has weight 0.
    """

    survey: SurveyWeights
    row: FloatArray | None
    group: FloatArray
    psu: IntArray
    stratum: IntArray
    replicate_row: FloatArray | None
    replicate_group: FloatArray

    @property
    def factors(self) -> FloatArray:
        """Factors of the squares of the replicates, (R,): those given, or ``1 / (R (1 - k)^2)`` of balanced ones."""
        R, given = len(self.replicate_group), self.survey.factor
        return np.broadcast_to(1.0 / (R * (1.0 - self.survey.fay) ** 2) if given is None else given, R)

    def require_units(self, n_parameters: int) -> None:
        """Refuse a model with more parameters than the spread over samples has degrees of freedom.

        Raises
        ------
        DataError
        """
        n_units, n_strata, n_replicates = (
            int(self.psu.max()) + 1,
            int(self.stratum.max()) + 1,
            len(self.replicate_group),
        )
        counted = f"{n_replicates} replicate weights" if n_replicates else f"{n_units} sampling units"
        if not n_replicates and n_strata > 1:
            counted += f" in {n_strata} strata"
        if n_parameters > (n_replicates or n_units - n_strata):
            raise DataError(
                f"the spread of the {n_parameters} parameters over samples cannot be estimated from {counted}: leave"
                " effects out, or name smaller sampling units"
            )

    def score_covariance(self, scores: FloatArray, replicated: FloatArray) -> FloatArray:
        """Covariance matrix of the total score over samples, (D, D).

        Parameters
        ----------
        scores : (J, D) array
            Of the groups, times their weights.
        replicated : (R, D) array
            The total under each replicate.

        Returns
        -------
        array
            ``sum_h n_h/(n_h - 1) sum_k (s_hk - mean s_h)(s_hk - mean s_h)'`` over the n_h sampling units k of the
            strata h (Binder 1983, International Statistical Review 51, 279-292); with replicates
            ``sum_r f_r (s_r - s)(s_r - s)'`` with the factors f of `factors` (Judkins 1990, J. Official Statistics 6,
            223-239; Wolter 2007, Introduction to Variance Estimation, chapters 3 and 4).
        """
        if len(replicated):
            away = replicated - scores.sum(axis=0)
            return np.asarray((away.T * self.factors) @ away)
        units = np.zeros((int(self.psu.max()) + 1, scores.shape[1]))
        np.add.at(units, self.psu, scores)
        stratum = np.zeros(len(units), dtype=np.int64)
        stratum[self.psu] = self.stratum
        count = np.bincount(stratum)
        sums = np.zeros((len(count), scores.shape[1]))
        np.add.at(sums, stratum, units)
        away = units - (sums / count[:, None])[stratum]
        return np.asarray((away * (count / (count - 1.0))[stratum][:, None]).T @ away)


def weights_of_groups(weights: DesignWeights | None, n_groups: int) -> FloatArray:
    """What the log density of each group is multiplied by, (J,): its scaled weight, 1 without sampling weights."""
    return np.ones(n_groups) if weights is None else weights.group
