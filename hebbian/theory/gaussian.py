r"""Averages over a Gaussian field: E g(h / T), h = A + a z, z ~ N(0, 1), for the g that mean-field spins need.

A spin in the field h has magnetization tanh(h / T) at temperature T.  Two exact representations are used:

noise below temperature (a < T)    the average over z itself, by the trapezoidal rule;
noise above temperature (a >= T)   the thermal average as a second noise: tanh v = E_u sign(v + u) with u logistic, of
    density sech^2(u) / 2, so that E tanh(h / T) = E_u erf(w / sqrt 2) with w = (A + T u) / a, and likewise
    E sech^2(h / T) / T = (2 / a) E_u phi(w) and T ln 2cosh(v / T) = E_u |v + T u|, phi the standard normal density.

The second form stays smooth for T -> 0, where it is the error-function form of the zero-temperature theory: T = 0 is a
value like any other.  The trapezoidal rule converges geometrically, since tanh(A/T + (a/T) z) and sech^2 u are analytic
up to a distance pi T / (2 a) >= pi / 2 from the real axis: its error is of order exp(-pi^2 / step), below rounding at
the default step.  (Derived here; checked by mpmath to 25 digits and by halving the step.)
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

STEP = 0.2  # exp(-pi^2 / STEP) = 4e-22, times up to (2 pi / STEP)^3 = 3e4 for the fourth-order poles of sech^4
Z_MAX = 12.0  # phi(12) = 2e-32; the weight of exp(-2 h / T) is centred at z = -2, so tails keep their relative accuracy
U_MAX = 24.0  # sech^2(24) = 6e-21
T_MIN = 1e-90  # colder is T = 0 to double precision, and T^3 must not underflow


@dataclass(frozen=True)
class FieldAverages:
    """Averages over h = A + a z at temperature T; arrays of the broadcast shape of (A, a, T).

    Attributes
    ----------
    deficit : 1 - E tanh(h/T), accurate relative to itself where it is small.
    q : E tanh^2(h/T), accurate relative to itself where it is small.
    C : E sech^2(h/T) / T = d E tanh / dA, the susceptibility (1 - q) / T.
    C_signal, C_noise : dC/dA and dC/da; also d E tanh / da = a dC/dA.
    sech4 : E sech^4(h/T) / T.
    log2cosh : T E ln 2cosh(h/T).
    """

    deficit: np.ndarray
    q: np.ndarray
    C: np.ndarray
    C_signal: np.ndarray
    C_noise: np.ndarray
    sech4: np.ndarray
    log2cosh: np.ndarray

    @property
    def m(self):
        """E tanh(h/T)."""
        return 1 - self.deficit


def field_averages(A, a, T, step=STEP) -> FieldAverages:
    """Averages of tanh, its powers and its integral over the Gaussian field h = A + a z at temperature T.

    Parameters
    ----------
    A, a, T : arrays that broadcast; signal, standard deviation a >= 0 of the noise, temperature T >= 0.
    step : spacing of the trapezoidal rule; halve it to see the error.
    """
    return FieldAverages(*_dispatch(A, a, T, step, _small_noise, _large_noise, 7))


def overlap_deficit(A, a, T, step=STEP):
    """1 - E tanh((A + a z)/T) alone, what root searches evaluate most; arguments as in `field_averages`."""
    return _dispatch(A, a, T, step, _small_noise_deficit, _large_noise_deficit, 1)[0]


def gaussian_average(function, step=STEP):
    """E function(z) over z ~ N(0, 1) for a smooth function of an array of nodes; the nodes are the last axis."""
    z, weight = _normal(step)
    return function(z) @ weight


def _dispatch(A, a, T, step, small, large, count):
    A, a, T = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (A, a, T)))
    T = np.where(T < T_MIN, 0.0, T)
    result = np.empty((count, *A.shape))
    quiet, sharp = a < T, T == 0
    for chosen, rule, spacing in ((quiet, small, step), (~quiet & ~sharp, large, step), (sharp, large, None)):
        if chosen.any():
            result[:, chosen] = rule(A[chosen], a[chosen], T[chosen], spacing)
    return result


@lru_cache(maxsize=8)
def _normal(step):
    n = int(np.ceil(Z_MAX / step))
    z = step * np.arange(-n, n + 1)
    return z, step * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


@lru_cache(maxsize=8)
def _logistic(step):
    """Nodes u, weights and sech^2 u of the thermal noise; None where T = 0 and one node does, with the mean 2/3 of sech^2."""
    if step is None:
        return np.zeros(1), np.ones(1), np.full(1, 2 / 3)
    n = int(np.ceil(U_MAX / step))
    u = step * np.arange(-n, n + 1)
    sech2 = 1 / np.cosh(u) ** 2
    return u, step * sech2 / 2, sech2


def _small_noise_deficit(A, a, T, step):
    z, weight = _normal(step)
    h = (A[:, None] + a[:, None] * z) / T[:, None]
    return (_one_minus_tanh(h) @ weight)[None]


def _small_noise(A, a, T, step):
    z, weight = _normal(step)
    h = (A[:, None] + a[:, None] * z) / T[:, None]
    tail = np.exp(-2 * np.abs(h))
    tanh, sech2 = np.tanh(h), 4 * tail / (1 + tail) ** 2
    E_sech2, E_sech4 = sech2 @ weight, sech2**2 @ weight
    return (
        _one_minus_tanh(h) @ weight,
        tanh**2 @ weight,
        E_sech2 / T,
        -2 * ((tanh * sech2) @ weight) / T**2,
        a * (4 * E_sech2 - 6 * E_sech4) / T**3,
        E_sech4 / T,
        T * ((np.abs(h) + np.log1p(tail)) @ weight),
    )


def _one_minus_tanh(h):
    tail = np.exp(-2 * np.abs(h))
    return 2 * np.where(h > 0, tail, 1.0) / (1 + tail)


def _large_noise_deficit(A, a, T, step):
    from scipy.special import erfc

    u, weight, _ = _logistic(step)
    w = (A[:, None] + T[:, None] * u) / np.maximum(a, 1e-100)[:, None]
    return (erfc(w / np.sqrt(2)) @ weight)[None]


def _large_noise(A, a, T, step):
    from scipy.special import erfc

    u, weight, sech2 = _logistic(step)
    v = A[:, None] + T[:, None] * u
    a = np.maximum(a, 1e-100)  # a = T = 0 is the sharp limit of a sure sign
    w = np.clip(v / a[:, None], -40.0, 40.0)  # exp(-40^2 / 2) = 0 to double precision
    tail = erfc(w / np.sqrt(2))
    phi = np.exp(-w * w / 2) / np.sqrt(2 * np.pi)
    C = 2 * (phi @ weight) / a
    return (
        tail @ weight,
        1 - T * C,
        C,
        -2 * ((w * phi) @ weight) / a**2,
        2 * (((w * w - 1) * phi) @ weight) / a**2,
        2 * (phi @ (weight * sech2)) / a,
        (v * (1 - tail)) @ weight + 2 * a * (phi @ weight),
    )
