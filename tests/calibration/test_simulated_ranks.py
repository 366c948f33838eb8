"""Posteriors are calibrated, and an error of the size that the number of replications can see is seen.

The slow tests take about two minutes; the full study is ``uv run python tests/calibration/study.py``, whose last ranks
are in ``tests/references/calibration.json``.
"""

import json

import numpy as np
import pytest
from bands import p_value
from broken import ERRORS
from calibrated_types import TYPES
from ranks import drawn_truth, rank_counts, ranks, simulated
from study import RESULTS

from bayeshlm.parameters.schema import Schema

REPLICATIONS = 100
RIGHT, WRONG, RECORDED = 0.01, 0.01, 1e-4
"""Of all quantities of a right posterior together; of the one quantity that an error was foreseen to show in, here and
in the study, which has more data sets."""


def smallest_p(counts):
    return min((p_value(np.array(of)), name) for name, of in counts.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["random slopes", "three levels", "Bernoulli"])
def test_ranks_are_uniform(name):
    counts = rank_counts(TYPES[name], range(REPLICATIONS))
    p, quantity = smallest_p(counts)
    assert p > RIGHT / len(counts), quantity


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_seen(name):
    error = ERRORS[name]
    found = {quantity: p_value(of) for quantity, of in error.counts(REPLICATIONS).items()}
    assert found[error.shows_in] < WRONG, found


def test_the_recorded_ranks_are_uniform():
    """The full study's: of all quantities of all types the smallest p-value, times their number."""
    records = json.loads(RESULTS.read_text(encoding="utf-8"))["types"]
    assert set(records) == set(TYPES)
    assert all(record["replications"] >= REPLICATIONS for record in records.values())
    found = [(*smallest_p(record["counts"]), name) for name, record in records.items()]
    assert min(found)[0] > RIGHT / sum(len(record["counts"]) for record in records.values()), min(found)


def test_a_parameter_without_a_prior_of_its_own_is_refused():
    """A default would follow the simulated outcome, and ranks would not be uniform."""
    model, *_ = simulated(TYPES["known SDs"], 1)
    stated = {key: text for key, text in TYPES["known SDs"].priors.items() if key != "g10"}
    with pytest.raises(KeyError, match="g10"):
        drawn_truth(Schema.of(model.design), stated, np.random.default_rng(1))


@pytest.mark.slow
def test_a_seed_gives_the_same_ranks():
    kind = TYPES["known SDs"]
    first = ranks(kind, 5)
    assert ranks(kind, 5) == first
    assert ranks(kind, 6) != first


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 12, 26])
def test_data_that_were_refused_are_taken(seed):
    """Of beta outcomes next to 0 or 1: the search for the modes of their random effects went back and forth."""
    assert {"phi", "tau[u0]"} <= ranks(TYPES["beta"], seed).keys()


def test_the_recorded_errors_were_seen_and_only_they():
    """The smallest p-value of a quantity with the error, and of the same quantity's ranks without it."""
    records = json.loads(RESULTS.read_text(encoding="utf-8"))["errors"]
    assert set(records) == set(ERRORS)
    for name, record in records.items():
        assert record["replications"] >= REPLICATIONS
        assert record["p with"] < RECORDED, name
        assert record["p without"] > RIGHT / len(ERRORS), name
