"""The dense kernel: bit-identical to its twin, pinned trajectories, and the whole Boltzmann distribution at small N."""

import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hebbian._kernels.dense import DenseKernel
from scipy.stats import chi2

from hebbian import patterns, reference, streams
from hebbian.models.dense import DenseHopfield, integer_table

DIGESTS = json.loads(Path(__file__).with_name("digests.json").read_text())


def start_spins(N, replicas, seed):
    key = streams.key("start", "test", N, seed=seed, sample=0)
    return np.stack([streams.signs(key, N, 0, r) for r in range(replicas)])


def advance(kernel, key, sweeps, tau, rule, first=0):
    """Run a kernel and return its series as a dictionary of arrays."""
    replicas = len(kernel.spins)
    series = {
        "overlap": np.zeros((sweeps, replicas), np.int32),
        "energy": np.zeros((sweeps, replicas), np.int64),
        "accepted": np.zeros((sweeps, replicas), np.int64),
        "agreement": np.zeros(sweeps, np.int64),
    }
    series["done"] = kernel.run(*key, first, tau, rule == "heat_bath", *series.values())
    return series


def table_of(N, shape):
    """A user's energy that is no polynomial: a step, a kink, teeth whose steps outgrow their gains, or large floats."""
    X, j = np.arange(-N, N + 1, 2), np.arange(N + 1)
    teeth = 2**25 * (-1) ** j * np.minimum(j, N - j) + np.abs(X)
    return {"step": (X > N // 2).astype(int), "kink": np.abs(X), "teeth": teeth, "floats": np.exp(X / N * 3.0) * 1e20}[shape]


CASES = [
    (20, 5, dict(p=2), 0.5), (33, 64, dict(p=2, energy="power"), 0.4), (40, 65, dict(p=3), 0.2),
    (40, 130, dict(p=3, energy="power"), 0.3), (24, 63, dict(p=4), 0.05), (25, 100, dict(p=4, energy="power"), 0.1),
    (30, 200, dict(p=5), 0.02), (18, 70, dict(p=6), 0.01), (31, 40, dict(p=7, energy="power"), 0.01),
    (90, 30, dict(p=8), 1e-3), (70, 1, dict(p=8, energy="power"), 1e-4), (16, 1, dict(p=2), 1.0), (30, 20, dict(p=2), 0.0),
    (21, 50, "step", 2.0), (20, 10, "kink", 3.0), (22, 30, "floats", 1e20), (22, 40, "teeth", 1e10),
]


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("N, K, energy, T", CASES, ids=str)
def test_kernel_equals_its_twin_bit_for_bit(N, K, energy, T, rule):
    model = DenseHopfield(K=K, **(energy if isinstance(energy, dict) else {"energy": table_of(N, energy)}))
    table = integer_table(model, N)
    tau = float(np.float32(T / float(table.unit)))
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    spins, key, sweeps = start_spins(N, 2, seed=4), streams.key("dynamics", "test", N, K, T, seed=1, sample=0), 12
    kernel = DenseKernel(packed.rows, K, table.values, spins)
    twin = reference.DenseTwin(packed.unpack(), table.values, spins)
    assert np.array_equal(kernel.overlaps, twin.overlaps)

    series = advance(kernel, key, sweeps, tau, rule)
    moved = 0
    for t in range(series["done"]):
        accepted = twin.sweep(key, t, tau, rule)
        moved += accepted.sum()
        assert np.array_equal(series["accepted"][t], accepted)
        assert np.array_equal(series["overlap"][t], twin.overlaps[:, 0])
        assert np.array_equal(series["energy"][t], twin.energy)
        assert series["agreement"][t] == twin.spins[0] @ twin.spins[1]
    assert np.array_equal(kernel.spins, twin.spins)
    assert np.array_equal(kernel.overlaps, twin.overlaps)
    assert moved > 0 and (T == 0 or series["done"] == sweeps)


def test_a_wrong_temperature_does_not_reproduce_the_twin():
    N, K = 40, 65
    table = integer_table(DenseHopfield(K=K, p=3), N)
    packed, spins, key = patterns.rademacher(N, K, seed=3, sample=1), start_spins(N, 2, 4), (1, 2)
    right, wrong = (DenseKernel(packed.rows, K, table.values, spins) for _ in range(2))
    advance(right, key, 12, 2e3, "heat_bath")
    advance(wrong, key, 12, 2.2e3, "heat_bath")
    assert not np.array_equal(right.spins, wrong.spins)


def test_sweeps_in_chunks_equal_one_long_call():
    N, K = 50, 100
    table = integer_table(DenseHopfield(K=K, p=3), N)
    packed, spins, key = patterns.rademacher(N, K, seed=3, sample=1), start_spins(N, 2, 4), (1, 2)
    whole, parts = (DenseKernel(packed.rows, K, table.values, spins) for _ in range(2))
    full = advance(whole, key, 30, 500.0, "metropolis")
    pieces = [advance(parts, key, n, 500.0, "metropolis", first=first) for first, n in ((0, 1), (1, 17), (18, 12))]
    for name in ("overlap", "energy", "accepted", "agreement"):
        assert np.array_equal(full[name], np.concatenate([piece[name] for piece in pieces]))


def test_energy_and_overlaps_stay_exact_over_many_flips():
    N, K = 100, 300
    table = integer_table(DenseHopfield(K=K, p=4), N)
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    kernel = DenseKernel(packed.rows, K, table.values, start_spins(N, 2, 4))
    series = advance(kernel, (5, 6), 1500, 1e7, "heat_bath")
    assert series["accepted"].sum() > 1e5
    signs = packed.unpack().astype(np.int64)
    overlaps = kernel.spins.astype(np.int64) @ signs.T
    assert np.array_equal(kernel.overlaps, overlaps)
    assert np.array_equal(kernel.energy, table.values[(overlaps + N) // 2].sum(axis=1))


def test_zero_temperature_stops_at_a_fixed_point():
    N, K = 200, 10
    model = DenseHopfield(K=K)
    table = integer_table(model, N)
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    kernel = DenseKernel(packed.rows, K, table.values, start_spins(N, 2, 4))
    series = advance(kernel, (5, 6), 500, 0.0, "heat_bath")
    last = series["done"] - 1
    assert 1 < series["done"] < 500 and np.all(series["accepted"][last] == 0) and np.all(series["accepted"][0] > 0)
    signs = packed.unpack().astype(np.int64)
    for spins in kernel.spins.astype(np.int64):
        X = signs @ spins
        after = X[:, None] - 2 * signs * spins
        changes = (table.values[(X + N) // 2][:, None] - table.values[(after + N) // 2]).sum(axis=0)
        assert np.all(changes >= 0)


@pytest.mark.parametrize("case", sorted(DIGESTS))
def test_trajectories_of_numerics_1_are_pinned(case):
    """A changed digest is a changed spin: it needs a new numerics number, never a new digest."""
    assert streams.NUMERICS == 1
    assert trajectory_digest(case) == DIGESTS[case]


def trajectory_digest(case):
    """Digest of a run named 'p energy rule N K T [order]': every sweep's series and the final spins and overlaps."""
    p, energy, rule, N, K, T, *order = case.split()
    N, K, T = int(N), int(K), float(T)
    model = DenseHopfield(K=K, p=int(p), energy=energy)
    table = integer_table(model, N)
    packed = patterns.rademacher(N, K, seed=11, sample=3)
    kernel = DenseKernel(packed.rows, K, table.values, start_spins(N, 2, seed=11), order=order[0] if order else "sequential")
    key = streams.key("dynamics", "digest", int(p), energy, N, K, T, rule, seed=11, sample=3)
    series = advance(kernel, key, 40, float(np.float32(T / float(table.unit))), rule)
    state = hashlib.blake2b(digest_size=16)
    for name in ("overlap", "energy", "accepted", "agreement"):
        state.update(np.ascontiguousarray(series[name], np.dtype("<i8")).tobytes())
    state.update(np.ascontiguousarray(kernel.spins, np.int8).tobytes())
    state.update(np.ascontiguousarray(kernel.overlaps, np.dtype("<i4")).tobytes())
    return state.hexdigest()


def boltzmann(model, signs, T):
    """Exact probabilities of the 2^N states of one sample, in the order of their bits."""
    N = signs.shape[1]
    states = np.array(list(product((-1, 1), repeat=N)))
    table = integer_table(model, N)
    energy = -table.values[(states @ signs.T + N) // 2].sum(axis=1) * float(table.unit)
    weight = np.exp(-(energy - energy.min()) / T)
    return weight / weight.sum()


def sampled(model, packed, T, rule, replicas=20_000, draws=20, gap=5, seed=8, order="sequential"):
    """Counts of the 2^N states over many replicas and widely spaced sweeps."""
    N = packed.N
    table = integer_table(model, N)
    tau = float(np.float32(T / float(table.unit)))
    kernel = DenseKernel(packed.rows, packed.K, table.values, start_spins(N, replicas, seed=seed), order=order)
    counts, weights = np.zeros(2**N, np.int64), 2 ** np.arange(N)[::-1]
    advance(kernel, (21, seed), 40, tau, rule)
    for draw in range(draws):
        advance(kernel, (21, seed), gap, tau, rule, first=40 + draw * gap)
        counts += np.bincount((kernel.spins > 0) @ weights, minlength=2**N)
    return counts


def p_value(counts, law):
    expected = law * counts.sum()
    pooled = expected < 10
    statistic = ((counts - expected)[~pooled] ** 2 / expected[~pooled]).sum()
    bins = np.count_nonzero(~pooled)
    if pooled.any():
        statistic += (counts[pooled].sum() - expected[pooled].sum()) ** 2 / expected[pooled].sum()
        bins += 1
    return chi2.sf(statistic, bins - 1)


ENUMERATED = [
    (2, "distinct", 3, 0.8), (3, "distinct", 6, 0.25), (3, "power", 5, 0.4), (4, "distinct", 9, 0.12), (4, "power", 8, 0.2)]


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("p, energy, K, T", ENUMERATED)
def test_the_whole_boltzmann_distribution_at_eight_spins(p, energy, K, T, rule):
    # Seeds were fixed in advance.  Controls: a temperature off by 10 per cent, and the other energy.
    model = DenseHopfield(K=K, p=p, energy=energy)
    packed = patterns.rademacher(8, K, seed=13, sample=0)
    signs = packed.unpack().astype(np.int64)
    counts = sampled(model, packed, T, rule)
    assert p_value(counts, boltzmann(model, signs, T)) > 1e-6
    assert p_value(counts, boltzmann(model, signs, 1.1 * T)) < 1e-6
    if p > 2:
        other = DenseHopfield(K=K, p=p, energy="power" if energy == "distinct" else "distinct")
        assert p_value(counts, boltzmann(other, signs, T)) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [101, 102, 103])
@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("p, energy, K, T", ENUMERATED)
def test_the_whole_distribution_at_ten_spins_with_a_million_samples(p, energy, K, T, rule, seed):
    model = DenseHopfield(K=K, p=p, energy=energy)
    packed = patterns.rademacher(10, K, seed=14, sample=0)
    counts = sampled(model, packed, T, rule, draws=50, gap=10, seed=seed)
    assert p_value(counts, boltzmann(model, packed.unpack().astype(np.int64), T)) > 1e-6
