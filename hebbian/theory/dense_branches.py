r"""Replica-symmetric solution branches of dense Hopfield networks, vectorised over temperature and load.

At fixed T the retrieval solutions of the equations of `dense_states` form one curve along which everything but one root is
explicit.  Its parameter is y with n = erf(y) E|t|: A = F'(n) is known, a is the noise at which E t tanh(h/T) = n, a
monotone function, and alpha = a^2 / v.  For storage at T = 0, a = A / (sqrt 2 y) and this is the classical parametrisation.
alpha starts from 0 at the zero-load state, goes through its maximum, the spinodal, and falls again along the unstable
states of smaller n.  So the spinodal is a root of d alpha / dy and a solution is a root of alpha(y) between the spinodal
and the zero-load end: both are bracketed, however close to the spinodal they are.  With few examples alpha(y) can have more
than one hump, one for each value of t that the noise washes out; "retrieval" is the solution of largest n.
"""

from functools import lru_cache
from math import factorial

import numpy as np

from hebbian.theory.dense_states import States
from hebbian.theory.gaussian import field_averages
from hebbian.theory.saddle import bracketed_root, maximum

GRID = 40  # points along a retrieval curve that locate its maxima
MARGINAL_GRID = 24  # points along its upper part that locate where it becomes unstable
SLIGHT = 1e-8  # load relative to the spinodal below which its noise is lost in the rounding of y


# Retrieval


def zero_load_temperature(eq) -> float:
    """Largest temperature at which one pattern alone is retrieved: the maximum of F'(n(d)) / d over d = F'(n) / T."""
    return _zero_load_fold(eq)[1]


@lru_cache(maxsize=64)
def _zero_load_fold(eq):
    if eq.p == 2:
        return 0.0, 1.0  # E t tanh(d t) / d falls from R
    return maximum(lambda d: eq.F(eq.examples.without_noise(d), 1) / d, np.geomspace(0.05, 60 / eq.examples.largest, 80))


def zero_load(eq, T):
    """Ends (y_low, y_high) of the retrieval curve, where a = 0; y_high is cut at y_max; NaN above the zero-load limit."""
    from scipy.special import erfcinv, erfinv

    T = np.asarray(T, dtype=float)
    y_max, largest = eq.examples.y_max, eq.examples.largest
    (fold, highest), d_max = _zero_load_fold(eq), 30.0 / eq.examples.smallest

    def excess(d, T):
        return eq.F(eq.examples.without_noise(d), 1) - T * d

    inside = T < highest if eq.p == 2 else T <= highest  # for p = 2 the overlap vanishes at the end
    warm = (excess(np.full(T.shape, d_max), T) < 0) & inside
    with np.errstate(invalid="ignore"):
        d_high = bracketed_root(excess, fold if eq.p > 2 else 1e-9, np.where(warm, d_max, np.nan), T)
        deficit = eq.examples.deficit(np.where(warm, d_high, 1.0), 0.0, 1.0)
        y_high = np.where(inside, np.where(warm, np.minimum(erfcinv(deficit), y_max), y_max), np.nan)
        if eq.p == 2:
            return np.where(np.isnan(y_high), np.nan, 0.0), y_high
        # n(d) < R d, so the excess is negative at and below this d
        R = eq.norm ** (2 / eq.p)
        d_floor = (factorial(eq.p - 1) * eq.norm * T / R ** (eq.p - 1)) ** (1 / (eq.p - 2))
        d_low = bracketed_root(excess, np.minimum(0.9 * d_floor, fold), np.where(inside, fold, np.nan), T)
        return np.where(T > 0, erfinv(eq.examples.without_noise(d_low) / largest), 0.0), y_high


def retrieval_noise(eq, y, T):
    """Standard deviation a of the noise at which a pattern is held with n = erf(y) E|t| at temperature T."""
    from scipy.special import erf, erfc

    sure = eq.examples.largest
    A = eq.F(sure * erf(y), 1)
    R = eq.norm ** (2 / eq.p)
    largest = A * (R / sure) / (np.sqrt(2) * y)  # erf is concave in t and thermal noise only adds: exact at T = 0 for one t

    def excess(a, A, T, target):
        difference = np.log(np.maximum(eq.examples.deficit(A, a, T), 1e-300)) - target
        return np.where(a > 0, difference, np.minimum(difference, 0.0))  # a = 0 beyond the zero-load ends

    target = np.log(erfc(y))
    exact = (T == 0) & eq.examples.single
    a = bracketed_root(excess, np.where(exact, largest / 2, 0.0), largest * (1 + 1e-13), A, T, target)
    return np.where(exact, largest, a)


def on_retrieval_curve(eq, y, T) -> States:
    """The states of n = erf(y) E|t| at temperature T, at the load that they need (negative where none has them)."""
    from scipy.special import erf

    y, T = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(T, dtype=float))
    n, a = eq.examples.largest * erf(y), retrieval_noise(eq, y, T)
    averages = eq.examples.averages(eq.F(n, 1), a, T)
    with np.errstate(divide="ignore", invalid="ignore"):  # NaN where the curve does not exist
        alpha = a**2 / eq.noise.variance(averages.q, averages.C)
    return States(eq, T, alpha, n, a, averages)


def load_slope(state):
    """d ln alpha / dn along the retrieval curve; it vanishes on the spinodal.

    From dn = (dn/dA) dA + (dn/da) da with dA = F''(n) dn, then alpha = a^2 / v(q, C) with q = 1 - T C.
    """
    eq, av, a = state.equations, state.averages, state.a
    dA = eq.F(state.n, 2)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN where the curve does not exist
        da = (1 - av.n_signal * dA) / av.n_noise
        dC = av.C_signal * dA + av.C_noise * da
        return 2 * da / a - eq.noise.log_variance_change(state.q, av.C, -state.T * dC, dC)


def _curve(eq, T):
    """Points y along the retrieval curve (a last axis of GRID) and the loads there; at low T its maximum lies at low y.

    For p >= 3 the noise vanishes with q, and close to the low end of a curve there are states of small q that need much load
    and are no phase: iterating the equations for (n, q) leaves them along both eigenvectors.  Where the noise a state makes
    grows faster than the noise it is given, d ln v / d ln a > 2, q drives it away; and beyond a valley of the load, states
    on the side where it falls with n have both eigenvalues above 1 if their sum, F''(n) dn/dA + (d ln v / d ln a) / 2, exceeds
    2.  (With p = 3, M = 25, r = 0.4 and T = 0.1, networks at such a load have m = 0.6, as in one step of replica symmetry
    breaking, and not the m = 0.2 of those states.)  From there on downwards the load is returned as -1.
    """
    return _curve_at(eq, T.shape, T.tobytes())


@lru_cache(maxsize=16)
def _curve_at(eq, shape, temperatures):
    """`_curve` at temperatures given by their bytes: its lines and states are asked for one after the other."""
    T = np.frombuffer(temperatures).reshape(shape)
    low, high = zero_load(eq, T)
    y = low[..., None] + (high - low)[..., None] * ((np.arange(GRID) + 0.5) / GRID) ** 2
    state = on_retrieval_curve(eq, y, T[..., None])
    if eq.p == 2:
        return _frozen(y, state.alpha)
    growth = state.a * eq.noise.log_variance_change(state.q, state.C, -state.T * state.averages.C_noise, state.averages.C_noise)
    rises = np.diff(state.alpha, append=-np.inf, axis=-1) > 0
    past_valley = ~rises & np.flip(np.logical_or.accumulate(np.flip(rises, axis=-1), axis=-1), axis=-1)
    away = (growth > 2) | (past_valley & (eq.F(state.n, 2) * state.averages.n_signal + growth / 2 > 2))
    beyond = np.flip(np.logical_or.accumulate(np.flip(away, axis=-1), axis=-1), axis=-1)
    return _frozen(y, np.where(beyond, -1.0, state.alpha))


def _frozen(*arrays):
    for array in arrays:
        array.setflags(write=False)
    return arrays


def load_end(eq, T):
    """Parameter y where the load has fallen to zero again: the zero-load end, or C = 1 before it (p = 2, few examples or ties).

    Beyond C = 1 the spins whose examples nearly tie would have to be frozen by a noise too weak for it.
    """
    (_, end), (y, load) = zero_load(eq, T), _curve(eq, T)
    last = np.where(load > 0, y, -np.inf).max(axis=-1)
    beyond = np.where(y > last[..., None], y, end[..., None]).min(axis=-1)
    cut = np.signbit(on_retrieval_curve(eq, end, T).alpha)  # also where no noise is left, a = 0
    crossing = bracketed_root(lambda y, T: on_retrieval_curve(eq, y, T).alpha, np.where(cut, last, np.nan), beyond, T)
    return np.where(cut, crossing, end)


def spinodal(eq, T):
    """Parameter y of the retrieval state of largest load at temperature T; NaN where there is no retrieval."""
    T = np.asarray(T, dtype=float)
    return _fold(eq, T, *_curve(eq, T))


def _fold(eq, T, y, load):
    exists = (load > 0).any(axis=-1)
    best = np.where(exists, np.argmax(np.where(load > 0, load, 0.0), axis=-1), 0)[..., None]
    below = np.take_along_axis(y, np.maximum(best - 1, 0), -1)[..., 0]
    above = np.take_along_axis(y, np.minimum(best + 1, GRID - 1), -1)[..., 0]
    return bracketed_root(lambda y, T: load_slope(on_retrieval_curve(eq, y, T)), below, np.where(exists, above, np.nan), T)


def spinodal_load(eq, T):
    """Largest load with a retrieval state at temperature T; NaN where there is none."""
    return on_retrieval_curve(eq, spinodal(eq, T), T).alpha


@lru_cache(maxsize=64)
def largest_load(eq):
    """(T, alpha) of the top of the spinodal: below that T it re-enters, the load falls to zero above."""
    return maximum(lambda T: spinodal_load(eq, T), np.linspace(0.0, zero_load_temperature(eq), 33))


@lru_cache(maxsize=64)
def spinodal_instability(eq) -> float:
    """Temperature below which the state on the spinodal is unstable to replica symmetry breaking."""

    def instability(T):
        return on_retrieval_curve(eq, spinodal(eq, T), T).scaled_replicon - T

    return float(bracketed_root(instability, 0.0, zero_load_temperature(eq) * (1 - 1e-6)))


def marginal(eq, T) -> States | None:
    """The retrieval state of largest load at temperature T that is stable to replica symmetry breaking; None if all are."""

    def instability(y):
        return on_retrieval_curve(eq, y, T).scaled_replicon - T

    low, high = float(spinodal(eq, T)), float(load_end(eq, np.float64(T)))
    y = np.linspace(low, high, MARGINAL_GRID)
    unstable = np.flatnonzero(instability(y) > 0)
    if not unstable.size:
        return None
    k = unstable[-1]
    return on_retrieval_curve(eq, high if k + 1 == y.size else bracketed_root(instability, y[k], y[k + 1]), T)


def retrieval(eq, T, alpha) -> States:
    """The retrieval states of largest n at temperature T and load alpha; NaN in n where they do not exist."""
    from scipy.special import erf

    T, alpha = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(alpha, dtype=float))
    (_, end), (y, load) = zero_load(eq, T), _curve(eq, T)
    fold = _fold(eq, T, y, load)
    largest_load = on_retrieval_curve(eq, fold, T).alpha

    def excess(y, T, alpha):
        return on_retrieval_curve(eq, y, T).alpha - alpha

    # from the last point of the curve that carries the load to the next point
    y = np.concatenate([y, fold[..., None]], axis=-1)
    carries = np.concatenate([load, largest_load[..., None]], axis=-1) >= alpha[..., None]
    with np.errstate(invalid="ignore"):
        low = np.max(np.where(carries, y, -np.inf), axis=-1)
        high = np.min(np.where(y > low[..., None], y, end[..., None]), axis=-1)
        low = np.where(np.isfinite(low), low, np.nan)
    saturated = (end == eq.examples.y_max) & (alpha <= on_retrieval_curve(eq, end, T).alpha)
    # Below some load the noise is lost in the rounding of y; there the state without load is the better start.
    without = eq.examples.averages(eq.F(eq.examples.largest * erf(end), 1), 0.0, T)
    with np.errstate(invalid="ignore"):  # no load times an infinite variance, at T = 1 for p = 2
        variance = alpha * eq.noise.variance(without.q, without.C)
    slight = (alpha < SLIGHT * largest_load) & (variance > 0) & ~saturated
    y = np.where((alpha == 0) | saturated | slight, end, bracketed_root(excess, low, high, T, alpha))
    n = np.where(saturated, eq.examples.largest, eq.examples.largest * erf(y))
    a = np.where(slight, np.sqrt(np.abs(variance)), retrieval_noise(eq, y, T))
    a = np.where(saturated, _saturated_noise(eq, np.where(saturated, a, np.nan), T, alpha), np.where(alpha == 0, 0.0, a))
    for _ in range(2):
        n, a = _polished(eq, n, a, T, alpha)
    return States(eq, T, alpha, n, a, eq.examples.averages(eq.F(n, 1), a, T))


def _saturated_noise(eq, largest, T, alpha):
    """Standard deviation a <= `largest` of the noise where all spins follow the sign of their examples; NaN where that is NaN.

    A spin whose examples tie follows the noise: q and a then depend on each other.
    """
    n = eq.examples.largest
    q = eq.examples.averages(eq.F(n, 1), np.zeros(T.shape), T).q

    def excess(a, T, alpha):
        av = eq.examples.averages(eq.F(n, 1), a, T)
        return eq.noise.excess(a, alpha, av.q, av.C)

    low = np.sqrt(alpha * eq.noise.variance(q, 0.0)) * (1 - 1e-9)  # noise and response only raise it
    return np.where(alpha == 0, 0.0 * largest, bracketed_root(excess, low, np.where(alpha == 0, np.nan, largest), T, alpha))


def _polished(eq, n, a, T, alpha):
    """One Newton step of n = n(A, a), a^2 = alpha v(q, C), which removes the rounding that y leaves in a small a."""
    av = eq.examples.averages(eq.F(n, 1), a, T)
    curvature = eq.F(n, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = alpha * eq.noise.variance(av.q, av.C)

        def variance_slope(dC):
            return variance * eq.noise.log_variance_change(av.q, av.C, -T * dC, dC)

        residuals = np.stack([n - av.n, a**2 - variance])
        nn, na = 1 - av.n_signal * curvature, -av.n_noise
        an, aa = -variance_slope(av.C_signal * curvature), 2 * a - variance_slope(av.C_noise)
        determinant = nn * aa - na * an
        dn = (aa * residuals[0] - na * residuals[1]) / determinant
        da = (nn * residuals[1] - an * residuals[0]) / determinant
        small = (np.abs(da) < 1e-3 * a) & (np.abs(dn) < 1e-6) & (alpha > 0)
    return np.where(small, n - dn, n), np.where(small, a - da, a)


# States without overlap


def paramagnet(eq, T, alpha) -> States:
    """The state m = q = 0 at T > 0, where the crosstalk has no random field (and for p = 2 at T > 1)."""
    T, alpha = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(alpha, dtype=float))
    zero = np.zeros(T.shape)
    return States(eq, T, alpha, zero, zero, eq.examples.averages(zero, zero, T))


def glass(eq, T, alpha) -> States:
    """The states m = 0, q > 0 of largest q; NaN in a where there is none.

    At fixed T the load is explicit in the noise, alpha = a^2 / v(q, C).  For p = 2 it rises with a from C = 1 (T < 1)
    or from a = 0.  For p >= 3 it is alpha = T^2 / r(a/T), see `frozen_scale`.
    """
    T, alpha = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(alpha, dtype=float))

    def averages(a, T):
        return field_averages(0.0, a, T)

    def excess(a, T, alpha):
        av = averages(a, T)
        if eq.p == 2:  # the form that is free of poles
            return a * eq.noise.gap(av.q, av.C) - np.sqrt(alpha * av.q)
        return a**2 - alpha * eq.noise.variance(av.q, av.C)

    if eq.p == 2:
        # at T = 0, C = sqrt(2/pi)/a, which bounds C at T > 0
        high = (np.sqrt(alpha * eq.noise.replicon(0.0, 0.0)) + np.sqrt(2 / np.pi)) * (1 + 1e-9)
        cold = (T < 1) & (T > 0)
        lowest = bracketed_root(lambda a, T: averages(a, T).C - 1, 1e-9, np.where(cold, 1.0, np.nan), T)
        low = np.where(cold, lowest, np.where(T == 0, np.sqrt(2 / np.pi), 1e-7 * T))
    else:
        high = np.sqrt(alpha * eq.noise.zeta(1.0, 1)) * (1 + 1e-9)
        low = np.sqrt(alpha * eq.random_field) * (1 - 1e-9) if eq.random_field else max(frozen_scale(eq)[0], 1e-7) * T
    a = bracketed_root(excess, low, np.where(alpha > 0, high, np.nan), T, alpha)
    return States(eq, T, alpha, np.zeros(T.shape), a, eq.examples.averages(0.0, a, T))


@lru_cache(maxsize=64)
def frozen_scale(eq):
    """(s, t) for p >= 3: replica-symmetric states m = 0, q > 0 exist up to T = t sqrt(alpha), where a = s T.

    All states m = 0 depend on T / sqrt(alpha) alone: with s = a/T, T^2 / alpha = r(s) = zeta'(q(s)) / s^2.
    t = infinity with a random field; s = 0 where q grows continuously from zero.
    """
    if eq.random_field:
        return 0.0, np.inf

    def ratio(s):
        return eq.noise.zeta(field_averages(0.0, s, 1.0).q, 1) / s**2

    s, largest = maximum(ratio, np.linspace(0.05, 8.0, 160))
    continuous = eq.noise.replicon(0.0, 0.0)
    return (s, np.sqrt(largest)) if largest > continuous else (0.0, np.sqrt(continuous))


def glass_end(eq, alpha):
    """Temperature below which states with m = 0 and q > 0 exist at load alpha, in replica symmetry.

    For p = 2 it is where the replicon of the paramagnet, alpha r(0, 1/T) / T^2, is 1: T = 1 + sqrt(alpha) for storage.
    """
    alpha = np.asarray(alpha, dtype=float)
    if eq.p > 2:
        return frozen_scale(eq)[1] * np.sqrt(np.maximum(alpha, np.finfo(float).tiny))
    highest = 1 + np.sqrt(alpha * eq.noise.replicon(0.0, 0.0))  # no mode has a weight above 1
    return bracketed_root(lambda T, alpha: np.sqrt(alpha) - T * eq.noise.gap(0.0, 1 / T), 1.0, highest * (1 + 1e-12), alpha)
