"""The Hamiltonian of a dense network as its kernels run it: U on all overlaps, exactly, and in integers."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import factorial, gcd

import numpy as np


def terms(model, N: int) -> int:
    """Number of terms U in the Hamiltonian: one a pattern, or one an example without a teacher."""
    return model.patterns(N) * (model.M if model.protocol == "unsupervised" else 1)


@lru_cache(maxsize=8)
def energy_table(model, N: int) -> tuple[tuple, Fraction]:
    """The exact Hamiltonian: U on its overlaps as (numbers, unit) with U = number * unit, weights of examples included.

    The overlaps are X = -N, -N+2, ..., N, and -M N, ..., M N for supervised learning.  The numbers are integers, for
    storage e_p(X) or X^p, except those of a user's table, which are its own.
    """
    if model.protocol == "supervised":
        overlaps = np.arange(-model.M * N, model.M * N + 1, 2).astype(object)
        coefficients, unit = _supervised(model, N)
        common = math.lcm(*(c.denominator for c in coefficients))
        values = sum(int(c * common) * overlaps**power for power, c in enumerate(coefficients) if c)
        return tuple(values), unit / common
    overlaps, weight = range(-N, N + 1, 2), _example_weight(model)
    if model.energy == "distinct":
        return tuple(_symmetric(model.p, N, X) for X in overlaps), weight / N ** (model.p - 1)
    if model.energy == "power":
        return tuple(X**model.p for X in overlaps), weight / (N ** (model.p - 1) * factorial(model.p))
    return model.energy, weight


@dataclass(frozen=True)
class IntegerTable:
    """The Hamiltonian that a kernel runs: U(X) = values * unit on the overlaps X, with int64 values.

    `exact` tells whether this is U itself; otherwise U was rounded, once, to the nearest multiple of `unit`.
    """

    values: np.ndarray
    unit: Fraction
    exact: bool


@lru_cache(maxsize=8)
def integer_table(model, N: int) -> IntegerTable:
    """U in the integers of the kernel, exact whenever all terms of it fit: 16 terms max|U| < 2^62 bounds every sum there."""
    return rounded_table(*energy_table(model, N), (2**62 - 1) // (16 * terms(model, N)))


def rounded_table(numbers_, unit: Fraction, limit: int) -> IntegerTable:
    """Numbers times a unit as integers of size `limit` at most: exactly where they fit, else rounded to a power of two."""
    whole = all(isinstance(value, int) for value in numbers_)
    quantum = Fraction(gcd(*numbers_) or 1) if whole else Fraction(1)
    largest = Fraction(max(abs(value) for value in numbers_))
    if not whole or largest > limit * quantum:
        quantum = _power_of_two_at_least(largest / limit)
    if whole and quantum >= 1:
        exact = np.array(numbers_, object)
        quotient, remainder = exact // int(quantum), exact % int(quantum)
        twice = 2 * remainder
        up = (twice > quantum) | ((twice == quantum) & (quotient % 2 == 1))  # to the nearest, ties to even
        return IntegerTable((quotient + up).astype(np.int64), unit * quantum, not remainder.any())
    values = [Fraction(value) / quantum for value in numbers_]
    rounded = np.array([round(value) for value in values], np.int64)
    return IntegerTable(rounded, unit * quantum, all(value.denominator == 1 for value in values))


def polynomial(model, N: int) -> np.ndarray:
    """Coefficients of U as a polynomial in X, constant first, in units of `integer_table`; for supervised learning."""
    coefficients, unit = _supervised(model, N)
    return np.array([float(c * unit / integer_table(model, N).unit) for c in coefficients])


def mean_energy(model, N: int) -> Fraction:
    """Energy per spin of a random configuration, -(terms/N) <U>, exactly; the constant that reported energies leave out.

    The average is over spins and over the examples.  It vanishes for "distinct" (supervised: for p = 2 and odd p) and for odd
    powers.  For "power" and even p it is extensive (-alpha/2 for p = 2: the self-coupling).
    """
    if model.protocol == "supervised":
        (coefficients, unit), moments = _supervised(model, N), _moments(N, model.p, model.M, Fraction(model.r))
        mean = sum(c * moment for c, moment in zip(coefficients, moments, strict=True))
    elif model.energy == "distinct":
        return Fraction(0)
    elif model.energy == "power":
        mean, unit = _moments(N, model.p, 1, Fraction(1))[model.p], energy_table(model, N)[1]
    else:
        weight, total = 1, Fraction(0)
        for j, value in enumerate(model.energy):
            total += weight * Fraction(value)
            weight = weight * (N - j) // (j + 1)
        mean, unit = total / 2**N, energy_table(model, N)[1]
    return -unit * mean * terms(model, N) / N


def coefficients(model, N: int) -> tuple[list, Fraction]:
    """(coefficients of 1, X, ..., X^p; unit) of U for a named energy, weights of examples included."""
    if model.protocol == "supervised":
        return _supervised(model, N)
    if model.energy == "power":
        return [Fraction(0)] * model.p + [Fraction(1)], energy_table(model, N)[1]
    before, value = [Fraction(0)], [Fraction(1)]
    for k in range(model.p):
        raised, lowered = [Fraction(0), *value], [*before, *[Fraction(0)] * (len(value) + 1 - len(before))]
        before, value = value, [(a - (N - k + 1) * b) / (k + 1) for a, b in zip(raised, lowered, strict=True)]
    return value, energy_table(model, N)[1]


def _supervised(model, N):
    """The same for supervised learning, from the definitions at the head of the file."""
    p, r = model.p, Fraction(model.r)
    square = N * model.M * (1 + (model.M - 1) * r**2)  # mean of X^2
    coefficients = [Fraction(0)] * (p + 1)
    for k in range(p // 2 + 1 if model.energy == "distinct" else 1):
        coefficients[p - 2 * k] = Fraction((-1) ** k * factorial(p), factorial(k) * factorial(p - 2 * k) * 2**k) * square**k
    return coefficients, N / (factorial(p) * _half_power(N * square, p))


def _example_weight(model):
    """Weight 1 / (M R^(p/2)) of an example in unsupervised learning."""
    if model.protocol != "unsupervised":
        return Fraction(1)
    r2 = Fraction(model.r) ** 2
    return 1 / (model.M * _half_power(r2 + (1 - r2) / model.M, model.p))


def _half_power(x, p):
    """x^(p/2) of a Fraction, exact for even p; for odd p with the correctly rounded square root, the same everywhere."""
    return x ** (p // 2) * (Fraction(math.sqrt(x)) if p % 2 else 1)


def _moments(N, order, M, r):
    """Moments <X^k>, k = 0 .. order, of X = sum_i c_i s_i over fair spins and c the sum of M signs of mean r.

    X has the generating function g(t)^N with g the even part of (cosh t + r sinh t)^M.
    """
    sign = [Fraction(1, factorial(k)) * (1 if k % 2 == 0 else r) for k in range(order + 1)]
    site = [c if k % 2 == 0 else Fraction(0) for k, c in enumerate(_series_power(sign, M))]
    return [factorial(k) * c for k, c in enumerate(_series_power(site, N))]


def _series_power(base, exponent):
    """Power of a truncated series, by squaring."""
    def product(a, b):
        return [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(base))]

    result = [Fraction(1)] + [Fraction(0)] * (len(base) - 1)
    while exponent:
        if exponent % 2:
            result = product(result, base)
        base, exponent = product(base, base), exponent // 2
    return result


def _power_of_two_at_least(value):
    quantum = Fraction(1)
    while quantum < value:
        quantum *= 2
    while value and quantum / 2 >= value:
        quantum /= 2
    return quantum


def _symmetric(p, N, X):
    """Elementary symmetric polynomial e_p of N signs that sum to X, by its three-term recursion in exact integers."""
    before, value = 0, 1
    for k in range(p):
        before, value = value, (X * value - (N - k + 1) * before) // (k + 1)
    return value
