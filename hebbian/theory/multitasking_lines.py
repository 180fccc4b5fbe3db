r"""Boundaries of the states of a multitasking network in the plane of dilution d and temperature T, a = 1 - d.

T_c                T = a (plain scale) for every protocol: the paramagnet becomes unstable.
T_pure             below it the pure state is unstable to a second pattern; a T = E w^2 E sech^2(h/T) on the pure branch.
T_2, ..., T_(K-1)  the same on the hierarchical state of 2, 3, ... patterns: below T_n the pattern n + 1 condenses.  The line
                   ends where overlaps of that state merge, or at T = a / 3000 beyond the d where T_n = d T_(n-1).
symmetric_n_lower, symmetric_n_upper   between them the state of n equal overlaps is a minimum: neither unequal amplitudes
                   nor, if n < K, one more pattern lower the free energy.  A line may have two pieces, with NaN between:
                   odd n is also stable at small d, continuing the mixtures of the undiluted network.
d_star             where pure and symmetric states exchange at T_c, a = E u^4 / (3 (1 + rho)^2): d = 2/3 for storage.
d_c                (storage, K >= 3) upper limit in d of the hierarchical minimum, from 1 - 2d + d^K = 0 at T = 0 to the
                   critical point where it meets mixture_limit.
mixture_limit      (storage, 3 <= K <= 6) where the mixture that replaces it ends, from that point towards small d, where it
                   turns up again in T to the mixtures of the undiluted network.
d_x                (storage, 3 <= K <= 6) equal free energies of the two, the first-order line, from T = 0 to the critical point
                   (K = 3), or to where one of them ends (K >= 4: the mixtures there end in several small jumps).
                   Of more than 6 patterns there is d_c at T = 0 alone.

Pure and symmetric states are explicit in y = n / T, since T(y) = E w tanh(y W) / ((1 + rho) y), W = sum of n entries: every
boundary is a root in y alone.  (Derived here; checked against closed forms, and by following the states themselves.)
"""

import numpy as np
from scipy.optimize import brentq, root

from hebbian.theory import multitasking_branches as branches
from hebbian.theory import multitasking_frozen as frozen
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

LARGEST_Y = 400.0  # n / T at the lowest temperatures that a boundary of equal amplitudes reaches
LARGEST_SUM = 3000.0  # sum of n / T at the lowest temperatures at which a ladder is solved
FROZEN = 13.0  # exp(-2 FROZEN) is the probability that a site in this field, in units of T, turns over
FOLLOWED = 6  # patterns whose first-order lines are followed to T > 0


def lines(model, points) -> dict[str, Line]:
    """All boundaries by name for the K, protocol, M, r and scale of `model`, on the grid d = j / points."""
    K, grid = model.K, np.arange(1, points) / points

    def law(d):
        return Entry(1 - d, model.M, model.r)

    curves = {"T_c": (grid, 1 - grid), "d_star": d_star(law)}
    curves["T_pure"] = _closed(*_over(grid, lambda d: pure_limit(law(d))), curves["d_star"])
    curves |= ladder_limits(law, K, grid)
    for n in range(2, K + 1):
        windows = [symmetric_window(law(d), n, K) for d in grid]
        for side, name in enumerate(("lower", "upper")):
            curves[f"symmetric_{n}_{name}"] = _with_gaps(grid, [window[side] for window in windows])
    if K >= 3 and model.r == 1:
        curves |= first_order(law, K)
    found = {}
    for name, (d, T) in curves.items():
        meaning = MEANING.get(name) or (f"{'end' if 'symmetric' not in name else 'stability limit'} of the state of "
                                        f"{name.split('_')[1]} {'equal' if 'symmetric' in name else 'ordered'} overlaps")
        found[name] = Line(T=T if model.scale == "plain" else T / (1 - d), d=d, meaning=meaning)
    return found


def absent(model) -> dict[str, str]:
    """Why the lines that the diagram of `model` leaves out are not there, one sentence a name."""
    names = ("d_c", "d_x", "mixture_limit")
    if model.r < 1:
        return dict.fromkeys(names, "it limits the ladder (1 - d) d^(k-1), which solves the equations of storage only; ask "
                                    "solve for the branches 'hierarchical' and 'mixture' of a network that learns")
    if model.K < 3:
        return dict.fromkeys(names, "one or two patterns have no mixture: the hierarchical state exists at T = 0 for all d")
    if model.K > FOLLOWED:
        return dict.fromkeys(names[1:], f"it is followed for at most {FOLLOWED} patterns; compare branches of solve")
    return {}


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

    # of more patterns and for storage, states become unstable at larger T / n
    y = np.geomspace(0.05, LARGEST_Y if entry.r < 1 or count < 2 else 2 * LARGEST_Y / count, 70)
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


def ladder_limits(law, K, grid):
    """(d, T) by name of the lines T_2, ..., T_(K-1): where pattern n + 1 condenses on the hierarchical state of n patterns.

    In y = n / T the equations are y_k a E sech^2 = E w_k tanh / (1 + rho), solved at each d from the line before: where the
    first pattern freezes its sites, y_1 above the sum of the others by FROZEN (storage), they are those of one pattern less
    on the blank sites, so that T_n = d T_(n-1) to exp(-2 FROZEN), with y_1 = a / T_n before the y of T_(n-1).
    """
    def equations(y, entry):
        mean = averages(entry, y)
        return y * entry.a * mean.sech2 - mean.response / (1 + entry.rho)

    def solved(entry, guesses):
        for y in guesses:
            if np.abs(y).sum() < LARGEST_SUM:
                y = root(equations, y, args=(entry,), tol=1e-14).x
                settled = np.abs(equations(y, entry)).max() < 1e-11 * max(1, np.abs(y).max())
                if settled and np.all(np.diff(y) < -1e-6) and y[-1] > 1e-3:
                    return entry.a * averages(entry, y).sech2, y
        return None

    before = {}
    for d in grid:
        T = pure_limit(law(d))
        if not np.isnan(T) and T > 0:
            before[d] = T, np.array([branches.symmetric(law(d), 1, T) / T])
    curves = {}
    for n in range(2, K):
        line, y = {}, None
        for d in (d for d in grid if d in before):
            entry, (T, others) = law(d), before[d]
            first = entry.a / (d * T)
            if entry.r == 1 and first - others.sum() > FROZEN:
                line[d] = d * T, np.append(first, others)
            else:
                point = solved(entry, [np.append(first, others)] + ([] if y is None else [y]))
                if point is None and line:
                    break
                if point is not None:
                    line[d] = point
            y = line[d][1] if d in line else None
        before = line
        curves[f"T_{n}"] = np.array(list(line)), np.array([T for T, _ in line.values()])
    return curves


def first_order(law, K):
    """Lines d_c, mixture_limit and d_x: folds of the hierarchical and mixture minima, and their equal free energies.

    Of more than FOLLOWED patterns d_c at T = 0 alone: the last rungs melt at temperatures of order d^K.
    """
    ceiling = brentq(lambda d: 1 - 2 * d + d**K, 0.5, 0.7, xtol=1e-15) if K < 40 else 0.5
    if K > FOLLOWED:
        return {"d_c": (np.array([ceiling]), np.array([0.0]))}
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
        point = branches.at(law(x[K]), x[:K], x[K + 1])
        return np.append(point.gradient, np.linalg.det(point.hessian))

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
        solved = root(lambda z, guess, tangent: np.append(equations(z), (z - guess) @ tangent), guess, (guess, tangent),
                      tol=1e-12)
        if not solved.success or np.abs(solved.fun).max() > 1e-9:
            break
        x, direction = solved.x, tangent
        points.append(x)
        if x[K + 1] < T0 or x[K] < 0.2:
            break
    return np.array(points)[:, K:]


def equal_energies_frozen(law, K, ceiling):
    """(d, n) at T = 0: where the ladder and the lowest other state have equal energies, and the amplitudes of the latter."""
    def other(d):
        ladder = branches.ladder(1 - d, K)
        return next(n for _, n in branches.minima(law(d), K, 0) if not np.allclose(n, ladder, atol=1e-9))

    def excess(d, n):
        ladder = branches.ladder(1 - d, K)
        return ladder @ ladder - n @ n

    low, high = 0.5, ceiling
    for _ in range(7):  # the lowest other state changes with d, so that it is searched for anew
        d = (low + high) / 2
        n = other(d)
        low, high = (d, high) if excess(d, n) > 0 else (low, d)

    def image(d):  # inside its chamber a state is the image of any of its points
        return frozen.sums(law(d), n)[0]

    n = other((low + high) / 2)
    d = brentq(lambda d: excess(d, image(d)), 2 * low - high, min(2 * high - low, ceiling), xtol=1e-14)
    return d, np.sort(image(d))[::-1]


def equal_energies(law, K, ceiling, top):
    """(d, T) of equal free energy of the hierarchical state and the lowest other minimum, from T = 0 to the critical point."""
    d, other = equal_energies_frozen(law, K, ceiling)
    found, pair = [(d, 0.0)], np.concatenate([branches.ladder(1 - d, K), other, [d]])

    def equations(x, T):
        one, two = (branches.at(law(x[-1]), n, T) for n in (x[:K], x[K:-1]))
        return np.concatenate([one.gradient, two.gradient, [one.free_energy - two.free_energy]])

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
