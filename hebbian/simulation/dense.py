"""Finite-size simulation of dense Hopfield networks: from quenched patterns or examples to overlaps with error bars."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from hebbian import observables, streams
from hebbian import patterns as disorder
from hebbian.errors import InvalidInput
from hebbian.models import dense
from hebbian.models.dense_field import field_table
from hebbian.models.records import build, described
from hebbian.simulation import lanes, montecarlo, synchronous
from hebbian.simulation.learning import Learner
from hebbian.simulation.montecarlo import Run, Series
from hebbian.stats import Estimate, autocorrelation_time, exact_sum


def simulate(model, *, patterns=None, examples=None, start="pattern", record=(), **settings) -> Run:
    """Monte Carlo of a dense Hopfield network at finite N, from the retrieved pattern (archetype) by default.

    Parameters
    ----------
    model : DenseHopfield with a load (or with neither alpha nor K where `patterns` are given).
    patterns : optional +-1 array (K, N) for every sample, or (samples, K, N); the archetypes of a learning protocol.
    examples : optional +-1 array (K, M, N) of examples of those archetypes, or (samples, K, M, N).
    start : "pattern", "noisy", "random", or +-1 spins (N,) or (samples, 2, N).
    record : any of "series" (m and energy a sweep), "histogram" (P(m)), "spins" (final spins) to keep on the run.
    settings : N, T, samples, burn_in, sweeps, seed, overlap, rule, order, gains, threshold; see
        `hebbian.models.dense.Settings`.

    Returns
    -------
    Run : m, q, energy, n, acceptance, tau as Estimates over samples; `retrieved`; what `record` asked for.  m is the overlap
        with the retrieved archetype, n that with the mean of its examples divided by r (1 + rho), which is m for storage.
    """
    unknown = set(record) - set(montecarlo.RECORDS)
    if unknown:
        raise InvalidInput(f"record contains {sorted(unknown)}: give any of {', '.join(montecarlo.RECORDS)}")
    name, spins = ("array", start) if not isinstance(start, str) else (start, None)
    settings = build(dense.Settings, {"start": name, **settings})
    if spins is not None:
        spins = montecarlo.given_start(spins, settings)
    if patterns is not None:
        patterns = disorder.given(patterns, settings.N, settings.samples)
        model = _with_count(model, patterns.shape[-2], settings.N)
    if examples is not None:
        if patterns is None or model.protocol == "storage":
            raise InvalidInput("examples were given without what they are examples of: give the archetypes as patterns and a "
                               "model with protocol='supervised' or 'unsupervised'")
        examples = disorder.given_examples(examples, patterns, model.M)
    dense.check(model, settings)
    montecarlo.require_memory(dense.memory(model, settings))

    records = measure(model, settings, range(settings.samples), patterns=patterns, examples=examples, start=spins,
                      record=record)
    values = reduce(model, settings, records)
    estimates = {o.name: Estimate(values[o.name]) for o in dense.OBSERVABLES if not o.flag}
    series = None
    if "series" in record:
        series = {"m": records["series_overlap"] / settings.N, "energy": _energies(model, settings, records["series_energy"])}
    histogram = None
    if "histogram" in record:
        histogram = records["histogram"].sum(axis=0) / records["histogram"].sum()
    return Run(model, settings, dense.realised(model, settings), estimates, int(values["retrieved"].sum()),
               series, histogram, records.get("spins"))


def measure(model, settings, samples: range, *, patterns=None, examples=None, start=None, record=()) -> dict[str, np.ndarray]:
    """Run the given samples and return their integer sums, first axis = sample; floats are formed later, by `reduce`.

    overlap_sum, tail_sum (n, 2): N m over all and over the last tenth of the measured sweeps, sign fixed by the start;
    agreement_sum (n,): N q; example_sum (n, 2): M N n-hat of a learning protocol;
    energy_sum (n, 2): sum of U over sweeps and replicas as high and low 32-bit words;
    accepted_sum (n, 2); tau (n,): autocorrelation time of m in sweeps, mean of the replicas.
    """
    table = dense.integer_table(model, settings.N)
    tau = temperature_in_quanta(*((settings.T, table) if settings.order != "synchronous" else
                                  (settings.T / 2, field_table(model, settings.N))))
    rows = [_sample(model, settings, sample, table, tau, patterns, examples, start, record) for sample in samples]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def measure_together(model, points, samples: range) -> list[dict[str, np.ndarray]]:
    """`measure` at every one of `points`, settings of `companions` that differ in T: the same integers, in less time.

    All temperatures share one draw of the patterns and run side by side (`hebbian.simulation.lanes`).
    """
    table = dense.integer_table(model, points[0].N)
    taus = [temperature_in_quanta(point.T, table) for point in points]
    rows = [_sample_together(model, points, sample, table, taus) for sample in samples]
    return [{name: np.stack([row[k][name] for row in rows]) for name in rows[0][k]} for k in range(len(points))]


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """Per-sample observables from the integer sums: each float is formed once, correctly rounded from its exact rational."""
    N, sweeps, pairs = settings.N, settings.sweeps, montecarlo.REPLICAS
    table, constant = dense.integer_table(model, N), dense.mean_energy(model, N)
    energy_sums = [(int(high) << 32) + int(low) for high, low in records["energy_sum"]]
    m = records["overlap_sum"].sum(axis=1) / (N * sweeps * pairs)
    n = m
    if "example_sum" in records:
        n = records["example_sum"].sum(axis=1) / (model.M * N * sweeps * pairs) / (model.r * (1 + model.rho))
    tail_means = records["tail_sum"] / (N * montecarlo.tail(settings))
    return {
        "m": m,
        "q": records["agreement_sum"] / (N * sweeps),
        "energy": np.array([float(-total * table.unit / (N * sweeps * pairs) - constant) for total in energy_sums]),
        "n": n,
        "acceptance": records["accepted_sum"].sum(axis=1) / (N * sweeps * pairs),
        "tau": records["tau"],
        "retrieved": observables.retrieved(np.abs(tail_means).mean(axis=1), settings.threshold).astype(np.int8),
    }


def _sample(model, settings, sample, table, tau, patterns, examples, start, record):
    N = settings.N
    packed = _disorder(model, settings, sample, patterns)
    spins = montecarlo.initial_spins(settings, packed.unpack(0, 1)[0], sample, start)
    kernel = _kernel(model, settings, sample, packed, examples, table, spins)
    sign = np.where(kernel.overlaps[:, 0] < 0, -1, 1)
    series = montecarlo.evolve(kernel, _key(model, settings, sample, start), settings, tau,
                               cost=float(N) * dense.terms(model, N) * len(spins))
    measured = series[settings.burn_in:]
    sums = _sums(measured, sign, montecarlo.tail(settings))
    if isinstance(kernel, Learner):
        sums["example_sum"] = (kernel.examples[settings.burn_in:] * sign).sum(axis=0)
    return sums | _kept(measured, sign, kernel, N, record)


def _sample_together(model, points, sample, table, taus):
    first = points[0]
    packed = _disorder(model, first, sample, None)
    target = packed.unpack(0, 1)[0]
    spins = montecarlo.initial_spins(first, target, sample)
    sign = np.where(spins @ target.astype(np.int32) < 0, -1, 1)
    keys = [_key(model, point, sample) for point in points]
    series = lanes.evolve(packed, table, spins, keys, taus, points)
    return [_sums(one[first.burn_in:], sign, montecarlo.tail(first)) for one in series]


def _key(model, settings, sample, start=None) -> tuple[int, int]:
    """Random key of the dynamics of one sample."""
    return streams.key("dynamics", model.family, described(model), settings.N, settings.T,
                       montecarlo.start_fields(settings, start), settings.rule, *_order(settings), seed=settings.seed,
                       sample=sample)


def _order(settings) -> tuple:
    """The order of visits as fields of a random key; the default is left out, as for the fields of a model."""
    return () if settings.order == "sequential" else (settings.order,)


def _kernel(model, settings, sample, packed, examples, table, spins):
    if model.protocol == "storage" and settings.order == "synchronous":
        return synchronous.kernel(model, settings.N, synchronous.rows_of(packed), packed.K, table, spins)
    if model.protocol == "storage":
        from hebbian._kernels.dense import DenseKernel

        form = "float32" if settings.gains == "float32" else None
        return DenseKernel(packed.rows, packed.K, table.values, spins, form, settings.order)
    given = examples if examples is None or examples.ndim == 3 else examples[sample]
    return Learner(model, settings, packed, sample, table, spins, given)


def _sums(measured: Series, sign, tail) -> dict[str, np.ndarray]:
    overlap = measured.overlap.astype(np.int64) * sign
    [energy] = exact_sum(measured.energy.reshape(-1))
    return {
        "overlap_sum": overlap.sum(axis=0),
        "tail_sum": overlap[-tail:].sum(axis=0),
        "agreement_sum": measured.agreement.sum(),
        "energy_sum": np.array([energy >> 32, energy & 0xFFFFFFFF], np.int64),
        "accepted_sum": measured.accepted.sum(axis=0),
        "tau": np.float64(np.mean([autocorrelation_time(m) for m in overlap.T]) if len(overlap) > 1 else 1.0),
    }


def _kept(measured, sign, kernel, N, record) -> dict[str, np.ndarray]:
    kept = {}
    if "series" in record:
        kept["series_overlap"] = measured.overlap * sign
        kept["series_energy"] = measured.energy
    if "histogram" in record:
        kept["histogram"] = np.bincount(((measured.overlap * sign + N) // 2).reshape(-1), minlength=N + 1)
    if "spins" in record:
        kept["spins"] = kernel.spins.copy()
    return kept


def _disorder(model, settings, sample, patterns):
    if patterns is None:
        return disorder.rademacher(settings.N, model.patterns(settings.N), seed=settings.seed, sample=sample)
    return disorder.pack(patterns if patterns.ndim == 2 else patterns[sample])


def _with_count(model, K, N):
    if model.alpha is None and model.K is None:
        return replace(model, K=K)
    if model.patterns(N) != K:
        raise InvalidInput(f"patterns holds {K} patterns but {model} has K = {model.patterns(N)} at N = {N}: "
                           "give a model without alpha and K")
    return model


def temperature_in_quanta(T, table) -> float:
    """T in units of the kernel's energy quantum, rounded to the float32 that the acceptance rule uses."""
    tau = Fraction(T) / table.unit
    if tau > Fraction(float(np.finfo(np.float32).max)) / 32:
        raise InvalidInput(f"T = {T} is too large for the kernel's threshold: give a lower temperature")
    return float(np.float32(float(tau)))


def _energies(model, settings, sums) -> np.ndarray:
    table, constant = dense.integer_table(model, settings.N), dense.mean_energy(model, settings.N)
    return -sums * float(table.unit / settings.N) - float(constant)
