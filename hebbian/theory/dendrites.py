"""Exact error probabilities of dendritic segments and of neurons that carry them.

False positive: a segment holding the union of M patterns spikes on a random pattern,
    p_fp = sum_u P(u_M = u) P(Hyp(n, u, a) >= theta).
The first factor is the exact law of the union size, not its mean; the rest is exact because a union of given size is a
uniform subset.  Ahmad and Hawkins (arXiv 1601.00720) give M = 1 and insert the mean size for M > 1.

False negative: a stored pattern with v of its cells replaced loses L ~ Hyp(a, s, v) of its synapses; the other e = u - s
synapses of the union may rescue it, since a - s + L active cells lie outside the s stored ones,
    p_fn = sum_u P(u) sum_L P(L) P(Hyp(n - s, u - s, a - s + L) < theta - s + L).
n drops out for M = 1.  The union form, the multiplicity form and the neuron's miss are derived here and checked by full
enumeration at n = 7 and by simulation.
"""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from hebbian.errors import InvalidInput, NoSolution
from hebbian.models import fields
from hebbian.models.dendrites import Dendrite
from hebbian.theory import counting


@dataclass(frozen=True)
class SizeLaw:
    """Law of the number of synapses on a segment: `distribution[u]` is the probability of u."""

    distribution: np.ndarray = field(repr=False)

    @property
    def sizes(self) -> np.ndarray:
        return np.arange(len(self.distribution))

    @property
    def mean(self) -> float:
        return float(self.sizes @ self.distribution)

    @property
    def sd(self) -> float:
        return math.sqrt(max(0.0, float((self.sizes - self.mean) ** 2 @ self.distribution)))


@dataclass(frozen=True)
class Solution:
    """Error probabilities of a segment and of a neuron; exact, each float within a few units of the last place.

    false_positive, false_negative : of one segment (Fractions on request); `correct_rejection` is 1 - false_positive
        without the cancellation.
    log10_false_positive, log10_false_negative : decimal logarithms, also where the probability is below the floats.
    neuron_false_positive : 1 - (1 - p_fp)^K for K independent segments.
    neuron_false_negative : p_fn (1 - p_fp)^(K-1); another segment may rescue the one that should have spiked.
    mean_union_size, union_size : mean and law of the number of synapses, the law with `mean`, `sd`, `sizes` and
        `distribution`.
    """

    model: Dendrite
    false_positive: float | Fraction
    false_negative: float | Fraction
    correct_rejection: float | Fraction
    log10_false_positive: float
    log10_false_negative: float
    neuron_false_positive: float
    neuron_false_negative: float
    mean_union_size: float
    union_size: SizeLaw = field(repr=False)


def solve(model: Dendrite, *, exact: bool = False) -> Solution:
    """Exact error probabilities of a dendrite.

    Parameters
    ----------
    model : Dendrite with a threshold.
    exact : give `false_positive`, `false_negative` and `correct_rejection` as Fractions.

    Returns
    -------
    Solution : relative errors below 1e-13 (a single rounding for patterns = 1).
    """
    if model.theta is None:
        raise InvalidInput("theta is missing: give the spike threshold, 1 to s")
    several = _multiplicity if model.counting == "multiplicity" else _union
    parts = several if model.patterns > 1 else _single
    false_positive, rejection, false_negative, sizes = parts(model, exact)
    neuron, miss = neuron_errors(false_positive, rejection, false_negative, model.segments)
    law = SizeLaw(sizes)
    return Solution(
        model, _value(false_positive), _value(false_negative), _value(rejection),
        _logarithm(false_positive), _logarithm(false_negative), neuron, miss, law.mean, law)


def predict(model: Dendrite, settings=None, **options) -> Solution:
    """The theory column of a sweep: counting theory knows no settings, so this is `solve`."""
    return solve(model, **options)


def neuron_errors(false_positive, rejection, false_negative, segments: int) -> tuple[float, float]:
    """False positive and miss of a neuron that fires if any of its independent segments spikes."""
    p, q, miss = (float(_value(part)) for part in (false_positive, rejection, false_negative))
    fires = -math.expm1(segments * math.log1p(-p)) if p < 0.5 else 1.0 - q**segments
    return fires, miss * _power(p, q, segments - 1)


def class_accuracy(model: Dendrite, classes: int) -> float:
    """Probability that a noisy stored pattern fires its own neuron and none of the `classes` - 1 others.

    P = [1 - p_fn (1 - p)^(K-1)] (1 - p)^(K (C-1)), for independent neurons of K segments (arXiv 1601.00720; the first
    factor with the rescue by other segments is derived here and checked by simulation).
    """
    classes = fields.integer("classes", classes, 1)
    found = solve(model)
    q = _power(found.false_positive, found.correct_rejection, model.segments * (classes - 1))
    return (1.0 - found.neuron_false_negative) * q


def false_alarms(model: Dendrite, inputs: int) -> tuple[float, float]:
    """Expected false alarms of a neuron over a stream of random inputs, T P_fp, and the chance of none, (1 - P_fp)^T.

    The first is exact for any neuron drawn at random. The second is exact for one segment with one pattern, whose false
    positive does not depend on which cells it holds, and neglects the spread between neurons otherwise.
    """
    inputs = fields.integer("inputs", inputs, 0)
    found = solve(model)
    p, q = found.neuron_false_positive, _power(found.false_positive, found.correct_rejection, model.segments)
    return inputs * p, _power(p, q, inputs)


def response(model: Dendrite, shared: int) -> float:
    """Graded response: probability of a spike on a pattern that shares `shared` of its a cells with the stored one.

    P(Hyp(a, s, shared) >= theta), for a segment with one pattern.
    """
    shared = fields.integer("shared", shared, 0, model.a)
    return counting.divide(*counting.upper(model.a, model.s, shared, model.theta))


def mixture_false_positive(model: Dendrite, inputs: int) -> float:
    """False positive of a one-pattern segment when `inputs` random patterns are active at once.

    sum_u P(u) P(Hyp(n, s, u) >= theta), with u the size of the union of `inputs` uniform a-subsets.
    """
    inputs = fields.integer("inputs", inputs, 1)
    sizes = counting.union_law(model.n, model.a, inputs)
    tails, total = counting.upper_over_sizes(model.n, model.s, model.theta, len(sizes) - 1)
    values, exponent = counting.scaled(tails, total)
    return math.ldexp(float(sizes @ values), exponent)


def shared_core_false_positive(model: Dendrite, shared: int) -> float:
    """False positive of a neuron whose K segments have `shared` of their s synapses on the same cells, the others random.

    Given j active cells in the core, the rest of the segments are independent:
        P = sum_j P(Hyp(n, shared, a) = j) [1 - (1 - p_j)^K],    p_j = P(Hyp(n - shared, s - shared, a - j) >= theta - j).
    One pattern a segment; averaged over the other synapses.  At shared = 0 it is 1 - (1 - p)^K, at shared = s it is p.
    """
    shared = fields.integer("shared", shared, 0, model.s)
    total = []
    for j, weight in enumerate(counting.law(model.n, shared, model.a)):
        part = model.n - shared, model.s - shared, model.a - j, model.theta - j
        p, q = (counting.divide(*tail(*part)) for tail in (counting.upper, counting.lower))
        total.append(weight * neuron_errors((p, 0), (q, 0), (0.0, 0), model.segments)[0] if weight else 0.0)
    return math.fsum(total)


def mean_size_shortcut(model: Dendrite, *, rounded: bool = True) -> float:
    """The published approximation of a union: p_fp at the mean size n (1 - (1 - s/n)^M) in place of its law.

    `rounded=True` rounds the mean to a whole number of synapses, up to 7 % off at n = 1000; otherwise Gamma functions
    continue the binomials to a real size.  Kept for comparison with published numbers; not used by `solve`.
    """
    n, a, theta = model.n, model.a, model.theta
    mean = n * -math.expm1(model.patterns * math.log1p(-model.s / n))
    if rounded:
        return counting.divide(*counting.upper(n, round(mean), a, theta))
    from scipy.special import gammaln

    def log_choose(top, bottom):
        return gammaln(top + 1) - gammaln(bottom + 1) - gammaln(top - bottom + 1)

    b = np.arange(theta, min(a, math.floor(mean)) + 1)
    return float(np.exp(log_choose(mean, b) + log_choose(n - mean, a - b) - log_choose(n, a)).sum())


def capacity(model: Dendrite, *, false_positive: float = 1e-9) -> int:
    """Most patterns that one segment can hold with a false positive of at most `false_positive`.

    0 where even a single pattern exceeds it.  Exact; a float of probability above 0 and below 1 is asked for.
    """
    level = fields.real("false_positive", false_positive, 0.0, 1.0, open_low=True, open_high=True)
    most = 0
    while solve(replace(model, patterns=most + 1, noise=0)).false_positive <= level:
        most += 1
    return most


def segment_capacity(model: Dendrite, *, false_positive: float = 1e-9) -> int:
    """Most independent segments of a neuron whose false positive stays at or below a level: ln(1 - eps) / ln(1 - p)."""
    level = fields.real("false_positive", false_positive, 0.0, 1.0, open_low=True, open_high=True)
    p = solve(model).false_positive
    if p == 0:
        raise NoSolution(f"false_positive of one segment is 0 at theta = {model.theta}, n = {model.n}: any number of segments "
                         "will do; lower theta for a bound")
    return math.floor(math.log1p(-level) / math.log1p(-p)) if p < 1 else 0


def _single(model, exact):
    """What `_union` and `_multiplicity` come to for one pattern, in shorter integers."""
    n, a, s, theta = model.n, model.a, model.s, model.theta
    positive, rejection = (_fraction(*part(n, s, a, theta), exact) for part in (counting.upper, counting.lower))
    negative = _fraction(*counting.upper(a, s, model.noise, s - theta + 1), exact)
    return positive, rejection, negative, np.append(np.zeros(s), 1.0)


def _union(model, exact):
    """False positive, correct rejection and false negative as scaled pairs or Fractions, and the law of the size."""
    sizes = counting.union_law(model.n, model.s, model.patterns, exact=exact)
    return *union_errors(sizes, union_tails(model, len(sizes) - 1), exact), sizes.astype(float)


def union_tails(model: Dendrite, largest: int) -> tuple:
    """What a union of every size u = 0 .. largest does with a random and with a noisy stored pattern, in exact integers."""
    n, a, s, theta = model.n, model.a, model.s, model.theta
    lost, drawn = counting.ways(a, s, model.noise)
    misses = []
    for count in range(s - theta + 1, len(lost)):
        rescued, others = counting.upper_over_sizes(n - s, a - s + count, theta - s + count, largest - s)
        misses.append(([lost[count] * (others - tail) for tail in rescued], drawn * others))
    return counting.upper_over_sizes(n, a, theta, largest), misses, s


def union_errors(sizes: np.ndarray, tails: tuple, exact: bool = False) -> tuple:
    """False positive, correct rejection and false negative of a union whose size has the law `sizes`, as scaled pairs."""
    (fires, total), misses, s = tails
    positive = _average(sizes, fires, total, exact)
    rejection = _average(sizes, [total - tail for tail in fires], total, exact)
    return positive, rejection, _add([_average(sizes[s:], part, whole, exact) for part, whole in misses], exact)


def _multiplicity(model, exact):
    """The same for synapses that add up: overlaps with M patterns are independent, so their laws convolve."""
    n, a, s, theta, M = model.n, model.a, model.s, model.theta, model.patterns
    # A power of two per active synapse moves the bulk of the law to the threshold, so that its tail cannot underflow.
    odds = a * (M * s - theta) / (theta * (n - a)) if n > a else math.inf
    tilt = max(0, round(-math.log2(odds))) if 0 < odds < math.inf else 0
    counts, total = counting.ways(n, s, a)
    one = counting.numbers([counting.divide(count << tilt * b, total, exact) for b, count in enumerate(counts)], exact)
    weights = [one[:1] * 0 + 1]
    for _ in range(M):
        weights.append(np.convolve(weights[-1], one))

    def average(law, low, high, exponent):
        """sum of the untilted law over low .. high - 1, relative to 2^exponent."""
        part = [value * Fraction(2) ** (-tilt * b) if exact else math.ldexp(value, -tilt * b - exponent)
                for b, value in enumerate(law[low:high], low)]
        return (sum(part, Fraction(0)), 0) if exact else (math.fsum(part), exponent)

    positive = average(weights[M], theta, None, -tilt * theta)
    rejection = average(weights[M], 0, theta, 0)
    lost, drawn = counting.ways(a, s, model.noise)
    parts = []
    for count in range(s - theta + 1, len(lost)):
        others, _ = average(weights[M - 1], 0, theta - s + count, 0)
        parts.append((counting.divide(lost[count], drawn, exact) * others, 0))
    sizes = np.zeros(M * s + 1)
    sizes[M * s] = 1.0
    return positive, rejection, _add(parts, exact), sizes


def _fraction(numerator, denominator, exact):
    """A ratio of integers as (value, exponent)."""
    if exact:
        return Fraction(numerator, denominator), 0
    [value], exponent = counting.scaled([numerator], denominator)
    return float(value), exponent


def _average(sizes, numerators, denominator, exact):
    """Mean over the size law of numerators / denominator, as (value, exponent)."""
    if exact:
        return sum((p * Fraction(top, denominator) for p, top in zip(sizes, numerators) if p), Fraction(0)), 0
    live = np.flatnonzero(sizes)
    values, exponent = counting.scaled([numerators[u] for u in live], denominator)
    return math.fsum(sizes[live] * values), exponent


def _add(parts, exact):
    """Sum of scaled pairs."""
    if exact or not parts:
        return sum((value for value, _ in parts), Fraction(0) if exact else 0.0), 0
    exponent = max(exponent for _, exponent in parts)
    return math.fsum(math.ldexp(value, e - exponent) for value, e in parts), exponent


def _value(pair):
    value, exponent = pair
    return value if isinstance(value, Fraction) else math.ldexp(value, exponent)


def _logarithm(pair):
    value, exponent = pair
    if isinstance(value, Fraction) and value:
        shift = value.numerator.bit_length() - value.denominator.bit_length()
        return counting.log10(float(value / Fraction(2) ** shift), shift)
    return counting.log10(float(value), exponent)


def _power(p, q, exponent):
    """(1 - p)^exponent without the cancellation at either end."""
    return math.exp(exponent * math.log1p(-p)) if p < 0.5 else q**exponent
