r"""Crosstalk of the patterns that are not retrieved, in the replica-symmetric theory of dense Hopfield networks.

The other K - 1 patterns act on a spin as a Gaussian field of variance lambda.  Per unit load alpha, and as functions of
the replica overlap q, of C = beta (1 - q) and of T, a crosstalk gives

    variance     lambda / alpha                     replicon    the factor of beta^2 E sech^4 in the stability condition
    free_energy  its part of f, in units of alpha   energy      its part of d(beta f)/d beta

`PairLoop` is the p = 2 crosstalk, where the overlaps with the other patterns feed back on themselves.  For p >= 3 the
feedback vanishes with N and what is left is the Gaussian mixed p-spin glass, `MixedSpin`, of covariance N alpha
zeta(q). All forms hold at T = 0, where q = 1 and C stays finite.

With one step of replica symmetry breaking (`dense_rsb`) the states have overlap q1 with themselves and q0 with each other, the
breaking parameter is y T, and `broken` gives a `BrokenCrosstalk`.

Learning.  The average example of another archetype is, like a pattern, a Gaussian crosstalk of unit variance: supervised
learning has the crosstalk of storage.  Without a teacher every example is a pattern of weight 1/(M N), N = R^(p/2), and
examples A, B of one archetype have correlated overlaps, <x_A x_B'> = q [delta_AB + (1 - delta_AB) r^2].  For p >= 3 this turns
q^j in zeta(q) into q^j [1/M + (1 - 1/M) r^(2j)] / N^2; for p = 2 the loop has the two eigenvalues of that matrix.  (Derived
here; arXiv 2211.14067 has the same factor for distinct indices.)
"""

from dataclasses import dataclass
from math import factorial
from typing import NamedTuple

import numpy as np


class BrokenCrosstalk(NamedTuple):
    """Crosstalk per unit load of states of overlaps q1, q0: variance of the field that is common to all states and of the one
    that differs; their part of f, its change d(-f)/dy, and their part of d(beta f)/d beta."""

    common: float
    own: float
    free_energy: float
    slope: float
    energy: float


NEARLY_ONE = 1 - 1e-15  # w C of a state at the end of its curve, where rounding may carry it over 1


@dataclass(frozen=True)
class PairLoop:
    """Crosstalk of p = 2: lambda = alpha q sum_k nu_k w_k^2 / (1 - w_k C)^2 over modes of weight w_k and multiplicity nu_k.

    Storage has one mode of weight 1 (Amit, Gutfreund, Sompolinsky 1987; lambda is their alpha r).  The energy of a random
    configuration is the zero of energies, so the self-coupling of "power" plays no role.  States need w_k C < 1 for all k;
    beyond, the variance is given a negative sign, so that a load made from it is no solution.
    """

    modes: tuple[tuple[float, float], ...] = ((1.0, 1.0),)

    @property
    def largest_weight(self):
        return max(w for w, _ in self.modes)

    def _sum(self, C, power):
        """sum_k nu_k w_k^power / (1 - w_k C)^power."""
        with np.errstate(divide="ignore"):  # infinite where w C = 1
            return sum(nu * np.divide(w, 1 - w * C) ** power for w, nu in self.modes)

    def variance(self, q, C):
        return np.where(self.largest_weight * C < 1, q, -q) * self._sum(C, 2)

    def log_variance_change(self, q, C, dq, dC):
        """d ln(variance) for changes dq, dC."""
        return dq / q + 2 * self._sum(C, 3) / self._sum(C, 2) * dC

    def excess(self, a, alpha, q, C):
        """a less the noise that the state makes; it changes sign on a solution, and is free of the pole at w C = 1."""
        return a * self.gap(q, C) - np.sqrt(alpha * q)

    def gap(self, q, C):
        """sqrt(alpha q) / a of a state without overlap, in a form that changes sign where w C = 1."""
        return np.where(self.largest_weight * C < 1, 1, -1) / np.sqrt(self._sum(C, 2))

    def replicon(self, q, C):
        return self._sum(C, 2)

    def bend(self, q, C):
        """(c, d) of lambda'' / lambda'^3 = (c - d y) / alpha^2 over the overlaps of states that break up with weight y."""
        return 0.0, 2 * self._sum(C, 3) / self._sum(C, 2) ** 3

    def free_energy(self, q, C, T):
        rest = sum(nu * (w + T * np.log1p(-np.minimum(w * C, NEARLY_ONE)) - w * q / (1 - w * C)) for w, nu in self.modes)
        return (self.variance(q, C) * C + rest) / 2

    def energy(self, q, C, T):
        return sum(nu * w * (1 - 1 / (1 - w * C) - q * w * C / (1 - w * C) ** 2) for w, nu in self.modes) / 2

    def broken(self, q0, q1, C, y, T) -> BrokenCrosstalk:
        """With A_1 = 1 - w C and A_0 = A_1 - w y (q1 - q0): variances w^2 q0 / A_0^2 and w^2 (q1 - q0) / (A_0 A_1), summed."""
        w, nu = np.array(self.modes).T
        d = q1 - q0
        A1 = 1 - w * C
        A0 = A1 - w * y * d
        ratio = np.log(A0 / A1)
        common, own = nu @ (w / A0) ** 2 * q0, nu @ (w**2 / (A0 * A1)) * d
        free_energy = (common * (C + y * d) + own * (C + y * q1) + nu @ (w + T * np.log(A1) + ratio / y - w * q0 / A0)) / 2
        slope = (nu @ (ratio / y**2 + w * d / (y * A0) + w**2 * d * q0 / A0**2) - common * d - own * q1) / 2
        energy = nu @ (w * (1 - T * C / A1 - d / (A0 * A1) - q0 / A0**2)) / 2
        return BrokenCrosstalk(common, own, free_energy, slope, energy)


@dataclass(frozen=True)
class MixedSpin:
    """Crosstalk of p >= 3: lambda = alpha zeta'(q) with zeta(q) = sum_j coefficients[j] q^j.

    zeta is the covariance of the pattern energies U over two replicas of overlap q, E U U' / N^(2-p), for N to
    infinity: with x, x' standard normal of correlation q, U -> He_p(x) / p! for distinct indices and U -> x^p / p!
    for the full power.  Expanding x^p in Hermite polynomials gives every j of the parity of p (derived here from
    x^p = sum_j p! He_j / (j! k! 2^k), k = (p - j)/2, and E He_j(x) He_j(x') = j! q^j; checked against Gauss-Hermite
    sums). The j = 0 term of even powers is the energy of a random configuration, the zero of energies.
    """

    coefficients: tuple[float, ...]

    def zeta(self, q, order=0):
        """The derivative of the given order of zeta at q."""
        return sum(c * factorial(j) / factorial(j - order) * q ** (j - order)
                   for j, c in enumerate(self.coefficients) if c and j >= order)

    def variance(self, q, C):
        return self.zeta(q, 1)

    def log_variance_change(self, q, C, dq, dC):
        """d ln(variance) for changes dq, dC."""
        return self.zeta(q, 2) / self.zeta(q, 1) * dq

    def excess(self, a, alpha, q, C):
        """a less the noise that the state makes."""
        return a - np.sqrt(alpha * self.zeta(q, 1))

    def replicon(self, q, C):
        return self.zeta(q, 2)

    def bend(self, q, C):
        """(c, d) of lambda'' / lambda'^3 = (c - d y) / alpha^2; only for p = 2 does y matter."""
        return self.zeta(q, 3) / self.zeta(q, 2) ** 3, 0.0

    def free_energy(self, q, C, T):
        """-(beta/2) [zeta(1) - zeta(q) - (1-q) zeta'(q)], as a Taylor sum in 1 - q = T C, exact at T = 0."""
        return -self._taylor(q, C, T, 2) / 2

    def energy(self, q, C, T):
        """-beta [zeta(1) - zeta(q)], as a Taylor sum in 1 - q = T C."""
        return -self._taylor(q, C, T, 1)

    def broken(self, q0, q1, C, y, T) -> BrokenCrosstalk:
        """Variances zeta'(q0) and zeta'(q1) - zeta'(q0)."""
        (z0, z1), (d0, d1) = ((self.zeta(q0, k), self.zeta(q1, k)) for k in (0, 1))
        slope = (z1 - z0 - d1 * q1 + d0 * q0) / 2
        return BrokenCrosstalk(d0, d1 - d0, self.free_energy(q1, C, T) - y * slope, slope,
                               self.energy(q1, C, T) - y * (z1 - z0))

    def _taylor(self, q, C, T, first):
        return sum(self.zeta(q, k) / factorial(k) * T ** (k - 1) * C**k for k in range(first, len(self.coefficients)))


def crosstalk(p, energy, protocol="storage", M=1, r=1.0):
    """Crosstalk of a protocol; `energy` is "distinct" or "power"."""
    blind, R = protocol == "unsupervised", r**2 + (1 - r**2) / M
    if p == 2:
        return PairLoop((((1 - r**2) / (M * R), M - 1.0), (1.0, 1.0)) if blind and M > 1 and r < 1 else ((1.0, 1.0),))
    coefficients = [0.0] * (p + 1)
    for k in range((p - 1) // 2 + 1 if energy == "power" else 1):
        j = p - 2 * k
        coefficients[j] = 1 / (factorial(j) * (2**k * factorial(k)) ** 2)
        if blind:
            coefficients[j] *= (1 / M + (1 - 1 / M) * r ** (2 * j)) / R**p
    return MixedSpin(tuple(coefficients))
