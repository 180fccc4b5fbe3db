r"""Phase diagrams of learning in any two of load alpha, temperature T, number M and quality r of examples, and rho.

Lines are found plane by plane as crossings of the state with the line's own condition, at every value of one parameter:

with alpha   the load of each line at temperature T is explicit or one bracketed root on the retrieval curve;
with T       the temperature at which that load is the model's;
neither      the smallest y at which the spinodal load is the model's: how many or how good examples retrieval needs.

`rho` stands for r = 1 / sqrt(1 + M rho) at fixed M.
"""

from dataclasses import replace

import numpy as np

from hebbian.errors import NoSolution
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_lines
from hebbian.theory.dense_glass import glass_temperatures
from hebbian.theory.dense_learning import threshold
from hebbian.theory.phases import Line
from hebbian.theory.saddle import bracketed_root

AXES = ("alpha", "T", "M", "r", "rho")
SCAN = 24  # temperatures or qualities that locate a crossing


def lines(equations, model, x, y, values, T) -> dict[str, Line]:
    """Lines by name in the plane (x, y) at the given values of one of the two (of x unless x is alpha or T).

    equations : maps a model to its equations.   T : temperature, where it is not an axis.
    """
    across, along = (x, y) if x not in ("alpha", "T") else (y, x)
    found = {}
    for value in values:
        here = at(model, across, value)
        for name, result in _crossings(equations, here, along, T).items():
            found.setdefault(name, []).append((value, result))
    result = {}
    for name, points in found.items():
        position, crossing = np.array(points, dtype=float).T
        result[name] = Line(**{across: position, along: crossing}, meaning=dense_lines.MEANING[name])
    return result


def at(model, name, value):
    """The model with one of M, r and rho changed."""
    if name == "rho":
        return replace(model, r=float(1 / np.sqrt(1 + model.M * value)))
    return replace(model, **{name: int(value) if name == "M" else float(value)})


def _crossings(equations, model, along, T):
    if along == "alpha":
        return loads(equations(model), T)
    if along == "T":
        return temperatures(equations(model), model.load())
    return {"spinodal": _examples(equations, model, along, T)}


def loads(eq, T) -> dict[str, float]:
    """Load of every line at temperature T; NaN where a line does not reach that temperature."""
    found = dict.fromkeys(("spinodal", "first_order", "glass", "replicon"), np.nan)
    if T < branches.zero_load_temperature(eq):
        found["spinodal"] = float(branches.spinodal_load(eq, T))
        found["replicon"] = _replicon_load(eq, T)
    if 0 < T < dense_lines.first_order_end(eq):
        found["first_order"] = float(dense_lines.first_order_load(eq, np.array([T]))[0])
    if eq.p > 2:
        found["glass"] = (T / glass_temperatures(eq)[1]) ** 2
    elif T > 1:
        found["glass"] = float((T * eq.noise.gap(0.0, 1 / T)) ** 2)
    return found


def temperatures(eq, alpha) -> dict[str, float]:
    """Temperature of every line at load alpha, the highest where there are two; NaN where there is none."""
    highest = branches.zero_load_temperature(eq)
    T = np.linspace(0.0, highest, SCAN + 1)[:-1]
    glass = branches.glass_end(eq, alpha) if eq.p == 2 else glass_temperatures(eq)[1] * np.sqrt(alpha)
    return {
        "spinodal": _last_crossing(lambda T: np.nan_to_num(branches.spinodal_load(eq, T)) - alpha, T, highest),
        "first_order": _last_crossing(lambda T: np.nan_to_num(dense_lines.first_order_load(eq, T)) - alpha,
                                      np.linspace(0.02, 0.999, SCAN) * dense_lines.first_order_end(eq),
                                      dense_lines.first_order_end(eq)),
        "glass": float(glass),
    }


def _last_crossing(excess, grid, end):
    """Largest root of a function that is positive at some point of the grid and negative at the end."""
    inside = np.flatnonzero(excess(grid) >= 0)
    if not inside.size:
        return np.nan
    low, high = grid[inside[-1]], np.append(grid, end * (1 - 1e-9))[inside[-1] + 1]
    return float(bracketed_root(lambda T: excess(np.atleast_1d(T)), low, high))


def _replicon_load(eq, T):
    """Largest load at which retrieval at temperature T is stable against replica symmetry breaking, NaN if all are."""
    def instability(y):
        state = branches.on_retrieval_curve(eq, y, T)
        return state.scaled_replicon - T

    low, high = float(branches.spinodal(eq, T)), float(branches.load_end(eq, np.float64(T)))
    y = np.linspace(low, high, SCAN)
    unstable = np.flatnonzero(instability(y) > 0)
    if not unstable.size:
        return np.nan
    k = unstable[-1]
    if k + 1 == SCAN:
        return 0.0
    return float(branches.on_retrieval_curve(eq, bracketed_root(instability, y[k], y[k + 1]), T).alpha)


def _examples(equations, model, along, T):
    """Smallest M, smallest r or largest rho with which retrieval exists at the load of the model and from there on."""
    alpha = model.load()
    if along == "M":
        try:
            return threshold(lambda M: equations(replace(model, M=M)), alpha, T, step=2)
        except NoSolution:
            return np.nan

    def excess(r):
        loads = [branches.spinodal_load(equations(replace(model, r=float(x))), T) for x in np.atleast_1d(r)]
        return np.nan_to_num(np.array(loads)) - alpha

    r = np.linspace(0.02, 1.0, SCAN)
    failing = np.flatnonzero(excess(r) < 0)
    if not failing.size:
        return np.nan
    if failing[-1] + 1 == SCAN:
        return np.nan
    found = float(bracketed_root(excess, r[failing[-1]], r[failing[-1] + 1]))
    return found if along == "r" else (1 / found**2 - 1) / model.M
