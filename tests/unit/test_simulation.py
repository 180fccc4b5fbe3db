"""The common run: starts, samples, recorded series, exact reduction; and what it says to bad input."""

import subprocess
import sys

import numpy as np
import pytest

import hebbian as hb
from hebbian import patterns, streams
from hebbian.models import dense
from hebbian.simulation import dense as simulation

MODEL = hb.DenseHopfield(alpha=0.03)
SHORT = dict(N=100, T=0.3, samples=3, burn_in=10, sweeps=40, seed=5)


def values(run):
    return {name: estimate.values.tolist() for name, estimate in run.estimates.items()}


def test_the_same_seed_gives_the_same_run_and_another_does_not():
    first, again, other = (hb.simulate(MODEL, **SHORT | dict(seed=seed)) for seed in (5, 5, 6))
    assert values(first) == values(again) != values(other)


def test_a_sample_does_not_depend_on_its_neighbours():
    few, many = (hb.simulate(MODEL, **SHORT | dict(samples=n)) for n in (2, 5))
    for name, estimate in few.estimates.items():
        assert estimate.values.tolist() == many.estimates[name].values[:2].tolist()


def test_measuring_in_blocks_equals_measuring_at_once():
    settings = dense.Settings(**SHORT | dict(samples=5))
    whole = simulation.measure(MODEL, settings, range(5))
    parts = [simulation.measure(MODEL, settings, block) for block in (range(0, 2), range(2, 5))]
    for name, array in whole.items():
        assert np.array_equal(array, np.concatenate([part[name] for part in parts]))


def test_observables_are_read_off_the_recorded_series():
    run = hb.simulate(MODEL, **SHORT, record=("series", "histogram", "spins"))
    assert run.series["m"].shape == (3, 40, 2) and run.spins.shape == (3, 2, 100)
    assert np.allclose(run.m.values, run.series["m"].mean(axis=(1, 2)), rtol=0, atol=1e-14)
    assert np.allclose(run.energy.values, run.series["energy"].mean(axis=(1, 2)), rtol=0, atol=1e-13)
    assert run.histogram.sum() == pytest.approx(1.0) and len(run.histogram) == 101
    support = np.linspace(-1, 1, 101)
    assert run.histogram @ support == pytest.approx(run.m.mean, abs=1e-13)
    xi = patterns.rademacher(100, 3, seed=5, sample=1).unpack(0, 1)[0].astype(int)
    assert np.array_equal(run.spins[1].astype(int) @ xi / 100, run.series["m"][1, -1])


@pytest.mark.parametrize("energy", ["distinct", "power"])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_reported_energy_is_that_of_the_spins(p, energy):
    model = hb.DenseHopfield(K=7, p=p, energy=energy)
    run = hb.simulate(model, **SHORT | dict(N=30, T=0.05), record=("series", "spins"))
    numbers, unit = dense.energy_table(model, 30)
    for sample in range(3):
        X = run.spins[sample].astype(int) @ patterns.rademacher(30, 7, seed=5, sample=sample).unpack().T.astype(int)
        exact = [-sum(numbers[(x + 30) // 2] for x in row) * unit / 30 - dense.mean_energy(model, 30) for row in X]
        assert np.allclose(run.series["energy"][sample, -1], [float(e) for e in exact], rtol=0, atol=1e-13)


def test_starts():
    xi = patterns.rademacher(400, 24, seed=5, sample=0).unpack(0, 1)[0].astype(int)
    first = {}
    for start in ("pattern", "noisy", "random"):
        settings = dense.Settings(N=400, T=0.0, start=start, overlap=0.6, seed=5)
        spins = simulation.montecarlo.initial_spins(settings, xi.astype(np.int8), 0).astype(int)
        first[start] = spins @ xi / 400
        assert np.array_equal(spins[0], spins[1]) == (start == "pattern")
    assert first["pattern"].tolist() == [1.0, 1.0]
    # 400 independent signs of mean 0.6 (and 0): standard errors 0.04 and 0.05.
    assert np.all(np.abs(first["noisy"] - 0.6) < 4 * 0.04) and np.all(np.abs(first["random"]) < 4 * 0.05)


def test_a_random_start_finds_the_only_pattern_or_its_mirror_image():
    run = hb.simulate(hb.DenseHopfield(K=1), N=200, T=0.1, samples=8, start="random", burn_in=20, sweeps=20, record=("series",))
    assert np.all(np.abs(run.series["m"]) > 0.9) and run.retrieved == 8


def test_given_spins_and_patterns():
    rng = np.random.default_rng(0)
    xi = rng.choice([-1, 1], size=(3, 4, 60))
    run = hb.simulate(hb.DenseHopfield(), N=60, T=0.0, samples=3, patterns=xi, start=np.repeat(xi[:, :1], 2, axis=1))
    assert run.realised["K"] == 4 and run.retrieved == 3 and np.all(run.m.values > 0.9)
    assert run.settings.start == "array"
    shared = hb.simulate(hb.DenseHopfield(), N=60, T=0.3, samples=2, patterns=xi[0], start=xi[0, 0])
    assert shared.m.values[0] != shared.m.values[1]


def test_zero_temperature_ends_where_it_stays():
    short, long = (hb.simulate(hb.DenseHopfield(alpha=0.1), N=300, T=0, samples=4, burn_in=50, sweeps=n) for n in (10, 400))
    assert np.array_equal(short.m.values, long.m.values) and np.all(long.tau.values == 1)
    assert np.all(long.acceptance.values == 0)


def test_heat_bath_and_metropolis_agree_on_the_equilibrium():
    runs = [hb.simulate(MODEL, N=400, T=0.5, samples=12, burn_in=50, sweeps=300, seed=3, rule=rule)
            for rule in ("heat_bath", "metropolis")]
    # The samples share their patterns, so the paired difference has thermal noise only.
    difference = hb.Estimate(runs[0].m.values - runs[1].m.values)
    assert abs(difference.mean) < 4 * difference.error
    assert np.all(runs[1].acceptance.values > runs[0].acceptance.values)
    warm = hb.simulate(MODEL, N=400, T=0.55, samples=12, burn_in=50, sweeps=300, seed=3)
    control = hb.Estimate(runs[0].m.values - warm.m.values)
    assert abs(control.mean) > 4 * control.error


@pytest.mark.parametrize("settings, says", [
    (dict(record=("movie",)), "movie"), (dict(patterns=np.ones((2, 50))), "shape"),
    (dict(patterns=np.zeros((2, 100))), "contains 0"),
    (dict(start=np.ones(7)), "shape"), (dict(start=np.full(100, 2)), "contains 2"), (dict(start="array"), "array itself"),
    (dict(T=-1.0), "T = -1.0"), (dict(samples=2.5), "samples = 2.5"), (dict(T=1e300), "too large")])
def test_bad_input_is_one_sentence(settings, says):
    with pytest.raises(hb.InvalidInput) as error:
        hb.simulate(hb.DenseHopfield(K=2), **SHORT | settings)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_a_run_too_large_is_refused_before_it_allocates():
    with pytest.raises(hb.InvalidInput, match="GiB"):
        hb.simulate(hb.DenseHopfield(K=10**9, p=4), N=100_000, T=0.1)


def test_a_run_says_what_it_has():
    run = hb.simulate(MODEL, **SHORT)
    with pytest.raises(AttributeError, match="it has m, q, energy"):
        run.magnetization  # noqa: B018
    assert "retrieved 3/3" in str(run) and f"m = {run.m}" in str(run)


@pytest.mark.slow
def test_ten_million_patterns():
    run = hb.simulate(hb.DenseHopfield(K=10**7, p=4), N=200, T=0.05, samples=1, burn_in=0, sweeps=1)
    assert run.realised["K"] == 10**7 and abs(run.m.mean) <= 1


# T = 0 next to hot temperatures; a few temperatures that lanes never pay for; cold ones that leave them; an odd N.
@pytest.mark.parametrize("model, T, settings", [
    (hb.DenseHopfield(alpha=0.1), (0.0, 0.2, 0.5, 0.9, 1.5, 3.0), dict(N=120, rule="metropolis", start="noisy")),
    (hb.DenseHopfield(K=70, energy="power"), tuple(np.linspace(0.1, 2.0, 16)), dict(N=97, start="random")),
    (hb.DenseHopfield(alpha=0.05), (0.1, 0.8), dict(N=200)),
    (hb.DenseHopfield(alpha=0.02), tuple(np.linspace(0.02, 0.3, 12)), dict(N=256, threshold=0.9))])
def test_temperatures_together_measure_what_each_measures_alone(model, T, settings):
    points = [dense.Settings(T=t, samples=3, burn_in=5, sweeps=35, seed=8, **settings) for t in T]
    assert len({dense.companions(model, point) for point in points}) == 1
    together = simulation.measure_together(model, points, range(1, 3))
    for point, found in zip(points, together, strict=True):
        alone = simulation.measure(model, point, range(1, 3))
        assert found.keys() == alone.keys()
        assert all(np.array_equal(found[name], alone[name]) and found[name].dtype == alone[name].dtype for name in alone)
    assert not np.array_equal(together[0]["energy_sum"], together[-1]["energy_sum"])


def test_lanes_are_left_where_they_stop_paying(monkeypatch):
    from hebbian._kernels import dense as kernels

    calls = []
    monkeypatch.setattr(kernels, "lanes_pay", lambda N, K, acceptance: calls.append(acceptance) or len(calls) < 4)
    points = [dense.Settings(N=90, T=t, samples=1, burn_in=5, sweeps=35) for t in (0.1, 0.6)]
    together = simulation.measure_together(hb.DenseHopfield(alpha=0.1), points, range(1))
    assert len(calls) == 4 and calls[-1][0] < calls[-1][-1]
    for point, found in zip(points, together):
        alone = simulation.measure(hb.DenseHopfield(alpha=0.1), point, range(1))
        assert all(np.array_equal(found[name], alone[name]) for name in alone)


def test_start_key_is_free_of_temperature():
    fields = simulation.montecarlo.start_fields
    cold, hot = (dense.Settings(N=50, T=T, start="noisy") for T in (0.1, 0.2))
    assert fields(cold) == fields(hot) == ("noisy", 0.8)
    assert streams.key("start", 50, fields(cold), seed=1, sample=0) != streams.key("start", 50, ("random",), seed=1, sample=0)


@pytest.mark.parametrize("p, N, K, T, sweeps", [
    (2, 3000, 300, 0.1, 10), (2, 3000, 300, 0.1, 3000), (3, 800, 200_000, 0.01, 1), (4, 200, 1_500_000, 0.01, 1),
    (2, 300, 20, 0.5, 400_000)])
def test_memory_is_forecast_within_a_fifth(p, N, K, T, sweeps):
    code = f"""
import hebbian as hb
from hebbian.models import dense
run = hb.simulate(hb.DenseHopfield(p={p}, K={K}), N={N}, T={T}, samples=1, burn_in=0, sweeps={sweeps})
# Not getrusage, whose peak a child inherits from the process that started it.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(dense.memory(run.model, run.settings), int(peak.split()[1]) * 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    forecast, peak = map(int, done.stdout.split())
    assert forecast == pytest.approx(peak, rel=0.2)


@pytest.mark.parametrize("N, K, sweeps", [(100, 5, 60_000), (30_000, 900, 1)])
def test_memory_of_temperatures_together_is_forecast_within_a_fifth(N, K, sweeps):
    code = f"""
import hebbian as hb
from hebbian.models import dense
from hebbian.simulation import dense as simulation
model, points = hb.DenseHopfield(K={K}), [dense.Settings(N={N}, T=k / 8, burn_in=0, sweeps={sweeps}) for k in range(1, 17)]
assert len({{dense.companions(model, point) for point in points}}) == 1
simulation.measure_together(model, points, range(1))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(dense.memory(model, points[0], len(points)), int(peak.split()[1]) * 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    forecast, peak = map(int, done.stdout.split())
    assert forecast == pytest.approx(peak, rel=0.2)


@pytest.mark.parametrize("order", ["random", "waiting"])
def test_another_order_is_another_dynamics_of_the_same_law(order):
    # Declared: 24 samples, the default seed, and a temperature that must show as the control.
    common = dict(N=200, samples=24, burn_in=40, sweeps=100)
    sequential, other, colder = (hb.simulate(hb.DenseHopfield(alpha=0.05), T=T, order=order, **common)
                                 for T, order in ((0.4, "sequential"), (0.4, order), (0.3, order)))

    def z(a, b):
        gap = a.energy.values - b.energy.values
        return abs(gap.mean()) / (gap.std(ddof=1) / np.sqrt(len(gap)))

    assert other.settings.order == order and not np.array_equal(sequential.m.values, other.m.values)
    assert z(sequential, other) < 4 < z(colder, other)
    with pytest.raises(hb.InvalidInput, match="order = 'shuffled' is not allowed"):
        hb.simulate(hb.DenseHopfield(alpha=0.05), T=0.4, order="shuffled", **common)


def test_waiting_sees_at_every_sweep_what_random_order_sees():
    # Flips a sweep and how far m moves in one: fixed times of one dynamics.  Declared: 48 samples, seed 9, and a temperature 10
    # per cent higher as the control.
    common = dict(N=100, samples=48, burn_in=30, sweeps=200, seed=9, rule="metropolis", record=("series",))
    random, waiting, warmer = (hb.simulate(hb.DenseHopfield(alpha=0.04), T=T, order=order, **common)
                               for T, order in ((0.35, "random"), (0.35, "waiting"), (0.385, "waiting")))

    def z(a, b):
        return abs((a - b).mean()) / ((a - b).std(ddof=1) / np.sqrt(len(a)))

    def steps(run):
        return np.square(np.diff(run.series["m"], axis=1)).mean(axis=(1, 2))

    for measure in (lambda run: run.acceptance.values, steps):
        assert z(measure(random), measure(waiting)) < 4 < z(measure(warmer), measure(waiting))
    assert z(random.m.values, waiting.m.values) < 4


@pytest.mark.parametrize("order", ["random", "waiting"])
def test_orders_are_for_stored_patterns(order):
    with pytest.raises(hb.InvalidInput, match=f"order = '{order}' is for stored patterns"):
        hb.simulate(hb.DenseHopfield(alpha=0.05, protocol="unsupervised", M=3, r=0.8), T=0.4, order=order, N=50)
    with pytest.raises(hb.InvalidInput, match="sequential order"):
        hb.ramp(hb.DenseHopfield(alpha=0.05), T=[0.4, 0.5], order=order, N=50)
