r"""Averages over the examples of a retrieved archetype, for the replica-symmetric theory of dense Hopfield networks.

Gauged by the archetype, a spin sees the mean t = (1/M) sum_A chi^A of its M examples, and the field h = t A + a z.  Two
distributions of t:

Binomial   the exact one, t = (2k - M)/M with k ~ Bin(M, (1 + r)/2).  Storage is M = 1, r = 1.  Values t and -t are taken
           together: m = E t-odd functions has the weights P(t) - P(-t), all else P(t) + P(-t).
Gaussian   t = r (1 + sqrt(rho) g), its limit for many examples and the version of the literature (arXiv 2212.00606,
           2211.14067).  The field is then Gaussian itself, with signal r A and variance a^2 + rho r^2 A^2, and Stein's lemma
           gives n-hat = E t tanh(h/T) = r m + rho r^2 A C.

For few examples the two differ visibly; the Gaussian version is there to be compared.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hebbian.theory.gaussian import field_averages, overlap_deficit

NEGLIGIBLE = 1e-20  # weights below this do not reach the last digit of any average
BLOCK = 3e4  # (points x values of t) handled at once, which bounds the memory of a batch


@dataclass(frozen=True)
class ExampleAverages:
    """Averages over t and the field h = t A + a z at temperature T; arrays of the broadcast shape of (A, a, T).

    m : E tanh(h/T).   n : E t tanh(h/T).   q, C, sech4, log2cosh : as in `FieldAverages`, averaged over t.
    n_signal, n_noise, C_signal, C_noise : derivatives of n and C with respect to A and a.
    """

    m: np.ndarray
    n: np.ndarray
    q: np.ndarray
    C: np.ndarray
    sech4: np.ndarray
    log2cosh: np.ndarray
    n_signal: np.ndarray
    n_noise: np.ndarray
    C_signal: np.ndarray
    C_noise: np.ndarray


@dataclass(frozen=True)
class Binomial:
    """The exact mean of M examples of quality r."""

    M: int
    r: float

    y_max = 6.0  # erfc(6) = 2e-17: beyond, n-hat = E |t| to rounding

    @cached_property
    def values(self):
        """(t, P(t) + P(-t), P(t) - P(-t)) over the values t >= 0 that have weight."""
        from scipy.special import gammaln, xlogy

        M, r = self.M, self.r
        k = np.arange((M + 1) // 2, M + 1)
        log_binomial = gammaln(M + 1) - gammaln(k + 1) - gammaln(M - k + 1)
        up, down = (np.exp(log_binomial + xlogy(plus, (1 + r) / 2) + xlogy(M - plus, (1 - r) / 2)) for plus in (k, M - k))
        t = (2 * k - M) / M
        down = np.where(t == 0, 0.0, down)  # one value, not a pair
        total = (up + down).sum()  # 1 but for the rounding of the logarithms
        kept = up + down > NEGLIGIBLE
        return tuple(np.ascontiguousarray(v[kept]) for v in (t, (up + down) / total, np.where(t == 0, 0.0, up - down) / total))

    @property
    def single(self) -> bool:
        """Whether |t| has one value only, as in storage."""
        return self.values[0].size == 1

    @property
    def smallest(self) -> float:
        """Smallest positive value of t."""
        t = self.values[0]
        return float(t[t > 0].min())

    @property
    def largest(self) -> float:
        """E |t|: n-hat of spins that follow the sign of t."""
        t, even, _ = self.values
        return float(even @ t)

    def without_noise(self, d):
        """E t tanh(d t), accurate relative to itself also where d is small."""
        t, even, _ = self.values
        return np.tanh(np.asarray(d)[..., None] * t) @ (even * t)

    def averages(self, A, a, T) -> ExampleAverages:
        def block(A, a, T):
            t, even, odd = self.values
            av = field_averages(A[:, None] * t, a[:, None], T[:, None])
            m = odd @ (1 - av.deficit).T
            tanh_slope = a[:, None] * av.C_signal  # d E tanh / da
            return (m, (1 - av.deficit) @ (even * t), av.q @ even, av.C @ even, av.sech4 @ even, av.log2cosh @ even,
                    av.C @ (even * t**2), tanh_slope @ (even * t), av.C_signal @ (even * t), av.C_noise @ even)

        return ExampleAverages(*_in_blocks(block, 10, self.values[0].size, A, a, T))

    def deficit(self, A, a, T):
        """1 - n-hat / E |t|, accurate relative to itself where it is small."""
        def block(A, a, T):
            t, even, _ = self.values
            return (overlap_deficit(A[:, None] * t, a[:, None], T[:, None]) @ (even * t / self.largest))[None]

        return _in_blocks(block, 1, self.values[0].size, A, a, T)[0]


    def fields(self, A, a):
        """(mean, deviation, weight, weight of odd functions) of the Gaussian fields t A + a z, one for every |t|."""
        t, even, odd = self.values
        return [(float(x) * A, a, w, o) for x, w, o in zip(t, even, odd)]

    def overlap(self, signs, A, response):
        """E t <tanh> from the means of <tanh> over each of `fields`."""
        t, even, _ = self.values
        return (even * t) @ signs


@dataclass(frozen=True)
class Gaussian:
    """The mean of many examples of quality r as a Gaussian variable of relative variance rho > 0."""

    rho: float
    r: float

    y_max = 4.5  # erfc(4.5) = 2e-10: the deficit, a difference here, is then known to 1e-6 of itself
    single = False

    @property
    def smallest(self) -> float:
        """A value below which t hardly ever lies in magnitude."""
        return 1e-3 * self.r

    @property
    def largest(self) -> float:
        """E |t|."""
        from scipy.special import erf

        return float(self.r * (erf(1 / np.sqrt(2 * self.rho)) + np.sqrt(2 * self.rho / np.pi) * np.exp(-1 / (2 * self.rho))))

    def without_noise(self, d):
        """E t tanh(d t)."""
        return self.averages(d, 0.0, 1.0).n

    def averages(self, A, a, T) -> ExampleAverages:
        A, a, T = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (A, a, T)))
        r, spread = self.r, self.rho * self.r**2
        b = np.sqrt(a**2 + spread * A**2)
        av = field_averages(r * A, b, T)
        with np.errstate(invalid="ignore", divide="ignore"):
            b_signal, b_noise = np.where(b > 0, spread * A / b, 0.0), np.where(b > 0, a / b, 1.0)
        C_signal, C_noise = r * av.C_signal + av.C_noise * b_signal, av.C_noise * b_noise
        m_signal, m_noise = r * av.C + b * av.C_signal * b_signal, b * av.C_signal * b_noise
        return ExampleAverages(
            av.m, r * av.m + spread * A * av.C, av.q, av.C, av.sech4, av.log2cosh,
            r * m_signal + spread * (av.C + A * C_signal), r * m_noise + spread * A * C_noise, C_signal, C_noise)

    def fields(self, A, a):
        """(mean, deviation, weight, weight of odd functions) of the one Gaussian field that all spins see."""
        return [(self.r * A, np.sqrt(a**2 + self.rho * self.r**2 * A**2), 1.0, 1.0)]

    def overlap(self, signs, A, response):
        """E t <tanh> from the mean of <tanh> and its response to a field, by Stein's lemma."""
        return self.r * signs[0] + self.rho * self.r**2 * A * response

    def deficit(self, A, a, T):
        """1 - n-hat / E |t|."""
        return 1 - self.averages(A, a, T).n / self.largest


def _in_blocks(function, count, values, A, a, T):
    """function(A, a, T) -> `count` arrays, over the flattened points a block at a time."""
    A, a, T = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (A, a, T)))
    shape, step = A.shape, max(1, int(BLOCK / values))
    A, a, T = (np.ravel(x) for x in (A, a, T))
    result = np.empty((count, A.size))
    for first in range(0, A.size, step):
        part = slice(first, first + step)
        result[:, part] = function(A[part], a[part], T[part])
    return result.reshape(count, *shape)
