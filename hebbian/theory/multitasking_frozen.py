r"""Solutions of the mean-field equations of a multitasking network at T = 0, in the plain scale.

With tanh(h/T) -> sign h, sign 0 = 0, the equations of `multitasking_branches` become finite sums,

    n_mu = E w^mu sign h / (1 + rho),   m_mu = E xi^mu sign h,   f = -(1 + rho)/2 sum n_mu^2 at a solution.

Storage and M examples.  w takes finitely many values: -1, 0, 1, or 0 and S / (r M) with S = -M, -M + 2, ..., M.  sign h is
constant inside each chamber of the hyperplanes {sum_mu c_mu n_mu = 0}, c_mu integers up to M, so that the map is constant there
(a polynomial in d and r) and, as it never raises f, reaches a fixed point in finitely many steps.  E|h| has a kink on a
hyperplane, where sites with an active entry are without field: f falls on both sides of it, so such a state is never a
minimum, and a state inside a chamber always is.  Sums over half of the patterns, sorted by field, are joined with those
over the other half: values^(K/2) terms instead of values^K.  For storage the amplitudes a d^(k-1) are a solution while
each exceeds the sum of the later ones, which is 1 - 2d + d^K > 0.

Gaussian examples.  At given xi, h is normal with mean xi . n and variance v = rho sum (xi^mu n_mu)^2, so that with
t = xi . n / sqrt(2 v) and g = exp(-t^2) sqrt(2 / (pi v))

    E w^mu sign h = xi^mu erf t + rho (xi^mu)^2 n_mu g,   E|h| = xi . n erf t + v g,
    E w^mu w^nu 2 delta(h) = g (c^mu c^nu + rho (xi^mu)^2 (delta_mu,nu - rho (xi^nu)^2 n_mu n_nu / v)),
    c^mu = xi^mu - rho (xi^mu)^2 n_mu xi . n / v,

smooth everywhere but at n_mu = 0: there sites that are active in pattern mu alone are without field, and any such state is
unstable.  (Derived here; checked against enumeration and the limit T -> 0.)
"""

from functools import lru_cache
from itertools import product
from math import comb

import numpy as np
from scipy.special import erf

from hebbian.theory.multitasking_average import Averages, Entry

LARGEST_SUM = 100_000  # terms of one sum over sites
TIE = 1e-12  # fields below this, relative to a, are zero


def law(entry: Entry):
    """Values of w, their probabilities p and E(xi; w), arrays (values,)."""
    M, r = (1, 1.0) if entry.r == 1 else (entry.M, entry.r)
    S = np.arange(-M, M + 1, 2)
    right = np.array([comb(M, k) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (M - k) for k in range(M + 1)])
    w, p = np.append(0.0, S / (r * M)), np.append(1 - entry.a, entry.a * (right + right[::-1]) / 2)
    tilt = np.append(0.0, entry.a * (right - right[::-1]) / 2)
    if M % 2 == 0:  # as many right as wrong examples: no signal, as in a blank entry
        p[0] += p[1 + M // 2]
        w, p, tilt = (np.delete(values, 1 + M // 2) for values in (w, p, tilt))
    return w[p > 0], p[p > 0], tilt[p > 0]


def terms(entry: Entry, K) -> int:
    """Number of terms of one sum over the sites of K patterns; ten to a site where they are Gaussian integrals."""
    return 3**K * 10 if entry.gaussian else len(law(entry)[0]) ** ((K + 1) // 2)


@lru_cache(maxsize=4)
def _sites(entry: Entry, count):
    """All configurations of `count` entries: w, arrays (count, sites), probabilities (sites,), and E(xi; w) (count, sites)."""
    w, p, tilt = law(entry)
    choice = np.array(list(product(range(len(w)), repeat=count)), int).T
    weight = np.prod(p[choice], axis=0)
    return w[choice], weight, weight * (tilt / p)[choice]


def sums(entry: Entry, n):
    """(E w sign h, E xi sign h, probability of h = 0) for finitely many values of w; n is an array (K,)."""
    (on,) = np.nonzero(n)
    parts = on[::2], on[1::2]
    fields = [n[part] @ _sites(entry, len(part))[0] for part in parts]
    response, overlap = np.zeros(len(n)), np.zeros(len(n))
    for part, field, rest, other in zip(parts, fields, parts[::-1], fields[::-1]):
        order = np.argsort(other)
        below = np.append(0.0, np.cumsum(_sites(entry, len(rest))[1][order]))
        first, last = (below[np.searchsorted(other[order], side * TIE * entry.a - field)] for side in (-1, 1))
        w, p, tilted = _sites(entry, len(part))
        response[part], overlap[part] = w @ (p * (below[-1] - last - first)), tilted @ (below[-1] - last - first)
        tie = float(p @ (last - first))
    return response, overlap, tie


def loose(entry: Entry, K, tie) -> float:
    """Probability of a site without field where some entry has a signal; zero inside a chamber."""
    w, p, _ = law(entry)
    excess = tie - p[w == 0].sum() ** K
    return excess if excess > 1e-13 else 0.0


def freeze(entry: Entry, start, steps=500):
    """The solution below `start` for finitely many values of w, sorted; the chambers are finitely many, so the map stops."""
    n = np.sort(np.abs(start))[::-1]
    for _ in range(steps):
        image = np.sort(sums(entry, n)[0] / (1 + entry.rho))[::-1]
        if np.abs(image - n).max() < 1e-14:
            return image
        n = image
    return n


def equal(entry: Entry, count):
    """(E w sign h, E xi sign h, probability of h = 0) of `count` equal amplitudes, by the walk of their sum in steps of S."""
    w, p, tilt = law(entry)
    M = 1 if entry.r == 1 else entry.M
    steps = np.rint(w * (1 if entry.r == 1 else entry.r * M)).astype(int)
    one = np.zeros(2 * M + 1)
    one[steps + M] = p
    others = np.ones(1)
    for _ in range(count - 1):
        others = np.convolve(others, one)
    place = np.arange(len(others)) - M * (count - 1)
    sign = np.sign(steps[:, None] + place) @ others
    return float((p * w) @ sign), float(tilt @ sign), float(np.convolve(others, one)[M * count])


def gaussian_averages(entry: Entry, n) -> Averages:
    """Gaussian examples, T -> 0: E|h|, E w sign h, E xi sign h, P(h = 0), and 2 delta(h) in place of sech^2(h/T)/T."""
    xi, p, _ = _sites(Entry(entry.a), len(n))
    mean, square = n @ xi, entry.rho * xi**2
    variance = n**2 @ square
    on = variance > 0
    null = float(p[~on].sum())
    xi, p, mean, square, variance = xi[:, on], p[on], mean[on], square[:, on], variance[on]
    t, g = mean / np.sqrt(2 * variance), np.sqrt(2 / (np.pi * variance)) * np.exp(-mean**2 / (2 * variance))
    centred = xi - square * n[:, None] * mean / variance
    pull = square * n[:, None]
    curvature = (centred * p * g) @ centred.T - (pull * (p * g / variance)) @ pull.T + np.diag(square @ (p * g))
    overlap = xi @ (p * erf(t))
    return Averages(float(p @ (mean * erf(t) + variance * g)), overlap + pull @ (p * g), overlap, null, curvature,
                    xi**2 @ (p * g))
