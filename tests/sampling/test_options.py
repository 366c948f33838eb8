import pytest

from bayeshlm.errors import OptionError
from bayeshlm.sampling.options import sampling_options


def test_defaults():
    options = sampling_options(seed=7)
    assert (options.draws, options.tune, options.chains, options.seed) == (1000, 400, 4, 7)
    assert sampling_options(parameterization="centered").tune == 1000
    assert 1 <= options.cores <= 4


def test_a_seed_is_drawn_and_kept_when_none_is_given():
    assert sampling_options().seed != sampling_options().seed


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("draws", 0, "draws must be a whole number of at least 4"),
        ("draws", 10.5, "draws must be a whole number"),
        ("draws", True, "draws must be a whole number"),
        ("tune", -1, "tune must be"),
        ("chains", 0, "chains must be"),
        ("cores", 0, "cores must be"),
        ("seed", -3, "seed must be"),
        ("seed", 2**40, r"seed must be less than 2\*\*32"),
        ("sampler", "stan", 'sampler must be "auto", "nutpie", "pymc" or "importance"'),
        ("parameterization", "central", 'parameterization must be "marginal"'),
        ("target_accept", 1.5, "target_accept must lie between 0 and 1"),
        ("target_accept", "high", "target_accept must lie between 0 and 1"),
    ],
)
def test_wrong_options(option, value, message):
    with pytest.raises(OptionError, match=message):
        sampling_options(**{option: value})
