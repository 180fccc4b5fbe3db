"""Monte Carlo of multitasking networks against the exact mean field, with controls that must fail.

The sharp test is paired: the time mean of a run against the mean-field fixed point of the very patterns it stored, so that
sample-to-sample fluctuations of order sqrt(a d / N) drop out.  Seeds were declared before the runs.
"""

import numpy as np
import pytest

import hebbian as hb
from hebbian.simulation import multitasking as simulation
from hebbian.theory import multitasking as theory

N = 10_000


def paired(K, d, T, shift=1.0, samples=3, sweeps=400, seed=20270):
    """Differences of sum m^2, simulation minus mean field of the same patterns at shift * T, and the run."""
    model = hb.MultitaskingHopfield(K=K, d=d)
    run = hb.simulate(model, N=N, T=T, samples=samples, burn_in=100, sweeps=sweeps, seed=seed, start="hierarchical",
                      record=("series",))
    differences = []
    for sample in range(samples):
        patterns = simulation.entries(model, run.settings, sample)
        for replica in range(2):
            mean = run.series["m"][sample, :, replica].mean(axis=0)
            fixed = theory.mean_field(patterns, T=shift * T, start=mean, tolerance=1e-11)
            differences.append((run.series["m"][sample, :, replica] ** 2).sum(axis=1).mean() - fixed @ fixed)
    return np.array(differences), run


# Ten points of pure, hierarchical, parallel and mixture states, away from their boundaries.
POINTS = [(2, 0.2, 0.05), (2, 0.4, 0.1), (2, 0.6, 0.1), (2, 0.8, 0.1), (3, 0.2, 0.1), (3, 0.4, 0.05), (3, 0.5, 0.05),
          (3, 0.8, 0.05), (4, 0.4, 0.05), (5, 0.8, 0.1)]


@pytest.mark.parametrize("K, d, T", POINTS)
def test_sum_of_squares_is_that_of_the_mean_field_of_the_same_patterns(K, d, T):
    # <sum m^2> exceeds the square of the mean by the thermal spread K / N = 1e-4 times a susceptibility of order one, and
    # the fixed point itself is off by O(1/N): 5e-4 is the sum of both with room for the noise of six runs.
    differences, _ = paired(K, d, T)
    assert abs(differences.mean()) < 5e-4


def test_a_wrong_temperature_fails_the_paired_test():
    differences, _ = paired(2, 0.8, 0.1, shift=1.05)
    assert abs(differences.mean()) > 5e-4


def test_overlaps_agree_with_the_infinite_system():
    # Sample-to-sample spread sqrt(a d / N) / sqrt(samples), and the error of the run itself.
    for K, d, T in ((2, 0.2, 0.05), (2, 0.6, 0.1), (3, 0.4, 0.05)):
        _, run = paired(K, d, T, samples=6, sweeps=100, seed=20271)
        solved = hb.solve(run.model, T=T)
        tolerance = 4 * np.maximum(run.m.error, np.sqrt(d * (1 - d) / N / 6))
        assert np.all(np.abs(run.m.mean - solved.m) < tolerance)
        assert not np.all(np.abs(run.m.mean - hb.solve(run.model, T=3 * T).m) < tolerance)


@pytest.mark.parametrize("learned", [dict(K=1, d=0.0, M=11, r=0.5), dict(K=3, d=0.3, M=5, r=0.8)])
def test_supervised_and_unsupervised_learning_lie_on_one_theory(learned):
    settings = dict(N=8000, T=0.05, samples=6, burn_in=100, sweeps=100, seed=20272, start="hierarchical")
    solved = hb.solve(hb.MultitaskingHopfield(protocol="supervised", **learned), T=0.05)
    for protocol in ("supervised", "unsupervised"):
        run = hb.simulate(hb.MultitaskingHopfield(protocol=protocol, **learned), **settings)
        # The slack is the spread of the patterns, and of the example noise on them, at this N.
        slack = np.sqrt(0.25 / 8000 / 6)
        for name in ("m", "n"):
            measured, predicted = getattr(run, name), getattr(solved, name)
            assert np.all(np.abs(measured.mean - predicted) < 4 * np.maximum(measured.error, slack)), name
        assert np.abs(run.m.mean - run.n.mean)[0] > 0.005  # m and n are not the same thing


def test_the_second_pattern_rises_from_the_first():
    # d = 0.3, T = 0.1: the pure state is unstable with rate a (1 - a t^2) / T - 1 = 1.1 a sweep; at T = 0.25 it is stable.
    model = hb.MultitaskingHopfield(K=2, d=0.3)
    for T, rises in ((0.1, True), (0.25, False)):
        run = hb.simulate(model, N=N, T=T, samples=4, burn_in=0, sweeps=30, seed=20273, start="pattern", record=("series",))
        second = np.abs(run.series["m"][..., 1]).mean(axis=(0, 2))
        assert second[0] < 0.12 and (second[-10:].mean() > 0.18) == rises
        assert hb.solve(model, T=T, branch="pure").stable != rises


def test_high_load_retrieval_ends_near_its_capacity():
    # alpha_c(d = 0.2) = 0.0537 at T = 0 in replica symmetry; above it the state decays slowly, so the second load is far above.
    for alpha, retrieved in ((0.03, True), (0.15, False)):
        run = hb.simulate(hb.MultitaskingHopfield(alpha=alpha, d=0.2, scale="unit"), N=2000, T=0.1, samples=4, burn_in=200,
                          sweeps=50, seed=20274)
        assert np.all((run.m.values[:, 0] > 0.85) == retrieved)
