"""Finite-size simulation of first-order sequence memory: learn a random sequence, then predict from each of its patterns."""

import numpy as np

from hebbian import streams
from hebbian.models import sequence
from hebbian.models.records import build
from hebbian.simulation.montecarlo import Run, require_memory
from hebbian.stats import Estimate


def simulate(model, **settings) -> Run:
    """Learn random sequences and count wrong predictions.

    Parameters
    ----------
    model : SequenceMemory.
    settings : samples, probes, seed; see `hebbian.models.sequence.Settings`.

    Returns
    -------
    Run : false_prediction and jaccard as Estimates over memories.
    """
    settings = build(sequence.Settings, settings)
    sequence.check(model, settings)
    require_memory(sequence.memory(model, settings))
    values = reduce(model, settings, measure(model, settings, range(settings.samples)))
    return Run(model, settings, sequence.realised(model, settings), {name: Estimate(value) for name, value in values.items()})


def measure(model, settings, samples: range) -> dict[str, np.ndarray]:
    """Falsely predicted cells of each cue, int64 (memories, cues); all cells that come next are predicted by construction."""
    return {"false_cells": np.stack([_memory(model, settings, sample) for sample in samples])}


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """False prediction and mean Jaccard overlap of each memory."""
    wrong, a = records["false_cells"], model.a
    return {"false_prediction": wrong.mean(axis=1) / max(1, model.n - a), "jaccard": (a / (a + wrong)).mean(axis=1)}


def _memory(model, settings, sample):
    from hebbian._kernels import dendrites as kernel

    n, a, s, T = model.n, model.a, model.s, model.transitions
    keys = {what: streams.key("segments", model.family, n, a, s, what, seed=settings.seed, sample=sample)
            for what in ("patterns", "synapses")}
    patterns = kernel.subsets(n, a, T + 1, *keys["patterns"])
    chosen = kernel.subsets(a, s, T * a, *keys["synapses"])
    synapses = np.take_along_axis(np.repeat(patterns[:-1], a, axis=0), chosen.astype(np.int64), axis=1)
    index = kernel.Index(n, np.arange(T * a + 1, dtype=np.int64) * s, np.ascontiguousarray(synapses).reshape(-1))
    owner = patterns[1:].reshape(-1)
    wrong = []
    for t in range(sequence.probes(model, settings)):
        predicted = np.zeros(n, bool)
        predicted[owner[index.overlaps(patterns[t]) >= model.theta]] = True
        wrong.append(np.count_nonzero(predicted) - a)
    return np.array(wrong, np.int64)
