"""Saddle points and critical loads of learning at points drawn at random, against a solver of its own.

It follows the equations as printed along d = beta A, with s = beta sqrt(lambda) from T = F'(n) / (N d): averages over z by
Gauss and Legendre between the bends of tanh, loads explicit, the capacity their maximum.  Nothing is shared with the package.
"""

from math import factorial

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import roots_legendre
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
        C = (1 - q) / self.T
        if self.p == 2:
            modes = [((1 - self.r**2) / (self.M * self.R), self.M - 1), (1.0, 1)] if self.blind else [(1.0, 1)]
            variance = q * sum(nu * w**2 / (1 - w * C) ** 2 for w, nu in modes) if C < 1 else -1.0
        else:
            share = (self.r ** (2 * self.p) + (1 - self.r ** (2 * self.p)) / self.M) / self.R**self.p if self.blind else 1.0
            variance = share * q ** (self.p - 1) / factorial(self.p - 1)
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
