r"""Why the iterated network loses patterns below the fold of its map: feedback of single wrong patterns, at finite N.

The map of `modern_finite` keeps the state on the axis of its pattern.  In a memory of finitely many patterns the state also
leans towards the wrong patterns that happen to lie near, which gives these more weight: a cavity argument.  Let x be the fixed
point without pattern mu, p its weight on the target, a its overlap, r its norm, t the score of mu along x.  With mu present

    w = (p / e^(N lam a)) exp(N lam [r t + rho (1 - t^2) w]),       rho = 1 / (1 - A / r),

rho the response of the state to a force across its direction.  c = N lam rho (1 - t^2): w = -W0(-c w_0) / c with Lambert's W
where c w_0 < 1/e; beyond, no small w solves it and the state falls to mu: capture.  Over all K - 1 patterns, with density of t,

    p + K E w = 1,    A = K E[w t],    a = p rho,    r^2 = a^2 + rho^2 K E[w^2 (1 - t^2)]

(sums over patterns that do not capture).  A query is kept if the fixed point exists and nothing captures: the number of
captors is Poisson of mean K P(c w_0 > 1/e), and the sum over the wrong patterns fluctuates by sqrt(K E w^2) / (1 - p) in its
logarithm, which acts as a normal shift of ln K.  The map itself is the limit in which no pattern has a finite share.

Linear response in w; derived here.  Against simulation (experiments/one_step_capacity): within errors or 0.5 per cent for
lam <= 1 from N = 14 on (lam = 1/2: N = 10), where the map is up to 22 per cent high; 2 to 8 per cent low for lam = 2, N <= 11,
where a captor takes so much weight that linear response ends.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln, lambertw

from hebbian.errors import NotDefined

NODE, WEIGHT = np.polynomial.legendre.leggauss(16)
#: Panels of the integral over scores, loads below the edge at which captors are counted, fluctuations of the noise.
PANELS, LOADS, SHIFTS = 30, 25, np.linspace(-6, 6, 241)


def iterated(model, N: int) -> float:
    """Load at which half of the clean queries end at a fixed point with weight above 1/2, on the sphere with softmax.

    Lower than `hb.capacity(model, N=N, steps="iterated")`, the fold of the map, by the patterns that are captured.
    """
    if model.ensemble != "sphere" or model.separation != "softmax" or model.sigma:
        raise NotDefined("capture is worked out for clean queries, ensemble = 'sphere' and separation = 'softmax', "
                         f"not for {model}")
    lost, top = 0.0, 1.1 * model.lam + 0.1
    while top - lost > 1e-5:
        load = (lost + top) / 2
        lost, top = (load, top) if state(model.lam, N, load * N) else (lost, load)
    edge = lost
    loads = np.linspace(max(edge / 10, edge - 6 / N), edge, LOADS)
    _, captors, spread = np.array([state(model.lam, N, load * N) for load in loads]).T
    law = np.exp(-SHIFTS**2 / 2) / np.exp(-SHIFTS**2 / 2).sum()

    def kept(load):
        shifted = load + np.interp(load, loads, spread) * SHIFTS / N
        return law @ np.where(shifted < edge, np.exp(-np.interp(shifted, loads, captors)), 0.0)

    return float(brentq(lambda load: kept(load) - 0.5, loads[0], edge + 1 / N, xtol=1e-9))


def state(lam: float, N: int, ln_K: float) -> tuple[float, float, float] | None:
    """Weight p of the pattern at the fixed point reached from it, mean number of captors, spread of ln of the noise.

    None where there is no such fixed point with p > 1/2.
    """
    t, density = _scores(N)
    others, (a, r, rho) = np.expm1(ln_K), (1.0, 1.0, 1.0)
    for _ in range(500):
        c = N * lam * rho * (1 - t * t)

        def weights(ln_p, c=c, a=a, r=r):
            force = c * np.exp(np.minimum(ln_p + N * lam * (r * t - a), 50.0))
            free = force < np.exp(-1)
            return -lambertw(-np.where(free, force, 0.0)).real / c, free

        def excess(ln_p, weights=weights):
            return np.exp(ln_p) + others * density @ weights(ln_p)[0] - 1

        ln_p = brentq(excess, -200.0, 0.0, xtol=1e-13)
        p, (w, free) = np.exp(ln_p), weights(ln_p)
        if p < 0.5:
            return None
        A, square = others * density @ (w * t), others * density @ (w * w * (1 - t * t))
        new = 1 / max(1 - A / r, 0.05)
        change = abs(p * new - a) + abs(np.hypot(p, np.sqrt(square)) * new - r) + abs(new - rho)
        if change < 1e-9:
            break
        a, r, rho = (0.3 * old + 0.7 * value for old, value in
                     ((a, p * new), (r, np.hypot(p, np.sqrt(square)) * new), (rho, new)))
    spread = np.sqrt(others * density @ (w * w)) / (1 - p) if p < 1 else 0.0
    return float(p), float(others * density @ ~free), float(spread)


def _scores(N):
    """Scores t = sin(angle) on the sphere and their probabilities, the nodes and weights of an integral."""
    ends = np.linspace(-np.pi / 2, np.pi / 2, PANELS + 1)
    half = np.diff(ends)[:, None] / 2
    angle, width = (ends[:-1, None] + half * (1 + NODE)).ravel(), (half * WEIGHT).ravel()
    return np.sin(angle), width * np.exp((N - 2) * np.log(np.cos(angle)) - betaln(0.5, (N - 1) / 2))
