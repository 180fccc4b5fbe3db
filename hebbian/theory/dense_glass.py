r"""Glass transition of the states without overlap (m = 0) of dense Hopfield networks with p >= 3.

These states depend on T / sqrt(alpha) = t alone: they are those of the Ising spin glass with covariance zeta(q).  Its
one-step replica-symmetry-broken solution at breaking parameter theta = 1 has the free energy of the replica-symmetric
state of overlap q0 (zero without a random field) and, below the dynamical temperature t_d, many states of overlap q1
> q0. With s0^2 = zeta'(q0) / t^2, D = [zeta'(q1) - zeta'(q0)] / t^2 and h0 = s0 z, the weight 2cosh of a state shifts
the Gaussian, which leaves

    q0 = E tanh^2 h0,        q1 = E_h0 (1 + tanh h0) E_z tanh^2(h0 + D + sqrt(D) z),
    complexity  Sigma = E ln cosh h0 + D/2 + (D + s0^2) q1/2 - s0^2 q0/2 - [zeta(q1) - zeta(q0)] / (2 t^2)
                        - E_h0 (1 + tanh h0) E_z ln cosh(h0 + D + sqrt(D) z),

which falls to zero at the static (Kauzmann) temperature t_K.  Derived here from the one-step free energy; for p = 3 and
distinct indices, in units of J = sqrt(2 alpha / p!), it gives the T_d = 0.6816 and T_K = 0.6514 of the Ising
three-spin glass.

If q1 - q0 grows continuously from zero, both temperatures are the instability of the replica-symmetric state.  That
is the case for the full power with p = 3 and p = 4; with distinct indices and for larger p the transition is
discontinuous.
"""

from functools import lru_cache

import numpy as np

from hebbian.theory.gaussian import field_averages, gaussian_average
from hebbian.theory.saddle import bracketed_root, maximum

STATES = np.geomspace(1e-3, 30.0, 60)  # grid of D that locates the largest temperature with q1 > q0
CONTINUOUS = 1e-9  # relative excess over the instability of the replica-symmetric state that is rounding


@lru_cache(maxsize=64)
def glass_temperatures(eq) -> tuple[float, float]:
    """Dynamical and static glass temperatures (t_d, t_K) of the m = 0 states for p >= 3, in units of sqrt(alpha)."""
    if eq.random_field:
        hottest, coldest = 0.05, float(bracketed_root(_each(lambda s0: _symmetric(eq, s0)[2] - 1), 0.05, 5.0))
    else:
        hottest = coldest = 0.0
    instability = _symmetric(eq, coldest)[1]
    if _many_states(eq, coldest)[1] <= instability * (1 + CONTINUOUS):
        return (float(np.sqrt(instability)),) * 2
    if not eq.random_field:
        D, dynamic = _many_states(eq, 0.0)
        D = bracketed_root(_each(lambda D: _complexity(eq, 0.0, D)), D, STATES[-1])
        return float(np.sqrt(dynamic)), float(np.sqrt(_temperature_squared(eq, 0.0, D)))

    def surplus(s0):
        return _many_states(eq, s0)[1] - _symmetric(eq, s0)[1]

    def complexity(s0):
        t2 = _symmetric(eq, s0)[1]
        top = _many_states(eq, s0)[0]
        D = bracketed_root(_each(lambda D: _temperature_squared(eq, s0, D) - t2), top, STATES[-1])
        return _complexity(eq, s0, D)

    s0_dynamic = float(bracketed_root(_each(surplus), hottest, coldest))
    s0_static = float(bracketed_root(_each(complexity), s0_dynamic * (1 + 1e-9), coldest))
    return tuple(float(np.sqrt(_symmetric(eq, s0)[1])) for s0 in (s0_dynamic, s0_static))


def _each(function):
    return np.vectorize(function, otypes=[float])


def _symmetric(eq, s0):
    """(q0, t^2, replicon) of the replica-symmetric state with h0 = s0 z; for s0 = 0, t is where the replicon is 1."""
    av = field_averages(0.0, s0, 1.0)
    q0 = float(av.q)
    instability = eq.noise.zeta(q0, 2) * float(av.sech4)
    if s0 == 0:
        return q0, instability, 1.0
    t2 = eq.noise.zeta(q0, 1) / s0**2
    return q0, t2, instability / t2


def _many_states(eq, s0):
    """D and value of the largest t^2 at which states of overlap q1 > q0 exist."""
    return maximum(_each(lambda D: _temperature_squared(eq, s0, D)), STATES)


def _temperature_squared(eq, s0, D):
    """t^2 = [zeta'(q1) - zeta'(q0)] / D."""
    return (eq.noise.zeta(_inner(eq, s0, D)[0], 1) - eq.noise.zeta(_symmetric(eq, s0)[0], 1)) / D


def _inner(eq, s0, D):
    """(q1, weighted average of ln 2cosh) over the fields h0 + D + sqrt(D) z."""

    def tilted(z):
        av = field_averages(s0 * z + D, np.sqrt(D), 1.0)
        return (1 + np.tanh(s0 * z)) * np.stack([av.q, av.log2cosh])

    return gaussian_average(tilted, step=0.125)


def _complexity(eq, s0, D):
    q0 = _symmetric(eq, s0)[0]
    q1, log2cosh = _inner(eq, s0, D)
    t2 = _temperature_squared(eq, s0, D)
    return (float(field_averages(0.0, s0, 1.0).log2cosh) + D / 2 + ((D + s0**2) * q1 - s0**2 * q0) / 2
            - (eq.noise.zeta(q1) - eq.noise.zeta(q0)) / (2 * t2) - log2cosh)
