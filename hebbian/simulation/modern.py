"""Finite-size simulation of modern Hopfield networks: retrieval from memories of K = exp(alpha N) random patterns.

A sample is one memory; its queries ask for its first patterns.  Memories nest in K and do not see lam, sigma or the
separation, so curves share their disorder.  Averages over the queries of one memory are correlated: error bars are over
memories.
"""

import numpy as np

from hebbian import attention, observables, streams
from hebbian import patterns as disorder
from hebbian.errors import InvalidInput
from hebbian.models import modern
from hebbian.models.records import build
from hebbian.simulation import montecarlo
from hebbian.simulation.montecarlo import Run
from hebbian.stats import Estimate

#: Scores held at once by one block of queries.
SCORES = 2**24

#: An iterated query is at its fixed point once |f(x) - x| is below this fraction of the largest pattern.
TOLERANCE = 1e-9

#: A weight counts as exactly 1 within rounding of the sum of the weights.
ONE = 1 - 1e-12


def simulate(model, **settings) -> Run:
    """Retrieval at finite N: every query is updated, and compared with the pattern that it asks for.

    Parameters
    ----------
    model : ModernHopfield with alpha.
    settings : N, samples, queries, steps, seed, threshold, and T, sweeps for Glauber dynamics of the binary ensemble; see
        `hebbian.models.modern.Settings`.

    Returns
    -------
    Run : m, weight, success, top, exact, norm, participation, lifetime as Estimates over memories, each the mean over the
        queries; `retrieved` counts memories whose success is above the threshold.
    """
    settings = build(modern.Settings, settings)
    modern.check(model, settings)
    montecarlo.require_memory(modern.memory(model, settings))
    values = reduce(model, settings, measure(model, settings, range(settings.samples)))
    estimates = {o.name: Estimate(values[o.name]) for o in modern.OBSERVABLES if not o.flag}
    return Run(model, settings, modern.realised(model, settings), estimates, int(values["retrieved"].sum()))


def measure(model, settings, samples: range) -> dict[str, np.ndarray]:
    """Run the given samples; records of every query, first axis = sample, second = query.

    m, weight, norm, participation, lifetime : float64 (n, queries); top : int8 (n, queries).
    """
    rows = [_sample(model, settings, sample) for sample in samples]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """Per-memory observables: means over the queries of one memory.

    A query is retrieved if the weight of its pattern is above 1/2; under Glauber dynamics, where one flipped spin can take
    the weight, if its mean overlap is.
    """
    success = (records["weight" if settings.T is None else "m"] > 0.5).mean(axis=1)
    means = {name: records[name].mean(axis=1) for name in ("m", "weight", "top", "norm", "participation", "lifetime")}
    return means | {
        "success": success,
        "exact": (records["weight"] > ONE).mean(axis=1),
        "retrieved": observables.retrieved(success, settings.threshold).astype(np.int8),
    }


def memories(model, N: int, first: int, count: int, *, seed: int, sample: int) -> np.ndarray:
    """Patterns first .. first + count - 1 of one memory, float64 (count, N)."""
    if model.ensemble == "binary":
        return disorder.rademacher(N, first + count, seed=seed, sample=sample).unpack(first).astype(np.float64)
    return disorder.continuous(model.ensemble, N, first, count, seed=seed, sample=sample)


def queries(model, targets: np.ndarray, *, seed: int, sample: int) -> np.ndarray:
    """Noisy copies of the patterns asked for, float64 (queries, N); their noise is the same for every sigma but its size."""
    if model.sigma == 0:
        return targets.copy()
    count, N = targets.shape
    key = streams.key("queries", model.ensemble, N, seed=seed, sample=sample)
    if model.ensemble != "binary":
        return targets + model.sigma * streams.normals(key, N, c1=np.arange(count))
    words = streams.words(key, np.arange(-(-N // 4)), np.arange(count)[:, None]).reshape(count, -1)[:, :N]
    return np.where((words + 0.5) * 2.0**-32 < 1 / (1 + np.exp(2 / model.sigma**2)), -targets, targets)


def critical_loads(model, *, N: int, K: int, samples: int = 16, queries: int = 64, seed: int = 1) -> np.ndarray:
    """Load at which each query stops to retrieve in one step as its memory grows, float64 (samples, queries).

    Patterns are added one by one up to K; a query is lost at the first number k of patterns, its own included, where its
    weight is no longer above 1/2 (softmax) or exactly 1 (sparse), and its critical load is ln k / N; +inf where it survives
    all K.  The fraction of entries above alpha is the success of one step at load alpha, for every alpha at once.  Memories
    are made in pieces: K = 10^7 at N = 40 takes 30 MB and 6 s a memory.
    """
    settings = modern.Settings(N=N, samples=samples, queries=queries, seed=seed)
    return np.stack([_critical(model, settings, K, sample) for sample in range(settings.samples)])


def half_load(loads: np.ndarray, *, draws: int = 400, seed: int = 1) -> tuple[float, float]:
    """Median of the critical loads of all queries, where half of them retrieve, with its bootstrap error over memories.

    loads : (samples, queries) from `critical_loads`.
    """
    loads = np.asarray(loads, float)
    if loads.ndim != 2 or len(loads) < 2:
        raise InvalidInput(f"loads has shape {loads.shape}: give (samples, queries) of at least 2 memories")
    words = streams.words(streams.key("bootstrap", len(loads), seed=seed, sample=0), np.arange(draws)[:, None],
                          np.arange(-(-len(loads) // 4))).reshape(draws, -1)[:, :len(loads)]
    chosen = (words.astype(np.uint64) * np.uint64(len(loads))) >> np.uint64(32)
    return float(np.median(loads)), float(np.std([np.median(loads[rows]) for rows in chosen], ddof=1))


def _sample(model, settings, sample):
    K = model.patterns(settings.N)
    patterns = memories(model, settings.N, 0, K, seed=settings.seed, sample=sample)
    targets = patterns[:min(settings.queries, K)]
    start = queries(model, targets, seed=settings.seed, sample=sample)
    if settings.T is not None:
        return _glauber(model, settings, sample, patterns, start)
    rows = max(1, SCORES // K)
    parts = [_retrieved(model, settings, patterns, start[k:k + rows], k) for k in range(0, len(start), rows)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _retrieved(model, settings, patterns, states, first):
    """Update a block of queries that ask for patterns first, first + 1, ..."""
    options = {"separation": model.separation}
    if settings.steps == "iterated":
        found = attention.fixed_point(states, patterns, model.lam, tolerance=TOLERANCE, **options)
        states, weights = found.state, found.weights
    else:
        if settings.steps > 1:
            states = attention.retrieve(states, patterns, model.lam, settings.steps - 1, **options)
        weights = attention.weights(states, patterns, model.lam, **options)
        states = weights @ patterns
    return _records(states, weights, patterns[first:first + len(states)], first)


def _records(states, weights, targets, first):
    own = np.arange(len(states))
    N = states.shape[1]
    return {
        "m": np.einsum("qn,qn->q", states, targets) / N,
        "weight": weights[own, first + own],
        "top": (weights.argmax(axis=1) == first + own).astype(np.int8),
        "norm": np.einsum("qn,qn->q", states, states) / N,
        "participation": attention.participation(weights),
        "lifetime": np.full(len(states), np.nan),
    }


def _glauber(model, settings, sample, patterns, spins):
    """Sequential heat-bath dynamics of H = -(1/lam) ln sum_mu exp(lam xi^mu . s), one replica a query.

    With w_mu = exp(lam (X_mu - N)) and the sums A and B of w over the patterns that agree and disagree with spin i, flipping
    it turns the total A + B into A e^(-2 lam) + B e^(2 lam): exact energy differences, so a pattern never acts on itself.  The
    overlaps X_mu stay integers, and w is read off a table of them, so nothing drifts.
    """
    N, lam, T = settings.N, model.lam, settings.T
    table = np.exp(lam * (np.arange(-N, N + 1) - N))
    overlaps = np.rint(spins @ patterns.T).astype(np.int64)
    weights, series = table[overlaps + N], np.empty((settings.sweeps, len(spins)))
    key = streams.key("dynamics", model.family, model.lam, model.sigma, model.patterns(N), N, T,
                      seed=settings.seed, sample=sample)
    signs = patterns.astype(np.int64)
    for sweep in range(settings.sweeps):
        words = np.stack([streams.attempt_words(key, N, sweep, replica) for replica in range(len(spins))])
        uniform = (words + 0.5) * 2.0**-32
        for i in range(N):
            total, signed = weights.sum(axis=1), spins[:, i] * (weights @ patterns[:, i])
            agree, disagree = (total + signed) / 2, (total - signed) / 2
            ratio = np.log((agree * np.exp(-2 * lam) + disagree * np.exp(2 * lam)) / total)  # -lam times the energy change
            flips = np.flatnonzero(ratio > 0 if T == 0 else uniform[:, i] < 1 / (1 + np.exp(-ratio / (lam * T))))
            overlaps[flips] -= np.multiply.outer(2 * spins[flips, i].astype(np.int64), signs[:, i])
            weights[flips] = table[overlaps[flips] + N]
            spins[flips, i] *= -1
        series[sweep] = overlaps[np.arange(len(spins)), np.arange(len(spins))] / N
    final = _records(spins, weights / weights.sum(axis=1, keepdims=True), patterns[:len(spins)], 0)
    lifetime = np.logical_and.accumulate(series > 0.5, axis=0).sum(axis=0)
    return final | {"m": series[settings.sweeps // 2:].mean(axis=0), "lifetime": lifetime.astype(np.float64)}


def _critical(model, settings, K, sample):
    N, block = settings.N, 2**15
    first = memories(model, N, 0, min(max(settings.queries, 2), K), seed=settings.seed, sample=sample)[:settings.queries]
    starts = queries(model, first, seed=settings.seed, sample=sample)
    sparse = model.separation != "softmax"
    margin = attention.SEPARATIONS[model.separation][1] if sparse else 0.0
    target = model.lam * np.einsum("qn,qn->q", starts, first)
    own, noise, lost = np.arange(len(first)), np.full(len(first), -np.inf), np.full(len(first), np.inf)
    for low in range(0, K, block):
        scores = model.lam * starts @ memories(model, N, low, min(block, K - low), seed=settings.seed, sample=sample).T
        inside = (own >= low) & (own < low + scores.shape[1])
        scores[own[inside], own[inside] - low] = -np.inf
        if sparse:
            running = np.maximum(np.maximum.accumulate(scores, axis=1), noise[:, None])
        else:
            top = np.maximum(scores.max(axis=1), noise)[:, None]
            with np.errstate(divide="ignore"):  # weights below rounding of the largest sum to 0
                running = top + np.log(np.cumsum(np.exp(scores - top), axis=1) + np.exp(noise[:, None] - top))
        beaten = running >= (target - margin)[:, None]
        new = beaten.any(axis=1) & np.isinf(lost)
        # The query's own pattern counts, also while the growing memory has not reached its place yet.
        lost[new] = low + beaten.argmax(axis=1)[new] + 1 + (own[new] > low + beaten.argmax(axis=1)[new])
        noise = running[:, -1]
        if np.isfinite(lost).all():
            break
    return np.log(lost) / N
