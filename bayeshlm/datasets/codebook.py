"""What the shipped data sets contain, where they come from and under which terms."""

from bayeshlm.datasets.dataset import CC0, SIMULATED, TABLE, Dataset, Variable
from bayeshlm.datasets.meta_analysis import META_ANALYSIS
from bayeshlm.datasets.not_normal import NOT_NORMAL
from bayeshlm.errors import DataError
from bayeshlm.source.suggestion import did_you_mean

_SOURCE = (
    "High School and Beyond 1982 (US National Center for Education Statistics), the subset analyzed by "
    "Raudenbush and Bryk, as the R package nlme carries it: MathAchieve joined with MathAchSchool"
)
_LICENSE = "Public-use survey data; the R package nlme, from which this copy was taken, is distributed under the GPL"
_DAVIES = (
    "Davies and Goldsmith (1972), Statistical Methods in Research and Production, 4th ed., section {}, as the R "
    "package lme4 carries the table"
)
_FACTS = f"{TABLE}; lme4 is distributed under the GPL"


_HSB_COLUMNS = (
    Variable("school", "School", "id"),
    Variable("minority", "Student belongs to a racial or ethnic minority", "1 = yes, 0 = no"),
    Variable("female", "Sex of the student", "1 = female, 0 = male"),
    Variable("ses", "Socioeconomic status of the student's family", "standardized scale"),
    Variable("mathach", "Mathematics achievement of the student", "test score"),
    Variable("size", "Enrollment of the school", "students"),
    Variable("sector", "Sector of the school", "1 = Catholic, 0 = public"),
    Variable("pracad", "Students of the school on the academic track", "proportion"),
    Variable("disclim", "Disciplinary climate of the school", "scale, higher = more problems"),
    Variable("himinty", "High minority enrollment of the school", "1 = more than 40 %, 0 = less"),
    Variable("meanses", "Mean SES of the school as published", "3 decimals, not the sample mean"),
)

_DATASETS = {
    "hsb": Dataset(
        name="hsb",
        title="High School and Beyond 1982: mathematics achievement in 160 US high schools",
        n_obs=7185,
        n_groups=160,
        group="school",
        columns=_HSB_COLUMNS,
        source=_SOURCE,
        license=_LICENSE,
    ),
    "hs": Dataset(
        name="hs",
        title="Forty schools of High School and Beyond 1982: 19 public, 21 Catholic",
        n_obs=1977,
        n_groups=40,
        group="school",
        columns=_HSB_COLUMNS,
        source=f"{_SOURCE}; the 40 schools of Monette, Mixed Models with R: From Hierarchical to Mixed",
        license=_LICENSE,
    ),
    "lee_bryk": Dataset(
        name="lee_bryk",
        title="The subset of the Lee and Bryk (1989) data: High School and Beyond in two decimals",
        n_obs=7185,
        n_groups=160,
        group="schoolid",
        columns=(
            Variable("schoolid", "School", "1 to 160 in the order of the data"),
            Variable("math", "Mathematics achievement of the student", "test score, 2 decimals"),
            Variable("ses", "Socioeconomic status of the student's family", "standardized scale, 2 decimals"),
            Variable("mses", "Mean SES of the school as published", "2 decimals"),
            Variable("sector", "Sector of the school", "1 = Catholic, 0 = public"),
        ),
        source=f"{_SOURCE}; rounded to 2 decimals, half away from zero",
        license=_LICENSE,
    ),
    "growth": Dataset(
        name="growth",
        title="Growth in mathematics: up to six springs of children in schools (simulated)",
        n_obs=2878,
        n_groups=(600, 48),
        group=("child", "school"),
        columns=(
            Variable("school", "School", "1 to 48"),
            Variable("child", "Child", "school and number, such as 1207; unique"),
            Variable("year", "Time of the measurement", "school years from the middle of the study, -2.5 to 2.5"),
            Variable("math", "Mathematics achievement of the child in that year", "vertically equated scale"),
            Variable("female", "Sex of the child", "1 = female, 0 = male"),
            Variable("lunch", "The child has lunch free of charge", "1 = yes, 0 = no"),
            Variable("poverty", "Children of low income in the school", "percent"),
        ),
        source=f"{SIMULATED}; in the shape of a study of growth in urban elementary schools",
        license=CC0,
    ),
    "classes": Dataset(
        name="classes",
        title="Students in classes in schools (simulated)",
        n_obs=1941,
        n_groups=(108, 36),
        group=("school:classroom", "school"),
        columns=(
            Variable("school", "School", "1 to 36"),
            Variable("classroom", "Class", "numbered anew in each school: the class is the pair school:classroom"),
            Variable("score", "Score of the student at the end of the year", "points"),
            Variable("pretest", "Score of the student at its beginning", "points"),
            Variable("experience", "Experience of the teacher of the class", "years"),
            Variable("private", "Sector of the school", "1 = private, 0 = public"),
        ),
        source=SIMULATED,
        license=CC0,
    ),
    "attainment": Dataset(
        name="attainment",
        title="Attainment of pupils by primary and secondary school, which cross (simulated)",
        n_obs=1600,
        n_groups=(72, 15),
        group=("primary", "secondary"),
        columns=(
            Variable("primary", "Primary school", "1 to 72"),
            Variable("secondary", "Secondary school", "1 to 15"),
            Variable("attain", "Attainment of the pupil at 16", "points"),
            Variable("verbal", "Verbal reasoning of the pupil on leaving primary school", "points from the mean"),
            Variable("female", "Sex of the pupil", "1 = female, 0 = male"),
            Variable("selective", "The secondary school selects its pupils", "1 = yes, 0 = no"),
        ),
        source=f"{SIMULATED}; in the shape of a study of attainment in one Scottish education authority",
        license=CC0,
    ),
    "penicillin": Dataset(
        name="penicillin",
        title="Six preparations of penicillin, each on 24 plates",
        n_obs=144,
        n_groups=(24, 6),
        group=("plate", "preparation"),
        columns=(
            Variable("diameter", "Zone on the plate in which the organism did not grow", "mm"),
            Variable("plate", "Plate", "a to x"),
            Variable("preparation", "Sample of penicillin", "A to F; sample in the source, a name that results use"),
        ),
        source=_DAVIES.format("6.6"),
        license=_FACTS,
    ),
    "pastes": Dataset(
        name="pastes",
        title="Strength of a chemical paste: two assays of three casks of ten batches",
        n_obs=60,
        n_groups=(30, 10),
        group=("batch:cask", "batch"),
        columns=(
            Variable("strength", "Strength of the paste", "percent"),
            Variable("batch", "Batch delivered", "A to J"),
            Variable("cask", "Cask of the batch", "a to c in each batch: the cask is the pair batch:cask"),
        ),
        source=f"{_DAVIES.format('6.5')}, without its column sample, which is the pair of the others",
        license=_FACTS,
    ),
    **NOT_NORMAL,
    **META_ANALYSIS,
}


def dataset_names() -> tuple[str, ...]:
    """Names that `load_dataset` and `describe_dataset` take.

    Examples
    --------
    >>> dataset_names()[:4]
    ('hsb', 'hs', 'lee_bryk', 'growth')
    """
    return tuple(_DATASETS)


def describe_dataset(name: str) -> Dataset:
    """Codebook, source and license of a shipped data set; no data are read.

    Parameters
    ----------
    name : str
        One of `dataset_names()`.

    Raises
    ------
    DataError
        When there is no data set of this name.

    Examples
    --------
    >>> hsb = describe_dataset("hsb")
    >>> hsb.n_obs, hsb.n_groups
    (7185, 160)
    >>> hsb.columns[6]
    Variable(name='sector', meaning='Sector of the school', coding='1 = Catholic, 0 = public')
    """
    if name not in _DATASETS:
        raise DataError(f'There is no data set "{name}". {did_you_mean(str(name), _DATASETS)}')
    return _DATASETS[name]
