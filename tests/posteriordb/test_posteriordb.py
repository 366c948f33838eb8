"""Posteriors of posteriordb: reference draws within joint Monte Carlo error, densities as Stan programs state them."""

import pytest
from posterior_cases import RADON, lsat_difference, radon_difference, schools_z, seeds_difference
from scipy.special import ndtri

MANY = -float(ndtri(0.001 / 2 / 20))
"""What the largest of twenty standard normal numbers exceeds once in a thousand times, by Bonferroni's inequality."""


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["nutpie", "importance"])
def test_eight_schools_agree_with_the_reference_draws(sampler):
    found = schools_z(sampler)
    assert len(found) == 20
    assert max(map(abs, found.values())) < MANY, found


# Sums of 1e4 numbers of size 10 in double precision: 1e5 * 2e-16 * sqrt(1e4), and a hundred times that of cancellation.
ROUNDING = 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("name", RADON)
def test_radon_densities_are_those_of_the_stan_programs(name):
    assert radon_difference(name, "radon_mn") < ROUNDING


@pytest.mark.slow
@pytest.mark.parametrize("name", RADON)
def test_radon_densities_of_all_counties_are_those_of_the_stan_programs(name):
    assert radon_difference(name, "radon_all") < ROUNDING


@pytest.mark.slow
def test_the_density_of_the_seeds_is_that_of_the_stan_program():
    assert seeds_difference() < ROUNDING


@pytest.mark.slow
def test_the_density_of_the_test_answers_is_that_of_the_stan_program():
    assert lsat_difference() < ROUNDING
