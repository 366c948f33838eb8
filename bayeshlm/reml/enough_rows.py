"""Are there more rows than random effects? If not, level-1 variance and random effects take each other's place."""

from __future__ import annotations

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.gram import z_roots
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.without_spread_effect import without_spread_effect
from bayeshlm.errors import DataError
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_moments import check_residuals, grouping_information
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.moments import information, undetermined, within_residual_variance
from bayeshlm.reml.relative_factor import factor_pattern
from bayeshlm.reml.rotation import rotate


def check_rows(design: Design, products: CrossProducts) -> None:
    """Refuse as many random effects as rows, as lme4 does unless told otherwise.

    Parameters
    ----------
    design : Design
        Its labels and blocks are used.
    products : CrossProducts
        Of its columns, over all rows or a part of the groups.

    Raises
    ------
    DataError
        The effects that may covary, times the groups, are as many as the rows or more; or all effects together have as
        many directions as there are rows.

    Notes
    -----
    The random effects can then follow the rows so closely that nothing is left at level 1. The likelihood may still
    have a maximum, which rests on the form of the covariance matrix alone. In lme4 these are ``check.nobs.vs.nlev``,
    ``check.nobs.vs.nRE`` and ``check.nobs.vs.rankZ`` (``?lmerControl`` of lme4 1.1-31). Designs with more rows than
    random effects pass, whatever the size of single groups.
    """
    if products.log_sd is not None:  # known level-1 SDs are not taken for random effects, whatever their number
        return
    n_obs, n_groups = int(products.n.sum()), len(products.n)
    most = (n_obs - 1) // n_groups
    block = max(design.blocks, key=len)
    names = [design.random[k].label for k in block]
    if len(block) > most:
        keep = {0: "", 1: " Keep one of them."}.get(most, f" Keep at most {most} of them.")
        why = keep or f" Is {design.group!r} the grouping column, or does it number the rows?"
        raise DataError(
            f"{n_obs} rows in {n_groups} groups of {design.group!r} cannot tell the {len(block) * n_groups} random "
            f"effects ({', '.join(names)} in each group) from the level-1 residuals: there must be more rows than "
            f"random effects.{why}"
        )
    if int(z_roots(products).rank.sum()) >= n_obs:
        raise DataError(
            f"{', '.join(column.label for column in design.random)} together can follow each of the {n_obs} rows in "
            f"{n_groups} groups of {design.group!r}, so that they cannot be told from the level-1 residuals: take out "
            "a random effect."
        )


def check_units(design: Design, products: JointProducts) -> None:
    """Refuse as many units of a grouping as rows, or as many of its effects that may covary.

    Parameters
    ----------
    design : Design
        Its random terms are used.
    products : JointProducts
        Of its columns.

    Raises
    ------
    DataError
        The effects could follow the rows so closely that nothing is left at level 1 (``check.nobs.vs.nlev`` and
        ``check.nobs.vs.nRE`` in ``?lmerControl`` of lme4 1.1-31).
    """
    if products.log_sd is not None:
        return
    for term, Zty in zip(design.predictor.random, products.Zty, strict=True):
        block = max(term.blocks, key=len)
        if len(block) * len(Zty) >= products.n_obs:
            names = ", ".join(term.columns[k].label for k in block)
            raise DataError(
                f"{products.n_obs} rows in {len(Zty)} groups of {term.grouping!r} cannot tell the "
                f"{len(block) * len(Zty)} random effects ({names} in each group) from the level-1 residuals: there "
                f"must be more rows than random effects. Take out a random effect, or the grouping {term.grouping!r}."
            )


def check_level1(design: Design) -> None:
    """Refuse an outcome of which the predictors and the groups' own coefficients leave nothing.

    The density of the outcome grows without end as sigma goes to zero, faster than a prior of sigma can hold.

    Raises
    ------
    DataError
        The outcome is constant within groups, or made of the predictors.
    """
    if not design.outcome.is_normal or design.outcome.residuals.known:
        return
    products = without_spread_effect(design).products
    if isinstance(products, JointProducts):
        check_residuals(GroupingDeviance(GroupingProducts.of(products), factor_pattern(design.blocks)))
    else:
        within_residual_variance(products, rotate(products))


def undetermined_components(design: Design) -> str:
    """Say which variance components the data leave undetermined, and why; empty where they determine all.

    REML refuses such a model; of a posterior these components are the priors' alone.

    Parameters
    ----------
    design : Design
    """
    if not design.outcome.is_normal:  # of one row a group, too, a binary outcome says something of tau beside its prior
        return ""
    design = without_spread_effect(design)
    pattern, products = factor_pattern(design.blocks), design.products
    if isinstance(products, JointProducts):
        found = grouping_information(GroupingDeviance(GroupingProducts.of(products), pattern))
    else:
        found = information(products, pattern)
    return undetermined(found, pattern, design.random_labels)
