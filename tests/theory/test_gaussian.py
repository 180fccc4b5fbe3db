"""Averages over a Gaussian field against 26-digit quadrature, limits in closed form, and derivatives of each other."""

import mpmath as mp
import numpy as np
import oracle
import pytest
from scipy.special import erf

from hebbian.theory.gaussian import STEP, field_averages, gaussian_average, overlap_deficit

ROUNDING = 1e-14  # some 200 terms of order one, each good to 1e-16
POINTS = [
    (0.3, 0.2, 0.5),
    (0.3, 0.5, 0.5),
    (0.3, 0.499999, 0.5),
    (1.0, 0.3, 0.01),
    (0.0, 1.0, 0.7),
    (0.5, 2.0, 0.001),
    (0.1, 0.0, 0.2),
]


@pytest.mark.parametrize("A, a, T", POINTS)
def test_averages_equal_high_precision_quadrature(A, a, T):
    ours = field_averages(A, a, T)
    with mp.workdps(oracle.DIGITS):
        A, a, T = (mp.mpf(x) for x in (A, a, T))
        exact = {
            "deficit": oracle.average(lambda h: 1 - mp.tanh(h), A, a, T),
            "q": oracle.average(lambda h: mp.tanh(h) ** 2, A, a, T),
            "C": oracle.average(lambda h: mp.sech(h) ** 2, A, a, T) / T,
            "C_signal": oracle.average(lambda h: -2 * mp.tanh(h) * mp.sech(h) ** 2, A, a, T) / T**2,
            "C_noise": a * oracle.average(lambda h: 4 * mp.sech(h) ** 2 - 6 * mp.sech(h) ** 4, A, a, T) / T**3,
            "sech4": oracle.average(lambda h: mp.sech(h) ** 4, A, a, T) / T,
            "log2cosh": oracle.average(lambda h: mp.log(2 * mp.cosh(h)), A, a, T) * T,
        }
    for name, value in exact.items():
        scale = max(1.0, abs(float(value)))
        if name == "C_noise":
            scale = max(scale, float(a / T**3) if a < T else 1.0)  # difference of two terms of this size
        assert abs(getattr(ours, name) - float(value)) < ROUNDING * scale, name


def test_small_deficits_are_accurate_relative_to_themselves():
    # ln(1 - m) is what root searches see; exp(-2 h) averages to exp(-2 A/T + 2 (a/T)^2) where the deficit is small
    A, a, T = 10.0, 0.3, 1.0
    assert overlap_deficit(A, a, T) == pytest.approx(
        2 * np.exp(-2 * A / T + 2 * (a / T) ** 2), rel=1e-7
    )  # next term: exp(-4 h)


def test_halving_the_step_changes_nothing():
    # the error bound exp(-pi^2 / step) is 4e-22 at the default step, so only rounding is left
    rng = np.random.default_rng(1)
    A, a, T = rng.uniform(0, 2, 500), 10 ** rng.uniform(-4, 1, 500), 10 ** rng.uniform(-4, 0.5, 500)
    coarse, fine = field_averages(A, a, T), field_averages(A, a, T, step=STEP / 2)
    for name in ("deficit", "q", "log2cosh"):
        assert np.max(np.abs(getattr(coarse, name) - getattr(fine, name))) < 10 * ROUNDING
    for name in ("C", "sech4"):  # of order 1 / max(a, T)
        difference = np.abs(getattr(coarse, name) - getattr(fine, name)) * np.maximum(a, T)
        assert np.max(difference) < 10 * ROUNDING


def test_a_coarse_step_is_seen_to_fail():
    # control: the comparison above detects a rule that is too coarse
    exact, coarse = field_averages(0.3, 0.5, 0.5), field_averages(0.3, 0.5, 0.5, step=2.0)
    assert abs(exact.q - coarse.q) > 1e-6


def test_both_representations_agree_where_they_meet():
    A, T = np.linspace(0, 3, 31), 0.7
    below, above = (field_averages(A, T * factor, T) for factor in (1 - 1e-15, 1.0))
    for name in vars(below):
        assert np.max(np.abs(getattr(below, name) - getattr(above, name))) < 10 * ROUNDING


def test_zero_temperature_is_the_error_function_form():
    A, a = 0.8, 0.5
    x = A / a
    av = field_averages(A, a, 0.0)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    assert av.m == pytest.approx(erf(x / np.sqrt(2)), abs=ROUNDING)
    assert av.q == 1
    assert av.C == pytest.approx(2 * density / a, abs=ROUNDING)
    assert av.log2cosh == pytest.approx(A * erf(x / np.sqrt(2)) + 2 * a * density, abs=ROUNDING)  # E |h|
    assert av.sech4 == pytest.approx(2 / 3 * 2 * density / a, abs=ROUNDING)  # integral of sech^4 over that of sech^2


def test_zero_temperature_is_a_limit():
    # Sommerfeld: corrections are of order T^2
    cold, frozen = field_averages(0.8, 0.5, 1e-6), field_averages(0.8, 0.5, 0.0)
    assert cold.m == pytest.approx(frozen.m, abs=1e-11) and cold.C == pytest.approx(frozen.C, abs=1e-11)


def test_without_noise_the_spin_is_free():
    av = field_averages(0.3, 0.0, 0.5)
    assert av.m == pytest.approx(np.tanh(0.6), abs=ROUNDING) and av.q == pytest.approx(np.tanh(0.6) ** 2, abs=ROUNDING)
    sure = field_averages(0.3, 0.0, 0.0)
    assert (sure.m, sure.q, sure.C, sure.log2cosh) == (1, 1, 0, pytest.approx(0.3, abs=ROUNDING))


@pytest.mark.parametrize("a, T", [(0.2, 0.5), (0.5, 0.2), (0.5, 0.0)])
def test_averages_are_derivatives_of_each_other(a, T):
    A, h = 0.4, 1e-5
    up, down, av = field_averages(A + h, a, T), field_averages(A - h, a, T), field_averages(A, a, T)
    error = 1e-9  # h^2 times a third derivative of order one, and rounding / h
    assert (up.log2cosh - down.log2cosh) / (2 * h) == pytest.approx(av.m, abs=error)
    assert (up.m - down.m) / (2 * h) == pytest.approx(av.C, abs=10 * error)
    assert (up.C - down.C) / (2 * h) == pytest.approx(av.C_signal, abs=300 * error)
    up, down = field_averages(A, a + h, T), field_averages(A, a - h, T)
    assert (up.m - down.m) / (2 * h) == pytest.approx(a * av.C_signal, abs=10 * error)
    assert (up.C - down.C) / (2 * h) == pytest.approx(av.C_noise, abs=1000 * error)


def test_shapes_broadcast():
    av = field_averages(np.zeros((3, 1)), np.ones(4), 0.5)
    assert av.m.shape == av.C.shape == (3, 4)
    assert field_averages(0.1, 0.1, 0.1).m.shape == ()


def test_gaussian_average_knows_moments():
    assert gaussian_average(lambda z: z**4) == pytest.approx(3, abs=ROUNDING)
    assert gaussian_average(lambda z: np.stack([z, z**2])) == pytest.approx([0, 1], abs=ROUNDING)
