"""A paragraph for the methods section of a paper, and the works it cites."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import chain
from bayeshlm.design.outcome import Outcome
from bayeshlm.display.digits import count, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.report.elements import bullets, paragraph, quoted, subheading
from bayeshlm.display.report.reproduce import typed_priors
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.weights_note import spread_over
from bayeshlm.parameters.predictor_scale import WIDE, predictor_scale
from bayeshlm.quantities.convergence import Convergence


@dataclass(frozen=True, slots=True)
class Work:
    """A work to cite: its key in the text, and its entry in APA's style."""

    cited: str
    entry: str


WORKS = {
    "book": Work(
        "Raudenbush & Bryk, 2002",
        "Raudenbush, S. W., & Bryk, A. S. (2002). Hierarchical linear models: Applications and data analysis methods"
        " (2nd ed.). Sage.",
    ),
    "pymc": Work(
        "Abril-Pla et al., 2023",
        "Abril-Pla, O., Andreani, V., Carroll, C., Dong, L., Fonnesbeck, C. J., Kochurov, M., ... Zinkov, R. (2023)."
        " PyMC: A modern, and comprehensive probabilistic programming framework in Python. PeerJ Computer Science, 9,"
        " e1516.",
    ),
    "nuts": Work(
        "Hoffman & Gelman, 2014",
        "Hoffman, M. D., & Gelman, A. (2014). The No-U-Turn Sampler: Adaptively setting path lengths in Hamiltonian"
        " Monte Carlo. Journal of Machine Learning Research, 15, 1593-1623.",
    ),
    "ais": Work(
        "Cappé et al., 2008",
        "Cappé, O., Douc, R., Guillin, A., Marin, J.-M., & Robert, C. P. (2008). Adaptive importance sampling in"
        " general mixture classes. Statistics and Computing, 18(4), 447-459.",
    ),
    "rhat": Work(
        "Vehtari et al., 2021",
        "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B., & Bürkner, P.-C. (2021). Rank-normalization, folding, and"
        " localization: An improved R-hat for assessing convergence of MCMC. Bayesian Analysis, 16(2), 667-718.",
    ),
    "lkj": Work(
        "Lewandowski et al., 2009",
        "Lewandowski, D., Kurowicka, D., & Joe, H. (2009). Generating random correlation matrices based on vines and"
        " extended onion method. Journal of Multivariate Analysis, 100(9), 1989-2001.",
    ),
    "johnson": Work(
        "Johnson, 2014",
        "Johnson, P. C. D. (2014). Extension of Nakagawa & Schielzeth's R2GLMM to random slopes models. Methods in"
        " Ecology and Evolution, 5(9), 944-946.",
    ),
    "r2": Work(
        "Rights & Sterba, 2019",
        "Rights, J. D., & Sterba, S. K. (2019). Quantifying explained variance in multilevel models: An integrative"
        " framework for defining R-squared measures. Psychological Methods, 24(3), 309-338.",
    ),
    "replicates": Work(
        "Gelman et al., 1996",
        "Gelman, A., Meng, X.-L., & Stern, H. (1996). Posterior predictive assessment of model fitness via realized"
        " discrepancies. Statistica Sinica, 6(4), 733-760.",
    ),
    "pml": Work(
        "Rabe-Hesketh & Skrondal, 2006",
        "Rabe-Hesketh, S., & Skrondal, A. (2006). Multilevel modelling of complex survey data. Journal of the Royal"
        " Statistical Society A, 169(4), 805-827.",
    ),
    "sandwich": Work(
        "Williams & Savitsky, 2021",
        "Williams, M. R., & Savitsky, T. D. (2021). Uncertainty estimation for pseudo-Bayesian inference under complex"
        " sampling. International Statistical Review, 89(1), 72-107.",
    ),
    "psis": Work(
        "Vehtari et al., 2024",
        "Vehtari, A., Simpson, D., Gelman, A., Yao, Y., & Gabry, J. (2024). Pareto smoothed importance sampling."
        " Journal of Machine Learning Research, 25(72), 1-58.",
    ),
    "scaling": Work(
        "Kallioinen et al., 2024",
        "Kallioinen, N., Paananen, T., Bürkner, P.-C., & Vehtari, A. (2024). Detecting and diagnosing prior and"
        " likelihood sensitivity with power-scaling. Statistics and Computing, 34(1), 57.",
    ),
}

CHECKS = {
    "predictive_check": f"posterior predictive checks in the same and in new groups ({WORKS['replicates'].cited})",
    "loo_groups": "leave-one-out cross-validation over groups, by Pareto smoothed importance sampling"
    f" ({WORKS['psis'].cited})",
    "loo_rows": "leave-one-out cross-validation over rows, the random effects integrated out",
    "level1_residuals": "level-1 residuals",
    "level2_residuals": "level-2 residuals and Mahalanobis distances",
    "influence": "the posterior and the classical estimates without each group",
    "prior_sensitivity": f"power scaling of the priors ({WORKS['scaling'].cited})",
}
"""What the checks of a `Subject` are called in a paper."""


def methods_section(subject: Subject) -> str:
    """The paragraph to paste, and the references of the works it cites."""
    text = methods_text(subject)
    cited = [work.entry for work in WORKS.values() if work.cited in text]
    own = f"bayeshlm (version {subject.fitted.versions['bayeshlm']}) [Computer software]. The bayeshlm developers."
    return "".join(
        (
            paragraph("To paste into a paper and to adapt; the numbers are those of this fit."),
            quoted(text),
            subheading("References"),
            bullets((own, *cited)),
        )
    )


def methods_text(subject: Subject) -> str:
    """The methods paragraph."""
    design, options, versions = subject.design, subject.fitted.options, subject.fitted.versions
    cite = {key: work.cited for key, work in WORKS.items()}
    slopes = any(column.is_slope for column in design.random)
    correlated = design.predictor.has_correlations
    dropped = ""
    if design.rows_dropped:
        dropped = f"; {count(design.rows_dropped)} with missing values were excluded"
        if design.left_out.groups:
            lost = len(design.left_out.groups)
            dropped += f", and with them {count(lost)} {'group' if lost == 1 else 'groups'}"
    verdict = subject.convergence
    interval = subject.overview.fixed.attrs
    sentences = [
        f"We fitted {_kind(design)} ({cite['book']}) of {design.spec.outcome.name} to"
        f" {count(design.n_obs)} rows (level 1) in {_groups(design)}{dropped}.",
        f"The posterior was computed with bayeshlm {versions['bayeshlm']} and PyMC {versions['pymc']} ({cite['pymc']})"
        f" by {_sampler(subject)}.",
    ]
    if design.weights is not None:
        sentences.append(
            f"Rows and groups were weighted ({cite['pml']}), and draws of the parameters were given the spread of the"
            f" sampling design, by the sandwich over {spread_over(design)} ({cite['sandwich']})."
        )
    if options.parameterization == "marginal":
        sentences.append(_integration(subject))
    sentences.append(_priors(subject, correlated))
    sentences.append(_judgment(verdict))
    if not verdict.converged:
        sentences.append(f"By these criteria the {'draws' if verdict.by_importance else 'chains'} had NOT converged.")
    averaged = f", with the variance between groups averaged over rows ({cite['johnson']})" if slopes else ""
    explained = f"and the variance explained ({cite['r2']})"
    if design.weights is not None:
        explained = "and the design-effect ratios"
    elif len(design.groupings) > 1 and "r2" not in vars(subject):  # its section had none
        explained = "and the shares of the variance"
    correlation = "intraclass correlation" if len(design.groupings) == 1 else "intraclass correlations"
    sentences.append(
        f"We report posterior means with {percent(interval['ci_prob'])} {INTERVALS[interval['ci_kind']]} credible"
        f" intervals; the {correlation}{averaged} {explained} were computed draw"
        " by draw."
    )
    made = [
        text for name, text in CHECKS.items() if name in vars(subject) or subject.with_result(name)
    ]  # those of the sections before
    if made:
        sentences.append(f"The model was checked by {'; '.join(made)}.")
    return " ".join(sentences)


def _kind(design: Design) -> str:
    """What the model is: of how many levels, or with crossed random effects."""
    levels = [k for positions in design.spec.level_groupings for k in positions]
    if chain(design) is None or len(levels) > len(design.spec.level_groupings):
        crossed = "crossed random effects" if chain(design) is None else "several groupings"
        return f"a {_model(design.outcome)} with {crossed}"
    names = {1: "two", 2: "three", 3: "four", 4: "five"}
    return f"a {names.get(len(levels), str(1 + len(levels)))}-level {_model(design.outcome)}"


def _model(outcome: Outcome) -> str:
    """What the model is called by its outcome."""
    if outcome.is_normal:
        return "hierarchical linear model"
    return f"hierarchical generalized linear model ({outcome.family_name} outcomes, {outcome.link} link)"


def _integration(subject: Subject) -> str:
    """How the random effects came out of the likelihood, and their draws."""
    nodes, design = subject.fitted.nodes, subject.design
    if nodes is not None:
        return (
            f"The random effects were integrated out of the likelihood by adaptive Gauss-Hermite quadrature with"
            f" {nodes.n_nodes} nodes each, and then drawn given the outcomes."
        )
    given = "given the weighted rows" if design.weights is not None else "from their exact conditional distribution"
    return f"The random effects were integrated out of the likelihood and then drawn {given}."


def _groups(design: Design) -> str:
    """Groups of every grouping, with their level."""
    levels = {k: level for level, positions in enumerate(design.spec.level_groupings, start=2) for k in positions}
    terms = enumerate(design.predictor.random)
    said = [f"{count(len(term.labels))} groups ({term.grouping}, level {levels[k]})" for k, term in terms]
    return " and ".join(said)


def _sampler(subject: Subject) -> str:
    """Which sampler ran, with its options."""
    options, versions, certificate = subject.fitted.options, subject.fitted.versions, subject.convergence.certificate
    if certificate is not None and certificate.holds:
        return (
            f"adaptive importance sampling ({WORKS['ais'].cited}), with {count(len(certificate.shift))} rounds of"
            f" {count(certificate.n_points)} points from multivariate t distributions with 5 degrees of freedom;"
            f" {count(subject.convergence.n_draws)} draws were"
            " resampled from the last two rounds"
        )
    name = "PyMC" if options.sampler == "pymc" else "nutpie"
    return (
        f"the No-U-Turn Sampler ({WORKS['nuts'].cited}; {name} {versions[name.lower()]}), with {options.chains} chains"
        f" of {count(options.draws)} draws each after {count(options.tune)} draws of tuning"
    )


def _judgment(verdict: Convergence) -> str:
    """By what convergence was judged, with the numbers."""
    if verdict.certificate is not None and verdict.certificate.holds:
        return (
            "Convergence was judged by the shape k of the tail of the weights and effective sample size"
            f" ({WORKS['psis'].cited}; {WORKS['rhat'].cited}): the larger k of the last two rounds was"
            f" {max(verdict.certificate.pareto_k[-2:]):.2f}, their means were within"
            f" {verdict.certificate.shift[-1]:.2f} SD of each other, and the smallest bulk effective sample"
            f" size was {count(verdict.min_ess_bulk)}."
        )
    return (
        f"Convergence was judged by rank-normalized R-hat and effective sample size ({WORKS['rhat'].cited}): the"
        f" largest R-hat was {verdict.max_r_hat:.3f}, the smallest bulk effective sample size"
        f" {count(verdict.min_ess_bulk)}, and {count(verdict.divergences)} of {count(verdict.n_draws)} draws diverged."
    )


def _priors(subject: Subject, correlated: bool) -> str:
    typed = typed_priors(subject)
    parts = _default_priors(subject.design, correlated)
    scales = f"priors were weakly informative on the scale of the data: {', '.join(parts[:-1])}, and {parts[-1]}"
    if not typed:
        return f"All {scales}."
    given = ", ".join(f"{key} ~ {text}" for key, text in typed.items())
    if len(typed) == len(subject.fitted.priors.by_key()):
        return f"The priors were {given}."
    return f"The priors given were {given}; all other {scales}."


def _default_priors(design: Design, correlated: bool) -> list[str]:
    """The default priors that a design has, in words."""
    intercept = any(column.is_intercept for column in design.fixed)
    others = len(design.fixed) - intercept
    linear = design.outcome.link == "identity"
    mean = "mean(y)" if linear else f"the {design.outcome.link} of the outcome's mean"
    sd, wide = (
        ("sd(y)", "2.5 sd(y)")
        if linear
        else (f"{predictor_scale(design):.3g}", f"{WIDE * predictor_scale(design):.3g}")
    )
    parts = []
    if intercept:
        at = " at the means of the predictors" if others else ""
        parts.append(f"normal with mean {mean} and SD {wide} for the intercept{at}")
    if others and intercept:
        parts.append(f"normal with mean 0 and SD {wide}/sd(x) for the other fixed effects")
    elif others and design.outcome.categories:
        parts.append(f"normal with mean 0 and SD {wide}/sd(x) for fixed effects")
    elif others:
        parts.append(f"normal around the least-squares fit of {mean} with SD {wide}/sd(x) for fixed effects")
    slopes = any(column.is_slope for column in design.random)
    of_slopes = f", for those of slopes {sd}/sd(x)" if slopes else ""
    parts.append(f"half Student t with 3 degrees of freedom and scale {sd} for standard deviations{of_slopes}")
    if correlated:
        parts.append(f"LKJ(2) for correlations ({WORKS['lkj'].cited})")
    return parts
