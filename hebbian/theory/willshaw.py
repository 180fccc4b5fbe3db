"""Exact finite-size recall errors of Willshaw nets, plain and dendritic, beside the textbook ones.

A unit that should be silent holds r ~ Bin(M - 1, a/n) other pairs, spread at random over its K segments; a segment with j
of them is the union of `hebbian.theory.dendrites`, with false positive p_j.  With B_K(r) the chance that any of K segments
with r pairs fires,
    B_k(r) = sum_j Bin(j; r, 1/k) [p_j + (1 - p_j) B_{k-1}(r - j)],            spurious = sum_r Bin(r; M-1, a/n) B_K(r).
A unit that should fire misses if its own segment, which holds j + 1 patterns, does and no other fires.  Every term is
positive.  Derived here; checked by simulation, and for theta = a against the alternating sum `inclusion_exclusion`.

The textbook value p1^a with p1 = 1 - (1 - f^2)^M takes the synapses of a unit as independent and is 30 % low at n = 400 to
1000.  Its capacity tends to ln 2 bits a synapse for n to infinity.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb

import numpy as np

from hebbian.errors import InvalidInput, NoSolution
from hebbian.models import fields
from hebbian.models.dendrites import Dendrite
from hebbian.models.willshaw import Willshaw
from hebbian.theory import counting, dendrites

#: Probability of more pairs on a unit than are followed.
REMAINDER = 1e-30


@dataclass(frozen=True)
class Solution:
    """Recall errors of a net: `spurious` (fires, should be silent), `miss` (silent, should fire), `textbook` p1^a.

    information : bits stored per binary synapse, M / (K n) times the mutual information of a unit's target and response.
    """

    model: Willshaw
    spurious: float
    miss: float
    textbook: float
    information: float


def solve(model: Willshaw) -> Solution:
    """Exact recall errors of a stored pair; relative error below 1e-12."""
    if model.patterns is None:
        raise InvalidInput("patterns is missing: give the number of stored pairs")
    weights = pair_weights(model.patterns - 1, model.a / model.n)
    fires, rejects, misses = _segment_errors(model, len(weights))
    spurious, miss = _recall(model, weights, fires, rejects, misses)
    return Solution(model, spurious, miss, textbook(model), information(model, spurious, miss))


def predict(model: Willshaw, settings=None, **options) -> Solution:
    """The theory column of a sweep: counting theory knows no settings, so this is `solve`."""
    return solve(model, **options)


def pair_weights(pairs: int, f: float) -> np.ndarray:
    """Bin(r; pairs, f) for r = 0 .. the last one that matters, by ratios from the mode."""
    mode = min(pairs, math.floor((pairs + 1) * f))
    last = mode
    up, down = [1.0], []
    while last < pairs and up[-1] > REMAINDER:
        up.append(up[-1] * (pairs - last) / (last + 1) * f / (1 - f) if f < 1 else 0.0)
        last += 1
    for r in range(mode, 0, -1):
        down.append((down[-1] if down else 1.0) * r / (pairs - r + 1) * (1 - f) / f)
    weights = np.array(down[::-1] + up)
    return weights / math.fsum(weights)


def inclusion_exclusion(model: Willshaw) -> Fraction:
    """Spurious probability of a plain net (K = 1, s = theta = a) as an alternating sum, an exact rational.

    sum_j (-1)^j C(a, j) [1 - f + f C(n-j, a) / C(n, a)]^(M-1): the chance that none of j given synapses was ever set.
    """
    n, a, f = model.n, model.a, Fraction(model.a, model.n)
    if (model.synapses, model.threshold, model.segments) != (a, a, 1):
        raise InvalidInput(f"s = {model.synapses}, theta = {model.threshold}, segments = {model.segments}: "
                           "the alternating sum is for s = theta = a and one segment")
    return sum(((-1) ** j * comb(a, j) * (1 - f + f * Fraction(comb(n - j, a), comb(n, a))) ** (model.patterns - 1)
                for j in range(a + 1)), Fraction(0))


def textbook(model: Willshaw) -> float:
    """p1^a with p1 = 1 - (1 - (a/n)^2)^M: synapses of a unit taken as independent; NaN for a dendritic net."""
    if (model.synapses, model.threshold, model.segments) != (model.a, model.a, 1):
        return math.nan
    return (-math.expm1(model.patterns * math.log1p(-(model.a / model.n) ** 2))) ** model.a if model.a < model.n else 1.0


def information(model: Willshaw, spurious: float, miss: float) -> float:
    """Bits per binary synapse: pairs x n units x mutual information of target and response, over K n^2 synapses."""
    f = model.a / model.n

    def entropy(p):
        return 0.0 if p <= 0 or p >= 1 else -(p * math.log2(p) + (1 - p) * math.log2(1 - p))

    fired = f * (1 - miss) + (1 - f) * spurious
    bits = entropy(fired) - f * entropy(miss) - (1 - f) * entropy(spurious)
    return model.patterns * bits / (model.segments * model.n)


def capacity(model: Willshaw, *, spurious: float = 0.01, approximate: bool = False) -> int:
    """Most pairs for which a recall has at most `spurious` a wrong units, (n - a) p01 <= spurious a; misses are not asked.

    approximate : use the textbook p1^a, for sizes where the exact sum is out of reach.
    """
    fidelity = fields.real("spurious", spurious, 0.0, open_low=True)
    errors = ((), (), ())

    def excess(pairs):
        nonlocal errors
        full = replace(model, patterns=pairs, noise=0)
        if approximate:
            return textbook(full) * model.n - fidelity * model.a
        weights = pair_weights(pairs - 1, model.a / model.n)
        if len(errors[2]) < len(weights):
            errors = _segment_errors(full, math.ceil(1.5 * len(weights)))
        return _recall(full, weights, *errors)[0] * (model.n - model.a) - fidelity * model.a

    if excess(1) > 0:
        raise NoSolution(f"n = {model.n}, a = {model.a}: a single pair already exceeds the fidelity; give a weaker one")
    low, high = 1, 2
    while excess(high) <= 0:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excess(middle) <= 0 else (low, middle)
    return low


def _segment_errors(model, count):
    """False positive and correct rejection of a segment with j = 0 .. count patterns, and its miss with j + 1 of them."""
    unit = Dendrite(n=model.n, a=model.a, s=model.synapses, theta=model.threshold, noise=model.noise)
    tails = dendrites.union_tails(unit, min(model.n, (count + 1) * model.synapses))
    fires, rejects, misses = [0.0], [1.0], []
    for sizes in counting.union_laws(model.n, model.synapses, count + 1):
        found = dendrites.union_errors(sizes, tails)
        for part, pair in zip((fires, rejects, misses), found):
            part.append(math.ldexp(*pair))
    return np.array(fires), np.array(rejects), np.array(misses)


def _recall(model, weights, fires, rejects, misses):
    """Spurious and miss probability from the errors of segments with given numbers of patterns."""
    pairs = len(weights)
    fires, rejects, misses = fires[:pairs], rejects[:pairs], misses[:pairs]
    any_, none, missed = fires, rejects, misses
    for k in range(2, model.segments + 1):
        spread = _spread(pairs, k)
        missed = _mix(spread, misses, none)
        any_ = _mix(spread, fires, np.ones(pairs)) + _mix(spread, rejects, any_)
        none = _mix(spread, rejects, none)
    return math.fsum(weights * any_), math.fsum(weights * missed)


def _spread(pairs, k):
    """Bin(j; r, 1/k) as an array over (r, j)."""
    table = np.zeros((pairs, pairs))
    table[0, 0] = 1.0
    for r in range(1, pairs):
        table[r] = table[r - 1] * (1 - 1 / k)
        table[r, 1:] += table[r - 1, :-1] / k
    return table


def _mix(spread, first, rest):
    """sum_j Bin(j; r, 1/k) first_j rest_{r-j}: j of r pairs on one segment and the others on the rest."""
    r = np.arange(len(first))
    behind = r[:, None] - r[None, :]
    return (spread * first[None, :] * np.where(behind >= 0, rest[np.maximum(behind, 0)], 0.0)).sum(axis=1)
