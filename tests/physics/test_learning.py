"""Learning from noisy examples: Monte Carlo on the exact finite-M saddle, with controls that must fail.

Seeds were declared before the runs.  Samples of archetypes near the edge of their basin escape in small systems; the points
lie where none is expected to.  Where the sums run over distinct indices the theory carries its leading 1/N rescaling.
"""

from dataclasses import replace

import numpy as np
import pytest

import hebbian as hb

POINTS = {
    "supervised p2": (dict(p=2, alpha=0.02, M=20, r=0.5), dict(N=2000, T=0.3, samples=16, seed=20281)),
    "supervised p3": (dict(p=3, alpha=0.02, M=40, r=0.4), dict(N=300, T=0.15, samples=16, seed=20282)),
    "unsupervised p2": (dict(p=2, alpha=0.03, M=10, r=0.8), dict(N=1000, T=0.3, samples=16, seed=20283)),
    "unsupervised p3": (dict(p=3, alpha=0.02, M=20, r=0.6), dict(N=200, T=0.1, samples=16, seed=20284)),
}


@pytest.fixture(scope="module", params=POINTS)
def measured(request):
    fields, settings = POINTS[request.param]
    model = hb.DenseHopfield(protocol=request.param.split()[0], **fields)
    return model, hb.simulate(model, burn_in=100, sweeps=200, **settings)


def test_overlaps_and_energy_lie_on_the_theory(measured):
    model, run = measured
    table = hb.compare(run, hb.solve(model, T=run.settings.T, N=run.settings.N))
    assert run.retrieved == run.settings.samples
    for name in ("m", "n", "q", "energy"):
        assert abs(table[name].z) < 3, str(table)


def test_controls_fail(measured):
    # a temperature off by a half, and a data set of half as many examples: the largest shifts were expected, with the errors of
    # other seeds, at 63, 24, 60, 10 and 67, 16, 35, 11 standard errors
    model, run = measured
    T, N = run.settings.T, run.settings.N
    for wrong in (hb.solve(model, T=1.5 * T, N=N), hb.solve(replace(model, M=model.M // 2), T=T, N=N)):
        assert max(abs(hb.compare(run, wrong)[name].z) for name in ("m", "n", "q", "energy")) > 5


@pytest.mark.parametrize("p, K, M, r, N, T, seed", [
    (3, 30, 60, 0.3, 200, 0.1, 20296), (3, 60, 25, 0.45, 250, 0.12, 20297), (4, 80, 71, 0.43, 90, 0.02, 20298)])
def test_overlaps_with_the_examples_of_the_retrieved_archetype_scatter(p, K, M, r, N, T, seed):
    # control: the infinite system at the same temperature and load, rescaled by the fraction of distinct indices.  Over other
    # points and seeds the shift was 5 to 9 of the errors of 64 samples; 48 samples left 3.4 at the last point, hence 96
    model = hb.DenseHopfield(p=p, K=K, M=M, r=r, protocol="unsupervised")
    run = hb.simulate(model, N=N, T=T, samples=96, burn_in=100, sweeps=150, seed=seed)
    table = hb.compare(run, hb.solve(model, T=T, N=N))
    assert run.retrieved == 96 and all(abs(table[name].z) < 3.5 for name in ("m", "n", "q", "energy")), str(table)
    c = np.prod(1 - np.arange(1, p) / N)
    infinite = hb.solve(replace(model, K=None, alpha=K / N ** (p - 1) / c), T=T / c)
    assert hb.compare(run, infinite)["m"].z < -3.5


def test_the_gaussian_version_is_excluded_for_few_examples():
    model = hb.DenseHopfield(alpha=0.02, M=5, r=0.7, protocol="supervised")
    run = hb.simulate(model, N=2000, T=0.1, samples=16, burn_in=100, sweeps=200, seed=20275)
    exact, limit = (hb.compare(run, hb.solve(model, T=0.1, average=average)) for average in ("binomial", "gaussian"))
    assert max(abs(exact[name].z) for name in ("m", "n", "q")) < 3, str(exact)
    assert max(abs(limit[name].z) for name in ("m", "n", "q")) > 5, str(limit)


def test_an_even_number_of_examples_leaves_ties():
    # the spins whose examples tie see crosstalk only; a naive iteration of the equations has C > 1 here
    model = hb.DenseHopfield(alpha=0.005, M=6, r=0.5, protocol="supervised")
    theory = hb.solve(model, T=0.1)
    run = hb.simulate(model, N=2000, T=0.1, samples=16, burn_in=100, sweeps=200, seed=20276)
    assert abs(theory.m - 0.787794) < 1e-6 and abs(theory.q - 0.938549) < 1e-6
    for name in ("m", "n", "q"):
        assert abs(hb.compare(run, theory)[name].z) < 3
    without = hb.solve(replace(model, M=5), T=0.1)
    assert abs(hb.compare(run, without)["q"].z) > 5


def test_a_few_examples_destroy_what_one_example_stored():
    # the valley of confusion: overlap with the archetype at T = 0.1, alpha = 0.02, r = 0.5.  Other seeds gave means of 0.49,
    # 0.32, 0.85 and deviations of 0.03, 0.20, 0.16 over samples: 32 samples see the valley with a probability of 0.998
    runs = {M: hb.simulate(hb.DenseHopfield(alpha=0.02, M=M, r=0.5, protocol="unsupervised"), N=1000, T=0.1, samples=32,
                           burn_in=150, sweeps=150, seed=20287) for M in (1, 3, 13)}
    assert abs(runs[1].m.mean - 0.5) < 4 * runs[1].m.error + 0.02  # one example is stored: m = r
    assert runs[3].m.mean + 2 * runs[3].m.error < runs[1].m.mean < runs[13].m.mean
    with pytest.raises(hb.NoSolution):
        hb.solve(hb.DenseHopfield(alpha=0.02, M=3, r=0.5, protocol="unsupervised"), T=0.1)


@pytest.mark.parametrize("M, r, N, K, stable, seed", [
    (7, 0.6, 300, 150, True, 20291), (9, 0.4, 12000, 4, True, 20292),
    (2, 0.6, 300, 150, False, 20293), (4, 0.4, 300, 150, False, 20294)])
def test_the_archetype_is_left_for_one_example_where_equal_overlaps_are_unstable(M, r, N, K, stable, seed):
    # 12 samples of the archetype; at a spread of half its value with one example retrieved, the symmetry is lost.  Other seeds
    # gave all samples on the expected side (with 6000 spins in the second case 3 of 36 left).  The condition is local: between
    # about 0.5 and 1 the state is left from an archetype too, whose overlaps with its examples scatter by N^(-1/2), at sizes of
    # a few hundred.
    T, rng = 0.1, np.random.default_rng(seed)
    model = hb.DenseHopfield(p=3, K=K, M=M, r=r, protocol="unsupervised")
    theory = hb.solve(hb.DenseHopfield(p=3, alpha=K / N**2, M=M, r=r, protocol="unsupervised"), T=T)
    assert (theory.example_instability < 0.7) == stable and (theory.example_instability > 1.5) != stable
    lost = []
    for sample in range(12):
        xi = rng.choice([-1, 1], size=(K, N))
        eta = xi[:, None] * np.where(rng.random((K, M, N)) < (1 + r) / 2, 1, -1)
        run = hb.simulate(model, N=N, T=T, samples=1, burn_in=200, sweeps=20, patterns=xi, examples=eta, start=xi[0],
                          record=("spins",), seed=seed + 10 * sample)
        overlaps = run.spins.reshape(-1, N).astype(int) @ eta[0].T / N
        lost.append((overlaps.max(axis=1) - overlaps.mean(axis=1)).mean() > 0.5 * (1 - r**2) * (1 - 1 / M))
    assert sum(lost) <= 1 if stable else sum(lost) >= 11


def test_one_step_describes_retrieval_beyond_the_symmetric_spinodal():
    # The replica-symmetric equations have a solution here, m = 0.20 and q = 0.1, that iteration leaves and networks do not
    # show.  Other seeds gave m = 0.505(41): 7 standard errors from it, 1.6 from one step
    model = hb.DenseHopfield(p=3, alpha=0.0208, M=25, r=0.4, protocol="unsupervised")
    with pytest.raises(hb.NoSolution):
        hb.solve(model, T=0.1, N=200)
    broken = hb.solve(model, T=0.1, N=200, rsb=1)
    run = hb.simulate(model, N=200, T=0.1, samples=24, burn_in=200, sweeps=200, seed=20295)
    assert abs(run.m.mean - broken.m) < 4 * run.m.error and run.m.mean - 0.20 > 4 * run.m.error


def test_both_protocols_see_the_same_examples_and_one_perfect_example_is_storage():
    settings = dict(N=200, T=0.2, samples=3, burn_in=20, sweeps=50, seed=5)
    stored = hb.simulate(hb.DenseHopfield(alpha=0.04), **settings, record=("series",))
    for protocol in ("supervised", "unsupervised"):
        learned = hb.simulate(hb.DenseHopfield(alpha=0.04, protocol=protocol), **settings)
        theory = [hb.solve(hb.DenseHopfield(alpha=0.04, protocol=p), T=0.2) for p in ("storage", protocol)]
        assert theory[0].m == pytest.approx(theory[1].m, abs=1e-13)
        # independent dynamics on the same patterns: thermal noise only
        difference = hb.Estimate(learned.m.values - stored.m.values)
        assert abs(difference.mean) < 0.01 and np.array_equal(learned.m.values, learned.n.values)


def test_given_archetypes_and_examples():
    rng = np.random.default_rng(3)
    xi = rng.choice([-1, 1], size=(4, 120))
    eta = xi[:, None] * np.where(rng.random((4, 9, 120)) < 0.8, 1, -1)
    for protocol in ("supervised", "unsupervised"):
        model = hb.DenseHopfield(protocol=protocol, M=9, r=0.6)
        run = hb.simulate(model, N=120, T=0.1, samples=2, patterns=xi, examples=eta, start=xi[0], record=("spins",))
        final = run.spins.astype(int)
        assert run.retrieved == 2 and run.realised["K"] == 4
        assert np.all(final @ xi[0] / 120 > 0.8)
    with pytest.raises(hb.InvalidInput, match="shape"):
        hb.simulate(model, N=120, T=0.1, samples=2, patterns=xi, examples=eta[:, :3])
    with pytest.raises(hb.InvalidInput, match="archetypes"):
        hb.simulate(model, N=120, T=0.1, samples=2, examples=eta)


@pytest.mark.parametrize("fields, says", [
    (dict(protocol="supervised", r=0.0), "r = 0.0"), (dict(protocol="teacher"), "teacher"),
    (dict(protocol="supervised", energy=[0, 1, 2]), "table"), (dict(protocol="unsupervised", M=0), "M = 0")])
def test_learning_refuses_what_has_no_meaning(fields, says):
    with pytest.raises(hb.InvalidInput, match=says):
        hb.DenseHopfield(alpha=0.1, **fields)
    for verb in (hb.solve, hb.simulate):
        with pytest.raises(hb.InvalidInput, match="no role in storage"):
            verb(hb.DenseHopfield(alpha=0.1, M=3), T=0.1, N=50)


def test_ramps_and_tempering_refuse_what_they_would_silently_ignore():
    model = hb.DenseHopfield(alpha=0.02, M=5, r=0.5, protocol="supervised")
    for verb in (hb.ramp, hb.temper):
        with pytest.raises(hb.NotDefined, match="storage"):
            verb(model, T=[0.3, 0.2], N=50)
