"""Estimates, intervals and autocorrelation against processes whose answers are known."""

import math

import numpy as np
import pytest

from hebbian.errors import InvalidInput
from hebbian.stats import (
    Estimate,
    autocorrelation_time,
    binned_error,
    exact_sum,
    jackknife,
    wilson,
    with_error,
)


def test_estimate_is_mean_and_standard_error_over_samples():
    estimate = Estimate([1.0, 2.0, 4.0])
    assert estimate.mean == pytest.approx(7 / 3) and estimate.median == 2.0 and estimate.n == 3
    assert estimate.error == pytest.approx(math.sqrt((16 / 9 + 1 / 9 + 25 / 9) / 2 / 3))


def test_estimate_leaves_out_missing_samples_and_keeps_vectors():
    estimate = Estimate([[1.0, 5.0], [3.0, math.nan], [5.0, 7.0]])
    assert np.allclose(estimate.mean, [3.0, 6.0]) and list(estimate.n) == [3, 2]
    assert np.allclose(estimate.error, [2 / math.sqrt(3), 1.0])
    assert math.isnan(Estimate([2.0]).error) and math.isnan(Estimate([math.nan]).mean)


@pytest.mark.parametrize("mean, error, text", [
    (0.9645, 0.0012, "0.9645(12)"), (12.3456, 0.25, "12.35(25)"), (-0.5, 0.1, "-0.50(10)"), (1234.5, 37.0, "1234(37)"),
    (1.0, 0.0, "1(0)"), (0.5, math.nan, "0.5(?)"), (math.nan, 1.0, "nan"), (0.12345, 0.00999, "0.1235(100)"),
    (1.3423e-12, 5.7e-15, "1.3423(57)e-12"), (-2e-9, 3e-9, "-2.0(30)e-09")])
def test_numbers_print_with_the_error_of_their_last_digits(mean, error, text):
    assert with_error(mean, error) == text


def test_student_interval_covers_as_stated():
    # 4000 means of 5 Gaussians: coverage 0.95 has standard error 0.0034; one standard error instead of t covers 0.63.
    draws = np.random.default_rng(1).normal(size=(4000, 5))
    covered = naive = 0
    for values in draws:
        estimate = Estimate(values)
        low, high = estimate.interval(0.95)
        covered += low <= 0 <= high
        naive += abs(estimate.mean) <= 1.96 * estimate.error
    assert abs(covered / 4000 - 0.95) < 0.015
    assert abs(naive / 4000 - 0.95) > 0.03


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_an_ar1_process(rho):
    noise = np.random.default_rng(2).normal(size=200_000)
    series = np.empty_like(noise)
    series[0] = noise[0]
    for t in range(1, len(noise)):
        series[t] = rho * series[t - 1] + noise[t]
    exact = (1 + rho) / (1 - rho)
    # Sokal: relative error sqrt(2 (2 window + 1) / n) with a window of 5 tau, about 2 per cent at tau = 19.
    assert autocorrelation_time(series) == pytest.approx(exact, rel=5 * math.sqrt(2 * (10 * exact + 1) / len(series)))
    assert abs(autocorrelation_time(series) - 1.3 * exact) > 0.1
    spread = math.sqrt(exact * series.var() / len(series))
    assert binned_error(series) == pytest.approx(spread, rel=0.5)


def test_a_constant_series_has_nothing_to_correlate():
    assert autocorrelation_time(np.full(50, 3.0)) == 1.0
    with pytest.raises(InvalidInput, match="at least 2"):
        autocorrelation_time([1.0])


def test_jackknife_of_a_ratio():
    rng = np.random.default_rng(3)
    x, y = rng.normal(2.0, 0.3, 400), rng.normal(4.0, 0.4, 400)
    value, error = jackknife(lambda a, b: a / b, x, y)
    linear = 0.5 * math.sqrt((0.15**2 + 0.1**2) / 400)
    assert abs(value - 0.5) < 4 * linear and error == pytest.approx(linear, rel=0.15)
    with pytest.raises(InvalidInput):
        jackknife(lambda a: a, [1.0])


def test_wilson_interval_of_all_and_none():
    low, high = wilson(16, 16)
    assert high == pytest.approx(1.0, abs=1e-15) and 0.9 < low < 1
    assert wilson(0, 16)[0] == pytest.approx(0.0, abs=1e-15) and wilson(0, 16)[1] == pytest.approx(1 - low)


def test_sums_do_not_overflow():
    large = np.full(10, 2**62, np.int64)
    assert exact_sum(large) == [10 * 2**62] and exact_sum(-large) == [-10 * 2**62]
    assert exact_sum(np.array([[1, -2], [3, -(2**61)]])) == [4, -2 - 2**61]
