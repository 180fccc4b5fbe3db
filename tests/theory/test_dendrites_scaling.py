"""Bounds, limits, heterogeneous activity and thresholds of dendrites against the exact law."""

import math
from itertools import combinations, product

import numpy as np
import pytest

import hebbian as hb
from hebbian.models.dendrites import Dendrite
from hebbian.theory import activity, counting, scaling, thresholds

EXAMPLES = [
    Dendrite(n=4000, a=128, s=24, theta=12),
    Dendrite(n=2000, a=40, s=20, theta=10),
    Dendrite(n=300, a=64, s=24, theta=12),
]


@pytest.mark.parametrize("model", EXAMPLES, ids=str)
def test_bounds_hold_and_the_inversion_is_exact(model):
    exact = hb.solve(model, exact=True).false_positive
    low, high = scaling.bonferroni(model)
    assert low <= float(exact) <= high and float(exact) <= scaling.chernoff(model)
    assert scaling.inversion(model) == exact
    assert float(exact) < scaling.binomial(model)


def test_the_upper_bound_is_an_equality_at_full_threshold():
    model = Dendrite(n=500, a=30, s=12, theta=12)
    assert scaling.bonferroni(model)[1] == hb.solve(model).false_positive


def test_binomial_is_the_limit_of_large_n_at_fixed_activity():
    ratios = [scaling.binomial(m) / hb.solve(m).false_positive
              for m in (Dendrite(n=n, a=n // 50, s=20, theta=10) for n in (2000, 200000, 20_000_000))]
    assert ratios[0] == pytest.approx(3.2, abs=0.05)
    # The correction is theta^2 (1 - rho) / (2 a) and higher orders: a hundred times larger n leaves a hundredth of it.
    assert ratios[2] - 1 == pytest.approx((ratios[1] - 1) / 100, rel=0.05)


def test_power_law_in_n_at_fixed_activity_number():
    slopes = [scaling.size_exponent(Dendrite(n=n, a=64, s=24, theta=12)) for n in (2000, 16000, 10**6)]
    assert slopes[0] < slopes[1] < slopes[2] < 12 and slopes[2] == pytest.approx(12, abs=2e-3)


def test_exponential_law_in_s():
    n, rho = 10**7, 0.032
    logs = [hb.solve(Dendrite(n=n, a=int(rho * n), s=s, theta=s // 2)).log10_false_positive for s in (400, 402)]
    asymptote = scaling.synapse_exponent(Dendrite(n=n, a=int(rho * n), s=400, theta=200))
    # The prefactor s^(-1/2) adds (log10 e) / (2 s) decades a synapse; drawing without replacement, a relative s / a.
    assert (logs[0] - logs[1]) / 2 == pytest.approx(asymptote + math.log10(math.e) / 800, rel=400 / (rho * n))


def test_recognition_information_is_at_most_the_surprise_of_a_cell():
    full = Dendrite(n=10000, a=100, s=20, theta=20)
    assert scaling.recognition_information(full) == pytest.approx(math.log2(100), rel=1e-12)
    assert scaling.recognition_information(Dendrite(n=10000, a=100, s=20, theta=10)) < math.log2(100) / 2


def enumerated_selection(rates, s, selection):
    """Overlap law of chosen synapses from all sets and all activity states; weight of a set as documented."""
    n, law = len(rates), np.zeros(s + 1)
    for D in combinations(range(n), s):
        weight = math.prod(rates[i] for i in D) if selection == "hebbian" else 1.0
        for state in product((0, 1), repeat=s):
            law[sum(state)] += weight * math.prod(rates[i] if on else 1 - rates[i] for i, on in zip(D, state))
    return law / law.sum()


@pytest.mark.parametrize("selection", ["uniform", "hebbian"])
def test_selected_law_by_enumeration(selection):
    rates = np.array([0.05, 0.5, 0.1, 0.9, 0.3, 0.02, 0.25])
    found = activity.selected_law(rates, 3, selection)
    assert found == pytest.approx(enumerated_selection(rates, 3, selection), rel=1e-13)


def test_hebbian_synapses_see_a_size_biased_rate():
    rng = np.random.default_rng(5)
    rates = rng.gamma(1.0, 0.02, 4000).clip(0, 1)
    hebbian = activity.tail(activity.selected_law(rates, 16, "hebbian"), 4)
    uniform = activity.tail(activity.selected_law(rates, 16), 4)
    effective = activity.tail(activity.binomial_law(16, activity.hebbian_rate(rates)), 4)
    assert hebbian == pytest.approx(effective, rel=0.05) and hebbian > 8 * uniform


def test_hebbian_law_against_sampled_patterns():
    """Stored patterns follow the rates, synapses are drawn from them: the law holds up to the spread of pattern sizes."""
    rng = np.random.default_rng(11)
    rates, s, theta, trials = rng.gamma(1.0, 0.04, 1000).clip(0, 1), 16, 4, 20000
    stored, inputs = (rng.random((trials, 1000)) < rates for _ in range(2))
    order = np.where(stored, rng.random((trials, 1000)), 2.0)
    chosen = np.argpartition(order, s, axis=1)[:, :s]
    assert stored.sum(axis=1).min() >= s
    hits = (np.take_along_axis(inputs, chosen, axis=1).sum(axis=1) >= theta).mean()
    law = activity.tail(activity.selected_law(rates, s, "hebbian"), theta)
    error = math.sqrt(law * (1 - law) / trials)
    size_spread = 0.05 * law
    assert abs(hits - law) < 4 * error + size_spread
    assert abs(hits - activity.tail(activity.selected_law(rates, s), theta)) > 4 * error + size_spread


def test_random_levels_and_rates_reduce_to_the_fixed_ones():
    law = counting.law(200, 10, 30)
    assert activity.random_level_law(200, 10, {30: 1.0}) == pytest.approx(law, rel=1e-13)
    assert activity.rate_law([0.2] * 6) == pytest.approx(
        [math.comb(6, b) * 0.2**b * 0.8 ** (6 - b) for b in range(7)], rel=1e-13
    )
    assert activity.beta_binomial_law(8, 2e7, 8e7) == pytest.approx(activity.binomial_law(8, 0.2), rel=1e-5)
    assert activity.tail(activity.beta_binomial_law(20, 1, 49), 10) == pytest.approx(5.4e-7, rel=0.01)


def test_independent_loss_is_the_mixture_of_fixed_noise():
    model, q = Dendrite(n=200, a=30, s=12, theta=7), 0.3
    levels = {v: math.comb(30, v) * q**v * (1 - q) ** (30 - v) for v in range(31)}
    assert activity.independent_loss(model, q) == pytest.approx(activity.random_noise(model, levels), rel=1e-12)


def paper_grid(sizes):
    return [(n, round(rho * n), s) for n in sizes for rho in (0.005, 0.01, 0.015, 0.02, 0.025, 0.03) for s in range(20, 51, 5)]


@pytest.mark.parametrize("sizes, printed", [
    (range(1000, 17001, 4000), {5: 1.7097e-4, 9: 1.3535e-9, 10: 4.7995e-11, 20: 3.8984e-30}),
    (range(10000, 190001, 20000), {5: 2.1017e-4, 9: 2.0406e-9, 10: 7.4003e-11, 20: 4.1123e-28}),
])
def test_the_published_median_criterion(sizes, printed):
    grid = paper_grid(sizes)
    for theta, value in printed.items():
        assert thresholds.grid_statistic(grid, theta) == pytest.approx(value, rel=5e-5)
    assert [hb.optimal_threshold(grid, criterion=c).theta for c in ("median", "mean", "maximum")] == [10, 12, 14]


@pytest.mark.parametrize("nu, s, theta", [(0.1, 12, 7), (0.2, 17, 8), (0.3, 23, 9), (0.5, 41, 11)])
def test_smallest_segment_is_smallest(nu, s, theta):
    found = thresholds.smallest_segment(100000, 0.02, nu)
    assert (found.s, found.theta) == (s, theta)
    for smaller in range(1, s):
        for threshold in range(1, smaller + 1):
            try_ = hb.solve(Dendrite(n=100000, a=2000, s=smaller, theta=threshold, segments=500, noise=round(nu * 2000)))
            assert try_.neuron_false_positive > 1e-6 or try_.false_negative > 1e-3


def test_two_sided_thresholds():
    model = Dendrite(n=100000, a=2000, s=30, segments=500, noise=600)
    best = hb.optimal_threshold(model)
    assert best.theta == 9 and best.value == best.false_positive + best.false_negative
    target = hb.optimal_threshold(model, criterion="target", false_positive=1e-6, false_negative=0.05)
    assert hb.solve(Dendrite(n=100000, a=2000, s=30, segments=500, theta=target.theta - 1)).neuron_false_positive > 1e-6
    with pytest.raises(hb.NoSolution, match="more synapses"):
        hb.optimal_threshold(model, criterion="target", false_positive=1e-12, false_negative=1e-9)
    tau = thresholds.balanced_fraction(0.02, 0.3)
    assert scaling.relative_entropy(tau, 0.02) == pytest.approx(scaling.relative_entropy(tau, 0.7), rel=1e-12)
