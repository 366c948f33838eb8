"""The shipped data sets whose outcomes are estimates with known standard errors."""

from bayeshlm.datasets.dataset import TABLE, Dataset, Variable

META_ANALYSIS = {
    "eight_schools": Dataset(
        name="eight_schools",
        title="Effects of coaching on scores in eight schools, with their standard errors",
        n_obs=8,
        n_groups=8,
        group="school",
        columns=(
            Variable("school", "School", "A to H"),
            Variable("effect", "Estimated effect of coaching on the verbal score of the SAT", "points"),
            Variable("se", "Standard error of the estimate", "points"),
        ),
        source=(
            "Rubin (1981), Estimation in parallel randomized experiments, Journal of Educational Statistics 6, "
            "377-401, table 1"
        ),
        license=TABLE,
    ),
    "bcg": Dataset(
        name="bcg",
        title="Thirteen trials of the BCG vaccine against tuberculosis",
        n_obs=13,
        n_groups=13,
        group="trial",
        columns=(
            Variable("trial", "Trial", "authors and year"),
            Variable("year", "Year of its publication", "1948 to 1980"),
            Variable("latitude", "Distance of its place from the equator", "degrees"),
            Variable("allocation", "How the vaccine was allocated", "random, alternate or systematic"),
            Variable("vaccinated_ill", "Vaccinated who fell ill", "number"),
            Variable("vaccinated_well", "Vaccinated who did not", "number"),
            Variable("control_ill", "Not vaccinated who fell ill", "number"),
            Variable("control_well", "Not vaccinated who did not", "number"),
            Variable(
                "log_rr", "Log risk ratio of falling ill, vaccinated to not vaccinated", "computed from the counts"
            ),
            Variable("variance", "Sampling variance of log_rr, sum of 1/ill - 1/all of both arms", "computed likewise"),
        ),
        source=(
            "Colditz et al. (1994), Efficacy of BCG vaccine in the prevention of tuberculosis, JAMA 271, 698-702, the "
            "counts as the R package metadat carries them"
        ),
        license=TABLE,
    ),
}
