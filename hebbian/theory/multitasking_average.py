r"""Averages over one site of a multitasking network: E g(h / T) with h = sum_mu n_mu w^mu, exactly, for any number of patterns.

w^mu = xi^mu u^mu are independent and symmetric: xi = -1, 0, 1 with P(0) = d, and u = 1 (storage), u = (1/(r M)) sum_A chi^A
(M examples of quality r: E u = 1, Var u = rho) or its Gaussian limit u = 1 + sqrt(rho) z.  The Fourier integrals

    tanh v = int_0^inf dk sin(k v) / sinh(pi k / 2),     ln 2cosh v = ln 2 + int_0^inf dk (1 - cos(k v)) / (k sinh(pi k / 2)),
    sech^2 v = int_0^inf dk k cos(k v) / sinh(pi k / 2)

turn averages over the 3^K configurations of a site into products of one-pattern transforms, for example with
c(x) = E cos(x w) and v = h / T = sum_mu y_mu w^mu

    E w^mu tanh v = int_0^inf dk (-c'(k y_mu)) prod_{nu != mu} c(k y_nu) / sinh(pi k / 2).

The trapezoidal rule with spacing 2 pi / (reach + 19), where |v| <= reach, is exact up to e^-38: the periodic images of tanh do
not come closer to v than 19.  The integrand is cut at k = 76 / pi, where sinh is e^38.  (Derived here; checked against
enumeration of 3^K configurations and of the examples.)
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

GAP = 19.0  # exp(-2 * 19) is the error of the rule
TAIL = 9.0  # a sub-Gaussian field beyond 9 standard deviations has probability 2e-18


@dataclass(frozen=True)
class Entry:
    """Law of w = xi u at one site: active with probability a = 1 - d; M examples of quality r, or their Gaussian limit.

    r = 1 is storage itself, u = 1.
    """

    a: float
    M: int = 1
    r: float = 1.0
    gaussian: bool = False

    @property
    def rho(self) -> float:
        return (1 - self.r**2) / (self.M * self.r**2)

    def reach(self, y) -> float:
        """Bound of |sum_mu y_mu w^mu|, sure or with probability 1 - 2e-18."""
        sizes = np.abs(y)
        spread = TAIL * np.sqrt((sizes**2).sum()) * (np.sqrt(self.rho) if self.gaussian else 1 / (self.r * np.sqrt(self.M)))
        likely = sizes.sum() + spread
        return likely if self.gaussian else min(likely, sizes.sum() / self.r)

    def transforms(self, x):
        """E cos(x w), E w sin(x w), E w^2 cos(x w) and E xi sin(x w), arrays of the shape of x."""
        a, d = self.a, 1 - self.a
        if self.r == 1:
            sin, cos = np.sin(x), np.cos(x)
            return d + a * cos, a * sin, a * cos, a * sin
        if self.gaussian:
            rho = self.rho
            sin, cos, damp = np.sin(x), np.cos(x), np.exp(-rho * x * x / 2)
            tilted = sin + rho * x * cos
            return d + a * cos * damp, a * tilted * damp, a * damp * ((1 + rho) * cos - rho * x * (sin + tilted)), a * sin * damp
        M, r = self.M, self.r
        theta = x / (M * r)
        sin, cos = np.sin(theta), np.cos(theta)
        z, slope = cos + 1j * r * sin, -sin + 1j * r * cos
        last = z ** max(M - 2, 0)
        before = last * z if M > 1 else np.ones_like(z)
        power = before * z
        bend = ((M - 1) * last * slope**2 if M > 1 else 0) - power
        return d + a * power.real, -a / r * (before * slope).real, -a / (M * r * r) * bend.real, a * power.imag

    @property
    def kurtosis(self) -> float:
        """E w^4 / (3 a) in units of (E w^2 / a)^2: above a, the pure state is selected at T_c (see `multitasking`)."""
        M, r = self.M, self.r
        if self.gaussian:
            fourth = 1 + 6 * self.rho + 3 * self.rho**2
        else:
            # fourth moment of a sum of M signs of mean r, by the number of distinct indices
            pairs, triples, quads = M * (M - 1), M * (M - 1) * (M - 2), M * (M - 1) * (M - 2) * (M - 3)
            fourth = (M + 3 * pairs + 4 * pairs * r**2 + 6 * triples * r**2 + quads * r**4) / (r * M) ** 4
        return fourth / (3 * (1 + self.rho) ** 2)


class Averages(NamedTuple):
    """Averages over v = sum_mu y_mu w^mu: E ln 2cosh v, E w tanh v, E xi tanh v (one a pattern), E sech^2 v."""

    log2cosh: float
    response: np.ndarray
    overlap: np.ndarray
    sech2: float


class Curvature(NamedTuple):
    """E w^mu w^nu sech^2 v (a matrix), and E (xi^mu)^2 sech^2 v (one a pattern)."""

    matrix: np.ndarray
    active: np.ndarray


def averages(entry: Entry, y) -> Averages:
    """Averages of one site in the field v = sum_mu y_mu w^mu (in units of T); y is an array (K,)."""
    k, sinh, step = _nodes(entry, y)
    C, S, _, X = entry.transforms(y[:, None] * k)
    others = leave_one_out(C)
    product = others[0] * C[0]
    # at k = 0: sin(k w) / sinh -> 2 w / pi and (1 - cos) / (k sinh) -> w^2 / pi
    weight = step / sinh
    variance = entry.a * (1 + entry.rho)
    return Averages(
        log2cosh=float(np.log(2) + (1 - product) @ (weight / k) + step / 2 * variance * (y @ y) / np.pi),
        response=(S * others) @ weight + step / np.pi * variance * y,
        overlap=(X * others) @ weight + step / np.pi * entry.a * y,
        sech2=float(product @ (weight * k) + step / np.pi),
    )


def curvature(entry: Entry, y) -> Curvature:
    """Second moments weighted with sech^2 v, v = sum_mu y_mu w^mu; y is an array (K,)."""
    k, sinh, step = _nodes(entry, y)
    C, S, Q, _ = entry.transforms(y[:, None] * k)
    weight, K = step * k / sinh, len(y)
    matrix = np.zeros((K, K))
    for mu in range(K - 1):
        rest = leave_one_out(C[mu + 1:]) * (np.prod(C[:mu], axis=0) if mu else 1.0)
        matrix[mu, mu + 1:] = -(S[mu + 1:] * rest) @ (weight * S[mu])
    matrix += matrix.T
    others = leave_one_out(C)
    matrix[np.diag_indices(K)] = (Q * others) @ weight + step / np.pi * entry.a * (1 + entry.rho)
    active = ((C - (1 - entry.a)) * others) @ weight + step / np.pi * entry.a
    return Curvature(matrix, active)


class Equal(NamedTuple):
    """Averages over v = y sum of `count` entries: E w tanh v, E sech^2 v, E w^2 sech^2 v, E w w' sech^2 v (nan for one entry)."""

    response: float
    sech2: float
    diagonal: float
    mixed: float


def equal_averages(entry: Entry, count: int, y: float) -> Equal:
    """What `averages` and `curvature` say for `count` equal amplitudes y, at the cost of one transform."""
    k, sinh, step = _nodes(entry, np.full(count, y))
    C, S, Q, _ = entry.transforms(y * k)
    rest, weight = C ** (count - 1), step / sinh
    variance = entry.a * (1 + entry.rho)
    return Equal(
        response=float((S * rest) @ weight + step / np.pi * variance * y),
        sech2=float((C * rest) @ (weight * k) + step / np.pi),
        diagonal=float((Q * rest) @ (weight * k) + step / np.pi * variance),
        mixed=float(-(S * S * C ** (count - 2)) @ (weight * k)) if count > 1 else np.nan,
    )


def leave_one_out(factors):
    """Products over the first axis with each of its entries left out, without division."""
    left, right = np.ones_like(factors), np.ones_like(factors)
    np.cumprod(factors[:-1], axis=0, out=left[1:])
    np.cumprod(factors[:0:-1], axis=0, out=right[-2::-1] if len(factors) > 1 else right[:0])
    return left * right


def _nodes(entry, y):
    step = 2 * np.pi / (entry.reach(y) + GAP)
    k = step * np.arange(1, int(np.ceil(4 * GAP / np.pi / step)) + 1)
    return k, np.sinh(np.pi * k / 2), step
