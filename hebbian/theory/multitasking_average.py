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
CACHED = 4096  # numbers of one temporary array
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
            second = (1 + rho) * cos - rho * x * (sin + tilted)
            return d + a * cos * damp, a * tilted * damp, a * second * damp, a * sin * damp
        M, r = self.M, self.r
        theta = x / (M * r)
        sin, cos = np.sin(theta), np.cos(theta)
        z, slope = cos + 1j * r * sin, -sin + 1j * r * cos
        last = _power(z, max(M - 2, 0))
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
    """Averages over v = sum_mu y_mu w^mu; of the arrays the last axes are patterns.

    log2cosh : E ln 2cosh v.   response : E w tanh v.   overlap : E xi tanh v.   sech2 : E sech^2 v.
    curvature : E w^mu w^nu sech^2 v, a matrix.   active : E (xi^mu)^2 sech^2 v.
    """

    log2cosh: float
    response: np.ndarray
    overlap: np.ndarray
    sech2: float
    curvature: np.ndarray
    active: np.ndarray


def averages(entry: Entry, y) -> Averages:
    """Averages of one site in the field v = sum_mu y_mu w^mu (in units of T); y is an array (K,)."""
    K, (on,) = len(y), np.nonzero(y)
    nodes, step = _nodes(entry, y)
    log2cosh, sech2, (response, overlap, active, square), mixed = 0.0, 0.0, np.zeros((4, len(on))), np.zeros((len(on), len(on)))
    for k in np.array_split(nodes, 1 + nodes.size * len(on) // CACHED):
        C, S, Q, X = entry.transforms(y[on, None] * k)
        # products over the others by division: a factor of 1e-100 acts as one that vanishes
        C = np.where(np.abs(C) < 1e-100, 1e-100, C)
        product, weight = np.prod(C, axis=0), step / np.sinh(np.pi * k / 2)
        others, heavy = product / C, weight * k
        log2cosh += (1 - product) @ (weight / k)
        sech2 += product @ heavy
        response += (S * others) @ weight
        overlap += (X * others) @ weight
        active += ((C - (1 - entry.a)) * others) @ heavy
        square += (Q * others) @ heavy
        mixed -= (S * others * heavy) @ (S / C).T
    # at k = 0: sin(k w) / sinh -> 2 w / pi and (1 - cos) / (k sinh) -> w^2 / pi; a pattern with y = 0 sees E sech^2 v alone
    edge, variance = step / np.pi, entry.a * (1 + entry.rho)
    sech2 += edge
    mixed[np.diag_indices(len(on))] = square + edge * variance
    found = Averages(float(np.log(2) + log2cosh + edge / 2 * variance * (y @ y)), np.zeros(K), np.zeros(K), float(sech2),
                     variance * sech2 * np.eye(K), np.full(K, entry.a * sech2))
    found.response[on], found.overlap[on] = response + edge * variance * y[on], overlap + edge * entry.a * y[on]
    found.curvature[np.ix_(on, on)], found.active[on] = mixed, active + edge * entry.a
    return found


class Equal(NamedTuple):
    """Over v = y sum of `count` entries: E w tanh v, E sech^2 v, E w^2 sech^2 v, E w w' sech^2 v (nan for one entry)."""

    response: float
    sech2: float
    diagonal: float
    mixed: float


def equal_averages(entry: Entry, count: int, y: float) -> Equal:
    """What `averages` says for `count` equal amplitudes y, at the cost of one transform."""
    k, step = _nodes(entry, np.full(count, y))
    C, S, Q, _ = entry.transforms(y * k)
    rest, weight = C ** (count - 1), step / np.sinh(np.pi * k / 2)
    variance = entry.a * (1 + entry.rho)
    return Equal(
        response=float((S * rest) @ weight + step / np.pi * variance * y),
        sech2=float((C * rest) @ (weight * k) + step / np.pi),
        diagonal=float((Q * rest) @ (weight * k) + step / np.pi * variance),
        mixed=float(-(S * S * C ** (count - 2)) @ (weight * k)) if count > 1 else np.nan,
    )


def _power(z, exponent):
    """z^exponent by repeated squaring."""
    result = np.ones_like(z)
    while exponent:
        if exponent & 1:
            result = result * z
        z, exponent = z * z, exponent >> 1
    return result


def _nodes(entry, y):
    step = 2 * np.pi / (entry.reach(y) + GAP)
    return step * np.arange(1, int(np.ceil(4 * GAP / np.pi / step)) + 1), step
