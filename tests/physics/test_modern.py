"""Modern Hopfield networks: simulation on theory, with nothing fitted and a control that must fail beside every claim."""

from itertools import product

import numpy as np
import pytest

import hebbian as hb
from hebbian.models import modern
from hebbian.simulation import modern as simulation
from hebbian.theory import modern_binary, modern_law
from hebbian.theory.modern_ensembles import ENSEMBLES

ModernHopfield = hb.ModernHopfield


def noise_variance(lam, N, alpha):
    """Relative variance of the total weight of the wrong patterns on the sphere, exp(N (phi(2 lam) - 2 phi(lam) - alpha))."""
    phi = ENSEMBLES["sphere"].finite_cumulant
    return np.exp(N * (phi(2 * lam, N) - 2 * phi(lam, N) - alpha))


@pytest.mark.parametrize("lam, N, K", [
    (0.5, 10, 300), (0.5, 20, 10_000), (1.0, 10, 3_000), (1.0, 14, 40_000), (2.0, 9, 30_000)])
def test_one_step_threshold_of_the_sphere(lam, N, K):
    # Controls: the threshold of a lam 3 per cent off is excluded.
    value, error = simulation.half_load(simulation.critical_loads(ModernHopfield(lam=lam), N=N, K=K, samples=60, seed=11))
    reach = 4 * error + 0.5 / (N * np.exp(N * value))  # and half a pattern, since their number is whole
    assert abs(value - modern_law.half_load(ModernHopfield(lam=lam), N)) < reach
    for wrong in (0.97 * lam, 1.03 * lam):
        assert abs(value - modern_law.half_load(ModernHopfield(lam=wrong), N)) > reach


def test_one_step_threshold_of_gaussian_patterns_is_that_of_the_median_norm():
    model, N = ModernHopfield(lam=0.5, ensemble="gauss"), 16
    loads = simulation.critical_loads(model, N=N, K=4_000, samples=400, queries=32, seed=12)
    value, error = simulation.half_load(loads)
    assert abs(value - modern_law.half_load(model, N)) < 4 * error
    assert abs(modern_law.half_load(model, N) - hb.capacity(model, N=N)) < 0.006  # at the median norm
    assert abs(value - hb.capacity(model)) > 4 * error


@pytest.mark.parametrize("alpha", [0.24, 0.32, 0.40])
def test_state_after_one_step(alpha):
    model = ModernHopfield(alpha=alpha, lam=0.5)
    run, rs = hb.simulate(model, N=20, samples=24, seed=13), hb.solve(model, N=20)
    other = hb.solve(ModernHopfield(alpha=alpha + 0.02, lam=0.5), N=20)
    for name in ("m", "weight", "norm"):
        measured = getattr(run, name)
        # p = 1 / (1 + z) with noise z of relative variance v has mean p + p (1 - p)^2 v + ...; m and norm follow p.
        reach = 4 * measured.error + 1.5 * rs.weight * (1 - rs.weight) ** 2 * noise_variance(0.5, 20, alpha)
        assert abs(measured.mean - getattr(rs, name)) < reach
        assert abs(measured.mean - getattr(other, name)) > reach


def test_averaging_step_from_a_query_without_a_pattern():
    # A lost query is averaged to norm q*: the Bessel ratio, direction kept.
    model = ModernHopfield(alpha=1.0, lam=0.5)
    patterns = simulation.memories(model, 12, 0, 160_000, seed=3, sample=0)
    query = simulation.memories(model, 12, 0, 20, seed=4, sample=0)
    state = hb.attention.retrieve(query, patterns, 0.5)
    ratio = np.einsum("qn,qn->q", state, query) / 12
    predicted = ENSEMBLES["sphere"].finite_slope(0.5, 12)
    error = ratio.std(ddof=1) / np.sqrt(20)
    assert abs(ratio.mean() - predicted) < 4 * error < abs(ENSEMBLES["sphere"].slope(0.5) - predicted)


@pytest.mark.parametrize("lam, N, alpha", [(0.5, 20, 0.5), (1.0, 14, 0.7), (1.0, 12, 0.85)])
def test_sparsemax_retrieves_exactly_where_softmax_cannot(lam, N, alpha):
    options = dict(N=N, samples=12, queries=64, seed=14)
    sparse = hb.simulate(ModernHopfield(alpha=alpha, lam=lam, separation="sparsemax"), **options)
    predicted = hb.solve(ModernHopfield(alpha=alpha, lam=lam, separation="sparsemax"), N=N).exact
    error = max(sparse.exact.error, np.sqrt(predicted * (1 - predicted) / 768))
    assert abs(sparse.exact.mean - predicted) < 4 * error
    softmax = hb.simulate(ModernHopfield(alpha=alpha, lam=lam), **options)
    assert softmax.exact.mean == 0 and softmax.success.mean < 0.01


def test_sparse_critical_load():
    model = ModernHopfield(lam=1.0, separation="sparsemax")
    value, error = simulation.half_load(simulation.critical_loads(model, N=8, K=200_000, samples=60, queries=16, seed=15))
    assert abs(value - hb.capacity(model, N=8)) < 4 * error
    assert abs(value - hb.capacity(ModernHopfield(lam=1.0, separation="entmax15"), N=8)) > 4 * error


@pytest.mark.parametrize("ensemble, lam, sigma, N, K", [
    ("sphere", 0.5, 1.0, 12, 250), ("sphere", 4.0, 1.0, 12, 4_000), ("sphere", 4.0, 0.5, 7, 6_000),
    ("binary", 1.0, 1.0, 14, 1_500), ("gauss", 2.0, 0.5, 10, 3_000)])
def test_noisy_queries_are_lost_at_the_load_of_the_exact_law(ensemble, lam, sigma, N, K):
    # Averaging, frozen, and near their crossing.  Controls: the limit of large N, and a noise 15 per cent off, are excluded.
    model = ModernHopfield(lam=lam, sigma=sigma, ensemble=ensemble)
    loads = simulation.critical_loads(model, N=N, K=K, samples=300, queries=16, seed=16)
    value, error = simulation.half_load(loads)
    # The number of patterns is whole: a median of ln K / N is uncertain by half a pattern more.
    reach = 4 * error + 0.5 / (N * np.exp(N * value))
    assert abs(value - hb.capacity(model, N=N)) < reach
    for wrong in (0.85 * sigma, 1.15 * sigma):
        assert abs(value - hb.capacity(ModernHopfield(lam=lam, sigma=wrong, ensemble=ensemble), N=N)) > reach
    assert abs(value - hb.capacity(model)) > reach


@pytest.mark.parametrize("alpha", [0.36, 0.38, 0.40, 0.42])
def test_success_of_one_step_follows_its_exact_law_through_the_transition(alpha):
    model = ModernHopfield(alpha=alpha, lam=0.5)
    run = hb.simulate(model, N=12, samples=150, queries=16, seed=22)
    assert abs(run.success.mean - hb.solve(model, N=12).success) < 4 * run.success.error
    assert abs(run.success.mean - hb.solve(ModernHopfield(alpha=alpha + 0.02, lam=0.5), N=12).success) > 4 * run.success.error


def test_iterating_loses_patterns_that_one_step_finds():
    N, low, high = 14, 0.40, 0.57
    for alpha, kept in ((low, 1.0), (high, 0.0)):
        model, options = ModernHopfield(alpha=alpha, lam=1.0), dict(N=N, samples=3, queries=16, seed=17)
        assert abs(hb.simulate(model, steps="iterated", **options).success.mean - kept) < 0.1
        assert hb.simulate(model, **options).success.mean > 0.9
    assert low < hb.capacity(ModernHopfield(lam=1.0), N=N, steps="iterated") < high < hb.capacity(ModernHopfield(lam=1.0), N=N)


def lost_number(N, K, seed, sample):
    """Smallest number of Gaussian patterns among which one overlaps another more than that other itself (large lam)."""
    patterns = simulation.memories(ModernHopfield(ensemble="gauss"), N, 0, K, seed=seed, sample=sample)
    overlaps = patterns @ patterns.T
    beaten = overlaps > np.diag(overlaps)[:, None]
    np.fill_diagonal(beaten, False)
    first, second = np.nonzero(beaten)
    return np.min(np.maximum(first, second), initial=K) + 1


def test_all_gaussian_patterns_survive_up_to_the_pair_threshold():
    N, samples = 20, 400
    loads = np.log([lost_number(N, 250, 18, sample) for sample in range(samples)]) / N
    halves = [np.median(loads[k::20]) for k in range(20)]
    error = 1.25 * np.std(loads, ddof=1) / np.sqrt(samples)  # of a median of nearly normal values
    predicted = hb.capacity(ModernHopfield(lam=5.0, ensemble="gauss"), N=N, patterns="all")
    assert np.std(halves) > 0 and abs(np.median(loads) - predicted) < 4 * error
    assert abs(np.median(loads) - np.log(2) / 4) > 4 * error


@pytest.mark.parametrize("lam, N, alpha", [(0.5, 20, 0.4862), (1.0, 16, 0.525), (0.5, 16, 0.566219)])
def test_spins_of_stored_binary_patterns_are_stable_as_often_as_predicted(lam, N, alpha):
    K = round(np.exp(alpha * N))
    stable = []
    for sample in range(400 if K < 10_000 else 100):
        xi = simulation.memories(ModernHopfield(ensemble="binary"), N, 0, K, seed=19, sample=sample)
        cavity = xi[1:] @ xi[0] - xi[1:, 0] * xi[0, 0]
        field = 1 + np.sum(xi[1:, 0] * xi[0, 0] * np.exp(lam * (cavity - (N - 1))))
        stable.append(field > 0)
    predicted = modern_binary.spin_stability(lam, K, N)
    error = np.sqrt(predicted * (1 - predicted) / len(stable))
    assert abs(np.mean(stable) - predicted) < 4 * error
    if alpha > 0.55:
        assert abs(np.mean(stable) - modern_binary.spin_stability(lam, K // 4, N)) > 4 * error


def test_glauber_dynamics_samples_the_boltzmann_law():
    # N = 8: the mean of sum p^2 after many sweeps, against all 256 states.  Control: the law at 1.5 T.
    model, T, samples = ModernHopfield(alpha=0.375, lam=0.5, ensemble="binary"), 0.8, 80
    K, states = model.patterns(8), np.array(list(product((-1, 1), repeat=8)))
    settings = modern.Settings(N=8, T=T, queries=K, sweeps=15, seed=20)
    participation = simulation.measure(model, settings, range(samples))["participation"]
    exact = np.empty((samples, 2))
    for sample in range(samples):
        xi = simulation.memories(model, 8, 0, K, seed=20, sample=sample)
        terms = np.exp(model.lam * states @ xi.T)
        square = (terms**2).sum(axis=1) / terms.sum(axis=1) ** 2
        for column, temperature in enumerate((T, 1.5 * T)):
            law = terms.sum(axis=1) ** (1 / (model.lam * temperature))
            exact[sample, column] = law @ square / law.sum()
    difference = (1 / participation).mean(axis=1)[:, None] - exact
    z = difference.mean(axis=0) / (difference.std(axis=0, ddof=1) / np.sqrt(samples))
    assert abs(z[0]) < 4 < abs(z[1])


def test_zero_temperature_keeps_what_theory_says_and_loses_the_rest():
    options = dict(N=16, T=0.0, samples=6, queries=12, sweeps=10, seed=21)
    kept = hb.simulate(ModernHopfield(alpha=0.35, lam=1.0, ensemble="binary"), **options)
    lost = hb.simulate(ModernHopfield(alpha=0.75, lam=1.0, ensemble="binary"), **options)
    edge = hb.capacity(ModernHopfield(lam=1.0, ensemble="binary"), T=0.0)
    assert 0.35 < edge < 0.75 and kept.m.mean > 0.98 and lost.m.mean < 0.8
    # Warm, at a load where few replicas escape within ten sweeps: the overlap of free spins in the field of one pattern.
    warm = hb.simulate(ModernHopfield(alpha=0.18, lam=1.0, ensemble="binary"), **options | {"T": 0.5})
    assert warm.m.mean == pytest.approx(np.tanh(2.0), abs=4 * warm.m.error)
    assert abs(warm.m.mean - np.tanh(1.0)) > 4 * warm.m.error
    assert 9 < warm.lifetime.mean <= 10 == kept.lifetime.mean
    assert warm.success.mean > 0.95 and warm.weight.mean < warm.success.mean


def test_curves_share_their_disorder_and_memories_nest():
    few, many = (simulation.memories(ModernHopfield(), 9, 0, K, seed=1, sample=0) for K in (50, 120))
    assert np.array_equal(few, many[:50])
    assert np.array_equal(simulation.memories(ModernHopfield(), 9, 70, 50, seed=1, sample=0), many[70:])
    a, b = (hb.simulate(ModernHopfield(alpha=0.3, lam=lam), N=12, samples=2, queries=3, seed=5) for lam in (0.5, 0.50001))
    assert np.abs(a.m.values - b.m.values).max() < 1e-4
    other = hb.simulate(ModernHopfield(alpha=0.3, lam=0.5), N=12, samples=2, queries=3, seed=6)
    assert not np.array_equal(a.m.values, other.m.values)


def test_what_simulation_refuses():
    cases = [(dict(N=10), ModernHopfield(), "alpha is missing"), (dict(N=3), ModernHopfield(alpha=0.1), "rounds to K = 1"),
             (dict(N=10, T=0.5), ModernHopfield(alpha=0.3), "ensemble = 'binary'"),
             (dict(N=10, steps=0), ModernHopfield(alpha=0.3), "steps = 0"),
             (dict(N=10, sweps=3), ModernHopfield(alpha=0.3), "did you mean 'sweeps'"),
             (dict(N=60), ModernHopfield(alpha=0.5), "one sample needs")]
    for settings, model, words in cases:
        with pytest.raises(hb.InvalidInput, match=words):
            hb.simulate(model, **settings)
