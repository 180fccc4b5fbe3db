"""Saddle points and critical loads of learning at points drawn at random, against a solver of its own.

It follows the equations as printed along d = beta A, with s = beta sqrt(lambda) from T = F'(n) / (N d): averages over z by
Gauss and Legendre between the bends of tanh, loads explicit, the capacity their maximum.  Nothing is shared with the package.
"""

from math import factorial

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import erf, roots_legendre
from scipy.stats import binom

import hebbian as hb

NODES, WEIGHTS = roots_legendre(40)


def nodes(S, b):
    """(z, weights of a standard normal), cut where S + b z is of order one."""
    bends = {(k - S) / b for k in (-25, -12, -5, -2, 0, 2, 5, 12, 25) if abs(k - S) < 11 * b}
    cuts = bends | {-11.0, -6.0, -3.0, 0.0, 3.0, 6.0, 11.0}
    cuts = np.array(sorted(cuts))
    half = np.diff(cuts)[:, None] / 2
    z = (cuts[:-1, None] + half + half * NODES).ravel()
    return z, (half * WEIGHTS).ravel() * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


class Learning:
    def __init__(self, model, average, T):
        self.p, self.M, self.r, self.blind, self.T = model.p, model.M, model.r, model.protocol == "unsupervised", T
        self.R = self.r**2 + (1 - self.r**2) / self.M
        k = np.arange(self.M + 1)
        self.laws = list(zip((2 * k - self.M) / self.M, binom.pmf(k, self.M, (1 + self.r) / 2), strict=True))
        self.spread = (1 - self.r**2) / self.M if average == "gaussian" else None

    def averages(self, d, s):
        """(m, n, q, sech^2) of the fields t d + s z."""
        if self.spread is not None:
            b = np.hypot(s, np.sqrt(self.spread) * d)
            z, w = nodes(self.r * d, b)
            tanh = np.tanh(self.r * d + b * z)
            m, sech2 = w @ tanh, w @ (1 - tanh**2)
            return np.array([m, self.r * m + self.spread * d * sech2, 1 - sech2])
        total = np.zeros(3)
        for t, weight in self.laws:
            z, w = nodes(t * d, s)
            tanh = np.tanh(t * d + s * z)
            m = w @ tanh
            total += weight * np.array([m, t * m, w @ tanh**2])
        return total

    def crosstalk(self, q, C=None):
        """(g, v) of lambda = alpha v / g^2, with g = 1 - C for p = 2, where the noise has its pole."""
        C = (1 - q) / self.T if C is None else C
        if self.p == 2:
            modes = [((1 - self.r**2) / (self.M * self.R), self.M - 1), (1.0, 1)] if self.blind else [(1.0, 1)]
            return 1 - C, q * sum(nu * w**2 * ((1 - C) / (1 - w * C) if w < 1 else 1.0) ** 2 for w, nu in modes)
        share = (self.r ** (2 * self.p) + (1 - self.r ** (2 * self.p)) / self.M) / self.R**self.p if self.blind else 1.0
        return 1.0, share * q ** (self.p - 1) / factorial(self.p - 1)

    def at(self, d):
        """(load, m, n, q) of the state of that d; load -1 where there is none."""
        def excess(s):
            return self.averages(d, s)[1] ** (self.p - 1) / (factorial(self.p - 1) * self.R ** (self.p / 2) * d) - self.T

        if excess(1e-9) < 0:
            return -1.0, None, None, None
        high = 1.0
        while excess(high) > 0:
            high *= 2
        s = brentq(excess, 1e-9, high, xtol=1e-15, rtol=1e-15)
        m, n, q = self.averages(d, s)
        gap, made = self.crosstalk(q)
        variance = made / gap**2 if gap > 0 else -1.0
        return (s * self.T) ** 2 / variance, m, n, q


# Drawn once by numpy's default_rng(20296): protocol, average, p, M, r, T over the zero-load scale of p, part of the capacity
POINTS = []
_rng = np.random.default_rng(20296)
for _k in range(12):
    POINTS.append((("supervised", "unsupervised")[_k % 2], ("binomial", "gaussian")[_k // 2 % 2], 2 + _k % 3,
                   int(_rng.integers(2, 30)), round(float(_rng.uniform(0.4, 0.9)), 3), round(float(_rng.uniform(0.3, 0.6)), 3),
                   round(float(_rng.uniform(0.3, 0.9)), 3)))


@pytest.mark.parametrize("protocol, average, p, M, r, warmth, part", POINTS)
def test_state_and_capacity_at_a_random_point(protocol, average, p, M, r, warmth, part):
    T = warmth * {2: 1.0, 3: 0.29, 4: 0.08}[p]
    model = hb.DenseHopfield(p=p, M=M, r=r, protocol=protocol)
    own = Learning(model, average, T)
    d = np.geomspace(0.5, 3 / T, 60)
    loads = np.array([own.at(x)[0] for x in d])
    # the fold met first from large d; at small d lie states of small q that are no phase (see `dense_branches._curve`)
    best = 1 + np.flatnonzero((loads[1:-1] > loads[:-2]) & (loads[1:-1] > loads[2:]))[-1] if loads.max() > 0 else 0
    try:
        capacity = hb.capacity(model, T=T, average=average)
    except hb.NoSolution:
        assert loads[best] < 0
        return
    top = minimize_scalar(lambda x: -own.at(x)[0], bounds=(d[best - 1], d[best + 1]), method="bounded", options={"xatol": 1e-9})
    assert capacity == pytest.approx(-top.fun, rel=1e-10)
    alpha = part * capacity
    last = np.flatnonzero(loads >= alpha)[-1]
    root = brentq(lambda x: own.at(x)[0] - alpha, d[last], d[last + 1], xtol=1e-15, rtol=1e-15)
    _, m, n, q = own.at(root)
    s = hb.solve(hb.DenseHopfield(p=p, alpha=alpha, M=M, r=r, protocol=protocol), T=T, average=average)
    assert (s.m, s.n * r * (1 + model.rho), s.q) == pytest.approx((m, n, q), abs=1e-11)


# Small loads: spins whose examples tie follow the noise alone, which for p = 2 then stays finite as the load falls to 0
# (C -> 1); and capacities far below 1, at which a load is not small for being below 1e-8.  Each at that part of its capacity.
SMALL = [
    (2, "unsupervised", 2, 0.278, 0.4, 1e-6), (2, "unsupervised", 2, 0.278, 0.4, 1e-14),
    (2, "supervised", 8, 0.868, 0.01, 1e-3), (2, "storage", 1, 1.0, 0.999999, 0.5),
    (3, "supervised", 2, 0.543, 0.012, 1e-3), (3, "supervised", 2, 0.543, 0.012, 0.03),
    (3, "unsupervised", 2, 0.981, 0.014, 0.03), (4, "unsupervised", 40, 0.125, 0.024, 1e-3),
    (5, "unsupervised", 31, 0.185, 0.0062, 0.03), (6, "unsupervised", 3, 0.072, 0.001, 0.5),
]


@pytest.mark.parametrize("p, protocol, M, r, T, part", SMALL)
def test_state_at_a_small_load_solves_the_equations(p, protocol, M, r, T, part):
    model = hb.DenseHopfield(p=p, M=M, r=r, protocol=protocol)
    alpha = part * hb.capacity(model, T=T)
    s = hb.solve(hb.DenseHopfield(p=p, alpha=alpha, M=M, r=r, protocol=protocol), T=T)
    own, n = Learning(model, "binomial", T), s.n * r * (1 + model.rho)
    d = n ** (p - 1) / (factorial(p - 1) * own.R ** (p / 2) * T)
    m, overlap, q = own.averages(d, np.sqrt(s.noise) / T)
    assert (s.m, n, s.q) == pytest.approx((m, overlap, q), abs=1e-13)
    gap, made = own.crosstalk(s.q)
    assert gap * np.sqrt(s.noise) == pytest.approx(np.sqrt(alpha * made), abs=1e-13 * np.sqrt(s.noise))


@pytest.mark.parametrize("protocol, M, r, part", [("supervised", 2, 0.5, 1e-12), ("unsupervised", 20, 0.267, 1e-6),
                                                  ("supervised", 200, 0.589, 1e-3), ("unsupervised", 40, 0.777, 1e-9)])
def test_ties_at_zero_temperature_and_small_load(protocol, M, r, part):
    model = hb.DenseHopfield(M=M, r=r, protocol=protocol)
    alpha = part * hb.capacity(model)
    s = hb.solve(hb.DenseHopfield(alpha=alpha, M=M, r=r, protocol=protocol), T=0.0)
    n, a = s.n * r * (1 + model.rho), np.sqrt(s.noise)
    t, weight = np.array(Learning(model, "binomial", 1.0).laws).T
    x = t * n / model.R / a
    C = np.sqrt(2 / np.pi) / a * (weight @ np.exp(-x**2 / 2))
    assert (s.m, n, s.q) == pytest.approx((weight @ erf(x / np.sqrt(2)), weight @ (t * erf(x / np.sqrt(2))), 1.0), abs=1e-14)
    gap, made = Learning(model, "binomial", 1.0).crosstalk(1.0, C)
    assert gap * a == pytest.approx(np.sqrt(alpha * made), abs=1e-13 * a)
