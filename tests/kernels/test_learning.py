"""Learning from examples: the data set, the supervised kernel beside its twin, and whole Boltzmann distributions."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hebbian._kernels.supervised import SupervisedKernel
from scipy.special import eval_hermitenorm
from scipy.stats import chi2

from hebbian import patterns, reference, streams
from hebbian._kernels import supervised
from hebbian._kernels.integers import narrow_plan
from hebbian.models.dense import DenseHopfield, Settings, integer_table, mean_energy, polynomial
from hebbian.simulation import learning
from hebbian.simulation.learning import Learner


def key_of(N, r, seed, sample):
    return streams.key("examples", "rademacher", N, r, seed=seed, sample=sample), round((1 - r) / 2 * 2**32)


@pytest.mark.parametrize("N, K, M, r", [
    (1, 1, 1, 0.5), (200, 5, 7, 0.5), (128, 3, 30, 0.9), (129, 70, 2, 0.01), (64, 4, 3, 1.0)])
def test_examples_equal_their_twin_bit_for_bit(N, K, M, r):
    archetypes = patterns.rademacher(N, K, seed=2, sample=1)
    key, flip = key_of(N, r, seed=2, sample=1)
    twin = reference.examples(archetypes.unpack(), M, key, flip)
    packed = patterns.examples(archetypes, M, r, seed=2, sample=1)
    sums = patterns.example_sums(archetypes, M, r, seed=2, sample=1)
    assert np.array_equal(packed.unpack().reshape(K, M, N), twin)
    assert np.array_equal(sums.rows[:, :K].T, twin.sum(axis=1)) and not sums.rows[:, K:].any()
    assert np.array_equal(patterns.sum_examples(twin).rows, sums.rows)
    padding = packed.rows[:, -1] >> np.uint64(K * M % 64) if K * M % 64 else np.zeros(1)
    assert not padding.any()


def test_data_sets_nest_and_have_their_quality():
    N, r = 500, 0.3
    few, many = (patterns.rademacher(N, K, seed=2, sample=0) for K in (4, 40))
    small = patterns.examples(few, 5, r, seed=2, sample=0).unpack().reshape(4, 5, N)
    large = patterns.examples(many, 20, r, seed=2, sample=0).unpack().reshape(40, 20, N)
    assert np.array_equal(small, large[:4, :5])
    chi = large.astype(int) * many.unpack()[:, None]
    error = np.sqrt((1 - r**2) / chi.size)
    assert abs(chi.mean() - r) < 4 * error < abs(chi.mean() - 1.05 * r)
    # two examples share their archetype only: r^2
    pair = (chi[:, 0] * chi[:, 1]).mean()
    assert abs(pair - r**2) < 4 / np.sqrt(chi[:, 0].size)


SYSTEMS = [(60, 20, dict(p=2, M=20, r=0.5), 0.3), (33, 31, dict(p=2, M=3, r=0.8, energy="power"), 0.4),
           (40, 70, dict(p=3, M=6, r=0.5), 0.2), (25, 64, dict(p=3, M=5, r=0.7, energy="power"), 0.3),
           (24, 100, dict(p=4, M=9, r=0.4), 0.05), (20, 40, dict(p=4, M=4, r=0.6, energy="power"), 0.1),
           (18, 33, dict(p=5, M=3, r=0.9), 0.02), (16, 20, dict(p=6, M=200, r=0.1), 0.01),
           (15, 10, dict(p=8, M=2, r=0.5), 1e-6), (30, 20, dict(p=2, M=7, r=0.5), 0.0), (30, 200, dict(p=3, M=300, r=0.2), 0.1)]


def system_of(N, K, fields, T, replicas=2, seed=4):
    model = DenseHopfield(K=K, protocol="supervised", **fields)
    sums = patterns.example_sums(patterns.rademacher(N, K, seed=3, sample=1), model.M, model.r, seed=3, sample=1)
    table = integer_table(model, N)
    key = streams.key("start", "test", N, seed=seed, sample=0)
    spins = np.stack([streams.signs(key, N, 0, replica) for replica in range(replicas)])
    kernel = SupervisedKernel(sums.rows, K, table.values, polynomial(model, N), spins)
    twin = reference.DenseTwin(sums.rows[:, :K].T, table.values, spins)
    return model, kernel, twin, float(np.float32(T / float(table.unit)))


def advance(kernel, key, sweeps, tau, rule, first=0):
    shape = (sweeps, len(kernel.spins))
    series = [np.zeros(shape, np.int32), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(sweeps, np.int64)]
    return kernel.run(*key, first, tau, rule == "heat_bath", *series), series


@pytest.mark.parametrize("rule", ["heat_bath", "metropolis"])
@pytest.mark.parametrize("N, K, fields, T", SYSTEMS, ids=str)
def test_supervised_kernel_equals_its_twin_bit_for_bit(path, N, K, fields, T, rule):
    model, kernel, twin, tau = system_of(N, K, fields, T)
    key, sweeps = streams.key("dynamics", "test", N, K, T, seed=1, sample=0), 8
    assert np.array_equal(kernel.overlaps, twin.overlaps) and np.array_equal(kernel.energy, twin.energy)
    done, (overlap, energy, accepted, agreement) = advance(kernel, key, sweeps, tau, rule)
    for t in range(done):
        assert np.array_equal(accepted[t], twin.sweep(key, t, tau, rule))
        assert np.array_equal(overlap[t], twin.overlaps[:, 0]) and np.array_equal(energy[t], twin.energy)
        assert agreement[t] == twin.spins[0] @ twin.spins[1]
    assert np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)
    assert accepted.sum() > 0 and (T == 0 or done == sweeps)
    other = system_of(N, K, fields, T)[1]
    advance(other, key, sweeps, 1000 * tau if T else 1e9, rule)
    assert not np.array_equal(other.spins, kernel.spins)


FORMS = [(300, 40, dict(p=2, M=20, r=0.5), 0.3, "blocks", 0), (290, 50, dict(p=2, M=101, r=0.4), 3.0, "blocks", 0),
         (700, 21, dict(p=2, M=101, r=0.7), 0.4, "blocks", 0), (70, 33, dict(p=2, M=9, r=0.5), 0.4, "narrow", 0),
         (150, 900, dict(p=3, M=20, r=0.5), 0.1, "narrow", 0),
         (151, 870, dict(p=3, M=20, r=0.5, energy="power"), 1.5, "narrow", 0),
         (120, 2100, dict(p=3, M=101, r=0.4), 0.1, "narrow", 7), (120, 700, dict(p=3, M=101, r=0.4), 1.0, "narrow", 7),
         (150, 900, dict(p=4, M=20, r=0.5), 0.02, "quartic", 3), (150, 910, dict(p=4, M=7, r=0.6), 1.5, "quartic", 3),
         (151, 870, dict(p=4, M=20, r=0.5, energy="power"), 0.2, "quartic", 3),
         (90, 2500, dict(p=4, M=16, r=0.4), 0.1, "quartic", 3)]


@pytest.mark.parametrize("start", ["pattern", "random"])
@pytest.mark.parametrize("N, K, fields, T, form, shift", FORMS, ids=str)
def test_narrow_integers_make_the_moves_of_floats(path, N, K, fields, T, form, shift, start, monkeypatch):
    """At sizes beyond the twin: condensed patterns, rounded products, cold and hot sweeps."""
    monkeypatch.setattr(supervised, "STRETCH", 1)
    model = DenseHopfield(K=K, protocol="supervised", **fields)
    archetypes = patterns.rademacher(N, K, seed=3, sample=1)
    sums = patterns.example_sums(archetypes, model.M, model.r, seed=3, sample=1)
    table, U = integer_table(model, N), polynomial(model, N)
    spins = np.stack([archetypes.unpack(0, 1)[0] if start == "pattern" else streams.signs((1, 2), N, 0, 0)] * 2)
    # the narrow form takes the replicas in turns of a few sites, the other one after the other
    wanted = SupervisedKernel(sums.rows, K, table.values, U, spins, form)
    monkeypatch.setattr(supervised, "STRETCH", 2**40)
    other = SupervisedKernel(sums.rows, K, table.values, U, spins, "floats")
    plan = narrow_plan(sums.rows, K, U)
    assert plan.shift == shift and form in plan.forms
    if start == "pattern" and (model.p > 2 or N == 700):
        assert wanted.overlaps[0, 0] > plan.unit * plan.limit
    tau = float(np.float32(T / float(table.unit)))
    runs = [advance(kernel, (5, 6), 30, tau, "metropolis")[1] for kernel in (wanted, other)]
    assert all(np.array_equal(*pair) for pair in zip(*runs, strict=True)) and runs[0][2].sum() > 0
    assert np.array_equal(wanted.overlaps, other.overlaps) and wanted.form == form


def test_coarse_squares_are_settled_by_their_bound(path, monkeypatch):
    """X^2 rounded so coarsely that most attempts need the exact sum; without the bound they go wrong."""
    N, K = 80, 300
    model = DenseHopfield(K=K, p=4, M=20, r=0.5, protocol="supervised")
    sums = patterns.example_sums(patterns.rademacher(N, K, seed=3, sample=1), model.M, model.r, seed=3, sample=1)
    table, U = integer_table(model, N), polynomial(model, N)
    spins, tau = streams.signs((1, 2), N, 0, 0)[None], float(np.float32(0.1 / float(table.unit)))
    plan = narrow_plan(sums.rows, K, U)
    shift, weight = 11, plan.quartic.weight
    level = round(weight / 2**shift)
    coarse = replace(plan.quartic, raised=2, level=level, lack=2.0 ** (shift - 1) + abs(weight - level * 2.0**shift))
    runs = []
    for quartic in (plan.quartic, coarse, replace(coarse, lack=0.0)):
        plan_used = replace(plan, shift=plan.shift if quartic is plan.quartic else shift, quartic=quartic)
        monkeypatch.setattr(supervised, "narrow_plan", lambda *_, result=plan_used: result)
        kernel = SupervisedKernel(sums.rows, K, table.values, U, spins)
        runs.append(advance(kernel, (5, 6), 20, tau, "metropolis")[1])
    wanted, rough, wrong = runs
    assert all(np.array_equal(*pair) for pair in zip(wanted, rough, strict=True))
    assert not np.array_equal(wanted[1], wrong[1])


def test_forms_that_cannot_hold_the_sums_are_refused():
    model = DenseHopfield(K=4, p=5, M=3, r=0.5, protocol="supervised")
    sums = patterns.example_sums(patterns.rademacher(20, 4, seed=3, sample=1), 3, 0.5, seed=3, sample=1)
    arguments = sums.rows, 4, integer_table(model, 20).values, polynomial(model, 20), np.ones((1, 20), np.int8)
    assert SupervisedKernel(*arguments).form == "floats"
    with pytest.raises(ValueError, match="form 'blocks' cannot hold these sums: use 'floats'"):
        SupervisedKernel(*arguments, form="blocks")
    # sums of very many examples leave eight bits
    many = patterns.ExampleSums(100 * sums.rows, 4)
    cubic = DenseHopfield(K=4, p=3, M=300, r=0.5, protocol="supervised")
    assert narrow_plan(sums.rows, 4, polynomial(cubic, 20)) is not None
    assert narrow_plan(many.rows + sums.rows, 4, polynomial(cubic, 20)) is None


@pytest.mark.parametrize("N, K, fields, T", SYSTEMS, ids=str)
def test_the_table_is_the_hamiltonian_of_the_definition(N, K, fields, T):
    model = DenseHopfield(K=K, protocol="supervised", **fields)
    table, p = integer_table(model, N), model.p
    X = np.arange(-model.M * N, model.M * N + 1, 2)
    x = X / (model.M * np.sqrt(N * model.R))
    U = N ** (1 - p / 2) * (eval_hermitenorm(p, x) if model.energy == "distinct" else x**p) / np.prod(np.arange(1, p + 1))
    scale = np.abs(U).max()  # float64 sums of the reference, and the quantum of the table
    assert np.allclose(table.values * float(table.unit), U, rtol=0, atol=1e-13 * scale)
    assert np.allclose(np.polynomial.Polynomial(polynomial(model, N))(X) * float(table.unit), U, rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("energy", ["distinct", "power"])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_mean_energy_of_learning_is_the_average_over_spins_and_examples(p, energy):
    N, M, K, r = 3, 2, 5, 0.5
    model = DenseHopfield(K=K, p=p, M=M, r=r, energy=energy, protocol="supervised")
    table = integer_table(model, N)
    mean = Fraction(0)
    for chi in product((-1, 1), repeat=N * M):
        weight = Fraction(3, 4) ** chi.count(1) * Fraction(1, 4) ** chi.count(-1)
        sums = np.reshape(chi, (N, M)).sum(axis=1)
        for spins in product((-1, 1), repeat=N):
            mean += weight / 2**N * int(table.values[(int(sums @ spins) + M * N) // 2]) * table.unit
    rounding = float(table.unit)
    assert float(mean_energy(model, N)) == pytest.approx(float(-mean * K / N), abs=2 * K * rounding)
    blind = DenseHopfield(K=K, p=p, M=M, r=r, energy=energy, protocol="unsupervised")
    if energy == "distinct" or p % 2:
        assert mean_energy(blind, N) == 0
    if p == 2 and energy == "power":
        assert float(mean_energy(blind, N)) == pytest.approx(-K / (2 * N * blind.R), rel=1e-14)


def exact_law(model, examples, T):
    """Probabilities of the 2^N states from the definition of the Hamiltonian, in floats, with no table."""
    K, M, N = examples.shape
    states = np.array(list(product((-1, 1), repeat=N)))
    p, factorial = model.p, np.prod(np.arange(1, model.p + 1))
    if model.protocol == "supervised":
        x = states @ examples.mean(axis=1).T * np.sqrt(1 / (N * model.R))
        H = -N ** (1 - p / 2) * eval_hermitenorm(p, x).sum(axis=1) / factorial
    else:
        signs = examples.reshape(K * M, N)
        fields = states[:, None] * signs  # e_p of the signs from Newton's recursion on the generating function
        e = np.zeros((p + 1, *fields.shape[:2]))
        e[0] = 1
        for i in range(N):
            for k in range(p, 0, -1):
                e[k] += e[k - 1] * fields[..., i]
        H = -e[p].sum(axis=1) / N ** (p - 1) / (M * model.R ** (p / 2))
    weight = np.exp(-(H - H.min()) / T)
    return weight / weight.sum()


def p_value(counts, law):
    expected = law * counts.sum()
    pooled = expected < 10
    statistic, bins = ((counts - expected)[~pooled] ** 2 / expected[~pooled]).sum(), np.count_nonzero(~pooled)
    if pooled.any():
        statistic, bins = statistic + (counts[pooled].sum() - expected[pooled].sum()) ** 2 / expected[pooled].sum(), bins + 1
    return chi2.sf(statistic, bins - 1)


@pytest.mark.parametrize("p, protocol, K, M, r, T", [
    (2, "supervised", 3, 4, 0.5, 0.8), (3, "supervised", 4, 3, 0.6, 0.3), (4, "supervised", 5, 5, 0.5, 0.12),
    (2, "unsupervised", 2, 3, 0.6, 0.7), (3, "unsupervised", 3, 4, 0.6, 0.25)])
def test_the_whole_boltzmann_distribution_of_learning_at_eight_spins(p, protocol, K, M, r, T):
    # Seeds were fixed in advance.  Controls: a temperature off by a tenth, and the other protocol on the same examples.
    N, replicas, draws, gap = 8, 20_000, 20, 5
    model = DenseHopfield(K=K, p=p, M=M, r=r, protocol=protocol)
    settings = Settings(N=N, T=T, seed=17, burn_in=40, sweeps=draws * gap)
    archetypes = patterns.rademacher(N, K, seed=17, sample=0)
    examples = patterns.examples(archetypes, M, r, seed=17, sample=0).unpack().reshape(K, M, N).astype(int)
    table = integer_table(model, N)
    tau = float(np.float32(T / float(table.unit)))
    start = np.stack([streams.signs((5, 6), N, 0, replica) for replica in range(replicas)])
    learner = Learner(model, settings, archetypes, 0, table, start)
    counts, weights = np.zeros(2**N, np.int64), 2 ** np.arange(N)[::-1]
    advance(learner, (21, 8), 40, tau, "heat_bath")
    for draw in range(draws):
        advance(learner, (21, 8), gap, tau, "heat_bath", first=40 + draw * gap)
        counts += np.bincount((learner.spins > 0) @ weights, minlength=2**N)
    assert p_value(counts, exact_law(model, examples, T)) > 1e-6
    assert p_value(counts, exact_law(model, examples, 1.1 * T)) < 1e-6
    other = DenseHopfield(K=K, p=p, M=M, r=r, protocol="supervised" if protocol == "unsupervised" else "unsupervised")
    assert p_value(counts, exact_law(other, examples, T)) < 1e-6


@pytest.mark.parametrize("protocol, order, T", [("supervised", "sequential", 0.3), ("supervised", "synchronous", 0.3),
                                                ("unsupervised", "sequential", 0.3), ("unsupervised", "synchronous", 0.3),
                                                ("supervised", "sequential", 0.0), ("unsupervised", "sequential", 0.0)])
def test_a_learner_watches_every_sweep(protocol, order, T, monkeypatch):
    """Spins handed over in stretches give the series of single sweeps, up to an early end at T = 0."""
    model, N, sweeps = DenseHopfield(K=6, p=2, M=9, r=0.5, protocol=protocol), 90, 20
    settings = Settings(N=N, T=T, sweeps=sweeps, burn_in=0, samples=1, rule="heat_bath", order=order)
    archetypes, table = patterns.rademacher(N, 6, seed=1, sample=0), integer_table(model, N)
    spins = np.stack([streams.signs((5, 6), N, 0, replica) for replica in range(2)])
    tau, runs = float(np.float32(T / float(table.unit))), []
    for stretch in (1, 7 * spins.size, 2**20):
        monkeypatch.setattr(learning, "SPINS", stretch)
        learner = Learner(model, settings, archetypes, 0, table, spins)
        done, series = advance(learner, (2, 3), sweeps, tau, "heat_bath")
        runs.append([learner.examples, *(one[:done] for one in series)])
    # single sweeps cannot tell an end from a row that is full
    for run in runs[:-1]:
        assert all(np.array_equal(one[:done], last[:done]) for one, last in zip(run, runs[-1], strict=True))
        assert np.array_equal(run[0], learner.examples)
    assert (done == sweeps) == (T > 0)
    data = patterns.examples(archetypes, 9, 0.5, seed=1, sample=0).unpack(0, 9).sum(axis=0, dtype=np.int64)
    assert np.array_equal(series[0][done - 1], learner.spins @ archetypes.unpack(0, 1)[0].astype(int))
    assert np.array_equal(learner.examples[-1], learner.spins @ data) and len(set(learner.examples[:, 0])) > 2
