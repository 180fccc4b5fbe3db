r"""Dense (P-spin) Hopfield networks: the Hamiltonian, its finite-size settings and what is measured.

Spins s_i = +-1, i = 1..N; patterns xi_i^mu = +-1, mu = 1..K, independent and fair; X_mu = sum_i xi_i^mu s_i is the
integer overlap of the spins with pattern mu and m_mu = X_mu / N its Mattis magnetization.  The Hamiltonian is

    H = - sum_mu U(X_mu),       Boltzmann weight exp(-H / T),       load alpha = K / N^(p-1).

`energy="distinct"`  U(X) = N^(1-p) e_p(X): the sum over i_1 < ... < i_p of the products of p fields xi_i s_i.  e_p is the
    elementary symmetric polynomial of N signs that sum to X; (k+1) e_{k+1} = X e_k - (N-k+1) e_{k-1}.  For p = 2 this is
    the Hopfield model without self-coupling (Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987)).
`energy="power"`     U(X) = N m^p / p!: the same sum over all index tuples, divided by p!.  For p >= 3 it contains lower
    orders in the crosstalk and has another phase diagram at the same (alpha, T).
a table              U on the N + 1 overlaps X = -N, -N+2, ..., N.
"""

import numbers
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import factorial, gcd
from typing import ClassVar

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.records import MonteCarloSettings, Observable


@dataclass(frozen=True, kw_only=True)
class DenseHopfield:
    """Dense Hopfield network with Hamiltonian H = -sum_mu U(X_mu) that stores K random patterns.

    Parameters
    ----------
    alpha : load K / N^(p-1), at least 0; absent where only the load itself is asked for (phase diagrams).
    K : number of patterns, instead of `alpha`; its load vanishes as N grows.
    p : interaction order, 2 to 8.
    energy : "distinct", "power", or the N + 1 values of U (numbers) for simulation only.
    """

    alpha: float | None = None
    K: int | None = None
    p: int = 2
    energy: str | tuple = "distinct"

    family: ClassVar[str] = "dense"
    ENERGIES: ClassVar[tuple[str, ...]] = ("distinct", "power")

    def __post_init__(self):
        if self.alpha is not None and self.K is not None:
            raise InvalidInput(f"alpha = {self.alpha!r} and K = {self.K!r} were both given: give one of them")
        if self.alpha is not None:
            object.__setattr__(self, "alpha", fields.real("alpha", self.alpha, 0.0))
        if self.K is not None:
            object.__setattr__(self, "K", fields.integer("K", self.K, 1))
        object.__setattr__(self, "p", fields.integer("p", self.p, 2, 8))
        object.__setattr__(self, "energy", _energy(self.energy))

    def patterns(self, N: int) -> int:
        """Number of patterns K at size N: K itself, or alpha N^(p-1) rounded to the nearest integer (ties to even)."""
        if self.K is not None:
            return self.K
        if self.alpha is None:
            raise InvalidInput("alpha is missing: give the load alpha or the number of patterns K")
        return round(self.alpha * N ** (self.p - 1))

    def load(self, N: int | None = None) -> float:
        """Load: K / N^(p-1) with the integer K of size N, or its limit for N to infinity where N is None."""
        if N is not None:
            return self.patterns(N) / N ** (self.p - 1)
        if self.alpha is None and self.K is None:
            raise InvalidInput("alpha is missing: give the load alpha or the number of patterns K")
        return 0.0 if self.alpha is None else self.alpha


@dataclass(frozen=True, kw_only=True)
class Settings(MonteCarloSettings):
    __doc__ = MonteCarloSettings.__doc__


MODEL = DenseHopfield

OBSERVABLES = (
    Observable("m", "m"),
    Observable("q", "q"),
    Observable("energy", "e", "energy per spin"),
    Observable("acceptance", "A", "accepted flips per attempt"),
    Observable("tau", r"\tau_m", "sweeps"),
    Observable("retrieved", "retrieved", flag=True),
)

REPLICAS = 2

#: Bytes of a process before it simulates anything.
INTERPRETER = 36 * 2**20


def check(model: DenseHopfield, settings: MonteCarloSettings) -> None:
    """Raise InvalidInput where model and size do not fit together."""
    N = settings.N
    if N < model.p:
        raise InvalidInput(f"N = {N} is too small: give at least p = {model.p} spins")
    if model.patterns(N) < 1:
        raise InvalidInput(f"alpha = {model.alpha} with N = {N} rounds to K = 0 patterns: "
                           f"give alpha of at least {1 / N ** (model.p - 1):.3g} or K")
    if not isinstance(model.energy, str) and len(model.energy) != N + 1:
        raise InvalidInput(f"energy has {len(model.energy)} values but N = {N} has {N + 1} overlaps "
                           "X = -N, -N+2, ..., N: give N + 1 values")


def realised(model: DenseHopfield, settings: MonteCarloSettings) -> dict[str, float]:
    """The parameters as drawn: the number of patterns, the load that its rounding gave, the kernel's quantum of energy."""
    quantum = float(integer_table(model, settings.N).unit)
    return {"K": model.patterns(settings.N), "load": model.load(settings.N), "quantum": quantum}


def operations(model: DenseHopfield, settings: MonteCarloSettings) -> float:
    """Pattern-terms that one sample costs: replicas x sweeps x N attempts x K patterns."""
    sweeps = settings.burn_in + settings.sweeps
    return float(REPLICAS) * sweeps * settings.N * model.patterns(settings.N)


def memory(model: DenseHopfield, settings: MonteCarloSettings) -> int:
    """Bytes that a process needs at its peak, checked against the peak measured for sizes from 36 to 500 MiB.

    The interpreter and its libraries; the exact table of U; packed patterns; overlaps and gains of both replicas while they
    are set up; the couplings of p = 2, which the kernel keeps up to 8192 spins; the series and the transform behind its
    autocorrelation.
    """
    N, K = settings.N, model.patterns(settings.N)
    padded = 64 * -(-K // 64)
    couplings = 2 * N * N if model.p == 2 and N <= 8192 else 0
    series = 160 * (settings.burn_in + settings.sweeps)
    return INTERPRETER + 500 * N + N * padded // 8 + 30 * padded + couplings + series


@lru_cache(maxsize=8)
def energy_table(model: DenseHopfield, N: int) -> tuple[tuple, Fraction]:
    """The exact Hamiltonian: U on X = -N, -N+2, ..., N as (numbers, unit) with U = number * unit.

    For "distinct" and "power" the numbers are the integers e_p(X) and X^p; the numbers of a user's table are its own.
    """
    overlaps = range(-N, N + 1, 2)
    if model.energy == "distinct":
        return tuple(_symmetric(model.p, N, X) for X in overlaps), Fraction(1, N ** (model.p - 1))
    if model.energy == "power":
        return tuple(X**model.p for X in overlaps), Fraction(1, N ** (model.p - 1) * factorial(model.p))
    return model.energy, Fraction(1)


@dataclass(frozen=True)
class IntegerTable:
    """The Hamiltonian that a kernel runs: U(X) = values * unit on X = -N, -N+2, ..., N, with int64 values.

    `exact` tells whether this is U itself; otherwise U was rounded, once, to the nearest multiple of `unit`.
    """

    values: np.ndarray
    unit: Fraction
    exact: bool


@lru_cache(maxsize=8)
def integer_table(model: DenseHopfield, N: int) -> IntegerTable:
    """U in the integers of the kernel, exact whenever K patterns of it fit: 16 K max|U| < 2^62 bounds every sum there."""
    numbers_, unit = energy_table(model, N)
    limit = (2**62 - 1) // (16 * model.patterns(N))
    whole = all(isinstance(value, int) for value in numbers_)
    quantum = Fraction(gcd(*numbers_) or 1) if whole else Fraction(1)
    largest = max(abs(Fraction(value)) for value in numbers_)
    if not whole or largest > limit * quantum:
        quantum = _power_of_two_at_least(largest / limit)
    values = [Fraction(value) / quantum for value in numbers_]
    rounded = np.array([round(value) for value in values], np.int64)
    return IntegerTable(rounded, unit * quantum, all(value.denominator == 1 for value in values))


def mean_energy(model: DenseHopfield, N: int) -> Fraction:
    """Energy per spin of a random configuration, -(K/N) <U>, exactly; the constant that reported energies leave out.

    It vanishes for "distinct" and for odd powers.  For "power" and even p it is extensive (-alpha/2 for p = 2: the
    self-coupling); <X^p> is then p! times the coefficient of t^p in cosh(t)^N.
    """
    if model.energy == "distinct":
        return Fraction(0)
    if model.energy == "power":
        mean, unit = factorial(model.p) * _cosh_power(N, model.p), energy_table(model, N)[1]
    else:
        weight, total = 1, Fraction(0)
        for j, value in enumerate(model.energy):
            total += weight * Fraction(value)
            weight = weight * (N - j) // (j + 1)
        mean, unit = total / 2**N, Fraction(1)
    return -unit * mean * model.patterns(N) / N


def _cosh_power(N, order):
    """Coefficient of t^order in cosh(t)^N, by squaring of truncated series."""
    def product(a, b):
        return [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(order + 1)]

    base = [Fraction(1, factorial(k)) if k % 2 == 0 else Fraction(0) for k in range(order + 1)]
    result = [Fraction(1)] + [Fraction(0)] * order
    while N:
        if N % 2:
            result = product(result, base)
        base, N = product(base, base), N // 2
    return result[order]


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


def _energy(energy):
    if isinstance(energy, str):
        return fields.choice("energy", energy, DenseHopfield.ENERGIES)
    values = np.asarray(energy)
    if values.ndim != 1 or values.size < 3:
        raise InvalidInput(f"energy is an array of shape {values.shape}: give 'distinct', 'power' or the N + 1 values of U")
    cleaned = tuple(int(v) if isinstance(v, numbers.Integral) else float(v) for v in values.tolist())
    if not all(isinstance(v, int) or np.isfinite(v) for v in cleaned):
        raise InvalidInput("energy contains values that are not finite: give finite numbers")
    return cleaned
