"""Saddle points: the record of a solution and the bracketed searches that find one with a known residual."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from hebbian.errors import NotConverged

RESIDUAL_BOUND = 1e-10


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution:
    """A saddle point of the theory of `model` at temperature T; a family adds its order parameters as attributes.

    Attributes
    ----------
    model, T, N : what was solved; N is None for the infinite system.
    branch : which solution, for example "retrieval".
    residual : largest violation of the saddle-point equations by the values as returned.
    replicon : left-hand side of the condition `replicon` < 1 for stability against replica symmetry breaking; None where
        the theory is exact without replicas.
    stable : whether the solution is stable, by `replicon` and the family's own condition.
    """

    model: object
    T: float
    N: int | None
    branch: str
    residual: float
    replicon: float | None = None
    stable: bool

    def __post_init__(self):
        if not (self.residual <= RESIDUAL_BOUND and np.isfinite(getattr(self, "free_energy", 0.0))):
            raise NotConverged(f"{self.branch} saddle point of {self.model} at T = {self.T:g} not reached: "
                               f"residual {self.residual:.1e} above {RESIDUAL_BOUND:g}; try a neighbouring point")

    @property
    def order_parameters(self) -> dict:
        """The values that the family adds, by name."""
        common = {field.name for field in dataclasses.fields(Solution)}
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in common}

    def __repr__(self):
        size = "" if self.N is None else f", N = {self.N}"
        values = ", ".join(f"{name} = {value:.10g}" if isinstance(value, (int, float)) else f"{name} = {value}"
                           for name, value in self.order_parameters.items())
        verdict = "stable" if self.stable else "unstable"
        if self.replicon is not None:
            verdict += f", replicon = {self.replicon:.4g}"
        return (f"<{self.branch} of {self.model} at T = {self.T:g}{size}: {values}; "
                f"{verdict}, residual = {self.residual:.1e}>")


def bracketed_root(function, low, high, *parameters, iterations=200):
    """Root of function(x, *parameters) = 0 between `low` and `high`, element by element, to rounding accuracy.

    Inverse quadratic interpolation safeguarded by bisection (T. R. Chandrupatla, Adv. Eng. Softw. 28, 145 (1997)).
    Points that have converged are left out of later evaluations.

    Parameters
    ----------
    function : maps arrays (x, *parameters) of one length to an array of that length.
    low, high, *parameters : arrays that broadcast.

    Returns
    -------
    array of the broadcast shape; NaN where the function has equal signs at both ends.
    """
    low, high, *parameters = np.broadcast_arrays(low, high, *parameters)
    shape = low.shape
    x1, x2 = (np.array(x, dtype=float).ravel() for x in (high, low))
    parameters = [np.ravel(p) for p in parameters]
    f1, f2 = function(x1, *parameters), function(x2, *parameters)
    best = np.where(np.abs(f1) < np.abs(f2), x1, x2)
    bracketed = np.sign(f1) * np.sign(f2) <= 0
    best[~bracketed] = np.nan
    active = np.flatnonzero(bracketed & (f1 != 0) & (f2 != 0))
    x1, x2, f1, f2, *parameters = (v[active] for v in (x1, x2, f1, f2, *parameters))
    fraction = np.full(active.size, 0.5)
    for _ in range(iterations):
        if not active.size:
            return best.reshape(shape)
        x = x1 + fraction * (x2 - x1)
        f = function(x, *parameters)
        same = np.sign(f) == np.sign(f1)
        x3, f3 = np.where(same, x1, x2), np.where(same, f1, f2)
        x2, f2 = np.where(same, x2, x1), np.where(same, f2, f1)
        x1, f1 = x, f
        closer = np.abs(f1) < np.abs(f2)
        best[active] = np.where(closer, x1, x2)
        tolerance = 2 * np.finfo(float).eps * np.abs(best[active]) + np.finfo(float).tiny
        span = np.abs(x2 - x1)
        going = (2 * tolerance < span) & (f1 != 0)
        active, x1, x2, x3, f1, f2, f3, *parameters = (
            v[going] for v in (active, x1, x2, x3, f1, f2, f3, *parameters))
        fraction = _interpolate(x1, x2, x3, f1, f2, f3)
        limit = (tolerance / np.where(span > 0, span, 1))[going]
        fraction = np.clip(fraction, limit, 1 - limit)
    raise NotConverged(f"{active.size} bracketed roots not found in {iterations} iterations, "
                       f"residual {np.max(np.abs(f1)):.1e}; narrow the brackets")


def _interpolate(x1, x2, x3, f1, f2, f3):
    """Next trial point as a fraction of the way from x1 to x2: inverse quadratic where it is safe, else a half."""
    with np.errstate(all="ignore"):
        xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
        quadratic = f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(quadratic)
    return np.where(safe, quadratic, 0.5)


def maximum(function, grid):
    """Position and value of the largest maximum of a smooth function: best point of `grid`, then refined.

    Parameters
    ----------
    function : maps an array to an array.
    grid : increasing array that resolves the humps of the function.

    Returns
    -------
    (x, value); the value is good to rounding, the position to its square root.
    """
    from scipy.optimize import minimize_scalar

    values = function(grid)
    i = int(np.nanargmax(values))
    low, high = grid[max(i - 1, 0)], grid[min(i + 1, grid.size - 1)]
    best = minimize_scalar(lambda x: -function(np.array([x]))[0], bounds=(low, high), method="bounded",
                           options={"xatol": 1e-9 * (high - low)})
    return (float(best.x), float(-best.fun)) if -best.fun > values[i] else (float(grid[i]), float(values[i]))
