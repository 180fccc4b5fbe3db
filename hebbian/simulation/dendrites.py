"""Sampling of dendritic segments: direct counting with overlap histograms, and rare-event estimators.

A sample is one batch: segments with patterns of their own, compared with probes of their own.  Patterns that meet one
segment share its union, so batches, not comparisons, are the units of the error bar.  With one pattern a segment the pairs
of a batch are pairwise independent (the false positive depends on the size of a segment only), so meeting every segment with
every probe costs nothing in precision.
"""

import math

import numpy as np

from hebbian import streams
from hebbian.models import dendrites
from hebbian.models.records import build
from hebbian.simulation import rare
from hebbian.simulation.montecarlo import Run, require_memory
from hebbian.simulation.segments import stored
from hebbian.stats import Estimate


def simulate(model, **settings) -> Run:
    """Sample the error probabilities of a dendrite.

    Parameters
    ----------
    model : Dendrite with a threshold.
    settings : trials, batches, method, moves, seed; see `hebbian.models.dendrites.Settings`.

    Returns
    -------
    Run : the observables of `hebbian.models.dendrites` that the method measures, as Estimates over batches;
        `histogram` (direct only): number of comparisons at each overlap 0, 1, ..., so that one run gives every threshold.
        Without a single hit the mean is 0 and `realised["false_positive_limit"]` bounds it at 95 % confidence.
    """
    settings = build(dendrites.Settings, settings)
    dendrites.check(model, settings)
    require_memory(dendrites.memory(model, settings))
    records = measure(model, settings, range(settings.samples))
    values = reduce(model, settings, records)
    estimates = {name: Estimate(value) for name, value in values.items() if name != "histogram" and not np.isnan(value).all()}
    realised = dendrites.realised(model, settings)
    if settings.method == "direct" and estimates["false_positive"].mean == 0:
        realised["false_positive_limit"] = -math.log(0.05) / realised["trials"]
    histogram = records["histogram"].sum(axis=0) if "histogram" in records else None
    return Run(model, settings, realised, estimates, histogram=histogram)


def measure(model, settings, samples: range) -> dict[str, np.ndarray]:
    """Run the given batches; first axis = batch.

    direct : histogram (n, width) of the overlaps with random patterns and own (n, width) of those of stored noisy patterns
    with their segment; neuron_hits, neuron_misses, synapses (n,), all integers.
    Other methods : the float estimates of one batch, see `hebbian.simulation.rare`.
    """
    batch = _direct if settings.method == "direct" else rare.METHODS[settings.method]
    rows = [batch(model, settings, sample) for sample in samples]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """Observables of each batch; NaN where the method does not measure one."""
    count = len(next(iter(records.values())))
    values = {observable.name: np.full((count, *(1 for _ in observable.axes)), np.nan) for observable in dendrites.OBSERVABLES}
    if settings.method != "direct":
        return values | {name: np.asarray(value, float) for name, value in records.items()}
    shape = dendrites.batch(model, settings)
    return values | {
        "false_positive": records["histogram"][:, model.theta:].sum(axis=1) / shape.comparisons,
        "false_negative": records["own"][:, :model.theta].sum(axis=1) / shape.neurons,
        "neuron_false_positive": records["neuron_hits"] / (shape.neurons * shape.probes),
        "neuron_false_negative": records["neuron_misses"] / shape.neurons,
        "mean_union_size": records["synapses"] / (shape.neurons * shape.segments),
        "histogram": records["histogram"].astype(float),
    }


def _direct(model, settings, sample):
    from hebbian._kernels import dendrites as kernel
    from hebbian._kernels import dense

    shape = dendrites.batch(model, settings)
    batch = stored(model, shape.neurons, seed=settings.seed, sample=sample)
    key = streams.key("probes", model.family, model.n, model.a, seed=settings.seed, sample=sample)
    wide = dense.active() != "portable"
    histogram, hits = batch.count(kernel.probes(model.n, model.a, shape.probes, *key), wide)
    return {
        "histogram": histogram,
        "own": np.bincount(batch.own, minlength=len(histogram)),
        "neuron_hits": np.int64(hits),
        "neuron_misses": np.int64(shape.neurons - np.count_nonzero(batch.fired)),
        "synapses": batch.sizes.sum(dtype=np.int64),
    }
