r"""Retrieval at finite dimension N: one step exactly in the annealed average, the iterated map, all patterns at once.

One step from a pattern itself.  The wrong patterns together weigh as much as the right one, p_1 = 1/2, in the mean, at

    alpha_1^(N) = lam - (1/N) ln E exp(lam N t)              in the averaging branch (sphere: a Bessel function),

for the sphere alpha_1 + (1 / 2N) ln(1 - q*^4) + O(1/N^2).  The norm of a Gaussian query fluctuates: the median threshold is
that at the median norm, rho = median(chi^2_N) / N.  Noisy queries, the frozen branch and sparse weights have no typical noise
to put in a formula: there the load at which half of the queries retrieve is computed from its exact law (modern_law).

Iterated.  After each update the state is a times the pattern (wrong patterns average to q_N(lam a) along it), so

    a -> p + (1 - p) q_N(lam a),     p / (1 - p) = exp(lam N a - ln K - ln E exp(lam a N t)).

The iterated capacity is the largest alpha at which this map, started at a = 1, converges to p > 1/2.  On its fixed points
alpha is an explicit function of a, whose maximum over p(a) > 1/2 is asked for: a fold for large N lam (1 - q*)^2, the end
p = 1/2, a crossover, for small.  alpha_1 is approached only as ln N / N.

Derived here; checked by simulation (tests/physics, experiments/one_step_capacity, experiments/sparse_vs_softmax).
"""

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammainc, gammaincinv

from hebbian.theory import modern_ensembles as ensembles
from hebbian.theory import modern_law

LN2 = np.log(2.0)


def one_step(model, N) -> float:
    """Load at which one step gives the pattern the weight 1/2 (softmax) or, for half of the queries, 1 (sparse)."""
    law = ensembles.ENSEMBLES[model.ensemble]
    if model.separation != "softmax" or model.sigma > 0:
        return modern_law.half_load(model, N)
    rho = 2 * gammaincinv(N / 2, 0.5) / N if model.ensemble == "gauss" else 1.0
    # The pattern itself has overlap rho with its query and norm sqrt(rho).
    if np.sqrt(rho) <= law.slope(model.lam * np.sqrt(rho)):
        return modern_law.half_load(model, N)
    return float(model.lam * rho - law.finite_cumulant(model.lam * np.sqrt(rho), N))


def weight(model, m, r, N) -> float:
    """Annealed weight of the pattern after one step: p_1 / (1 - p_1) = exp(N (lam m - phi_N(lam r)) - ln(K - 1))."""
    law = ensembles.ENSEMBLES[model.ensemble]
    odds = N * (model.lam * m - law.finite_cumulant(model.lam * r, N)) - np.log(model.patterns(N) - 1)
    return float(1 / (1 + np.exp(-np.clip(odds, -700, 700))))


def iterated(model, N) -> float:
    """Largest load at which the iterated map from a = 1 keeps p > 1/2."""
    edge, load = _fixed_points(model, N)
    grid = edge + (1 - edge) * np.linspace(0, 1, 400)[:-1] ** 2
    loads = np.array([load(a) for a in grid])
    best = int(np.argmax(loads))
    if best == 0:
        return float(loads[0])
    fold = minimize_scalar(lambda a: -load(a), bounds=(grid[best - 1], grid[min(best + 1, len(grid) - 1)]),
                           method="bounded", options={"xatol": 1e-10})
    return float(max(-fold.fun, loads[best]))


def iterated_state(model, N) -> tuple[float, float]:
    """Where the iterated map from a = 1 ends at the model's load: overlap a and weight p."""
    law, lam, ln_K = ensembles.ENSEMBLES[model.ensemble], model.lam, np.log(model.patterns(N))
    a, p = 1.0, 1.0
    for _ in range(100_000):
        odds = N * (lam * a - law.finite_cumulant(lam * a, N)) - ln_K
        p = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        new = p + (1 - p) * law.finite_slope(lam * a, N)
        if abs(new - a) < 1e-13:
            break
        a = max(new, 1e-12)
    return float(a), float(p)


def _fixed_points(model, N):
    """The overlap a at which p = 1/2, and alpha as a function of a on the fixed points of the map."""
    law, lam = ensembles.ENSEMBLES[model.ensemble], model.lam

    def p(a):
        q = law.finite_slope(lam * a, N)
        return (a - q) / (1 - q) if q < 1 else -np.inf

    def load(a):
        q = law.finite_slope(lam * a, N)
        return lam * a - law.finite_cumulant(lam * a, N) - np.log((a - q) / (1 - a)) / N

    return brentq(lambda a: p(a) - 0.5, 1e-9, 1 - 1e-12, xtol=1e-15), load


def all_gauss(lam, N) -> float:
    """Load at which some Gaussian pattern of K is lost with probability 1/2 (Poisson unions of rare events).

    Pairs: K (K - 1) P(xi^b.xi^a > |xi^a|^2) = ln 2.  For lam < 1 also patterns of too small a norm for the averaged noise,
    K P(chi^2_N < ln K / (lam - lam^2 / 2)) = ln 2.
    """
    pairs = ensembles.student_tail(N)
    load = np.log((1 + np.sqrt(1 + 4 * LN2 / pairs)) / 2) / N
    if lam >= 1:
        return float(load)
    gain = lam - lam * lam / 2

    def excess(ln_K):
        small = gammainc(N / 2, ln_K / gain / 2)
        return ln_K + np.log(small) - np.log(LN2) if small > 0 else -1e3

    return float(min(load, brentq(excess, 1e-6, 3 * gain * N) / N))
