"""Finite-size simulation of Willshaw nets, plain and dendritic: store pairs, recall them, count wrong units."""

import numpy as np

from hebbian import streams
from hebbian.models import willshaw
from hebbian.models.records import build
from hebbian.simulation.montecarlo import Run, require_memory
from hebbian.stats import Estimate

#: Pairs stored at a time.
CHUNK = 256


def simulate(model, **settings) -> Run:
    """Store random pairs in a net and recall them from noisy inputs.

    Parameters
    ----------
    model : Willshaw with a number of patterns.
    settings : samples, probes, seed; see `hebbian.models.willshaw.Settings`.

    Returns
    -------
    Run : spurious and miss as Estimates over nets.
    """
    settings = build(willshaw.Settings, settings)
    willshaw.check(model, settings)
    require_memory(willshaw.memory(model, settings))
    values = reduce(model, settings, measure(model, settings, range(settings.samples)))
    return Run(model, settings, willshaw.realised(model, settings), {name: Estimate(value) for name, value in values.items()})


def measure(model, settings, samples: range) -> dict[str, np.ndarray]:
    """Wrong units over all recalls of each net, int64 (nets,): `spurious` fire unasked, `missed` stay silent."""
    counts = np.array([_net(model, settings, sample) for sample in samples], np.int64).reshape(-1, 2)
    return {"spurious": counts[:, 0], "missed": counts[:, 1]}


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """Error probabilities of each net."""
    recalls = willshaw.probes(model, settings)
    silent = max(1, recalls * (model.n - model.a))
    return {"spurious": records["spurious"] / silent, "miss": records["missed"] / (recalls * model.a)}


def _net(model, settings, sample):
    from hebbian._kernels import dendrites as kernel

    n, a, s, v, K, M = model.n, model.a, model.synapses, model.noise, model.segments, model.patterns
    fields = (model.family, n, a, s, K, v)
    keys = {what: streams.key("segments", *fields, what, seed=settings.seed, sample=sample)
            for what in ("inputs", "outputs", "synapses", "places")}
    # The v cells beyond a pattern are the ones that noise will switch on.
    inputs = kernel.subsets(n, a + v, M, *keys["inputs"])
    outputs = kernel.subsets(n, a, M, *keys["outputs"])
    synapses = np.zeros((n * K, n), bool)
    for first in range(0, M, CHUNK):
        last = min(first + CHUNK, M)
        pairs = np.arange(first, last)
        chosen = kernel.subsets(a, s, (last - first) * a, *keys["synapses"], first * a).reshape(-1, a, s)
        cells = inputs[pairs[:, None, None], chosen]
        words = streams.words(keys["places"], np.arange(a)[None, :], pairs[:, None])[..., 0]
        segment = outputs[first:last].astype(np.int64) * K + (words.astype(np.int64) * K >> 32)
        synapses[segment[:, :, None], cells] = True

    recalls = willshaw.probes(model, settings)
    dropped = kernel.subsets(a, v, recalls, *keys["inputs"], part=1)
    on = np.zeros((recalls, n), np.float32)
    np.put_along_axis(on, inputs[:recalls].astype(np.int64), 1.0, axis=1)
    if v:
        np.put_along_axis(
            on, np.take_along_axis(inputs[:recalls], dropped.astype(np.int64), axis=1).astype(np.int64), 0.0, axis=1
        )
    # Overlaps are integers below 2^24, so float32 sums are exact in any order.
    overlaps = on @ synapses.astype(np.float32).T
    fired = (overlaps >= model.threshold).reshape(recalls, n, K).any(axis=2)
    target = np.zeros((recalls, n), bool)
    np.put_along_axis(target, outputs[:recalls].astype(np.int64), True, axis=1)
    return np.count_nonzero(fired & ~target), np.count_nonzero(target & ~fired)
