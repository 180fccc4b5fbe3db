"""Every path and every form of the dense kernel gives one trajectory: the twin's."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hebbian._kernels.dense import DenseKernel
from scipy.stats import chi2

from hebbian import patterns, reference, streams
from hebbian._kernels import dense
from hebbian._kernels.integers import plan_of
from hebbian.models.dense import DenseHopfield, integer_table
from kernels.test_dense import CASES, DIGESTS, advance, boltzmann, p_value, sampled, start_spins, table_of, trajectory_digest


def test_the_best_path_is_active_and_names_are_checked():
    assert dense.paths()[-1] == "portable" and dense.active() in dense.paths()
    assert set(dense.build()) == {"compiler", "flags"}
    with pytest.raises(ValueError, match="unknown: use one of"):
        dense.select("sse9")

    def active(name):
        code = "from hebbian._kernels import dense; print(dense.active())"
        env = {**os.environ, "HEBBIAN_SIMD": name}
        return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)

    for name, answer in (("portable", "portable"), ("", dense.paths()[0])):
        done = active(name)
        assert done.stdout.strip() == answer, done.stderr
    done = active("sse9")
    assert done.returncode and "HEBBIAN_SIMD = 'sse9' is unknown" in done.stderr


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("tau", [0.0, 1e-3, 0.37, 1.0, 1e3, 3e7, 1e12, 1e19, 1e37])
def test_thresholds_equal_their_definition(path, tau, rule):
    key, attempts = (17, 2**32 - 5), 1000
    theta = reference.thetas(streams.attempt_words(key, attempts, 3, 1), rule)
    exact = np.ceil(theta * np.float32(tau)).astype(np.float64)
    expected = np.clip(exact, -(2.0**62), 2.0**62).astype(np.int64)
    assert np.array_equal(dense.thresholds(attempts, *key, 3, 1, tau, rule == "heat_bath"), expected)
    assert len(set(expected)) > 100 or not 1e2 < tau < 1e18


@pytest.mark.parametrize("case", sorted(DIGESTS))
def test_digests_hold_on_every_path(path, case):
    assert trajectory_digest(case) == DIGESTS[case]


@pytest.mark.parametrize("N, K, energy, T", CASES, ids=str)
def test_every_path_equals_the_twin(path, N, K, energy, T):
    model = DenseHopfield(K=K, **(energy if isinstance(energy, dict) else {"energy": table_of(N, energy)}))
    kernel, twin = pair_of(model, N, K)
    tau = float(np.float32(T / float(integer_table(model, N).unit)))
    series = advance(kernel, (5, 6), 4, tau, "heat_bath")
    for t in range(series["done"]):
        assert np.array_equal(series["accepted"][t], twin.sweep((5, 6), t, tau, "heat_bath"))
    assert np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)
    assert np.array_equal(kernel.energy, twin.energy)


def pair_of(model, N, K, form=None, order="sequential"):
    table = integer_table(model, N)
    packed, spins = patterns.rademacher(N, K, seed=3, sample=1), start_spins(N, 2, seed=4)
    kernel = DenseKernel(packed.rows, K, table.values, spins, form, order)
    return kernel, reference.DenseTwin(packed.unpack(), table.values, spins)


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("N, K, energy, T", CASES[::2], ids=str)
def test_random_order_equals_its_twin(path, N, K, energy, T, rule):
    model = DenseHopfield(K=K, **(energy if isinstance(energy, dict) else {"energy": table_of(N, energy)}))
    kernel, twin = pair_of(model, N, K, order="random")
    tau = float(np.float32(T / float(integer_table(model, N).unit)))
    series = advance(kernel, (5, 6), 4, tau, rule)
    for t in range(series["done"]):
        assert np.array_equal(series["accepted"][t], twin.sweep((5, 6), t, tau, rule, "random"))
        assert np.array_equal(series["energy"][t], twin.energy)
    assert np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)
    sequential, _ = pair_of(model, N, K)
    advance(sequential, (5, 6), 4, tau, rule)
    assert not np.array_equal(sequential.spins, kernel.spins) or T == 0


def test_random_sites_are_uniform():
    sites = np.concatenate([streams.random_sites((3, 4), 300, sweep, 0) for sweep in range(400)])
    counts = np.bincount(sites, minlength=300)
    statistic = ((counts - 400) ** 2 / 400).sum()
    assert 1e-4 < chi2.sf(statistic, 299) < 1 - 1e-4
    visited = np.mean([len(set(sites[k:k + 300])) for k in range(0, len(sites), 300)]) / 300
    assert 0.625 < visited < 0.64  # 1 - 1/e


@pytest.mark.parametrize("p, K, T", [(2, 3, 0.8), (3, 6, 0.25), (4, 9, 0.12)])
def test_random_order_keeps_the_boltzmann_distribution(p, K, T):
    # Seeds were fixed in advance; the control is a temperature off by 10 per cent.
    model = DenseHopfield(K=K, p=p)
    packed = patterns.rademacher(8, K, seed=13, sample=0)
    counts, signs = sampled(model, packed, T, "metropolis", order="random"), packed.unpack().astype(np.int64)
    assert p_value(counts, boltzmann(model, signs, T)) > 1e-6
    assert p_value(counts, boltzmann(model, signs, 1.1 * T)) < 1e-6


# N, K, model, T, forms; the last three of p = 2 leave int16 fields behind: by load, by couplings, and by the size of X.
FORMS = [
    (100, 130, dict(p=2), 0.6, ("wide", "narrow", "blocked", "screened")),
    (97, 7, dict(p=2, energy="power"), 0.4, ("wide", "narrow", "blocked", "screened")),
    (64, 33, dict(p=2), 0.1, ("wide", "narrow", "blocked", "screened")),
    (300, 2500, dict(p=2), 3.0, ("wide", "narrow", "blocked")),
    (60, 300, dict(p=3), 0.3, ("wide", "narrow", "squares")),
    (61, 129, dict(p=3, energy="power"), 0.2, ("wide", "narrow", "squares")),
    (60, 500, dict(p=4), 0.05, ("wide", "narrow")),
    (61, 500, dict(p=4, energy="power"), 0.02, ("wide", "narrow")),
    (40, 500, dict(p=5), 0.02, ("wide", "narrow")),
]


@pytest.mark.parametrize("N, K, model, T, forms", FORMS, ids=str)
@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
def test_forms_differ_in_nothing_but_speed(path, N, K, model, T, forms, rule):
    tau = float(np.float32(T / float(integer_table(DenseHopfield(K=K, **model), N).unit)))
    results = {}
    for form in (*forms, None):
        kernel, _ = pair_of(DenseHopfield(K=K, **model), N, K, form)
        series = advance(kernel, (8, 9), 20, tau, rule)
        assert form is None or kernel.form == form
        results[form] = [*series.values(), kernel.spins, kernel.overlaps, kernel.energy]
    assert results[forms[0]][2].sum() > 20
    for form in (*forms[1:], None):
        assert all(np.array_equal(a, b) for a, b in zip(results[forms[0]], results[form])), form


def test_the_narrowest_exact_form_is_chosen():
    def form(N, K, **model):
        return pair_of(DenseHopfield(K=K, **model), N, K)[0].form

    assert form(100, 10, p=2) == "blocked"
    assert form(100, 300, p=3) == form(100, 300, p=3, energy="power") == "squares"
    assert form(100, 300, p=4) == form(60, 300, p=5) == "narrow"
    assert form(100, 300, p=8) == "wide"
    assert form(22, 40, energy=table_of(22, "teeth")) == form(20, 10, energy=table_of(20, "kink")) == "narrow"
    for shape, packed in (("teeth", False), ("kink", True)):
        plan = plan_of(integer_table(DenseHopfield(K=9, energy=table_of(22, shape)), 22).values, 22, 9)
        assert (plan.packed is not None) == packed
    for forbidden in ("squares", "blocked", "screened"):
        with pytest.raises(ValueError, match="cannot hold"):
            pair_of(DenseHopfield(K=300, p=4), 100, 300, forbidden)


def test_a_quadratic_kernel_changes_its_form_between_calls_and_not_its_results():
    # Calls long enough that the couplings are worth building.
    N, K, sweeps = 500, 30, 3000
    model = DenseHopfield(K=K)
    table = integer_table(model, N)
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    spins = np.repeat(packed.unpack(0, 1), 2, axis=0)
    free, fixed = (DenseKernel(packed.rows, K, table.values, spins, form) for form in (None, "blocked"))
    seen = []
    for call, T in enumerate((0.2, 0.2, 3.0, 3.0, 0.1)):
        tau = float(np.float32(T / float(table.unit)))
        first, second = (advance(kernel, (1, 2), sweeps, tau, "metropolis", sweeps * call) for kernel in (free, fixed))
        assert all(np.array_equal(first[name], second[name]) for name in first)
        assert np.array_equal(free.overlaps, fixed.overlaps) and np.array_equal(free.spins, fixed.spins)
        seen.append(free.form)
    assert set(seen) == {"blocked", "screened"}


@pytest.mark.slow
def test_ten_million_patterns_stream():
    N, K = 200, 10**7
    model = DenseHopfield(K=K, p=4)
    table = integer_table(model, N)
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    kernel = DenseKernel(packed.rows, K, table.values, start_spins(N, 1, seed=4))
    start = int(kernel.energy[0])
    series = advance(kernel, (1, 2), 1, float(np.float32(1e3 / float(table.unit))), "heat_bath")
    signs = kernel.spins[0].astype(np.int64)
    total = 0
    for low in range(0, K, 10**6):
        total += int(table.values[(signs @ packed.unpack(low, low + 10**6).T + N) // 2].sum())
    assert series["energy"][0, 0] == total != start


def lanes_of(N, K, temperatures, energy="distinct"):
    model = DenseHopfield(K=K, energy=energy)
    table = integer_table(model, N)
    packed, R = patterns.rademacher(N, K, seed=3, sample=1), len(temperatures)
    keys, indices = np.stack([7 * np.arange(R) + 1, np.arange(R) + 5], axis=1), np.arange(R) % 2
    taus = [np.float32(T / float(table.unit)) for T in temperatures]
    return packed, table, start_spins(N, R, seed=5), keys, indices, taus


# The fields of the last two leave int16 now and then, and always, but their sums over words do not; 34 and 66 replicas fill
# one group and two with a rest.
LANES = [(100, 7, 0.1, 1.0, 16), (97, 65, 0.1, 1.5, 34), (64, 130, 0.2, 2.0, 66), (301, 1100, 1.0, 4.0, 5),
         (300, 2500, 1.0, 4.0, 5)]


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("N, K, cold, hot, R", LANES)
def test_a_lane_is_the_replica_alone(path, N, K, cold, hot, R, rule):
    packed, table, spins, keys, indices, taus = lanes_of(N, K, np.linspace(cold, hot, R))
    lanes = dense.LaneKernel(packed.rows, K, table.values, spins)
    parts = [lanes.run(keys, indices, first, taus, rule == "heat_bath", n) for first, n in ((3, 1), (4, 7))]
    overlap, energy, accepted, agreement = (np.concatenate(series) for series in zip(*parts))
    for r in range(0, R, max(1, R // 8)):
        alone = DenseKernel(packed.rows, K, table.values, np.stack([spins[r]] * 2))
        series = advance(alone, tuple(keys[r]), 8, taus[r], rule, first=3)
        lane = indices[r]
        assert np.array_equal(series["overlap"][:, lane], overlap[:, r])
        assert np.array_equal(series["energy"][:, lane], energy[:, r])
        assert np.array_equal(series["accepted"][:, lane], accepted[:, r])
        assert np.array_equal(alone.spins[lane], lanes.spins[r]) and np.array_equal(alone.overlaps[lane], lanes.overlaps[r])
    final = lanes.spins.astype(int)
    assert np.array_equal(agreement[-1], (final[:R // 2 * 2:2] * final[1::2]).sum(axis=1))
    assert accepted.sum() > 0


def test_lanes_hold_a_state_condensed_in_every_pattern(path):
    # The spins follow the majority of three patterns, so that even the sum over one word leaves int16.
    N, K, R = 30001, 3, 4
    packed, table, _, keys, indices, taus = lanes_of(N, K, np.linspace(0.2, 0.6, R))
    majority = np.sign(packed.unpack().sum(axis=0)).astype(np.int8)
    lanes = dense.LaneKernel(packed.rows, K, table.values, np.stack([majority] * R))
    assert np.abs(lanes.overlaps).sum(axis=1).min() > 2**15
    overlap, energy, accepted, _ = lanes.run(keys, indices, 0, taus, True, 2)
    for r in range(R):
        alone = DenseKernel(packed.rows, K, table.values, np.stack([majority] * 2))
        series = advance(alone, tuple(keys[r]), 2, taus[r], "heat_bath", first=0)
        assert np.array_equal(series["overlap"][:, indices[r]], overlap[:, r])
        assert np.array_equal(series["energy"][:, indices[r]], energy[:, r])
        assert np.array_equal(alone.spins[indices[r]], lanes.spins[r])
    assert 0 < accepted[:, 0].sum() < accepted[:, -1].sum()


def test_lanes_refuse_what_is_not_quadratic():
    N, K = 40, 50
    with pytest.raises(ValueError, match="quadratic"):
        dense.LaneKernel(patterns.rademacher(N, K, seed=3, sample=1).rows, K,
                         integer_table(DenseHopfield(K=K, p=3), N).values, start_spins(N, 2, seed=4))
