"""Rare events: three unbiased estimators of error probabilities far below what counting reaches.

tilt       Reveal the u synapses of a segment one by one.  With c active among the first i, the next is active with
           probability p = (a - c) / (n - i); draw it with q, whose odds are e^L times those of p, and multiply the weight by
           p / q or (1 - p) / (1 - q).  The mean of weight x [X >= theta] is unbiased for every L and uses no binomial
           coefficient of the answer.  L minimises the exact second moment, a recursion over (i, c).  The size u of a
           union is drawn in the same way, untilted.
union      Fixed segments k with probabilities p_k and S = sum p_k: choose k with p_k / S, draw an input on which k spikes,
           count the segments N that do; S / N is unbiased for the probability that any spikes, whatever synapses they
           share.  p_k comes from the recursion of the reveal, not from the closed form.
splitting  Fixed levels 1, 2, ..., theta of the largest overlap of a neuron's segments: the fraction of particles at a level,
           resampling, swap moves that keep it.  The product of the fractions is unbiased for any number of moves; it needs
           nothing but overlaps and costs some thousand times more than the tilt for one error.

Each function of METHODS does one batch and returns its estimates by observable name.
"""

import math
from functools import lru_cache

import numpy as np

from hebbian import streams
from hebbian.models import dendrites
from hebbian.models.records import described
from hebbian.simulation.segments import Segments, stored

#: Shifts of L beyond logit(theta / u) - logit(a / n) that are tried; the best is 0 to 0.5 unless theta is close to u.
SHIFTS = tuple(0.25 * k for k in range(-2, 13))


def tilt(model, settings, sample: int) -> dict[str, float]:
    """False positive, and for one pattern the miss under noise, by the sequential exponential tilt."""
    trials = dendrites.draws(settings)
    key = streams.key("reveal", model.family, described(model), "tilt", seed=settings.seed, sample=sample)
    copies = model.patterns if model.counting == "multiplicity" else 1
    sizes = np.full(trials, model.s) if copies > 1 else union_sizes(model, trials, key)
    hits = revealed(model.n, model.a, model.theta, sizes, key, stage=1, copies=copies)
    found = {"false_positive": math.fsum(hits) / trials, "mean_union_size": float(sizes.sum()) * copies / trials}
    if model.patterns == 1:
        # A miss is the same event in the pattern: of its a cells v are lost, and s - theta + 1 of them carry synapses.
        lost = revealed(model.a, model.noise, model.s - model.theta + 1, sizes, key, stage=0)
        found["false_negative"] = math.fsum(lost) / trials
    return found


def union(model, settings, sample: int) -> dict[str, float]:
    """Any-of probability of one neuron with fixed segments, and the mean probability of its segments."""
    batch = stored(model, 1, seed=settings.seed, sample=sample)
    segments = Segments(model.n, [row[:size] for row, size in zip(batch.rows, batch.sizes)])
    key = ("union", described(model), settings.seed, sample)
    any_, mean = any_spikes(segments, model.a, model.theta, dendrites.draws(settings), key=key)
    return {"neuron_false_positive": any_.mean(), "false_positive": mean, "mean_union_size": batch.sizes.mean()}


def splitting(model, settings, sample: int) -> dict[str, float]:
    """Any-of probability of one neuron with fixed segments by splitting on the largest overlap."""
    from hebbian._kernels import dendrites as kernel
    particles = dendrites.draws(settings)
    batch = stored(model, 1, seed=settings.seed, sample=sample)
    segments = Segments(model.n, [row[:size] for row, size in zip(batch.rows, batch.sizes)])
    start, ids = segments.by_cell()
    key = streams.key("particles", model.family, described(model), settings.moves, seed=settings.seed, sample=sample)
    inputs = streams.key("probes", model.family, model.n, model.a, "splitting", seed=settings.seed, sample=sample)
    cells = kernel.subsets(model.n, model.n, particles, *inputs)
    overlaps = np.stack([segments.overlaps(row[:model.a]) for row in cells]).astype(np.int32)
    probability = 1.0
    for level in range(1, model.theta + 1):
        above = np.flatnonzero(overlaps.max(axis=1) >= level)
        probability *= len(above) / particles
        if level == model.theta or not len(above):
            break
        chosen = streams.words(key, np.arange(particles), 0, level, 1)[:, 0].astype(np.int64) * len(above) >> 32
        cells, overlaps = cells[above[chosen]], overlaps[above[chosen]]
        # Without a silent cell there is nothing to swap, and one input only.
        moves = settings.moves if model.a < model.n else 0
        kernel.swap_moves(model.a, start, ids, moves, level, *key, cells, overlaps)
    return {
        "neuron_false_positive": probability,
        "false_positive": probability if model.segments == 1 else math.nan,
        "mean_union_size": batch.sizes.mean(),
    }


METHODS = {"tilt": tilt, "union": union, "splitting": splitting}


def any_spikes(segments: Segments, a: int, theta: int, draws: int, *, key: tuple) -> tuple[np.ndarray, float]:
    """Union-of-events estimates S / N of the probability that any of the fixed segments spikes on a random input.

    Parameters
    ----------
    segments : the fixed segments, which may share synapses and differ in size.
    a, theta : active cells of an input, spike threshold.
    draws : number of conditional inputs.
    key : (label, fields, seed, sample) that names the random numbers.

    Returns
    -------
    S / N of each draw, float array (draws,), and the mean probability of one segment, S / K.
    """
    from hebbian._kernels import dendrites as kernel

    label, content, seed, sample = key
    laws = {size: overlap_law(segments.n, a, size) for size in set(segments.sizes.tolist())}
    tails = {size: math.fsum(law[theta:]) for size, law in laws.items()}
    p = np.array([tails[size] for size in segments.sizes.tolist()])
    S = math.fsum(p)
    if S == 0:
        return np.zeros(draws), 0.0
    words = streams.words(streams.key("reveal", label, content, seed=seed, sample=sample), np.arange(draws))
    first, second = (words[:, 2 * i] * 2.0**-32 + words[:, 2 * i + 1] * 2.0**-64 for i in range(2))
    chosen = np.minimum(np.searchsorted(np.cumsum(p) / S, first, side="right"), len(p) - 1)
    overlap = np.empty(draws, np.int64)
    for size, law in laws.items():
        here = segments.sizes[chosen] == size
        ladder = np.cumsum(law[theta:]) / max(tails[size], math.ulp(0.0))
        overlap[here] = theta + np.minimum(np.searchsorted(ladder, second[here], side="right"), len(law) - theta - 1)
    rows, sizes = segments.rows()
    inputs = kernel.conditional_inputs(segments.n, a, rows, sizes, chosen, overlap,
                                       *streams.key("probes", label, content, seed=seed, sample=sample))
    spikes = segments.spikes(inputs, theta)
    return S / spikes, S / len(p)


@lru_cache(maxsize=1024)
def overlap_law(n: int, a: int, size: int) -> np.ndarray:
    """Law of the overlap of a segment of `size` synapses with a random input, by revealing one synapse after the other."""
    law = np.zeros(min(size, a) + 1)
    law[0] = 1.0
    active = np.arange(len(law))
    for i in range(size):
        p = np.clip((a - active) / (n - i), 0.0, 1.0)
        law = law * (1 - p) + np.append(0.0, (law * p)[:-1])
    return law


def union_sizes(model, trials: int, key) -> np.ndarray:
    """Sizes of unions of the model's patterns, int64 (trials,), each synapse revealed as shared or new."""
    sizes = np.full(trials, model.s)
    for m in range(1, model.patterns):
        shared = np.zeros(trials, np.int64)
        for j, uniform in enumerate(_uniforms(key, trials, model.s, stage=1 + model.patterns + m)):
            shared += uniform < (sizes - shared) / (model.n - j)
        sizes += model.s - shared
    return sizes


def revealed(n: int, a: int, theta: int, sizes: np.ndarray, key, *, stage: int, copies: int = 1) -> np.ndarray:
    """Weights of the trials that reach the threshold (0 for the others): mean unbiased for P(Hyp(n, size, a) >= theta).

    copies : segments of the same size whose overlaps with one input add up (multiplicity counting).
    """
    trials, most = len(sizes), int(sizes.max())
    overlap, weight = np.zeros(trials, np.int64), np.ones(trials)
    kinds, which = np.unique(sizes, return_inverse=True)
    shift = best_shift(n, a, theta, int(np.median(sizes)) * copies)
    odds = np.array([tilt_odds(n, a, theta, int(size) * copies, shift) for size in kinds])[which]
    for copy in range(copies):
        active = np.zeros(trials, np.int64)
        for i, uniform in enumerate(_uniforms(key, trials, most, stage, first=copy * most)):
            p = np.where(i < sizes, np.maximum(a - active, 0) / (n - i), 0.0)
            q = tilted(p, odds)
            on = uniform < q
            with np.errstate(divide="ignore", invalid="ignore"):
                weight *= np.where(on, p / q, np.where(q < 1, (1 - p) / (1 - q), 0.0))
            active += on
        overlap += active
    return np.where(overlap >= theta, weight, 0.0)


def tilted(p, odds):
    """Probability with odds `odds` times those of p; infinite odds make every possible event certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p / (p + (1 - p) / odds), 0.0)


def tilt_odds(n: int, a: int, theta: int, size: int, shift: float) -> float:
    """e^L of the tilt: 1 where the event is typical, infinite at theta >= size, else as SHIFTS say."""
    if theta >= size:
        return math.inf
    if a == 0 or theta * n <= size * a:
        return 1.0
    return theta / (size - theta) * (n - a) / a * math.exp(shift)


@lru_cache(maxsize=4096)
def best_shift(n: int, a: int, theta: int, size: int) -> float:
    """The shift of least second moment; unions of all sizes share that of a typical one."""
    return min(SHIFTS, key=lambda shift: second_moment(n, a, theta, size, tilt_odds(n, a, theta, size, shift)))


def second_moment(n: int, a: int, theta: int, size: int, odds: float) -> float:
    """Natural logarithm of E[weight^2; X >= theta] of the tilted reveal, exactly, by recursion over the synapses."""
    moment, active, scale = np.zeros(min(size, a) + 2), np.arange(min(size, a) + 2), 0.0
    moment[0] = 1.0
    for i in range(size):
        p = np.clip((a - active) / (n - i), 0.0, 1.0)
        q = tilted(p, odds)
        with np.errstate(divide="ignore", invalid="ignore"):
            on = np.where(p > 0, p * (p / q), 0.0)
            off = np.where(q < 1, (1 - p) * ((1 - p) / (1 - q)), 0.0)
        moment = moment * off + np.append(0.0, (moment * on)[:-1])
        top = moment.max()
        scale, moment = scale + math.log(top), moment / top
    tail = math.fsum(moment[theta:])
    return scale + math.log(tail) if tail > 0 else -math.inf


def relative_variance(model) -> float:
    """Variance of one weighted draw of the tilt over P^2, exactly, for one pattern: the error of N draws is P sqrt(R / N)."""
    size = model.n, model.a, model.theta, model.s
    odds = tilt_odds(*size, best_shift(*size))
    log_mean = math.log(math.fsum(overlap_law(model.n, model.a, model.s)[model.theta:]))
    return math.expm1(second_moment(model.n, model.a, model.theta, model.s, odds) - 2 * log_mean)


def _uniforms(key, trials, steps, stage, first=0):
    """Yield one uniform in (0, 1) a trial for each step, float64 (trials,)."""
    from hebbian._kernels import dendrites as kernel

    for step in range(first, first + steps):
        if step % 4 == 0 or step == first:
            block = kernel.words(trials, step // 4, stage, *key)
        yield (block[:, step % 4] + 0.5) * 2.0**-32
