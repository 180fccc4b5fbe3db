"""Waiting times: bit-identical to the twin, and in law the random-site dynamics whose rejected attempts they skip."""

from itertools import product

import mpmath
import numpy as np
import pytest
from hebbian._kernels.dense import DenseKernel

from hebbian import patterns, reference
from hebbian.models.dense import DenseHopfield, integer_table
from kernels.test_dense import CASES, advance, boltzmann, p_value, sampled, table_of
from kernels.test_paths import FORMS, pair_of


def tau_of(model, N, T):
    return float(np.float32(T / float(integer_table(model, N).unit)))


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("N, K, energy, T", CASES, ids=str)
def test_every_path_equals_the_twin(path, N, K, energy, T, rule):
    model = DenseHopfield(K=K, **(energy if isinstance(energy, dict) else {"energy": table_of(N, energy)}))
    kernel, twin = pair_of(model, N, K, order="waiting")
    tau, flips = tau_of(model, N, T), 0
    series = advance(kernel, (5, 6), 3, tau, rule)
    for t in range(series["done"]):
        accepted = twin.sweep((5, 6), t, tau, rule, "waiting")
        flips += accepted.sum()
        assert np.array_equal(series["accepted"][t], accepted)
        assert np.array_equal(series["overlap"][t], twin.overlaps[:, 0])
        assert np.array_equal(series["energy"][t], twin.energy)
        assert series["agreement"][t] == twin.spins[0] @ twin.spins[1]
    assert flips > 0 and np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)
    for replica, spins in enumerate(twin.spins):
        assert np.array_equal(kernel.rates[replica], twin.rates(spins, tau, rule))


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
def test_rates_equal_the_twin_at_every_temperature(path, rule):
    N, K, distinct = 70, 200, set()
    for tau in (0.0, 1e-45, 1e-38, 1e-3, 1.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e20, 1e37):
        kernel, twin = pair_of(DenseHopfield(K=K, p=3), N, K, order="waiting")
        advance(kernel, (5, 6), 1, tau, rule)
        for replica, spins in enumerate(kernel.spins.astype(np.int64)):
            rates = twin.rates(spins, tau, rule)
            assert np.array_equal(kernel.rates[replica], rates)
            distinct.update(rates.tolist())
    assert len(distinct) > 100


@pytest.mark.parametrize("N", [1024, 1025, 5000])
def test_sums_of_rates_fit_and_large_systems_wait_too(path, N):
    model = DenseHopfield(K=2)
    kernel, twin = pair_of(model, N, 2, order="waiting")
    series = advance(kernel, (5, 6), 1, tau_of(model, N, 1e-3), "metropolis")
    assert series["accepted"].sum() > N / 4
    kernel, twin = pair_of(model, N, 2, order="waiting")
    twin.spins[:] = kernel.spins[:] = patterns.rademacher(N, 2, seed=3, sample=1).unpack(0, 1)
    kernel = DenseKernel(patterns.rademacher(N, 2, seed=3, sample=1).rows, 2, integer_table(model, N).values, kernel.spins,
                         order="waiting")
    series = advance(kernel, (5, 6), 2, tau_of(model, N, 0.2), "heat_bath")
    for t in range(2):
        assert np.array_equal(series["accepted"][t], twin.sweep((5, 6), t, tau_of(model, N, 0.2), "heat_bath", "waiting"))
    assert np.array_equal(kernel.spins, twin.spins)


def test_rates_and_hazards_are_as_exact_as_stated():
    tau = 1000.0
    changes = np.concatenate([np.arange(-40_000, 36_000, 37), [0, 1, -1]])
    with mpmath.workdps(30):
        boltzmann_factor = [mpmath.exp(-mpmath.mpf(int(c)) / 1000) for c in changes]
        laws = {"metropolis": [min(mpmath.mpf(1), b) for b in boltzmann_factor],
                "heat_bath": [b / (1 + b) for b in boltzmann_factor]}
        for rule, exact in laws.items():
            found = reference.acceptances(changes, tau, rule)
            errors = [abs(mpmath.mpf(float(a)) / b - 1) / (2 + abs(c) / tau) for a, b, c in zip(found, exact, changes)]
            assert 2e-8 < max(errors) < 2e-7
        for x in [2.0**-53, 1e-12, 1e-6, 0.1, 0.2499, 0.25, 0.2501, 0.5, 0.75, 0.99, 1 - 2.0**-53]:
            assert abs(mpmath.mpf(reference.hazard(x)) / -mpmath.log1p(-mpmath.mpf(x)) - 1) < 1e-13
    assert reference.hazard(0.0) == 0.0 and 700 < reference.hazard(1.0) < 710
    cold = reference.acceptances(np.array([-1, 0, 1]), 0.0, "heat_bath")
    assert cold[0] == 1 and np.all(cold[1:] < 1e-30)


@pytest.mark.parametrize("N, K, model, T, forms", FORMS, ids=str)
def test_forms_differ_in_nothing_but_speed(path, N, K, model, T, forms):
    model, results = DenseHopfield(K=K, **model), {}
    for form in (*(form for form in forms if form != "blocked"), None):
        kernel, _ = pair_of(model, N, K, form, order="waiting")
        series = advance(kernel, (8, 9), 3, tau_of(model, N, T), "metropolis")
        results[form] = [*series.values(), kernel.spins, kernel.overlaps, kernel.energy, kernel.rates]
    assert results["wide"][2].sum() > 20
    for form, result in results.items():
        assert all(np.array_equal(a, b) for a, b in zip(results["wide"], result)), form


def test_fields_are_kept_wherever_they_fit():
    def form(N, K, form=None, **model):
        return pair_of(DenseHopfield(K=K, **model), N, K, form, order="waiting")[0].form

    assert form(100, 10) == "screened" and form(301, 16000) == "narrow" and form(60, 100, p=3) == "squares"
    with pytest.raises(ValueError, match="use 'screened'"):
        form(100, 10, "blocked")
    with pytest.raises(ValueError, match="cannot hold these fields"):
        form(301, 16000, "screened")


def test_sweeps_in_chunks_equal_one_long_call():
    N, K = 50, 100
    for p, T in ((2, 0.5), (3, 0.3)):
        model = DenseHopfield(K=K, p=p)
        whole, parts = (pair_of(model, N, K, order="waiting")[0] for _ in range(2))
        full = advance(whole, (1, 2), 30, tau_of(model, N, T), "metropolis")
        pieces = [advance(parts, (1, 2), n, tau_of(model, N, T), "metropolis", first=first)
                  for first, n in ((0, 1), (1, 17), (18, 12))]
        assert full["accepted"].sum() > 20
        for name in ("overlap", "energy", "accepted", "agreement"):
            assert np.array_equal(full[name], np.concatenate([piece[name] for piece in pieces]))


def test_a_new_temperature_or_rule_has_its_own_rates():
    for p in (2, 3):
        model = DenseHopfield(K=30, p=p)
        kernel, twin = pair_of(model, 40, 30, order="waiting")
        for call, (T, rule) in enumerate([(0.3, "metropolis"), (0.6, "metropolis"), (0.6, "heat_bath"), (0.6, "heat_bath")]):
            series = advance(kernel, (5, 6), 2, tau_of(model, 40, T), rule, first=2 * call)
            for t in range(2):
                accepted = twin.sweep((5, 6), 2 * call + t, tau_of(model, 40, T), rule, "waiting")
                assert np.array_equal(series["accepted"][t], accepted)
        assert np.array_equal(kernel.spins, twin.spins)


@pytest.mark.parametrize("order", ["random", "waiting"])
@pytest.mark.parametrize("p, K", [(2, 10), (3, 400)])
def test_zero_temperature_stops_at_a_fixed_point(order, p, K):
    N = 120
    model = DenseHopfield(K=K, p=p)
    kernel, twin = pair_of(model, N, K, order=order)
    series = advance(kernel, (5, 6), 2000, 0.0, "heat_bath")
    done = series["done"]
    assert 1 < done < 2000 and np.all(series["accepted"][done - 1] == 0) and np.all(series["accepted"][0] > 0)
    for spins in kernel.spins.astype(np.int64):
        overlaps = twin.patterns @ spins
        after = overlaps[:, None] - 2 * twin.patterns * spins
        assert np.all(twin.utility(overlaps) >= twin.utility(after.T))
    # It would not have moved again, and did move until shortly before.
    state = kernel.spins.copy()
    again = advance(kernel, (5, 6), 50, 0.0, "metropolis", first=done)
    assert again["done"] == 1 and np.array_equal(kernel.spins, state)
    assert np.any(series["accepted"][:done - 1].sum(axis=1)[-5:] > 0) or order == "random"


def transition_matrix(model, signs, T, rule):
    """Probabilities of one attempt at a random site between the 2^N states of one sample, exactly."""
    N = signs.shape[1]
    states = np.array(list(product((-1, 1), repeat=N)))
    table = integer_table(model, N)
    energy = -table.values[(states @ signs.T + N) // 2].sum(axis=1) * float(table.unit)
    matrix = np.zeros((2**N, 2**N))
    for s in range(2**N):
        for i in range(N):
            after = s ^ (1 << (N - 1 - i))
            x = (energy[after] - energy[s]) / T
            matrix[s, after] = (min(1, np.exp(-x)) if rule == "metropolis" else 1 / (1 + np.exp(x))) / N
        matrix[s, s] = 1 - matrix[s].sum()
    return matrix


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("p, K, T, sweeps", [(2, 3, 0.8, 1), (2, 3, 0.3, 2), (3, 6, 0.25, 1), (4, 9, 0.12, 1)])
def test_the_law_of_the_dynamics_is_that_of_boltzmann_attempts_at_random_sites(p, K, T, sweeps, rule):
    # Not only the equilibrium: the whole distribution a few sweeps after a fixed start.  Seeds were fixed in advance.
    # Controls: one attempt more or less a sweep, and sites in order.
    N, replicas = 7, 60_000
    model = DenseHopfield(K=K, p=p)
    packed = patterns.rademacher(N, K, seed=13, sample=0)
    signs, weights = packed.unpack().astype(np.int64), 2 ** np.arange(N)[::-1]
    start = np.repeat(packed.unpack(0, 1), replicas, axis=0)
    start[:, 0] *= -1
    counts = {}
    for order in ("sequential", "random", "waiting"):
        kernel = DenseKernel(packed.rows, K, integer_table(model, N).values, start, order=order)
        advance(kernel, (31, 7), sweeps, tau_of(model, N, T), rule)
        counts[order] = np.bincount((kernel.spins > 0) @ weights, minlength=2**N)
    matrix = transition_matrix(model, signs, T, rule)
    law = {attempts: np.linalg.matrix_power(matrix, attempts)[(start[0] > 0) @ weights]
           for attempts in (N * sweeps - sweeps, N * sweeps, N * sweeps + sweeps)}
    for order in ("random", "waiting"):
        assert p_value(counts[order], law[N * sweeps]) > 1e-6
    assert p_value(counts["sequential"], law[N * sweeps]) < 1e-6
    for wrong in (law[N * sweeps - sweeps], law[N * sweeps + sweeps]):
        assert np.any(counts["waiting"][wrong == 0]) or p_value(counts["waiting"], wrong) < 1e-6


@pytest.mark.parametrize("p, K, T", [(2, 3, 0.8), (3, 6, 0.25), (4, 9, 0.12)])
def test_waiting_keeps_the_boltzmann_distribution(p, K, T):
    # Seeds were fixed in advance; the control is a temperature off by 10 per cent.
    model = DenseHopfield(K=K, p=p)
    packed = patterns.rademacher(8, K, seed=13, sample=0)
    counts, signs = sampled(model, packed, T, "metropolis", draws=10, order="waiting"), packed.unpack().astype(np.int64)
    assert p_value(counts, boltzmann(model, signs, T)) > 1e-6
    assert p_value(counts, boltzmann(model, signs, 1.1 * T)) < 1e-6


@pytest.mark.parametrize("order", ["random", "waiting"])
def test_the_first_flip_of_a_cold_network_comes_at_a_geometric_time(order):
    # From a fixed point nothing but the first flip matters, so its time is geometric with the total rate of that state.
    # Declared: 4000 replicas, this key; the control is the law of a temperature 10 per cent higher.
    N, K, replicas, sweeps = 100, 5, 4000, 12
    model = DenseHopfield(K=K)
    kernel, twin = pair_of(model, N, K)
    advance(kernel, (5, 6), 100, 0.0, "metropolis")
    rest = np.repeat(kernel.spins[:1], replicas, axis=0)
    packed = patterns.rademacher(N, K, seed=3, sample=1)
    kernel = DenseKernel(packed.rows, K, integer_table(model, N).values, rest, order=order)
    series = advance(kernel, (41, 6), sweeps, tau_of(model, N, 0.25), "metropolis")
    first = np.where(np.any(series["accepted"] > 0, axis=0), np.argmax(series["accepted"] > 0, axis=0), sweeps)
    counts = np.bincount(first, minlength=sweeps + 1)

    def law(T):
        rates = twin.rates(rest[0].astype(np.int64), tau_of(model, N, T), "metropolis").astype(float)
        quiet = (1 - rates.mean()) ** (N * np.arange(sweeps + 1))
        return np.append(quiet[:-1] - quiet[1:], quiet[-1])

    assert 100 < counts[-1] < replicas / 2
    assert p_value(counts, law(0.25)) > 1e-6 > p_value(counts, law(0.275))
