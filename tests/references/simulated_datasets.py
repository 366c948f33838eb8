"""The shipped data sets that are simulated: ``uv run python tests/references/simulated_datasets.py`` writes them anew.

Nobody was measured: children, pupils, patients, schools and clinics are made up, in the shape of published studies,
with the truth written below. Public domain (CC0).
"""

import lzma
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[2] / "bayeshlm" / "datasets"
DECIMALS = {"year": 1, "math": 2, "poverty": 1, "score": 1, "pretest": 1, "experience": 0, "verbal": 1, "attain": 2}
DECIMALS |= {"cost": 2, "adherence": 3}


def correlated(rng, sds, correlation, size):
    """Pairs of deviations with the given SDs and correlation, (size, 2)."""
    covariance = np.outer(sds, sds) * np.array([[1, correlation], [correlation, 1]])
    return rng.multivariate_normal([0, 0], covariance, size)


def growth(rng):
    """Mathematics of children in six springs, as in studies of growth in elementary school.

    math = p0 + p1*year + e; school and child deviations of the mean at year 0 (the middle) and of the yearly growth.
    """
    n_schools = 48
    n_children = rng.integers(6, 21, n_schools)
    school = np.repeat(np.arange(n_schools), n_children)
    poverty = (100 * rng.beta(2.2, 1.6, n_schools)).round(1)
    of_school = correlated(rng, [0.28, 0.10], 0.4, n_schools)
    female = rng.integers(0, 2, len(school))
    lunch = (rng.random(len(school)) < 0.15 + 0.7 * poverty[school] / 100).astype(int)
    of_child = correlated(rng, [0.78, 0.11], 0.5, len(school))
    mean = 0.15 - 0.008 * (poverty[school] - 50) - 0.3 * lunch + of_school[school, 0] + of_child[:, 0]
    rate = 0.78 - 0.0012 * (poverty[school] - 50) - 0.04 * lunch + of_school[school, 1] + of_child[:, 1]
    first = rng.choice(4, len(school), p=[0.55, 0.2, 0.15, 0.1])
    last = rng.choice([3, 4, 5], len(school), p=[0.1, 0.25, 0.65])
    child, wave = np.array([(i, t) for i in range(len(school)) for t in range(first[i], last[i] + 1)]).T
    year = wave - 2.5
    return pd.DataFrame(
        {
            "school": school[child] + 1,
            "child": 100 * (school[child] + 1) + child - np.searchsorted(school, school[child]) + 1,
            "year": year,
            "math": mean[child] + rate[child] * year + rng.normal(0, 0.55, len(year)),
            "female": female[child],
            "lunch": lunch[child],
            "poverty": poverty[school[child]],
        }
    )


def classes(rng):
    """Scores of students in classes in schools; classes are numbered anew in each school."""
    n_schools = 36
    n_classes = rng.integers(2, 5, n_schools)
    school = np.repeat(np.arange(n_schools), n_classes)
    number = np.concatenate([np.arange(1, count + 1) for count in n_classes])
    private = (rng.random(n_schools) < 0.35).astype(int)
    experience = rng.gamma(3, 4, len(school)).round().clip(1, 38)
    of_class = correlated(rng, [4.0, 0.10], 0.2, len(school))
    own = np.repeat(np.arange(len(school)), rng.integers(11, 26, len(school)))
    pretest = (50 + 3 * private[school[own]] + rng.normal(0, 9, len(own))).round(1)
    level = 52 + 2.5 * private[school] + 0.25 * (experience - 12) + rng.normal(0, 2.5, n_schools)[school]
    slope = 0.55 + of_class[own, 1]
    score = (level + of_class[:, 0])[own] + slope * (pretest - 50) + rng.normal(0, 7, len(own))
    columns = {"school": school[own] + 1, "classroom": number[own], "score": score, "pretest": pretest}
    return pd.DataFrame(columns | {"experience": experience[own].astype(int), "private": private[school[own]]})


def attainment(rng):
    """Attainment of pupils at 16, of whom each went to a primary and a secondary school."""
    n_primary, n_secondary, n_pupils = 72, 15, 1600
    near = rng.integers(0, n_secondary, n_primary)  # where most pupils of a primary school go
    primary = np.sort(rng.integers(0, n_primary, n_pupils))
    stays = rng.random(n_pupils) < 0.75
    secondary = np.where(stays, near[primary], rng.integers(0, n_secondary, n_pupils))
    selective = (rng.random(n_secondary) < 0.3).astype(int)
    of_primary = correlated(rng, [0.5, 0.025], 0.3, n_primary)
    female = rng.integers(0, 2, n_pupils)
    verbal = rng.normal(0, 12, n_pupils).round(1)
    attain = 5.2 + 0.6 * selective[secondary] + 0.2 * female + of_primary[primary, 0]
    attain += (0.15 + of_primary[primary, 1]) * verbal + rng.normal(0, 0.35, n_secondary)[secondary]
    attain += rng.normal(0, 2.0, n_pupils)
    pupil = {"attain": attain, "verbal": verbal, "female": female}
    schools = {"primary": primary + 1, "secondary": secondary + 1}
    return pd.DataFrame(schools | pupil | {"selective": selective[secondary]})


def clinics(rng):
    """A trial in clinics, whose patients draw lots for a treatment: recovery, costs and how well it is kept to."""
    n_clinics = 40
    size = rng.integers(12, 37, n_clinics)
    clinic = np.repeat(np.arange(n_clinics), size)
    urban = (rng.random(n_clinics) < 0.45).astype(int)
    treated = rng.integers(0, 2, len(clinic))
    severity = rng.normal(0, 1, len(clinic)).round(1)
    of_recovery = correlated(rng, [0.9, 0.7], -0.3, n_clinics)
    log_odds = -0.5 + 0.5 * urban[clinic] + (0.8 + of_recovery[clinic, 1]) * treated - 0.6 * severity
    chance = 1 / (1 + np.exp(-log_odds - of_recovery[clinic, 0]))
    cost = np.exp(6.2 + 0.2 * urban[clinic] + 0.3 * severity + rng.normal(0, 0.3, n_clinics)[clinic])
    kept = 1 / (1 + np.exp(-0.9 + 0.25 * severity - rng.normal(0, 0.5, n_clinics)[clinic]))
    patient = {
        "recovered": (rng.random(len(clinic)) < chance).astype(int),
        "cost": cost * rng.gamma(2.5, 1 / 2.5, len(clinic)),
        "adherence": rng.beta(6 * kept, 6 * (1 - kept)).clip(0.001, 0.999),
        "treated": treated,
        "severity": severity,
    }
    return pd.DataFrame({"clinic": clinic + 1} | patient | {"urban": urban[clinic]})


SEEDS = {growth: 1989, classes: 2002, attainment: 1991, clinics: 1998}


def csv(make):
    """The text of the file of a data set."""
    frame = make(np.random.default_rng(SEEDS[make]))
    return frame.round({name: digits for name, digits in DECIMALS.items() if name in frame}).to_csv(
        index=False, lineterminator="\n"
    )


if __name__ == "__main__":
    for make in SEEDS:
        file = FOLDER / f"{make.__name__}.csv.xz"
        file.write_bytes(lzma.compress(csv(make).encode(), preset=9 | lzma.PRESET_EXTREME))
        print(file.name, file.stat().st_size, len(csv(make).splitlines()) - 1)
