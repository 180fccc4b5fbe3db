r"""Solutions of the mean-field equations of a multitasking network with K patterns, N to infinity, in the plain scale.

With the laws of `multitasking_average`, field h = sum_mu w^mu n_mu and E w^2 = a (1 + rho):

    f(n)   = (1 + rho)/2 sum n_mu^2 - T E ln 2cosh(h/T)                     free energy per spin
    n_mu   = E w^mu tanh(h/T) / (1 + rho),   m_mu = E xi^mu tanh(h/T)       stationary points (n = m for storage)
    A      = 1 - E w^mu w^nu sech^2(h/T) / (T (1 + rho))                    Hessian of f over 1 + rho; minimum = stable

The map n -> E w tanh / (1 + rho) never raises f (concave-convex step), so it leads downhill; Newton steps with the absolute
values of the Hessian's eigenvalues finish, pass by saddles, and leave those they come close to.  Patterns that start at zero,
or equal, stay so: starts are perturbed unless the symmetric state itself is wanted.  With many patterns the minima at low T
are groups of equal amplitudes, a hierarchy of small mixtures, and most starts fall into one of the lowest.

T = 0 is in `multitasking_frozen`.  (Derived here; checked against enumeration.)
"""

from typing import NamedTuple

import numpy as np

from hebbian.errors import NotConverged
from hebbian.theory import multitasking_frozen as frozen
from hebbian.theory.multitasking_average import Averages, Entry, averages, equal_averages

ZERO = 1e-9  # amplitudes below this, relative to a, are patterns that are not retrieved
EQUAL = 1e-7  # amplitudes closer than this, relative to a, are one
SETTLED = 1e-11  # gradient of a state that counts as found


class Point(NamedTuple):
    """Amplitudes n, with the free energy, n minus its image under the map (zero at solutions), and the Hessian."""

    n: np.ndarray
    free_energy: float
    gradient: np.ndarray
    hessian: np.ndarray


def site(entry: Entry, n, T) -> Averages:
    """`averages` in the field h of amplitudes n, with T ln 2cosh(h/T), and sech^2(h/T)/T in the second moments."""
    if T == 0:
        return frozen.gaussian_averages(entry, n)
    mean = averages(entry, n / T)
    return mean._replace(log2cosh=T * mean.log2cosh, curvature=mean.curvature / T, active=mean.active / T)


def at(entry: Entry, n, T) -> Point:
    """The free energy per spin at amplitudes n, and its first two derivatives over 1 + rho.  T = 0: Gaussian examples only."""
    mean, scale = site(entry, n, T), 1 + entry.rho
    return Point(n, scale / 2 * float(n @ n) - mean.log2cosh, n - mean.response / scale,
                 np.eye(len(n)) - mean.curvature / scale)


def example_stability(entry: Entry, n, T) -> float:
    """Smallest eigenvalue against unequal overlaps with the examples of one pattern (unsupervised learning).

    1 - E xi^2 (M^2 - S^2) sech^2(h/T) / (T R M^2 (M - 1)), S = sum_A chi^A, R = r^2 (1 + rho).  In the Gaussian limit M to
    infinity at fixed rho it is 1 - rho E xi^2 sech^2(h/T) / (T (1 + rho)).
    """
    mean, M, r = site(entry, n, T), entry.M, entry.r
    if entry.gaussian:
        return float(1 - entry.rho / (1 + entry.rho) * mean.active.max())
    if M == 1:
        return 1.0
    spread = M**2 * mean.active - (r * M) ** 2 * np.diag(mean.curvature)
    return float(1 - spread.max() / (M * (M - 1)) / (r**2 * (1 + entry.rho) * M))


def descend(entry: Entry, start, T, steps=200):
    """The minimum below `start`, sorted: a few steps of the map, then Newton's, downhill along every axis of the Hessian."""
    here = at(entry, np.abs(np.asarray(start, float)), T)
    for _ in range(8):
        here = at(entry, here.n - here.gradient, T)
    for _ in range(steps):
        size = np.abs(here.gradient).max()
        curved, axes = np.linalg.eigh(here.hessian)
        along = (axes.T @ here.gradient) / np.maximum(np.abs(curved), 1e-12)
        newton = -axes @ np.clip(along, -0.2 * entry.a, 0.2 * entry.a)
        trials = [newton, newton / 4, newton / 16, -here.gradient]
        if curved[0] < 0 and np.abs(along).max() < 1e-2 * entry.a:  # near a saddle: leave it along its most negative direction
            trials = [side * part * entry.a * axes[:, 0] for part in (0.1, 0.02, 4e-3, 8e-4) for side in (1, -1)] + trials
        elif size < 1e-15 * entry.a:
            break
        for trial in trials:
            there = at(entry, np.abs(here.n + trial), T)
            # close to a minimum f is flat to rounding, and the gradient is what still falls
            closer = curved[0] > 0 and np.abs(there.gradient).max() < size
            if there.free_energy < here.free_energy - 1e-14 or closer:
                break
        else:
            break
        here = there
    return polish(entry, np.where(here.n < ZERO * entry.a, 0.0, here.n) if T > 0 else here.n, T)


def polish(entry: Entry, n, T):
    """Newton steps on the patterns that are on, as long as they help; sorted by size."""
    on = n > 0
    here = at(entry, n, T)
    for _ in range(5 if on.any() else 0):
        better = n.copy()
        better[on] -= np.linalg.lstsq(here.hessian[np.ix_(on, on)], here.gradient[on], rcond=1e-12)[0]
        there = at(entry, better, T)
        if not np.abs(there.gradient).max() < np.abs(here.gradient).max() or np.any(better < 0):
            break
        n, here = better, there
    return np.sort(n)[::-1]


def symmetric(entry: Entry, count, T):
    """Amplitude of `count` equal patterns, the positive root below T_c = a."""
    if T == 0:
        response = site(entry, np.ones(count), 0).response[0] if entry.gaussian else frozen.equal(entry, count)[0]
        return response / (1 + entry.rho)
    from scipy.optimize import brentq

    def excess(y):  # amplitude / T against the temperature at which it is one
        return equal_averages(entry, count, y).response / ((1 + entry.rho) * y) - T

    low, high = 1e-6, 1.0
    while excess(high) > 0:
        high *= 2
    y = brentq(excess, low, high, xtol=1e-300, rtol=1e-15)
    return polish(entry, np.full(count, y * T), T)[0]


def ladder(a, K):
    """Amplitudes a d^(k-1), d = 1 - a: the hierarchical state at T = 0."""
    return a * (1 - a) ** np.arange(K)


def starts(a, K):
    """Structured starts: the ladder, the pure state, and equal amplitudes, slightly tilted, after rungs of the ladder."""
    slope, few = np.arange(K), K <= 8
    found = [ladder(a, K) + 1e-3 * a * 0.5**slope, a * np.where(slope, 1e-4, 1) * (1 - 1e-6 * slope)]
    for rungs in range(min(K - 1, 3 if few else 2 if K <= 16 else 1)):
        for count in range(2, K - rungs + 1) if few else sorted({2, 3, 5, K - rungs}):
            n = 1e-4 * a * (1 - 1e-6 * slope)
            n[:rungs] = ladder(a, rungs)
            n[rungs:rungs + count] = a * (1 - a) ** rungs * count**-0.5 * (1 - 0.05 * np.arange(count) / count)
            found.append(n)
    return found


def minima(entry: Entry, K, T):
    """Minima of the free energy, lowest first, as a list of (f, n).

    Below the structured starts, then below random changes of the lowest one found, as long as that finds a lower one.  Of few
    patterns at low T the states at T = 0 are starts as well: each persists as a minimum of its own.
    """
    if T >= entry.a:  # f is convex
        return [(-T * np.log(2), np.zeros(K))]
    frozen_sites = T == 0 and not entry.gaussian
    terms = frozen.terms(entry, K)
    found, begin, tries = [], starts(entry.a, K), min(30, max(6, 120 // K))
    if frozen_sites:
        tries = int(np.clip(20_000 / terms, 3, 100))
        begin += list(np.random.default_rng(1).dirichlet(np.ones(K), tries))
    elif not entry.gaussian and K > 1 and terms < 100 and T < 0.2 * entry.a:
        begin += [n for _, n in minima(entry, K, 0)[:20]]

    def add(start):
        if frozen_sites:
            n = frozen.freeze(entry, start)
            f, least = -(1 + entry.rho) / 2 * float(n @ n), not frozen.loose(entry, K, frozen.sums(entry, n)[2])
        else:
            here = at(entry, descend(entry, start, T), T)
            n, f = here.n, here.free_energy
            least = np.abs(here.gradient).max() < SETTLED and np.linalg.eigvalsh(here.hessian)[0] > -1e-9
        if least and not any(np.allclose(n, other, rtol=0, atol=EQUAL * entry.a) for _, other in found):
            found.append((f, n))

    for start in begin:
        add(start)
    rng, lowest = np.random.default_rng(0), np.inf
    while found and min(f for f, _ in found) < lowest - 1e-13:
        lowest, best = min(found, key=lambda pair: pair[0])
        for first, second in rng.standard_normal((tries, 2, K)):
            add(best * np.exp(0.5 * first) + 0.03 * entry.a * np.abs(second))
    if not found:
        raise NotConverged(f"no minimum settled at T = {T:g}, d = {1 - entry.a:g}, K = {K}: keep away from a transition")
    return sorted(found, key=lambda pair: pair[0])


def outweighs(n, others) -> bool:
    """Whether an amplitude exceeds the sum of others, by more than rounding."""
    return n > (1 + EQUAL) * np.sum(others)


def dominated(n):
    """Whether every amplitude exceeds the sum of the smaller ones: the chamber of the hierarchical state."""
    on = n[n > 0]
    return len(on) > 0 and all(outweighs(on[k], on[k + 1:]) for k in range(len(on)))


def kind(n, a) -> str:
    """Name of a state: "0", "P" (one pattern), "Sn" (n equal), "hn" (n distinct amplitudes) or "xn" (n with some equal)."""
    on = n[n > ZERO * a]
    gaps = np.abs(np.diff(on)) < EQUAL * a
    if len(on) < 2:
        return "P" if len(on) else "0"
    return f"{'S' if gaps.all() else 'x' if gaps.any() else 'h'}{len(on)}"
