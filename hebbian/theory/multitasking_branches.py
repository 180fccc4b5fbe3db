r"""Solutions of the mean-field equations of a multitasking network with K patterns, N to infinity, in the plain scale.

With the laws of `multitasking_average`, field h = sum_mu w^mu n_mu and E w^2 = a (1 + rho):

    f(n)   = (1 + rho)/2 sum n_mu^2 - T E ln 2cosh(h/T)                     free energy per spin
    n_mu   = E w^mu tanh(h/T) / (1 + rho),   m_mu = E xi^mu tanh(h/T)       stationary points (n = m for storage)
    A      = 1 - E w^mu w^nu sech^2(h/T) / (T (1 + rho))                    Hessian of f over 1 + rho; minimum = stable

The map n -> E w tanh / (1 + rho) never raises f (concave-convex step), so it leads downhill to minima; Newton steps with
the absolute values of the Hessian's eigenvalues finish, and pass by saddles.  Patterns that start at zero, or equal, stay so: starts are perturbed unless the symmetric state itself is wanted.

At T = 0 (storage) sign(xi . m) is constant inside each chamber of the hyperplanes {c . m = 0, c in {-1,0,1}^K}, so m is a
polynomial in d there and the map reaches its fixed point in finitely many steps.  A state on a hyperplane has sites without
field and is unstable.  Amplitudes a d^(k-1) solve the equations while each exceeds the sum of the later ones, which is
1 - 2d + d^K > 0.  (Derived here; checked against enumeration and against the T -> 0 limit.)
"""

from itertools import product

import numpy as np

from hebbian.theory.multitasking_average import Entry, averages, curvature

ZERO = 1e-9  # amplitudes below this, relative to a, are patterns that are not retrieved
EQUAL = 1e-7  # amplitudes closer than this, relative to a, are one
ENUMERABLE = 12  # 3^12 sites at T = 0


def gradient(entry: Entry, n, T):
    """n_mu minus its image under the map, an array that vanishes at solutions."""
    return n - averages(entry, n / T).response / (1 + entry.rho)


def free_energy(entry: Entry, n, T) -> float:
    """Free energy per spin of amplitudes n."""
    return (1 + entry.rho) / 2 * float(n @ n) - T * averages(entry, n / T).log2cosh


def hessian(entry: Entry, n, T):
    """Hessian of the free energy over 1 + rho; the identity for free spins."""
    return np.eye(len(n)) - curvature(entry, n / T).matrix / (T * (1 + entry.rho))


def example_stability(entry: Entry, n, T) -> float:
    """Smallest eigenvalue against unequal overlaps with the examples of one pattern (unsupervised learning).

    1 - E xi^2 (M^2 - S^2) sech^2(h/T) / (T R M^2 (M - 1)), S = sum_A chi^A, R = r^2 (1 + rho).  In the Gaussian limit M to
    infinity at fixed rho it is 1 - rho E xi^2 sech^2(h/T) / (T (1 + rho)).
    """
    second = curvature(entry, n / T)
    if entry.gaussian:
        return float(1 - entry.rho / (1 + entry.rho) * second.active.max() / T)
    M, r = entry.M, entry.r
    if M == 1:
        return 1.0
    spread = M**2 * second.active - (r * M) ** 2 * np.diag(second.matrix)
    return float(1 - spread.max() / (M * (M - 1)) / (T * r**2 * (1 + entry.rho) * M))


def descend(entry: Entry, start, T, steps=300):
    """The minimum below `start`, sorted: a few steps of the map, then Newton's downhill in every eigendirection of the Hessian."""
    n = np.abs(np.asarray(start, float))
    for _ in range(8):
        n = n - gradient(entry, n, T)
    f, g = free_energy(entry, n, T), gradient(entry, n, T)
    for _ in range(steps):
        size = np.abs(g).max()
        if size < 1e-15 * entry.a:
            break
        curved, axes = np.linalg.eigh(hessian(entry, n, T))
        newton = -axes @ ((axes.T @ g) / np.maximum(np.abs(curved), 1e-12))
        newton *= min(1.0, 0.3 * entry.a / np.abs(newton).max())
        for trial in (newton, newton / 4, newton / 16, -g):
            there = np.abs(n + trial)
            f_there, g_there = free_energy(entry, there, T), gradient(entry, there, T)
            # close to a minimum f is flat to rounding, and the gradient is what still falls
            if f_there < f - 1e-13 or (curved[0] > 0 and np.abs(g_there).max() < size):
                break
        if not np.abs(g_there).max() < size and not f_there < f - 1e-15:
            break
        n, f, g = there, f_there, g_there
    return polish(entry, np.where(n < ZERO * entry.a, 0.0, n), T)


def polish(entry: Entry, n, T):
    """Newton steps on the patterns that are on, as long as they help; sorted by size."""
    on = n > 0
    size = np.abs(gradient(entry, n, T)).max()
    for _ in range(5 if on.any() else 0):
        better = n.copy()
        better[on] -= np.linalg.lstsq(hessian(entry, n[on], T), gradient(entry, n[on], T), rcond=1e-12)[0]
        error = np.abs(gradient(entry, better, T)).max()
        if not error < size or np.any(better < 0):
            break
        n, size = better, error
    return np.sort(n)[::-1]


def symmetric(entry: Entry, count, T):
    """Amplitude of `count` equal patterns, the positive root below T_c = a."""
    from scipy.optimize import brentq

    def excess(y):  # amplitude / T against the temperature at which it is one
        ones = np.full(count, y)
        return averages(entry, ones).response[0] / ((1 + entry.rho) * y) - T

    low, high = 1e-6, 1.0
    while excess(high) > 0:
        high *= 2
    y = brentq(excess, low, high, xtol=1e-300, rtol=1e-15)
    return polish(entry, np.full(count, y * T), T)[0]


def ladder(a, K):
    """Amplitudes a d^(k-1), d = 1 - a: the hierarchical state at T = 0."""
    return a * (1 - a) ** np.arange(K)


def starts(a, K):
    """Structured starts: the ladder, each symmetric mixture tilted, and the same after the first rungs of the ladder.

    Above eight patterns a selection of them, since each descent costs K^2.
    """
    few = K <= 8
    d, found = 1 - a, [ladder(a, K) + 1e-3 * a * 0.5 ** np.arange(K)]
    counts = range(1, K + 1) if few else sorted({1, 2, 3, 5, 8, 12, 20, K})
    for rungs in range(0, min(K - 1, 4 if few else 2)):
        for count in counts:
            if rungs + count > K or (rungs and count == 1):
                continue
            for tilt in (0.05, 0.6) if count > 1 and few else (0.05,):
                n = np.full(K, 1e-4 * a)
                n[:rungs] = ladder(a, rungs)
                n[rungs:rungs + count] = a * d**rungs * count**-0.5 * (1 - tilt * np.arange(count) / count)
                found.append(n * (1 + 1e-6 * np.arange(K)[::-1]))
    return found


def minima(entry: Entry, K, T):
    """Minima of the free energy below the structured starts, lowest first, as a list of (f, n).

    At low T, where T = 0 solutions persist as separate minima, the lowest of those are starts as well (storage, K <= 6).
    """
    found, begin = [], starts(entry.a, K)
    if entry.r == 1 and 3 <= K <= 6 and T < 0.2 * entry.a:
        begin += attractors(entry.a, K)[:20]
    for start in begin:
        n = descend(entry, start, T)
        if np.abs(gradient(entry, n, T)).max() > 1e-11:
            continue
        if not any(np.allclose(n, other, rtol=0, atol=EQUAL * entry.a) for _, other in found):
            found.append((free_energy(entry, n, T), n))
    least = [(f, n) for f, n in found if np.linalg.eigvalsh(hessian(entry, n, T))[0] > -1e-9]
    return sorted(least or found, key=lambda pair: pair[0])


def dominated(n):
    """Whether every amplitude exceeds the sum of the smaller ones: the chamber of the hierarchical state."""
    on = n[n > 0]
    return len(on) > 0 and all(on[k] > on[k + 1:].sum() for k in range(len(on)))


def kind(n, a) -> str:
    """Name of a state: "0", "P" (one pattern), "Sn" (n equal), "hn" (n distinct amplitudes) or "xn" (n with some equal)."""
    on = n[n > ZERO * a]
    gaps = np.abs(np.diff(on)) < EQUAL * a
    if len(on) < 2:
        return "P" if len(on) else "0"
    return f"{'S' if gaps.all() else 'x' if gaps.any() else 'h'}{len(on)}"


# --- zero temperature ------------------------------------------------------------------------------------------------

def frozen_map(a, m):
    """(E xi sign(xi . m), probability of an active site without field) at T = 0, with sign(0) = 0."""
    on = m[m > 0]
    sites = np.array(list(product((-1, 0, 1), repeat=len(on))))
    weight = np.prod(np.where(sites == 0, 1 - a, a / 2), axis=1)
    field = sites @ on
    tie = np.abs(field) < 1e-12 * a
    image = np.zeros(len(m))
    image[m > 0] = (weight * np.where(tie, 0, np.sign(field))) @ sites
    blank = (1 - a) ** len(on)
    loose = weight[tie].sum() - (blank if len(on) == len(m) else 0.0)
    return image, loose


def walk(a, count):
    """Probabilities of -count, ..., count for the sum of `count` entries."""
    law = np.array([1.0])
    for _ in range(count):
        law = np.convolve(law, [a / 2, 1 - a, a / 2])
    return law


def freeze(a, start, steps=200):
    """The T = 0 solution below `start`, sorted; chambers are finitely many, so the map stops."""
    m = np.sort(np.abs(start))[::-1]
    for _ in range(steps):
        image = np.sort(frozen_map(a, m)[0])[::-1]
        if np.abs(image - m).max() < 1e-14:
            return image
        m = image
    return m


def attractors(a, K, tries=200):
    """Stable T = 0 solutions reached from the structured starts and from `tries` fixed directions, lowest energy first."""
    directions = np.random.default_rng(0).dirichlet(np.ones(K), tries if K > 3 else 0)
    found = []
    for start in [*starts(a, K), *directions]:
        m = freeze(a, start)
        if frozen_map(a, m)[1] < 1e-14 and not any(np.allclose(m, other, rtol=0, atol=1e-10) for other in found):
            found.append(m)
    return sorted(found, key=lambda m: -(m @ m))
