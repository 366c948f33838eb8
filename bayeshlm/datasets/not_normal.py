"""The shipped data sets whose outcomes are not normal."""

from bayeshlm.datasets.dataset import CC0, SIMULATED, TABLE, Dataset, Variable

NOT_NORMAL = {
    "clinics": Dataset(
        name="clinics",
        title="A trial of a treatment in clinics: recovery, costs, adherence (simulated)",
        n_obs=887,
        n_groups=40,
        group="clinic",
        columns=(
            Variable("clinic", "Clinic", "1 to 40"),
            Variable("recovered", "The patient recovered", "1 = yes, 0 = no"),
            Variable("cost", "Costs of the patient's care", "euros"),
            Variable("adherence", "Share of the doses that the patient took", "between 0 and 1"),
            Variable("treated", "The patient had the treatment, by lot", "1 = yes, 0 = no"),
            Variable("severity", "Severity of the illness on entry", "standard deviations from the mean"),
            Variable("urban", "The clinic is in a city", "1 = yes, 0 = no"),
        ),
        source=SIMULATED,
        license=CC0,
    ),
    "seeds": Dataset(
        name="seeds",
        title="Germination of seeds of two sorts in two root extracts",
        n_obs=21,
        n_groups=21,
        group="plate",
        columns=(
            Variable("plate", "Plate", "1 to 21"),
            Variable("germinated", "Seeds that germinated", "number"),
            Variable("seeds", "Seeds on the plate", "number"),
            Variable("aegyptiaca_73", "Sort of Orobanche aegyptiaca", "1 = 73, 0 = 75"),
            Variable("cucumber", "Root extract", "1 = cucumber, 0 = bean"),
        ),
        source="Crowder (1978), Beta-binomial anova for proportions, Applied Statistics 27, 34-37, table 3",
        license=TABLE,
    ),
    "epilepsy": Dataset(
        name="epilepsy",
        title="Epileptic seizures of patients in four periods of two weeks, with and without a drug",
        n_obs=236,
        n_groups=59,
        group="patient",
        columns=(
            Variable("patient", "Patient", "1 to 59"),
            Variable("period", "Two weeks in which seizures were counted", "1 to 4"),
            Variable("seizures", "Seizures in the period", "number"),
            Variable("fourth", "It is the last period", "1 = yes, 0 = no"),
            Variable("progabide", "The patient had the drug", "1 = progabide, 0 = placebo"),
            Variable("baseline", "Seizures in the eight weeks before", "number"),
            Variable("age", "Age of the patient", "years"),
        ),
        source=(
            "Thall and Vail (1990), Some covariance models for longitudinal count data with overdispersion, Biometrics "
            "46, 657-671, table 2, as the R package MASS carries it"
        ),
        license=TABLE,
    ),
    "wine": Dataset(
        name="wine",
        title="Bitterness of wine, rated by nine judges",
        n_obs=72,
        n_groups=9,
        group="judge",
        columns=(
            Variable("judge", "Judge", "1 to 9"),
            Variable("bottle", "Bottle", "1 to 8, two of each temperature and contact"),
            Variable("rating", "Bitterness", "from 1, least, to 5, most bitter"),
            Variable("warm", "Temperature while the grapes were crushed", "1 = warm, 0 = cold"),
            Variable("contact", "Contact between juice and skins", "1 = yes, 0 = no"),
        ),
        source=(
            "Randall (1989), The analysis of sensory data by generalized linear model, Biometrical Journal 31, "
            "781-793, as the R package ordinal carries it"
        ),
        license=TABLE,
    ),
    "orthodont": Dataset(
        name="orthodont",
        title="Growth of the jaws of children, measured at four ages",
        n_obs=108,
        n_groups=27,
        group="child",
        columns=(
            Variable("child", "Child", "M01 to M16 boys, F01 to F11 girls"),
            Variable("age", "Age of the child", "years: 8, 10, 12, 14"),
            Variable("distance", "Distance of the pituitary from the pterygomaxillary fissure", "mm"),
            Variable("girl", "Sex of the child", "1 = girl, 0 = boy"),
        ),
        source=(
            "Potthoff and Roy (1964), A generalized multivariate analysis of variance model useful especially for "
            "growth curve problems, Biometrika 51, 313-326, as the R package nlme carries it"
        ),
        license=TABLE,
    ),
}
