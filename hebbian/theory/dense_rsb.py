r"""One step of replica symmetry breaking at T = 0 for dense Hopfield networks that store patterns.

States of overlap 1 with themselves and q0 with each other, weighted by exp(-y N e).  With H = h + sqrt(D) z_1,
h = F'(m) + sqrt(lambda_0) z_0, D = lambda_1 - lambda_0 and L(h) = ln E_z1 exp(y |H|),

    -f = F - m F' + E L / y - [lambda_1 C + y (lambda_1 - lambda_0 q0)] / 2 + g,
    m = E <sign H>,     q0 = E <sign H>^2,     C = 2 E <delta(H)>,     d f/dy = 0,

p >= 3   lambda_1 = alpha zeta'(1), lambda_0 = alpha zeta'(q0), g = [lambda_1 C + y alpha (zeta(1) - zeta(q0))] / 2
p = 2    A_1 = 1 - C, A_0 = A_1 - y (1 - q0), lambda_0 = alpha q0 / A_0^2, D = alpha (1 - q0) / (A_0 A_1),
         g = -(alpha/2) [ln(A_0/A_1) / y - q0 / A_0].

The average over z_1 is in closed form.  At a given m these are equations for (alpha, q0, y, and C for p = 2), and the
capacity is the largest alpha over m.  q0 = 1 solves them for every y: that is replica symmetry.  (The one-step form of
M. Mezard, G. Parisi, M. Virasoro, Spin Glass Theory and Beyond (1987), chapter III, at T = 0; checked against the p = 2 value
0.138186 of H. Steffan, R. Kuehn, Z. Phys. B 95, 249 (1994) and the ground state of the Ising three-spin glass.)
"""

from functools import lru_cache

import numpy as np

from hebbian.errors import NotConverged
from hebbian.theory import dense_branches as branches
from hebbian.theory.gaussian import gaussian_average
from hebbian.theory.saddle import RESIDUAL_BOUND

SPACING = 0.007  # of the overlaps at which the solution is followed
STEP = 0.01  # of the average over z_0
NARROWEST = 3 * STEP  # of sqrt(D / lambda_0), over which L bends: the error is then below exp(-2 pi^2 3^2)


@lru_cache(maxsize=32)
def capacity(eq) -> tuple[float, float]:
    """(largest load with a retrieval state, its overlap) at T = 0 in one step of replica symmetry breaking."""
    from scipy.optimize import minimize_scalar

    top = float(branches.on_retrieval_curve(eq, branches.spinodal(eq, 0.0), 0.0).m)
    states = {}
    for m in np.arange(top + 0.4 * (1 - top), 0.3, -SPACING):  # continuation from above the maximum to below it
        guesses = [states[min(states)]] if states else _guesses(eq, m)
        state = next((found for guess in guesses if (found := _at_overlap(eq, m, guess)) is not None), None)
        if state is None:
            continue
        states[m] = state
        if state[0] < max(s[0] for s in states.values()) - 1e-3:
            break
    if not states:
        raise NotConverged(f"one-step solution for p = {eq.p} not found below the overlap {top:.6g} of replica symmetry; "
                           "ask for rsb=0")
    best = max(states, key=lambda m: states[m][0])

    def load(m):
        state = _at_overlap(eq, m, states[best])
        return states[best][0] - 1 if state is None else state[0]

    found = minimize_scalar(lambda m: -load(m), bounds=(best - SPACING, best + SPACING), method="bounded",
                            options={"xatol": 1e-7})
    return float(np.exp(-found.fun)), float(found.x)


def _at_overlap(eq, m, guess):
    """Solution (ln alpha, logit q0, ln y, and for p = 2 ln((1-C)/y(1-q0) - 1)) at overlap m, or None."""
    from scipy.optimize import root

    with np.errstate(all="ignore"):  # trial points of the search may overflow
        found = root(lambda x: _violation(eq, m, x), guess, method="hybr", options={"xtol": 1e-13})
        lam0, D = _unpack(eq, found.x)[3:5]
    resolved = np.sqrt(D) > NARROWEST * np.sqrt(lam0)  # and not the replica-symmetric solution in disguise
    return found.x if resolved and np.abs(found.fun).max() < RESIDUAL_BOUND else None


def _guesses(eq, m):
    """Starting points: the replica-symmetric load at overlap m, and states at several distances."""
    from scipy.special import erfinv

    symmetric = branches.on_retrieval_curve(eq, float(erfinv(m)), 0.0)
    load, scale = np.log(float(symmetric.alpha)), np.log(float(symmetric.a))
    for near, weight, gap in ((2.0, 1.0, 0.0), (3.0, 1.0, 0.0), (4.0, 2.0, 1.0), (3.0, 2.0, 0.0), (4.0, 3.0, 0.0), (5.0, 3.0, 1.0)):
        yield np.array([load, near, weight - scale, gap][:3 + (eq.p == 2)])


def _unpack(eq, x):
    """(alpha, q0, y, lambda_0, D, lambda_1 - lambda_0 q0, C, A_0, A_1) of the unconstrained unknowns."""
    alpha, q0, y = np.exp(x[0]), 1 / (1 + np.exp(-x[1])), np.exp(x[2])
    if eq.p == 2:
        A0 = y * (1 - q0) * np.exp(x[3])  # A_0 > 0 and A_1 = A_0 + y (1 - q0)
        A1 = A0 + y * (1 - q0)
        lam0, D = alpha * q0 / A0**2, alpha * (1 - q0) / (A0 * A1)
        return alpha, q0, y, lam0, D, 1 - A1, A0, A1
    lam0 = alpha * eq.noise.zeta(q0, 1)
    return alpha, q0, y, lam0, alpha * eq.noise.zeta(1.0, 1) - lam0, None, None, None


def _violation(eq, m, x):
    """Violation of the equations for m, q0, y (and C)."""
    alpha, q0, y, lam0, D, C, A0, A1 = _unpack(eq, x)
    sign, sign2, absolute, L, delta = _averages(eq.F(m, 1), lam0, D, y)
    slope = absolute / y - L / y**2 - (D + lam0 * (1 - q0)) / 2  # d(-f)/dy without g
    if eq.p > 2:
        slope += alpha * (eq.noise.zeta(1.0) - eq.noise.zeta(q0)) / 2
        return np.array([sign - m, sign2 - q0, slope])
    slope += alpha / 2 * (np.log(A0 / A1) / y**2 + (1 - q0) / (y * A0) + q0 * (1 - q0) / A0**2)
    return np.array([sign - m, sign2 - q0, slope, delta - C])


def _averages(A, lam0, D, y):
    """E over z_0 of <sign H>, <sign H>^2, <|H|>, L and 2 <delta(H)>."""
    from scipy.special import log_ndtr

    s = np.sqrt(D)

    def of_field(z):
        h = A + np.sqrt(lam0) * z
        up, down = y * h + log_ndtr(h / s + y * s), -y * h + log_ndtr(-h / s + y * s)
        log_sum = np.logaddexp(up, down)
        plus, minus = np.exp(up - log_sum), np.exp(down - log_sum)
        density = np.exp(-(h / s) ** 2 / 2 - y**2 * D / 2 - log_sum) / np.sqrt(2 * np.pi) / s
        # E |H| of each half line: its mean shifted by +- y D, plus the boundary term
        absolute = plus * (h + y * D) + minus * (-h + y * D) + 2 * D * density
        return np.stack([plus - minus, (plus - minus) ** 2, absolute, log_sum + y**2 * D / 2, 2 * density])

    return gaussian_average(of_field, step=STEP)


@lru_cache(maxsize=32)
def glass_energy(eq) -> float:
    """Ground-state energy per spin of the states without overlap at load 1, for p >= 3 where their glass is discontinuous.

    It scales as sqrt(alpha) and is the maximum over y of f with m = q0 = 0.
    """
    from scipy.optimize import minimize_scalar

    zeta1, D = eq.noise.zeta(1.0), eq.noise.zeta(1.0, 1)

    def minus_f(y):
        L = _averages(0.0, 0.0, D, y)[3]
        return L / y - y * D / 2 + y * zeta1 / 2

    found = minimize_scalar(minus_f, bounds=(0.05 / np.sqrt(D), 20 / np.sqrt(D)), method="bounded", options={"xatol": 1e-10})
    return float(-found.fun)
