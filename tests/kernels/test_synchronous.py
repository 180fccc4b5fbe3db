"""Synchronous dynamics: the kernel beside its twin, its field from the definition, and its stationary laws at small N."""

from itertools import product
from math import factorial

import numpy as np
import pytest
from scipy.special import eval_hermitenorm
from scipy.stats import chi2

import hebbian as hb
from hebbian import patterns, reference, streams
from hebbian.models.dense import DenseHopfield, Settings, check, integer_table
from hebbian.models.dense_field import LARGEST, field_table
from hebbian.simulation import synchronous
from hebbian.simulation.dense import temperature_in_quanta

STORAGE = [(33, 31, dict(p=2), 0.4), (70, 20, dict(p=2, energy="power"), 0.0), (40, 130, dict(p=3), 0.2),
           (129, 100, dict(p=3, energy="power"), 0.0), (24, 63, dict(p=4), 0.05), (30, 200, dict(p=5), 0.02),
           (18, 4200, dict(p=6), 0.01)]
LEARNING = [(60, 20, dict(p=2, M=20, r=0.5), 0.3), (40, 70, dict(p=3, M=6, r=0.5), 0.2),
            (24, 100, dict(p=4, M=300, r=0.8), 0.05)]
SYSTEMS = ([(N, K, fields, T, "storage") for N, K, fields, T in STORAGE]
           + [(N, K, fields, T, protocol) for N, K, fields, T in LEARNING for protocol in ("supervised", "unsupervised")])


def rows_of(model, N, seed=3):
    """Rows of the kernel and what they are, int (terms, N), of one sample."""
    packed = patterns.rademacher(N, model.K, seed=seed, sample=1)
    if model.protocol == "supervised":
        sums = patterns.example_sums(packed, model.M, model.r, seed=seed, sample=1)
        return sums.rows, sums.rows[:, :sums.K].T.astype(int)
    if model.protocol == "unsupervised":
        packed = patterns.examples(packed, model.M, model.r, seed=seed, sample=1)
    return synchronous.rows_of(packed), packed.unpack().astype(int)


def system_of(N, K, fields, T, protocol, replicas=2):
    model = DenseHopfield(K=K, protocol=protocol, **fields)
    rows, signs = rows_of(model, N)
    spins = np.stack([streams.signs(streams.key("start", "test", N, seed=4, sample=0), N, 0, r) for r in range(replicas)])
    kernel = synchronous.kernel(model, N, rows, len(signs), integer_table(model, N), spins)
    field = field_table(model, N)
    return kernel, reference.SynchronousTwin(signs, field.values, spins), temperature_in_quanta(T / 2, field)


def advance(kernel, key, sweeps, tau, first=0):
    shape = (sweeps, len(kernel.spins))
    series = [np.zeros(shape, np.int32), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(sweeps, np.int64)]
    return kernel.run(*key, first, tau, True, *series), series


@pytest.mark.parametrize("N, K, fields, T, protocol", SYSTEMS, ids=str)
def test_kernel_equals_its_twin_bit_for_bit(path, N, K, fields, T, protocol):
    kernel, twin, tau = system_of(N, K, fields, T, protocol)
    table = integer_table(DenseHopfield(K=K, protocol=protocol, **fields), N)
    key, sweeps = streams.key("dynamics", "test", N, K, T, seed=1, sample=0), 8
    assert np.array_equal(kernel.overlaps, twin.overlaps)
    done, (overlap, energy, accepted, agreement) = advance(kernel, key, sweeps, tau)
    for t in range(done):
        assert np.array_equal(accepted[t], twin.sweep(key, t, tau))
        assert np.array_equal(overlap[t], twin.overlaps[:, 0]) and agreement[t] == twin.spins[0] @ twin.spins[1]
        assert np.array_equal(energy[t], table.values[(twin.overlaps + len(table.values) - 1) // 2].sum(axis=1))
    assert np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)
    assert accepted.sum() > 0 and (T == 0 or done == sweeps)
    other = system_of(N, K, fields, T, protocol)[0]
    advance(other, key, sweeps, 1000 * tau if T else 1e9)
    assert not np.array_equal(other.spins, kernel.spins)


def test_sweeps_in_chunks_equal_one_long_call():
    (whole, _, tau), (parts, _, _) = (system_of(*SYSTEMS[2]) for _ in range(2))
    _, full = advance(whole, (5, 6), 30, tau)
    pieces = [advance(parts, (5, 6), n, tau, first=first)[1] for first, n in ((0, 1), (1, 17), (18, 12))]
    for k in range(4):
        assert np.array_equal(full[k], np.concatenate([piece[k] for piece in pieces]))


@pytest.mark.parametrize("energy", ["distinct", "power"])
@pytest.mark.parametrize("p", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("protocol", ["storage", "supervised", "unsupervised"])
def test_the_field_is_the_derivative_of_the_energy(p, energy, protocol):
    N, M = 30, 1 if protocol == "storage" else 5
    model = DenseHopfield(K=3, p=p, energy=energy, protocol=protocol, M=M, r=1.0 if M == 1 else 0.6)
    table, reach = field_table(model, N), N * (M if protocol == "supervised" else 1)
    X = np.arange(-reach, reach + 1, 2)
    got = table.values * float(table.unit)
    assert np.abs(table.values).max() <= LARGEST
    if protocol == "supervised":
        variance = M * M * N * model.R
        x = X / np.sqrt(variance)
        slope = eval_hermitenorm(p - 1, x) if energy == "distinct" else x ** (p - 1)
        want = N ** (1 - p / 2) * slope / factorial(p - 1) / np.sqrt(variance)
    else:
        # distinct: e_p is a polynomial of degree p, so that a fit through all overlaps has its derivative
        weight = 1 / (M * model.R ** (p / 2)) if protocol == "unsupervised" else 1
        U = integer_table(model, N)
        exact = np.polynomial.Polynomial.fit(X, U.values.astype(float), p).deriv()(X) * float(U.unit)
        want = exact if energy == "distinct" else weight * (X / N) ** (p - 1) / factorial(p - 1)
    assert np.allclose(got, want, rtol=0, atol=1e-9 * np.abs(want).max())


def p_value(counts, law):
    expected = law * counts.sum()
    pooled = expected < 10
    statistic, bins = ((counts - expected)[~pooled] ** 2 / expected[~pooled]).sum(), np.count_nonzero(~pooled)
    if pooled.any():
        statistic, bins = statistic + (counts[pooled].sum() - expected[pooled].sum()) ** 2 / expected[pooled].sum(), bins + 1
    return chi2.sf(statistic, bins - 1)


def fields_of(model, signs, states):
    """h_i of every state from the definition, in floats: U' as the derivative of He_p or of e_p written out for p <= 3."""
    N, p = states.shape[1], model.p
    X = states @ signs.T
    if model.protocol == "supervised":
        scale = np.sqrt(model.M**2 * N * model.R)
        slope = N ** (1 - p / 2) * eval_hermitenorm(p - 1, X / scale) / factorial(p - 1) / scale
    else:
        slope = {2: X / N, 3: (3 * X**2 - (3 * N - 2)) / (6 * N**2)}[p]
        if model.protocol == "unsupervised":
            slope = slope / (model.M * model.R ** (p / 2))
    return slope @ signs


def transition_matrix(h, T):
    """W(s -> s') over the 2^N states: the product over sites of the probabilities of s_i'."""
    states = np.array(list(product((-1, 1), repeat=h.shape[1])))
    up = -np.logaddexp(0, -2 * h / T)
    down = -np.logaddexp(0, 2 * h / T)
    return np.exp(up @ (states > 0).T + down @ (states < 0).T)


def invariant_law(W):
    """Left eigenvector of W for the eigenvalue 1, by solving for it."""
    A = (W.T - np.eye(len(W)))
    A[-1] = 1
    return np.linalg.solve(A, np.eye(len(W))[-1])


LAWS = [(2, "storage", 3, 1, 1.0, 0.9), (2, "supervised", 3, 4, 0.5, 0.9), (2, "unsupervised", 2, 3, 0.6, 0.9),
        (3, "storage", 6, 1, 1.0, 0.3), (3, "supervised", 4, 3, 0.6, 0.4), (3, "unsupervised", 3, 4, 0.6, 0.35)]


@pytest.mark.parametrize("p, protocol, K, M, r, T", LAWS)
def test_the_whole_stationary_distribution_at_eight_spins(p, protocol, K, M, r, T):
    # Seeds were fixed in advance.  Controls: a temperature off by a tenth, and the Boltzmann law of the sequential dynamics.
    N, replicas, draws, gap = 8, 20_000, 20, 5
    model = DenseHopfield(K=K, p=p, M=M, r=r, protocol=protocol)
    rows, signs = rows_of(model, N, seed=17)
    states = np.array(list(product((-1, 1), repeat=N)))
    h = fields_of(model, signs, states)
    W = transition_matrix(h, T)
    law = invariant_law(W)
    flow = law[:, None] * W
    if p == 2:
        peretto = np.exp(np.log(2 * np.cosh(h / T)).sum(axis=1))
        assert np.allclose(law, peretto / peretto.sum(), rtol=1e-9) and np.allclose(flow, flow.T, rtol=1e-7, atol=1e-18)
    else:
        assert np.abs(flow - flow.T).max() > 1e-3 * flow.max()  # no detailed balance

    table, field = integer_table(model, N), field_table(model, N)
    start = np.stack([streams.signs((5, 6), N, 0, replica) for replica in range(replicas)])
    kernel = synchronous.kernel(model, N, rows, len(signs), table, start)
    counts, weights = np.zeros(2**N, np.int64), 2 ** np.arange(N)[::-1]
    tau = temperature_in_quanta(T / 2, field)
    advance(kernel, (21, 8), 60, tau)
    for draw in range(draws):
        advance(kernel, (21, 8), gap, tau, first=60 + draw * gap)
        counts += np.bincount((kernel.spins > 0) @ weights, minlength=2**N)
    assert p_value(counts, law) > 1e-6
    assert p_value(counts, invariant_law(transition_matrix(h, 1.1 * T))) < 1e-6
    U = table.values[(states @ signs.T + len(table.values) - 1) // 2].sum(axis=1) * float(table.unit)
    boltzmann = np.exp((U - U.max()) / T)
    assert p_value(counts, boltzmann / boltzmann.sum()) < 1e-6


@pytest.mark.parametrize("p, energy, cycles", [(2, "distinct", False), (4, "power", False), (3, "distinct", True)])
def test_cycles_exist_only_where_the_energy_is_not_convex(p, energy, cycles):
    N, K = (60, 12) if p == 2 else (20, 400) if p == 4 else (40, 300)
    model, pairs, moved = DenseHopfield(K=K, p=p, energy=energy), 0, 0
    for sample in range(20):
        packed = patterns.rademacher(N, K, seed=6, sample=sample)
        spins = np.stack([streams.signs((7, 8), N, sample, replica) for replica in range(2)])
        kernel = synchronous.kernel(model, N, synchronous.rows_of(packed), K, integer_table(model, N), spins)
        done, _ = advance(kernel, (1, 2), 300, 0.0)
        states = [kernel.spins.copy()]
        for _ in range(2):
            advance(kernel, (1, 2), 1, 0.0)
            states.append(kernel.spins.copy())
        changed = (states[1] != states[0]).any(axis=1)
        assert changed.any() == (done == 300)
        moved += changed.sum()
        pairs += (changed & (states[2] == states[0]).all(axis=1)).sum()
    assert (pairs > 0) == (moved > 0) == cycles


@pytest.mark.parametrize("protocol", ["storage", "supervised", "unsupervised"])
def test_simulate_runs_it_and_it_is_not_the_sequential_dynamics(protocol):
    learning = {} if protocol == "storage" else dict(M=5, r=0.8)
    model = DenseHopfield(K=6, protocol=protocol, **learning)
    runs = {order: hb.simulate(model, N=200, T=0.4, samples=3, burn_in=20, sweeps=40, order=order, record=("spins",))
            for order in ("sequential", "synchronous")}
    again = hb.simulate(model, N=200, T=0.4, samples=2, burn_in=20, sweeps=40, order="synchronous", record=("spins",))
    assert not np.array_equal(*(run.spins for run in runs.values()))
    assert np.array_equal(again.spins, runs["synchronous"].spins[:2])
    assert abs(runs["synchronous"].m.mean - runs["sequential"].m.mean) < 0.1 and runs["synchronous"].retrieved == 3


def test_what_has_no_synchronous_form_is_refused():
    with pytest.raises(hb.InvalidInput, match="rule = 'metropolis' has no synchronous form: give rule = 'heat_bath'"):
        check(DenseHopfield(K=3), Settings(N=20, T=0.1, order="synchronous", rule="metropolis"))
    with pytest.raises(hb.InvalidInput, match="energy is a table, which has no derivative"):
        check(DenseHopfield(K=3, energy=np.arange(21)), Settings(N=20, T=0.1, order="synchronous"))
