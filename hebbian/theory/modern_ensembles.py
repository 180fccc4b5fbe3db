r"""Large deviations of the scores of random patterns: rate function, cumulants, and their exact values at finite N.

For a query x of squared norm r^2 N the scores t = xi.x / (N r) of independent patterns are independent, with

    P(t) ~ exp(-N I(t)),      E exp(N h t) = exp(N phi(h)),      I and phi Legendre transforms of each other:

    sphere   I = -(1/2) ln(1 - t^2)      phi = h q + (1/2) ln(1 - q^2),   q = phi' = (sqrt(1 + 4 h^2) - 1) / (2 h)
             exact:  E exp(k t) = Gamma(N/2) (2/k)^v I_v(k),  k = h N,  v = N/2 - 1
    gauss    I = t^2 / 2                 phi = h^2 / 2,                   q = h           (exact at every N)
    binary   I = [(1+t) ln(1+t) + (1-t) ln(1-t)] / 2,  phi = ln cosh h,   q = tanh h      (exact for queries of +-1)

Derived here; checked against direct integration in high precision and by simulation.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, binom, gammaln, ive, ndtr, xlogy


class Sphere:
    """Patterns uniform on the sphere |xi|^2 = N."""

    largest = 1.0

    @staticmethod
    def rate(t):
        return -0.5 * np.log1p(-t * t) if abs(t) < 1 else np.inf

    @staticmethod
    def slope(h):
        # The usual form loses all digits for small h; this one none.
        return 2 * h / (np.sqrt(1 + 4 * h * h) + 1)

    @classmethod
    def cumulant(cls, h):
        q = cls.slope(h)
        # 1 - q^2 = q / h, from h (1 - q^2) = q.
        return h * q + 0.5 * np.log(q / h) if h > 1e-4 else h * h / 2 - h**4 / 4

    @staticmethod
    def inverse_rate(alpha):
        return np.sqrt(-np.expm1(-2 * alpha))

    @staticmethod
    def finite_cumulant(h, N):
        return _log_bessel(N / 2 - 1, h * N) / N

    @staticmethod
    def finite_slope(h, N):
        order, k = N / 2 - 1, h * N
        # phi' = I_{v+1}(k) / I_v(k), written with the normalised functions, whose ratio never underflows.
        return k / N * np.exp(_log_bessel(order + 1, k) - _log_bessel(order, k))

    @staticmethod
    def tail(t, N):
        """P(score > t)."""
        if abs(t) >= 1:
            return float(t < 0)
        half = betaincc(0.5, (N - 1) / 2, t * t) / 2
        return half if t >= 0 else 1 - half


class Gauss:
    """Patterns of independent standard normal entries; the query has the norm it is given."""

    largest = np.inf

    @staticmethod
    def rate(t):
        return t * t / 2

    @staticmethod
    def slope(h):
        return h

    @staticmethod
    def cumulant(h):
        return h * h / 2

    @staticmethod
    def inverse_rate(alpha):
        return np.sqrt(2 * alpha)

    @staticmethod
    def finite_cumulant(h, N):
        return h * h / 2

    @staticmethod
    def finite_slope(h, N):
        return h

    @staticmethod
    def tail(t, N):
        return ndtr(-t * np.sqrt(N))


class Binary:
    """Patterns of independent fair signs, queries of signs."""

    largest = 1.0

    @staticmethod
    def rate(t):
        return 0.5 * (xlogy(1 + t, 1 + t) + xlogy(1 - t, 1 - t)) if abs(t) <= 1 else np.inf

    @staticmethod
    def slope(h):
        return np.tanh(h)

    @staticmethod
    def cumulant(h):
        return abs(h) + np.log1p(np.exp(-2 * abs(h))) - np.log(2)

    @classmethod
    def inverse_rate(cls, alpha):
        if alpha >= np.log(2):
            return 1.0
        return brentq(lambda t: cls.rate(t) - alpha, 0.0, 1.0, xtol=1e-15, rtol=1e-14)

    @classmethod
    def finite_cumulant(cls, h, N):
        return cls.cumulant(h)

    @staticmethod
    def finite_slope(h, N):
        return np.tanh(h)

    @staticmethod
    def tail(t, N):
        # Overlaps are N t = N - 2 n with n wrong spins; more than t needs n < N (1 - t) / 2.
        wrong = np.arange(0, max(0, int(np.ceil(N * (1 - t) / 2 - 1e-9))))
        return float(min(1.0, np.sum(binom(N, wrong[wrong <= N]) * 0.5**N)))


ENSEMBLES = {"sphere": Sphere, "gauss": Gauss, "binary": Binary}

#: Lead over the second score at which a sparse separation puts all weight on the first.
MARGINS = {"sparsemax": 1.0, "entmax15": 2.0}


def student_tail(N):
    """P(xi^b . xi^a > |xi^a|^2) of two Gaussian patterns: P(Student t with N degrees of freedom > sqrt N)."""
    return betainc(N / 2, 0.5, 0.5) / 2


def _log_bessel(order, k):
    """ln of Gamma(v + 1) (2 / k)^v I_v(k), which is 0 at k = 0."""
    scaled = ive(order, k)
    if scaled > 1e-280:
        return gammaln(order + 1) + order * np.log(2 / k) + np.log(scaled) + k
    # I_v underflows for orders far above k: its power series, sum (k^2/4)^n / (n! (v+1)_n), in logarithms.
    n = np.arange(0, int(k) + 60)
    terms = n * 2 * np.log(k / 2) - gammaln(n + 1) - gammaln(order + 1 + n) + gammaln(order + 1)
    top = terms.max()
    return top + np.log(np.exp(terms - top).sum())
