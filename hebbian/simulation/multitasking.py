"""Finite-size simulation of multitasking Hebbian networks: from diluted patterns and examples to sorted overlaps."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from hebbian import observables, streams
from hebbian import patterns as disorder
from hebbian.errors import InvalidInput
from hebbian.models import multitasking
from hebbian.models.records import build, described
from hebbian.simulation import montecarlo
from hebbian.simulation.montecarlo import Run, Series
from hebbian.stats import Estimate, autocorrelation_time, exact_sum

RECORDS = ("series", "spins")


def simulate(model, *, patterns=None, start="pattern", record=(), **settings) -> Run:
    """Monte Carlo of a multitasking network at finite N.

    Signs and permutations of the patterns are symmetries that a finite system visits, so `m` holds the magnitudes of the
    overlaps sorted by size at every measurement, then averaged over time; `m2` is sum_mu m_mu^2, which needs no sorting.

    Parameters
    ----------
    model : MultitaskingHopfield; with `patterns`, its d sets the scale and its K is the number given.
    patterns : optional array (K, N) or (samples, K, N) with entries -1, 0, 1.
    start : "pattern", "hierarchical", "noisy", "random", or +-1 spins (N,) or (samples, 2, N).
    record : any of "series" (overlaps `m` of the patterns in their own order, with sign, and energy, a sweep) and "spins".
    settings : N, T, samples, burn_in, sweeps, seed, overlap, rule, threshold; see `hebbian.models.multitasking.Settings`.

    Returns
    -------
    Run : m and n (samples, K), the overlaps with the patterns and with their mean examples in the order of m; m2, q, energy,
    acceptance, tau as Estimates over samples; `retrieved`; what `record` asked for.
    """
    unknown = set(record) - set(RECORDS)
    if unknown:
        raise InvalidInput(f"record contains {sorted(unknown)}: give any of {', '.join(RECORDS)}")
    name, spins = ("array", start) if not isinstance(start, str) else (start, None)
    settings = build(multitasking.Settings, {"start": name, **settings})
    if spins is not None:
        spins = montecarlo.given_start(spins, settings)
    if patterns is not None:
        patterns = disorder.given(patterns, settings.N, settings.samples, blanks=True)
        model = replace(model, K=patterns.shape[-2], alpha=None)
    multitasking.check(model, settings)
    montecarlo.require_memory(multitasking.memory(model, settings))

    records = measure(model, settings, range(settings.samples), patterns=patterns, start=spins, record=record)
    values = reduce(model, settings, records)
    estimates = {o.name: Estimate(values[o.name]) for o in multitasking.OBSERVABLES if not o.flag}
    series = None
    if "series" in record:
        series = {"m": records["series_overlap"] / (settings.N * model.unit), "energy": _energies(model, settings, records)}
    return Run(model, settings, multitasking.realised(model, settings), estimates, int(values["retrieved"].sum()),
               series, None, records.get("spins"))


def measure(model, settings, samples: range, *, patterns=None, start=None, record=()) -> dict[str, np.ndarray]:
    """Run the given samples and return their integer sums, first axis = sample; floats are formed later, by `reduce`.

    overlap_sum, data_sum (n, 2, K): N |m| sorted by size at every sweep, summed over the measured sweeps, and the sums of
    the integer data overlaps in the same order and sign; square_sum (n, 2): sums of sum_mu (N m_mu)^2 as high and low 32-bit
    words; tail_sum (n, 2): largest N |m| over the last tenth; agreement_sum (n,): N q; energy_sum (n, 2): sum of
    sum_k X_k^2 over sweeps and replicas in two words; diagonal (n,): sum_{k,i} (w_i^k)^2, the self-couplings to leave out;
    accepted_sum (n, 2); tau (n,): autocorrelation time of the largest overlap in sweeps, mean of the replicas.
    """
    tau = _temperature(model, settings)
    rows = [_sample(model, settings, sample, tau, patterns, start, record) for sample in samples]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def reduce(model, settings, records) -> dict[str, np.ndarray]:
    """Per-sample observables from the integer sums: each float is formed once, from exact integers."""
    N, total = settings.N, settings.sweeps * montecarlo.REPLICAS
    overlap = N * model.unit
    data = 1.0 if model.protocol == "storage" else model.M * model.r * (1 + model.rho)
    tail_means = records["tail_sum"] / (N * (1 - model.d) * montecarlo.tail(settings))
    coupling = model.coupling(N)
    energies = [float(coupling * (total * int(diagonal) - _joined(pair)) / (2 * N * total))
                for diagonal, pair in zip(records["diagonal"], records["energy_sum"])]
    return {
        "m": records["overlap_sum"].sum(axis=1) / (overlap * total),
        "n": records["data_sum"].sum(axis=1) / (overlap * total * data),
        "m2": np.array([_joined(pair) / total for pair in records["square_sum"]]) / overlap**2,
        "q": records["agreement_sum"] / (N * settings.sweeps),
        "energy": np.array(energies),
        "acceptance": records["accepted_sum"].sum(axis=1) / (N * total),
        "tau": records["tau"],
        "retrieved": observables.retrieved(tail_means.mean(axis=1), settings.threshold).astype(np.int8),
    }


def entries(model, settings, sample: int) -> np.ndarray:
    """The patterns of one sample, int8 array (K, N): what the simulation of this seed stores or draws its examples from."""
    N = settings.N
    return disorder.diluted(N, model.patterns(N), model.d, seed=settings.seed, sample=sample)


def rows(model, settings, sample: int, patterns: np.ndarray) -> np.ndarray:
    """The integer vectors w^k of H = -(c/2) sum_k (w^k . s)^2: patterns, sums of examples (int32), or all examples."""
    if model.protocol == "storage":
        return patterns
    draw = disorder.diluted_example_sums if model.protocol == "supervised" else disorder.diluted_examples
    return draw(patterns, model.M, model.r, seed=settings.seed, sample=sample)


def hierarchical(patterns: np.ndarray) -> np.ndarray:
    """The state in which every spin follows the first pattern that is not blank there, int8 (N,), 0 where all are blank."""
    first = np.argmax(patterns != 0, axis=0)
    return np.take_along_axis(patterns, first[None], axis=0)[0]


def _sample(model, settings, sample, tau, patterns, start, record):
    from hebbian._kernels.multitasking import MultitaskingKernel

    N, K = settings.N, model.patterns(settings.N)
    if patterns is None:
        truth = entries(model, settings, sample)
    else:
        truth = np.ascontiguousarray(patterns if patterns.ndim == 2 else patterns[sample])
    squares = rows(model, settings, sample, truth)
    target = hierarchical(truth) if settings.start == "hierarchical" else truth[0]
    spins = montecarlo.initial_spins(settings, target, sample, start)
    key = streams.key("dynamics", model.family, described(model), N, settings.T, montecarlo.start_fields(settings, start),
                      settings.rule, seed=settings.seed, sample=sample)
    learned = model.protocol != "storage"
    kernel = MultitaskingKernel(squares, spins, truth if learned else None)
    series = montecarlo.evolve(kernel, key, settings, tau, cost=float(N) * len(squares) * len(spins),
                               overlaps=(2 * K if learned else K,))
    diagonal = {"diagonal": np.int64(np.sum(squares.astype(np.int64) ** 2))}
    measured = series[settings.burn_in:]
    return _sums(measured, K, montecarlo.tail(settings)) | diagonal | _kept(measured, K, kernel, record)


def _sums(measured: Series, K, tail) -> dict[str, np.ndarray]:
    overlap = measured.overlap[..., :K].astype(np.int64)
    data = measured.overlap[..., -K:].astype(np.int64) * np.sign(overlap)
    order = np.argsort(-np.abs(overlap), axis=-1, kind="stable")
    size = np.take_along_axis(np.abs(overlap), order, axis=-1)
    largest = size[..., 0]
    return {
        "overlap_sum": size.sum(axis=0),
        "data_sum": np.take_along_axis(data, order, axis=-1).sum(axis=0),
        "square_sum": _split(exact_sum((size**2).reshape(-1))),
        "tail_sum": largest[-tail:].sum(axis=0),
        "agreement_sum": measured.agreement.sum(),
        "energy_sum": _split(exact_sum(measured.energy.reshape(-1))),
        "accepted_sum": measured.accepted.sum(axis=0),
        "tau": np.float64(np.mean([autocorrelation_time(m) for m in largest.T]) if len(largest) > 1 else 1.0),
    }


def _kept(measured, K, kernel, record) -> dict[str, np.ndarray]:
    kept = {}
    if "series" in record:
        kept["series_overlap"] = measured.overlap[..., :K]
        kept["series_energy"] = measured.energy
    if "spins" in record:
        kept["spins"] = kernel.spins.copy()
    return kept


def _split(total) -> np.ndarray:
    [value] = total
    return np.array([value >> 32, value & 0xFFFFFFFF], np.int64)


def _joined(pair) -> int:
    return (int(pair[0]) << 32) + int(pair[1])


def _temperature(model, settings) -> float:
    """T in units of half the change of sum_k X_k^2 by a flip, rounded to the float32 that the acceptance rule uses."""
    tau = Fraction(settings.T) / (2 * model.coupling(settings.N))
    if tau > Fraction(float(np.finfo(np.float32).max)) / 32:
        raise InvalidInput(f"T = {settings.T} is too large for the kernel's threshold: give a lower temperature")
    return float(np.float32(float(tau)))


def _energies(model, settings, records) -> np.ndarray:
    diagonal = records["diagonal"][:, None, None]
    return (diagonal - records["series_energy"]) * float(model.coupling(settings.N) / (2 * settings.N))
