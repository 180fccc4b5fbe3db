r"""Replica-symmetric solution branches of dense Hopfield networks, vectorised over temperature and load.

With F(m) = m^p / p!, the field on a spin along the retrieved pattern is h = A + a z, A = F'(m), a = sqrt(lambda), and

    m = E tanh(h/T),     q = E tanh^2(h/T),     C = (1 - q)/T,     lambda = alpha v(q, C),
    f = m F'(m) - F(m) - T E ln 2cosh(h/T) + alpha g(q, C, T),
    e = d(beta f)/d beta = -F(m) + alpha u(q, C, T),
    stability against replica symmetry breaking:  alpha r(q, C) E sech^4(h/T) / T^2 < 1,

where v, g, u, r are the crosstalk of `dense_noise` (p = 2: Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987);
p >= 3: derived from the replicated noise weight, which becomes Gaussian for N to infinity; it reduces to E. Gardner,
J. Phys. A 20, 3453 (1987) for distinct indices, with her alpha the alpha p!/2 of here and her beta the 2 beta / p!).

At fixed T the retrieval solutions form one curve along which everything but one root is explicit.  Its parameter is y
with m = erf(y): A = F'(m) is known, a is the noise at which E tanh(h/T) = erf(y), a monotone function, and alpha =
a^2 / v. At T = 0, a = A / (sqrt 2 y) and this is the classical parametrisation.  alpha rises from 0 at the zero-load
state, goes through one maximum, the spinodal, and falls again along the unstable states of smaller m.  So the
spinodal is the root of d alpha / dy and a solution is a root of alpha(y) between the spinodal and the zero-load end:
both are bracketed, however close to the spinodal they are.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from hebbian.theory.dense_noise import MixedSpin, PairLoop, crosstalk
from hebbian.theory.gaussian import FieldAverages, field_averages, overlap_deficit
from hebbian.theory.saddle import bracketed_root, maximum

Y_MAX = 6.0  # erfc(6) = 2e-17: beyond, m = 1 to rounding
GRID = 40  # points along a retrieval curve that locate its one maximum


@dataclass(frozen=True)
class Equations:
    """The saddle-point equations of one model: its interaction order and its crosstalk."""

    p: int
    noise: PairLoop | MixedSpin

    def F(self, m, order=0):
        """The derivative of the given order of the signal function F(m) = m^p / p!."""
        return m ** (self.p - order) / factorial(self.p - order)

    @property
    def random_field(self) -> float:
        """zeta'(0): variance per load of the crosstalk at q = 0; where it is not zero there is no paramagnet."""
        return self.noise.zeta(0.0, 1) if isinstance(self.noise, MixedSpin) else 0.0


@dataclass(frozen=True)
class States:
    """Points that satisfy the equations: arrays of one shape; `a` is the square root of the noise lambda."""

    equations: Equations
    T: np.ndarray
    alpha: np.ndarray
    m: np.ndarray
    a: np.ndarray
    averages: FieldAverages

    @property
    def C(self):
        return self.averages.C

    @property
    def q(self):
        return self.averages.q

    @property
    def free_energy(self):
        eq = self.equations
        return (self.m * eq.F(self.m, 1) - eq.F(self.m) - self.averages.log2cosh
                + self.alpha * eq.noise.free_energy(self.q, self.C, self.T))

    @property
    def energy(self):
        return -self.equations.F(self.m) + self.alpha * self.equations.noise.energy(self.q, self.C, self.T)

    @property
    def scaled_replicon(self):
        """T times the left-hand side of the stability condition; finite at T = 0, where that diverges."""
        return self.alpha * self.equations.noise.replicon(self.q, self.C) * self.averages.sech4

    @property
    def residual(self):
        """Largest violation of the equations for m, q and lambda, relative to the scale of each."""
        averages = field_averages(self.equations.F(self.m, 1), self.a, self.T)
        q = averages.q
        variance = self.alpha * self.equations.noise.variance(q, averages.C)
        noise = np.abs(self.a**2 - variance) / np.maximum(variance, np.finfo(float).tiny)
        noise = np.where(self.alpha == 0, self.a, noise)
        return np.maximum(np.maximum(np.abs(self.m - averages.m), np.abs(self.q - q)), noise)


@lru_cache(maxsize=64)
def equations(p, energy) -> Equations:
    """Equations of the storage of random patterns; for p = 2 both energies have the same ones."""
    return Equations(p, crosstalk(p, energy))


# Retrieval


def zero_load_temperature(eq) -> float:
    """Largest temperature at which one pattern alone is retrieved: the maximum of F'(tanh d) / d over d = F'(m) / T."""
    d = _zero_load_fold(eq.p)
    return 1.0 if eq.p == 2 else float(eq.F(np.tanh(d), 1) / d)


@lru_cache(maxsize=16)
def _zero_load_fold(p):
    # d/dd [tanh(d)^(p-1) / d] = 0
    return 0.0 if p == 2 else float(bracketed_root(lambda d: np.sinh(2 * d) - 2 * (p - 1) * d, 0.1, 20.0))


def zero_load(eq, T):
    """Ends (y_low, y_high <= Y_MAX) of the retrieval curve, where alpha = 0; NaN above the zero-load temperature."""
    from scipy.special import erfcinv, erfinv

    T = np.asarray(T, dtype=float)
    T = np.where((T < 1) | (eq.p > 2), T, np.nan)
    fold, d_max = _zero_load_fold(eq.p), 30.0

    def excess(d, T):
        return eq.F(np.tanh(d), 1) - T * d

    warm = ~(excess(d_max, T) >= 0)
    d_high = bracketed_root(excess, max(fold, 1e-9), np.where(warm, d_max, np.nan), T)
    y_high = np.where(warm, np.minimum(erfcinv(2 / (np.exp(2 * d_high) + 1)), Y_MAX), Y_MAX)
    if eq.p == 2:
        return np.where(np.isnan(y_high), np.nan, 0.0), y_high
    d_floor = (factorial(eq.p - 1) * T) ** (1 / (eq.p - 2))  # tanh d < d
    d_low = bracketed_root(excess, np.minimum(d_floor, fold), fold, T)
    return np.where(T > 0, erfinv(np.tanh(d_low)), 0.0), y_high


def retrieval_noise(eq, y, T):
    """Standard deviation a of the noise at which a pattern is held with overlap erf(y) at temperature T."""
    from scipy.special import erf, erfc

    A = eq.F(erf(y), 1)
    largest = A / (np.sqrt(2) * y)  # thermal noise only adds: exact at T = 0

    def excess(a, A, T, target):
        difference = np.log(np.maximum(overlap_deficit(A, a, T), 1e-300)) - target
        return np.where(a > 0, difference, np.minimum(difference, 0.0))  # a = 0 beyond the zero-load ends

    target = np.log(erfc(y))
    a = bracketed_root(excess, np.where(T > 0, 0.0, largest / 2), largest * (1 + 1e-13), A, T, target)
    return np.where(T > 0, a, largest)


def on_retrieval_curve(eq, y, T) -> States:
    """The states of overlap m = erf(y) at temperature T, at the load that they need."""
    from scipy.special import erf

    y, T = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(T, dtype=float))
    m, a = erf(y), retrieval_noise(eq, y, T)
    averages = field_averages(eq.F(m, 1), a, T)
    with np.errstate(divide="ignore", invalid="ignore"):  # NaN where the curve does not exist
        alpha = a**2 / eq.noise.variance(averages.q, averages.C)
    return States(eq, T, alpha, m, a, averages)


def load_slope(state):
    """d ln alpha / dm along the retrieval curve; it vanishes on the spinodal.

    From dm = C dA + (a dC/dA) da with dA = F''(m) dm, then alpha = a^2 / v(q, C) with q = 1 - T C.
    """
    eq, av, a = state.equations, state.averages, state.a
    dA = eq.F(state.m, 2)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN where the curve does not exist
        da = (1 - av.C * dA) / (a * av.C_signal)
        dC = av.C_signal * dA + av.C_noise * da
        return 2 * da / a - eq.noise.log_variance_change(state.q, av.C, -state.T * dC, dC)


def spinodal(eq, T):
    """Parameter y of the retrieval state of largest load at temperature T; NaN where there is no retrieval.

    It is the first maximum of the load that is met from the zero-load end.  (At low T and small m the unstable states
    of p >= 3 with distinct indices have a second, lower maximum.)
    """
    T = np.asarray(T, dtype=float)
    low, high = zero_load(eq, T)
    # squared spacing: at low T the maximum lies in the lower part of a long curve
    y = low[..., None] + (high - low)[..., None] * ((np.arange(GRID) + 0.5) / GRID) ** 2
    load = on_retrieval_curve(eq, y, T[..., None]).alpha
    rising = load[..., 1:] > load[..., :-1]
    top = (GRID - 1 - np.argmax(rising[..., ::-1], axis=-1))[..., None]
    below = np.take_along_axis(y, top - 1, -1)[..., 0]
    above = np.take_along_axis(y, np.minimum(top + 1, GRID - 1), -1)[..., 0]
    return bracketed_root(lambda y, T: load_slope(on_retrieval_curve(eq, y, T)), below, above, T)


def spinodal_load(eq, T):
    """Largest load with a retrieval state at temperature T; NaN where there is none."""
    return on_retrieval_curve(eq, spinodal(eq, T), T).alpha


@lru_cache(maxsize=64)
def largest_load(eq):
    """(T, alpha) of the top of the spinodal: below that T it re-enters, the load falls to zero above."""
    return maximum(lambda T: spinodal_load(eq, T), np.linspace(0.0, zero_load_temperature(eq), 33))


def retrieval(eq, T, alpha) -> States:
    """The retrieval states at temperature T and load alpha; NaN in m where they do not exist."""
    from scipy.special import erf

    T, alpha = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(alpha, dtype=float))
    fold, (_, end) = spinodal(eq, T), zero_load(eq, T)

    def excess(y, T, alpha):
        return on_retrieval_curve(eq, y, T).alpha - alpha

    saturated = (end == Y_MAX) & (alpha <= on_retrieval_curve(eq, Y_MAX, T).alpha)
    y = np.where((alpha == 0) | saturated, end, bracketed_root(excess, fold, end, T, alpha))
    m = np.where(saturated, 1.0, erf(y))
    a = np.where(saturated, np.sqrt(alpha * eq.noise.variance(1.0, 0.0)),
                 np.where(alpha == 0, 0.0, retrieval_noise(eq, y, T)))
    av = field_averages(eq.F(m, 1), a, T)
    a = np.sqrt(alpha * eq.noise.variance(av.q, av.C))  # rounding in y blurs a where the noise is small
    return States(eq, T, alpha, m, a, field_averages(eq.F(m, 1), a, T))


# States without overlap


def paramagnet(eq, T, alpha) -> States:
    """The state m = q = 0 at T > 0, where the crosstalk has no random field (and for p = 2 at T > 1)."""
    T, alpha = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(alpha, dtype=float))
    zero = np.zeros(T.shape)
    return States(eq, T, alpha, zero, zero, field_averages(zero, zero, T))


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
            return a * (1 - av.C) - np.sqrt(alpha * av.q)
        return a**2 - alpha * eq.noise.variance(av.q, av.C)

    if eq.p == 2:
        # at T = 0, C = sqrt(2/pi)/a, which bounds C at T > 0
        high = (np.sqrt(alpha) + np.sqrt(2 / np.pi)) * (1 + 1e-9)
        cold = (T < 1) & (T > 0)
        lowest = bracketed_root(lambda a, T: averages(a, T).C - 1, 1e-9, np.where(cold, 1.0, np.nan), T)
        low = np.where(cold, lowest, np.where(T == 0, np.sqrt(2 / np.pi), 1e-7 * T))
    else:
        high = np.sqrt(alpha * eq.noise.zeta(1.0, 1)) * (1 + 1e-9)
        low = np.sqrt(alpha * eq.random_field) * (1 - 1e-9) if eq.random_field else max(frozen_scale(eq)[0], 1e-7) * T
    a = bracketed_root(excess, low, np.where(alpha > 0, high, np.nan), T, alpha)
    return States(eq, T, alpha, np.zeros(T.shape), a, averages(a, T))


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
    """Temperature below which states with m = 0 and q > 0 exist at load alpha, in replica symmetry."""
    if eq.p == 2:
        return 1 + np.sqrt(alpha)
    return frozen_scale(eq)[1] * np.sqrt(np.maximum(alpha, np.finfo(float).tiny))
