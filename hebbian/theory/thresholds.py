"""Which spike threshold is best: the published criterion and two-sided ones that also count misses.

Ahmad and Hawkins (arXiv 1601.00720) take the median false positive over a grid of segments as a function of theta and ask
for 1e-9; misses do not enter, so no upper end follows from it.  The two-sided criteria are derived here.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hebbian.errors import InvalidInput, NoSolution
from hebbian.models import fields
from hebbian.models.dendrites import Dendrite
from hebbian.theory import counting
from hebbian.theory.dendrites import neuron_errors, solve

CRITERIA = ("error", "target", "exponent", "median", "mean", "maximum")


@dataclass(frozen=True)
class Threshold:
    """A best threshold: `theta` (real for "exponent"), the `value` of the criterion there, and the two errors.

    false_positive, false_negative : of the neuron, or of the grid's median, mean or maximum (no miss there).
    """

    theta: float
    value: float
    false_positive: float
    false_negative: float | None = None


def optimal_threshold(
    model: Dendrite | Iterable[tuple[int, int, int]],
    *,
    criterion: str = "error",
    false_positive: float = 1e-9,
    false_negative: float = 1e-3,
) -> Threshold:
    """Best spike threshold of a neuron, or over a grid of segments.

    Parameters
    ----------
    model : Dendrite (its theta is ignored), or for "median", "mean" and "maximum" a grid of triples (n, a, s), where s may
        exceed a: the published grid holds such segments, which see every pattern whole.
    criterion :
        "error"     theta that minimises neuron false positive + miss of the segment, at the model's noise;
        "target"    smallest theta with neuron false positive <= `false_positive`, if the miss there is <= `false_negative`;
        "exponent"  theta = s tau* with equal large-deviation exponents, KL(tau || rho) = KL(tau || 1 - noise / a);
        "median", "mean", "maximum"  smallest theta at which that statistic of the false positive over the grid is
                    <= `false_positive`; "median" is the published criterion.
    false_positive, false_negative : probabilities asked for, in (0, 1).

    Raises NoSolution where no threshold meets the targets.
    """
    fields.choice("criterion", criterion, CRITERIA)
    eps = fields.real("false_positive", false_positive, 0.0, 1.0, open_low=True, open_high=True)
    delta = fields.real("false_negative", false_negative, 0.0, 1.0, open_low=True, open_high=True)
    if criterion in ("median", "mean", "maximum"):
        return _over_grid(_triples(model), criterion, eps)
    if not isinstance(model, Dendrite):
        raise InvalidInput(f"criterion = {criterion!r} takes one Dendrite: give 'median', 'mean' or 'maximum' for a grid")
    if criterion == "exponent":
        return _exponent(model)
    best = None
    for theta in range(1, model.s + 1):
        found = solve(replace(model, theta=theta))
        errors = found.neuron_false_positive, found.false_negative
        if criterion == "error" and (best is None or sum(errors) < best.value):
            best = Threshold(theta, sum(errors), *errors)
        if criterion == "target" and errors[0] <= eps:
            if errors[1] > delta:
                break
            return Threshold(theta, errors[0], *errors)
    if best is None:
        raise NoSolution(f"no theta up to s = {model.s} has a neuron false positive of {eps:g} and a miss of {delta:g}: "
                         "give more synapses s or weaker targets")
    return best


def smallest_segment(n: int, rho: float, nu: float, *, segments: int = 500, false_positive: float = 1e-6,
                     false_negative: float = 1e-3, most: int = 400) -> Dendrite:
    """Segment with the fewest synapses, and its threshold, that meets both targets.

    Parameters
    ----------
    n : cells; rho : fraction active, so that a = round(rho n); nu : fraction of a pattern's cells that noise replaces.
    segments : segments of the neuron, each of them a chance for a false positive.
    false_positive, false_negative : neuron false positive per random input, and miss of the segment.
    most : give up above this many synapses, with NoSolution.

    Returns
    -------
    Dendrite : with s and theta filled in; one pattern a segment.
    """
    a = round(fields.real("rho", rho, 0.0, 1.0, open_low=True, open_high=True) * n)
    v = round(fields.real("nu", nu, 0.0, 1.0) * a)
    theta = 1
    for s in range(1, min(most, a) + 1):
        # At a given threshold the false positive grows with s, so the threshold that meets it never falls.
        model = Dendrite(n=n, a=a, s=s, theta=min(theta, s), segments=segments, noise=v)
        while theta <= s:
            p, q = (counting.divide(*part(n, s, a, theta)) for part in (counting.upper, counting.lower))
            if neuron_errors((p, 0), (q, 0), (0.0, 0), segments)[0] <= false_positive:
                break
            theta += 1
        if theta <= s and counting.divide(*counting.upper(a, s, v, s - theta + 1)) <= false_negative:
            return replace(model, theta=theta)
    raise NoSolution(f"no segment of up to {min(most, a)} synapses meets the targets at rho = {rho}, nu = {nu}: "
                     "give weaker targets or less noise")


def balanced_fraction(rho: float, nu: float) -> float:
    """tau* = theta / s at which false positives and misses have equal exponents, KL(tau || rho) = KL(tau || 1 - nu).

    tau* = ln((1-rho)/nu) / [ln((1-nu)/rho) + ln((1-rho)/nu)], for 0 < rho < 1 - nu < 1.
    """
    rho = fields.real("rho", rho, 0.0, 1.0, open_low=True, open_high=True)
    nu = fields.real("nu", nu, 0.0, 1.0 - rho, open_low=True, open_high=True)
    silent = math.log((1 - rho) / nu)
    return silent / (math.log((1 - nu) / rho) + silent)


def grid_statistic(grid: Iterable[tuple[int, int, int]], theta: int, statistic: str = "median") -> float:
    """Median, mean or maximum of the false positive at one threshold over a grid of (n, a, s), one pattern a segment."""
    values = [counting.divide(*counting.upper(n, s, a, theta)) for n, a, s in grid]
    return float({"median": np.median, "mean": np.mean, "maximum": np.max}[statistic](values))


def _triples(grid):
    """The (n, a, s) of a Dendrite, or of a given grid once it is known to hold sizes."""
    if isinstance(grid, Dendrite):
        return [(grid.n, grid.a, grid.s)]
    try:
        triples = [(n, a, s) for n, a, s in grid]
    except (TypeError, ValueError):
        triples = []
    if not triples:
        raise InvalidInput(f"a threshold was asked of {grid!r}: give a Dendrite or a list of triples (n, a, s)")
    return [(fields.integer("n", n, 1), fields.integer("a", a, 1, n), fields.integer("s", s, 1, n)) for n, a, s in triples]


def _over_grid(grid, statistic, level):
    for theta in range(1, max(s for _, _, s in grid) + 1):
        value = grid_statistic(grid, theta, statistic)
        if value <= level:
            return Threshold(theta, value, value)
    raise NoSolution(f"the {statistic} false positive stays above {level:g} at every threshold: weaken the level")


def _exponent(model):
    tau = balanced_fraction(model.activity, model.noise / model.a)
    found = solve(replace(model, theta=min(model.s, max(1, round(tau * model.s)))))
    return Threshold(tau * model.s, tau, found.neuron_false_positive, found.false_negative)
