r"""Boundaries of the states of a multitasking network in the plane of dilution d and temperature T, a = 1 - d.

T_c                T = a (plain scale) for every protocol: the paramagnet becomes unstable.
T_pure             below it the pure state is unstable to a second pattern; a T = E w^2 E sech^2(h/T) on the pure branch.
T_2, T_3, ...      the same on the hierarchical state of 2, 3, ... patterns: below T_n the pattern n + 1 condenses.  The line ends
                   where overlaps of that state merge.
symmetric_n_lower, symmetric_n_upper   between them the state of n equal overlaps is a minimum: neither unequal amplitudes
                   nor, if n < K, one more pattern lower the free energy.  A line may have two pieces, with NaN between:
                   odd n is also stable at small d, continuing the mixtures of the undiluted network.
d_star             where pure and symmetric states exchange at T_c, a = E u^4 / (3 (1 + rho)^2): d = 2/3 for storage.
d_c                (storage, K >= 3) upper limit in d of the hierarchical minimum, from 1 - 2d + d^K = 0 at T = 0 to the
                   critical point where it meets mixture_limit.
mixture_limit      (K >= 3) where the mixture that replaces it ends, from that point towards small d, where it turns up again
                   in T to the mixtures of the undiluted network.
d_x                (K >= 3) equal free energies of the two, the first-order line, from T = 0 to the critical point (K = 3), or
                   to where one of them ends (K >= 4: the mixtures there end in several small jumps).

Pure and symmetric states are explicit in y = n / T, since T(y) = E w tanh(y W) / ((1 + rho) y), W = sum of n entries: every
boundary is a root in y alone.  (Derived here; checked against closed forms, and by following the states themselves.)
"""

import numpy as np
from scipy.optimize import brentq, root

from hebbian.theory import multitasking_branches as branches
from hebbian.theory.multitasking_average import Entry, averages, equal_averages
from hebbian.theory.phases import Line

MEANING = {
    "T_c": "overlaps vanish",
    "T_pure": "the pure state becomes unstable to a second pattern",
    "d_star": "pure and symmetric states exchange at T_c",
    "d_c": "the hierarchical minimum ends",
    "mixture_limit": "the mixture minimum ends",
    "d_x": "hierarchical state and mixture have equal free energy",
}

LARGEST_Y = 400.0  # n / T at the lowest temperatures that a boundary reaches


def lines(model, points) -> dict[str, Line]:
    """All boundaries by name for the K, protocol, M, r and scale of `model`, on the grid d = j / points."""
    K, grid = model.K, np.arange(1, points) / points

    def law(d):
        return Entry(1 - d, model.M, model.r)

    curves = {"T_c": (grid, 1 - grid), "d_star": d_star(law)}
    curves["T_pure"] = _closed(*_over(grid, lambda d: pure_limit(law(d))), curves["d_star"])
    for n in range(2, min(K, 6)):
        curves[f"T_{n}"] = ladder_limit(law, n, grid)
    for n in range(2, min(K, 6) + 1):
        windows = [symmetric_window(law(d), n, K) for d in grid]
        for side, name in enumerate(("lower", "upper")):
            curves[f"symmetric_{n}_{name}"] = _with_gaps(grid, [window[side] for window in windows])
    if K >= 3 and model.r == 1 and K <= 6:
        curves |= first_order(law, K)
    found = {}
    for name, (d, T) in curves.items():
        meaning = MEANING.get(name) or (f"{'end' if 'symmetric' not in name else 'stability limit'} of the state of "
                                        f"{name.split('_')[1]} {'equal' if 'symmetric' in name else 'ordered'} overlaps")
        found[name] = Line(T=T if model.scale == "plain" else T / (1 - d), d=d, meaning=meaning)
    return found


def d_star(law):
    """(d, T) where E w^4 a = 3 (E w^2)^2; below d = 0 there is none."""
    a = law(0.0).kurtosis
    return (np.array([1 - a]), np.array([a])) if a < 1 else (np.array([]), np.array([]))


def temperature(entry, count, y) -> float:
    """Temperature at which `count` equal amplitudes are y T."""
    return equal_averages(entry, count, y).response / ((1 + entry.rho) * y)


def margins(entry, count, y):
    """T minus the temperatures below which (one more pattern, unequal amplitudes) destabilise `count` equal ones."""
    mean = equal_averages(entry, count, y)
    T = mean.response / ((1 + entry.rho) * y)
    unequal = T - (mean.diagonal - mean.mixed) / (1 + entry.rho) if count > 1 else np.inf
    return T - entry.a * mean.sech2, unequal


def pure_limit(entry) -> float:
    """T_pure, NaN where the pure state is unstable at every temperature."""
    return symmetric_window(entry, 1, 2)[0]


def symmetric_window(entry, count, K):
    """(lower, upper) temperatures between which `count` equal overlaps are a minimum among K patterns; NaN where nowhere.

    T falls as y = n / T grows, so the window is searched from T_c downwards; the first one is returned.
    """
    def margin(y):
        more, unequal = margins(entry, count, y)
        return min(more, unequal) if count < K else unequal

    y = np.geomspace(0.05, LARGEST_Y, 70)
    value = margin(y[0])
    upper, edge = (entry.a, y[0]) if value > 0 else (np.nan, None)
    for low, high in zip(y, y[1:]):
        ahead = margin(high)
        if (ahead > 0) != (value > 0):
            at = temperature(entry, count, brentq(margin, low, high, xtol=1e-300, rtol=1e-14))
            if edge is not None or not np.isnan(upper):
                return at, upper
            upper = at
        value = ahead
    return (np.nan, np.nan) if np.isnan(upper) else (0.0, upper)


def ladder_limit(law, count, grid):
    """(d, T) where pattern count + 1 condenses on the hierarchical state of `count` patterns, over the grid while it exists.

    In y = n / T the equations are y_k a E sech^2 = E w_k tanh / (1 + rho).  They are followed both ways from d = 0.2, where
    y_k = d^(k-1-count) up to relative corrections 4 exp(-2/d), which are left out below d = 1/8 (storage): 1e-8 of T_2.
    """
    def equations(y, entry):
        mean = averages(entry, y)
        return y * entry.a * mean.sech2 - mean.response / (1 + entry.rho)

    def follow(dilutions, y):
        for d in dilutions:
            solved = root(equations, y, args=(law(d),), tol=1e-14)
            T = law(d).a * averages(law(d), np.abs(solved.x)).sech2
            if np.abs(solved.fun).max() > 1e-11 * max(1, np.abs(solved.x).max()) or np.any(np.diff(solved.x) > -1e-6) or solved.x[-1] < 1e-3:
                return
            y = solved.x
            yield d, T

    start = 0.2 ** (np.arange(count) - float(count))
    down = [(d, T) for d, T in follow(grid[(grid <= 0.2) & (grid >= 0.125)][::-1], start)]
    up = list(follow(grid[grid > 0.2], start))
    tail = [(d, (1 - d) * d**count) for d in grid[grid < 0.125]] if law(0.0).r == 1 else []
    d, T = np.array(tail + down[::-1] + up).T
    return d, T


def first_order(law, K):
    """Lines d_c, mixture_limit and d_x: folds of the hierarchical and mixture minima, and their equal free energies."""
    ceiling = brentq(lambda d: 1 - 2 * d + d**K, 0.5, 0.7, xtol=1e-15)
    folds = fold_curve(law, K, ceiling)
    falls = np.flatnonzero(np.diff(folds[:, 1]) < 0)
    top = int(falls[0]) if len(falls) else len(folds) - 1
    curves = {"d_c": (np.append(ceiling, folds[:top + 1, 0]), np.append(0.0, folds[:top + 1, 1]))}
    if top + 1 < len(folds):
        curves["mixture_limit"] = (folds[top:, 0], folds[top:, 1])
    curves["d_x"] = equal_energies(law, K, ceiling, folds[top])
    return curves


def fold_curve(law, K, ceiling, T0=0.002, step=2e-3):
    """Points (d, T) where the hierarchical minimum loses stability, followed by arclength from T0 through the critical point.

    Unknowns (n_1..n_K, d, T); equations: stationarity and a vanishing determinant of the Hessian.
    """
    def equations(x):
        entry, n, T = law(x[K]), x[:K], x[K + 1]
        return np.append(branches.gradient(entry, n, T), np.linalg.det(branches.hessian(entry, n, T)))

    low, high = 0.45, ceiling
    while high - low > 1e-7:
        d = (low + high) / 2
        n = branches.descend(law(d), branches.ladder(1 - d, K), T0)
        if branches.dominated(n) and n[-1] > 0:
            low, last = d, n
        else:
            high = d
    x = np.concatenate([last, [low, T0]])
    solved = root(lambda part: equations(np.append(part, T0)), x[:-1], tol=1e-13)
    x = np.append(solved.x, T0)
    direction = np.zeros(K + 2)
    direction[K + 1] = 1.0
    points = [x]
    for _ in range(400):
        jacobian = _jacobian(equations, x)
        tangent = np.linalg.svd(jacobian)[2][-1]
        tangent *= np.sign(tangent @ direction)
        guess = x + step * tangent
        solved = root(lambda z: np.append(equations(z), (z - guess) @ tangent), guess, tol=1e-12)
        if not solved.success or np.abs(solved.fun).max() > 1e-9:
            break
        x, direction = solved.x, tangent
        points.append(x)
        if x[K + 1] < T0 or x[K] < 0.2:
            break
    return np.array(points)[:, K:]


def equal_energies(law, K, ceiling, top):
    """(d, T) of equal free energy of the hierarchical state and the lowest other minimum, from T = 0 to the critical point."""
    def other(d):
        ladder = branches.ladder(1 - d, K)
        return next(m for m in branches.attractors(1 - d, K) if not np.allclose(m, ladder, atol=1e-9))

    def excess(d):
        ladder = branches.ladder(1 - d, K)
        return ladder @ ladder - other(d) @ other(d)

    d = brentq(excess, 0.5, ceiling - 1e-6, xtol=1e-14)
    found, pair = [(d, 0.0)], np.concatenate([branches.ladder(1 - d, K), other(d), [d]])

    def equations(x, T):
        entry, one, two = law(x[-1]), x[:K], x[K:-1]
        return np.concatenate([branches.gradient(entry, one, T), branches.gradient(entry, two, T),
                               [branches.free_energy(entry, one, T) - branches.free_energy(entry, two, T)]])

    for T in np.arange(0.005, top[1], 0.0025):
        solved = root(equations, pair, args=(T,), tol=1e-13)
        apart = np.abs(solved.x[:K] - solved.x[K:-1]).max()
        if np.abs(solved.fun).max() > 1e-11 or apart < 1e-4 or not 0.4 < solved.x[-1] < ceiling:
            break
        pair = solved.x
        found.append((pair[-1], T))
    d, T = np.array(found).T
    if top[1] - T[-1] < 0.003 and abs(top[0] - d[-1]) < 1e-3:
        d, T = np.append(d, top[0]), np.append(T, top[1])
    return d, T


def _jacobian(function, x, step=1e-6):
    return np.array([(function(x + h) - function(x - h)) / (2 * step) for h in step * np.eye(len(x))]).T


def _over(grid, function):
    values = np.array([function(d) for d in grid])
    return grid[~np.isnan(values)], values[~np.isnan(values)]


def _closed(d, T, end):
    """A line together with the point where it ends."""
    return np.append(d, end[0]), np.append(T, end[1])


def _with_gaps(grid, values):
    """A line over the grid without its empty stretches, one NaN left between pieces."""
    values = np.array(values, float)
    gap = np.isnan(values)
    keep = ~gap | (gap & ~np.append(True, gap[:-1]) & (np.cumsum(~gap[::-1])[::-1] > 0))
    return grid[keep], values[keep]
