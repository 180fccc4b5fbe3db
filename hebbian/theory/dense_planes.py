r"""Phase diagrams of learning in any two of load alpha, temperature T, number M and quality r of examples, and rho.

Lines are found plane by plane as crossings of the state with the line's own condition, at every value of one parameter:

with alpha   the load of each line at temperature T is explicit or one bracketed root on the retrieval curve; 0 where the
             line lies at every load, as the glass of p = 2 does below T = 1;
with T       the temperature at which that load is the model's, the highest where there are two.  "one_step" is left out:
             its load hardly depends on T, so that a load has no temperature of its own on it;
with r, rho  (and neither alpha nor T) the worst quality at which that load is the model's and from which on it stays above; 0
             (rho: infinity) where it is above at every quality;
with M       (and neither) the spinodal alone, which is the learning threshold: ask for M on the other axis for the rest.

A value is NaN where a line does not reach, and a line that reaches nowhere is left out.  `rho` stands for
r = 1 / sqrt(1 + M rho) at fixed M.
"""

from dataclasses import replace

import numpy as np

from hebbian.errors import NoSolution
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_lines, dense_rsb
from hebbian.theory.dense_glass import glass_temperatures
from hebbian.theory.dense_learning import threshold
from hebbian.theory.phases import Line
from hebbian.theory.saddle import bracketed_root

AXES = ("alpha", "T", "M", "r", "rho")
VALUES = {  # along the lines, where none are given
    "M": (1, 3, 5, 9, 15, 25, 41, 67, 111, 183, 301),
    "r": tuple(np.linspace(0.3, 1.0, 15)),
    "rho": tuple(2.0 * np.linspace(0.0, 1.0, 17) ** 2),
}
SCAN = 24  # temperatures or qualities that locate a crossing
BLOCK = 6  # of them at a time
WORST = 0.02  # of the qualities that are searched


def lines(equations, model, x, y, values, T, rsb=0) -> tuple[dict[str, Line], dict[str, str]]:
    """Lines by name in the plane (x, y) at the given values of one of the two (of x unless x is alpha or T); why others lack.

    equations : maps a model to its equations.   T : temperature, where it is not an axis.
    rsb : 1 adds the one-step capacity to planes with alpha.
    """
    across, along = (x, y) if x not in ("alpha", "T") else (y, x)
    names = [name for name in dense_lines.MEANING if rsb or name != "one_step"]
    found = {}
    for value in values:
        here = at(model, across, value)
        if along == "alpha":
            points = {name: load(equations(here), T, name) for name in names}
        elif along == "T":
            points = temperatures(equations(here), here.load())
        elif along == "M":
            points = {"spinodal": _threshold(equations, here, T)}
        else:
            points = _qualities(equations, here, along, T, names)
        for name, point in points.items():
            found.setdefault(name, []).append(point)
    drawn = {name: Line(**{across: values, along: points}, meaning=dense_lines.MEANING[name])
             for name, points in found.items() if not np.all(np.isnan(points))}
    return drawn, {name: _reason(model, name, along, T) for name in names if name not in drawn}


def _reason(model, name, along, T):
    """Why a line is not in a plane."""
    if along == "M" and name != "spinodal":
        return "along M the spinodal alone is found, which is the learning threshold; give M on the other axis for the rest"
    if name == "one_step" and along == "T":
        return "its load hardly depends on T, so that a load has no temperature of its own on it"
    if name == "dynamical":
        return dense_lines.CONTINUOUS
    if name == "first_order" and T == 0 and along != "T":
        return "at T = 0 it is not computed; give T above 0, or T as an axis"
    at_T = "at any temperature" if along == "T" else f"at T = {T:g}"
    return f"it does not reach the plane {at_T} for any of the values of the other axis"


def at(model, name, value):
    """The model with one of M, r and rho changed."""
    if name == "rho":
        return replace(model, r=float(1 / np.sqrt(1 + model.M * value)))
    return replace(model, **{name: int(value) if name == "M" else float(value)})


def load(eq, T, name) -> float:
    """Load of a line at temperature T; NaN where the line does not reach that temperature."""
    if name == "glass" and eq.p == 2:
        return float((T * eq.noise.gap(0.0, 1 / T)) ** 2) if T > 1 else 0.0
    if name in ("glass", "dynamical"):
        dynamical, static = glass_temperatures(eq) if eq.p > 2 else (0.0, 0.0)
        if name == "glass":
            return (T / static) ** 2
        return (T / dynamical) ** 2 if dynamical > static else np.nan
    if name == "first_order":
        if not 0 < T < dense_lines.first_order_end(eq):
            return np.nan
        alpha = float(dense_lines.first_order_load(eq, np.array([T]))[0])
        return alpha if T >= _broken_below(eq) * np.sqrt(alpha) else np.nan
    if T >= branches.zero_load_temperature(eq):
        return np.nan
    if name == "replicon":
        if T == 0:
            return 0.0
        marginal = branches.marginal(eq, T)
        return np.nan if marginal is None else max(float(marginal.alpha), 0.0)
    return dense_rsb.capacity(eq, T) if name == "one_step" else float(branches.spinodal_load(eq, T))


def temperatures(eq, alpha) -> dict[str, float]:
    """Temperature of every line at load alpha, the highest where there are two; NaN where there is none."""
    highest = branches.zero_load_temperature(eq)
    T = np.linspace(0.0, highest, SCAN + 1)[:-1]
    found = {"spinodal": _last_crossing(lambda T: np.nan_to_num(branches.spinodal_load(eq, T)) - alpha, T, highest)}
    found["replicon"] = _replicon_temperature(eq, alpha, found["spinodal"])
    end = dense_lines.first_order_end(eq)
    found["first_order"] = _last_crossing(lambda T: np.nan_to_num(dense_lines.first_order_load(eq, T)) - alpha,
                                          np.linspace(0.02, 0.999, SCAN) * end, end)
    if found["first_order"] < _broken_below(eq) * np.sqrt(alpha):
        found["first_order"] = np.nan
    if eq.p == 2:
        return found | {"glass": float(branches.glass_end(eq, alpha)), "dynamical": np.nan}
    dynamical, static = np.array(glass_temperatures(eq)) * np.sqrt(alpha)
    return found | {"glass": static, "dynamical": dynamical if dynamical > static else np.nan}


def _broken_below(eq):
    """Temperature per sqrt(alpha) below which retrieval competes with a glass that replica symmetry does not describe."""
    dynamical, static = glass_temperatures(eq) if eq.p > 2 else (0.0, 0.0)
    return static if dynamical > static else 0.0


def _replicon_temperature(eq, alpha, spinodal):
    """Temperature below which the retrieval state at load alpha is unstable to replica symmetry breaking."""
    def instability(T):
        return np.nan_to_num(branches.retrieval(eq, T, alpha).scaled_replicon, nan=np.inf) - T

    if np.isnan(spinodal):
        return np.nan
    return _last_crossing(instability, spinodal * np.linspace(0.0, 1.0, SCAN + 1)[:-1], spinodal)


def _last_crossing(excess, grid, end):
    """Largest root of a function that is positive at some point of the grid and negative at the end."""
    ends = np.append(grid, end * (1 - 1e-9))
    for last in range(grid.size, 0, -BLOCK):  # from the end, where the root mostly is
        first = max(last - BLOCK, 0)
        inside = first + np.flatnonzero(excess(grid[first:last]) >= 0)
        if inside.size:
            break
    else:
        return np.nan
    low, high = grid[inside[-1]], ends[inside[-1] + 1]
    return float(bracketed_root(lambda T: excess(np.atleast_1d(T)), low, high))


def _threshold(equations, model, T):
    try:
        return threshold(lambda M: equations(replace(model, M=M)), model.load(), T, step=2)
    except NoSolution:
        return np.nan


def _qualities(equations, model, along, T, names) -> dict[str, float]:
    """Smallest r, or largest rho, from which on the load of each line stays above that of the model."""
    alpha, r = model.load(), np.linspace(WORST, 1.0, SCAN)
    found = {}
    for name in names:
        def excess(r, name=name):
            return np.array([_held(equations(replace(model, r=float(x))), T, name) for x in np.atleast_1d(r)]) - alpha

        found[name] = _first_above(excess, r)
        if along == "rho":
            found[name] = (1 / found[name] ** 2 - 1) / model.M if found[name] else np.inf
    return found


def _held(eq, T, name):
    """Load up to which what lies below a line holds: none where the line does not exist, all retrieval where all is stable."""
    value = load(eq, T, name)
    return float(np.nan_to_num(load(eq, T, "spinodal") if name == "replicon" and np.isnan(value) else value))


def _first_above(excess, grid):
    """The last root of an eventually positive function, 0 where it is positive throughout, NaN where it ends negative."""
    failing = np.flatnonzero(excess(grid) < 0)
    if not failing.size:
        return 0.0
    if failing[-1] + 1 == grid.size:
        return np.nan
    return float(bracketed_root(excess, grid[failing[-1]], grid[failing[-1] + 1]))
