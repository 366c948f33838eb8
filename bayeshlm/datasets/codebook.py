"""What the shipped data sets contain, where they come from and under which terms."""

from dataclasses import dataclass
from typing import NamedTuple

from bayeshlm.errors import DataError
from bayeshlm.source.suggestion import did_you_mean

_SOURCE = (
    "High School and Beyond 1982 (US National Center for Education Statistics), the subset analyzed by "
    "Raudenbush and Bryk, as the R package nlme carries it: MathAchieve joined with MathAchSchool"
)
_LICENSE = "Public-use survey data; the R package nlme, from which this copy was taken, is distributed under the GPL"


class Variable(NamedTuple):
    """One column of a data set: its name, what it measures, and its unit or coding."""

    name: str
    meaning: str
    coding: str


@dataclass(frozen=True, slots=True, repr=False)
class Dataset:
    """The codebook of a shipped data set.

    Attributes
    ----------
    name : str
        What `load_dataset` takes.
    title : str
        One line.
    n_obs, n_groups : int
        Rows, and groups among them.
    group : str
        Column that holds the group ids.
    columns : tuple of Variable
        Name, meaning and coding of each column, in the order of the data.
    source : str
        Where the numbers come from.
    license : str
        Terms under which they are passed on.
    """

    name: str
    title: str
    n_obs: int
    n_groups: int
    group: str
    columns: tuple[Variable, ...]
    source: str
    license: str

    def __str__(self) -> str:
        """Show the codebook as text, a line a column."""
        width = max(len(variable.name) for variable in self.columns)
        lines = [
            f"{self.name}: {self.title}",
            f"{self.n_obs} rows in {self.n_groups} groups ({self.group})",
            *(f"  {v.name:<{width}}  {v.meaning} ({v.coding})" for v in self.columns),
            f"Source: {self.source}.",
            f"License: {self.license}.",
        ]
        return "\n".join(lines)

    __repr__ = __str__


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
}


def dataset_names() -> tuple[str, ...]:
    """Names that `load_dataset` and `describe_dataset` take.

    Examples
    --------
    >>> dataset_names()
    ('hsb', 'hs', 'lee_bryk')
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
