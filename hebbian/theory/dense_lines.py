r"""Lines of the phase diagram of a dense Hopfield network, each over its whole extent in temperature.

spinodal     largest load with a retrieval state, from T = 0 to the zero-load temperature, where it ends at alpha = 0.
              It re-enters: the load first rises with T.
first_order  where the free energy of retrieval equals that of the m = 0 state, from the end at alpha = 0 (T = 1 for p
             = 2) down to T = 0 if the glass appears continuously (p = 2; power, p = 3, 4), with the replica-symmetric
             glass as the m = 0 state.  If the glass transition is discontinuous, the line ends where it meets
             "glass": below, retrieval competes with a glass that replica symmetry does not describe.
glass        T_g(alpha), where the m = 0 states freeze: 1 + sqrt(alpha) for p = 2; t sqrt(alpha) for p >= 3, t the
             static (Kauzmann) temperature of `dense_glass`, which is sqrt(zeta''(0)) where q grows continuously from
             zero.  Drawn up to loads a quarter above the largest with a retrieval state.
dynamical    where the transition is discontinuous: T_d(alpha), below which the m = 0 states break up into many.
one_step     on request, where it differs from the spinodal: the largest load with a retrieval state in one step of replica
             symmetry breaking (`dense_rsb`), from T = 0 to where "replicon" meets the spinodal.
replicon     de Almeida-Thouless line of retrieval, from (0, 0) to where it meets the spinodal; retrieval states at
             lower T or higher load are unstable to replica symmetry breaking.

Along a line parametrised by temperature every point is a bracketed root on the retrieval curve of that temperature,
whose load is explicit: no point needs its neighbour, and all are solved at once.
"""

import numpy as np

from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_rsb
from hebbian.theory.dense_glass import glass_temperatures
from hebbian.theory.phases import Line
from hebbian.theory.saddle import bracketed_root

MEANING = {
    "spinodal": "largest load with a retrieval state",
    "first_order": "retrieval and the state without overlap have equal free energy",
    "glass": "the states without overlap freeze",
    "dynamical": "the states without overlap break up into many",
    "replicon": "retrieval becomes unstable to replica symmetry breaking",
    "one_step": "largest load with a retrieval state in one step of replica symmetry breaking",
}

CONTINUOUS = "the glass transition is continuous: states break up where they freeze"


def lines(eq, points, rsb=0) -> dict[str, Line]:
    """All lines by name, each with the given number of points, in order of increasing temperature; rsb = 1 adds "one_step"."""
    curves = {"spinodal": spinodal(eq, points), "first_order": first_order(eq, points)}
    curves |= glass(eq, points, largest=1.25 * branches.largest_load(eq)[1])
    curves["replicon"] = replicon(eq, points)
    if rsb:
        curves["one_step"] = one_step(eq, points)
    return {name: Line(T, alpha, MEANING[name]) for name, (T, alpha) in curves.items()}


def spinodal(eq, points):
    """(T, alpha) of the spinodal."""
    T = np.linspace(0.0, branches.zero_load_temperature(eq), points)
    return T, np.append(branches.spinodal_load(eq, T[:-1]), 0.0)


def first_order(eq, points):
    """(T, alpha) of the line of equal free energies."""
    highest = first_order_end(eq)
    lowest = 0.0
    t_dynamic, t_static = glass_temperatures(eq) if eq.p > 2 else (0.0, 0.0)
    if t_dynamic > t_static:  # discontinuous
        lowest = float(bracketed_root(lambda T: T - t_static * np.sqrt(first_order_load(eq, T)),
                                      highest / 8, highest * (1 - 1e-9)))
    T = np.linspace(lowest, highest, points)
    return T, np.append(first_order_load(eq, T[:-1]), 0.0)


def first_order_end(eq):
    """Temperature at which retrieval of one pattern alone and the paramagnet have equal free energy.

    With d = F'(n)/T, n F'(n) - F(n) = T E ln cosh(t d) becomes (1 - 1/p) d n = E ln cosh(t d).
    """
    if eq.p == 2:
        return 1.0

    def difference(d):
        log_cosh = eq.examples.averages(d, 0.0, 1.0).log2cosh - np.log(2)
        return (1 - 1 / eq.p) * d * eq.examples.without_noise(d) - log_cosh

    d = float(bracketed_root(difference, 0.5, 20.0 / eq.examples.largest))
    return float(eq.F(eq.examples.without_noise(d), 1) / d)


def first_order_load(eq, T):
    """Load at which retrieval and the m = 0 state have equal free energy at temperature T."""

    def difference(y, T):
        state = branches.on_retrieval_curve(eq, y, T)
        return state.free_energy - free_energy_without_overlap(eq, T, state.alpha)

    y = bracketed_root(difference, branches.spinodal(eq, T), branches.load_end(eq, T), T)
    return branches.on_retrieval_curve(eq, y, T).alpha


def free_energy_without_overlap(eq, T, alpha):
    """Free energy of the m = 0 state: the replica-symmetric glass where it appears continuously, or the paramagnet."""
    discontinuous = eq.p > 2 and branches.frozen_scale(eq)[0] > 0
    frozen = (T < branches.glass_end(eq, alpha)) & (not discontinuous)
    loaded = alpha > 1e-30  # with less, C = 1 to rounding in the glass of p = 2
    f = -T * np.log(2)
    for chosen, branch in ((loaded & frozen, branches.glass), (loaded & ~frozen, branches.paramagnet)):
        f[chosen] = branch(eq, T[chosen], alpha[chosen]).free_energy
    return f


def glass(eq, points, largest):
    """(T, alpha) of the glass line, and of the dynamical line where it differs, for loads from 0 to `largest`."""
    alpha = largest * np.linspace(0.0, 1.0, points) ** 2  # the line leaves alpha = 0 as a square root
    if eq.p == 2:
        return {"glass": (branches.glass_end(eq, alpha), alpha)}
    t_dynamic, t_static = glass_temperatures(eq)
    curves = {"glass": (t_static * np.sqrt(alpha), alpha)}
    if t_dynamic > t_static:
        curves["dynamical"] = (t_dynamic * np.sqrt(alpha), alpha)
    return curves


def replicon(eq, points):
    """(T, alpha) of the line where retrieval becomes unstable to replica symmetry breaking."""

    def instability(y, T):
        return branches.on_retrieval_curve(eq, y, T).scaled_replicon - T

    end = branches.spinodal_instability(eq)
    T = np.linspace(0.0, end, points)
    y = bracketed_root(instability, branches.spinodal(eq, T[1:-1]), branches.load_end(eq, T[1:-1]), T[1:-1])
    inner = branches.on_retrieval_curve(eq, y, T[1:-1]).alpha
    return T, np.concatenate([[0.0], inner, [branches.spinodal_load(eq, end)]])


def one_step(eq, points):
    """(T, alpha) of the capacity in one step of replica symmetry breaking."""
    T = np.linspace(0.0, branches.spinodal_instability(eq), points)
    return T, np.array([dense_rsb.capacity(eq, t) for t in T])
