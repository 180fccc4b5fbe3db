"""Simulation of dendrites beside exact counting: every observable, every estimator, with controls that must fail."""

import math

import numpy as np
import pytest

import hebbian as hb
from hebbian.models.dendrites import Dendrite
from hebbian.simulation import rare
from hebbian.simulation.segments import Segments
from hebbian.theory import dendrites as theory

CASES = [
    Dendrite(n=500, a=64, s=24, theta=8, noise=40), Dendrite(n=1000, a=200, s=25, theta=15, patterns=2, noise=80),
    Dendrite(n=1000, a=200, s=25, theta=15, patterns=2, noise=80, counting="multiplicity"),
    Dendrite(n=500, a=40, s=20, theta=14, patterns=4, noise=18), Dendrite(n=400, a=40, s=16, theta=6, segments=5, noise=20),
    Dendrite(n=300, a=30, s=12, theta=7, patterns=3, segments=4, noise=10),
]


@pytest.mark.parametrize("model", CASES, ids=str)
def test_direct_sampling_agrees_with_counting(model):
    run, exact = hb.simulate(model, trials=20_000_000, seed=41), hb.solve(model)
    for name, estimate in run.estimates.items():
        # 32 batches: Student's t with 31 degrees of freedom exceeds 5 with probability 2e-5.
        assert abs(estimate.mean - getattr(exact, name)) <= 5 * estimate.error + 1e-12, name
    assert run.histogram.sum() == run.realised["trials"] and run.false_positive.error > 0


def test_the_mean_size_shortcut_fails_on_union_tails():
    model = Dendrite(n=1000, a=200, s=25, theta=15, patterns=2)
    run = hb.simulate(model, trials=400_000_000, seed=42)
    deviation = {name: (run.false_positive.mean - value) / run.false_positive.error for name, value in [
        ("exact", hb.solve(model).false_positive), ("rounded", theory.mean_size_shortcut(model)),
        ("mean", theory.mean_size_shortcut(model, rounded=False))]}
    assert abs(deviation["exact"]) < 5 and deviation["rounded"] > 50 and deviation["mean"] > 5


def test_union_and_multiplicity_counting_differ():
    fields = dict(n=1000, a=200, s=25, theta=15, patterns=2)
    run = hb.simulate(Dendrite(**fields, counting="multiplicity"), trials=20_000_000, seed=43)
    assert (run.false_positive.mean - hb.solve(Dendrite(**fields)).false_positive) / run.false_positive.error > 20


def test_batches_of_all_pairs_have_binomial_variance():
    """With one pattern a segment the pooled count varies as if all pairs were independent; unions vary more."""
    model = Dendrite(n=60, a=12, s=6, theta=3)
    run = hb.simulate(model, trials=2000 * 256 * 16, batches=2000, seed=44)
    p = hb.solve(model).false_positive
    ratio = run.false_positive.values.var(ddof=1) / (p * (1 - p) / (run.realised["trials"] / 2000))
    # The variance of 2000 batches is known to sqrt(2/1999), 3.2 %.
    assert abs(ratio - 1) < 5 * math.sqrt(2 / 1999)
    union = Dendrite(n=200, a=60, s=10, theta=9, patterns=3)
    run = hb.simulate(union, trials=500 * 256 * 64, batches=500, seed=45)
    p = hb.solve(union).false_positive
    assert run.false_positive.values.var(ddof=1) > 1.5 * p * (1 - p) / (run.realised["trials"] / 500)


def test_no_hit_gives_a_limit_and_no_error_bar():
    run = hb.simulate(Dendrite(n=2000, a=40, s=20, theta=18), trials=1000, seed=1)
    assert run.false_positive.mean == 0 and run.false_positive.error == 0
    assert run.realised["false_positive_limit"] == pytest.approx(-math.log(0.05) / run.realised["trials"])


# Eight probabilities between 1e-6 and 1e-36.
RARE = [dict(n=500, s=24, a=64, theta=12), dict(n=10000, s=30, a=300, theta=12), dict(n=1900, s=24, a=64, theta=12),
        dict(n=200000, s=20, a=2000, theta=10), dict(n=2000, s=30, a=32, theta=15), dict(n=19900, s=24, a=64, theta=12),
        dict(n=1024, s=20, a=20, theta=17), dict(n=200000, s=24, a=2000, theta=20)]


@pytest.mark.parametrize("fields", RARE, ids=str)
def test_tilt_is_unbiased_with_the_stated_variance(fields):
    model = Dendrite(**fields)
    exact = hb.solve(model).false_positive
    assert 1e-37 < exact < 1e-5
    run = hb.simulate(model, method="tilt", trials=120_000, batches=400, seed=51)
    assert abs(run.false_positive.mean - exact) < 3 * run.false_positive.error
    stated = exact * math.sqrt(rare.relative_variance(model) / 120_000)
    # A variance from 400 batches scatters by sqrt(2/399), 7 %; the stated one may be off by a fifth.
    assert run.false_positive.error**2 == pytest.approx(stated**2, rel=0.2)
    # The control: one synapse more in the threshold changes the probability by far more than the error.
    assert abs(run.false_positive.mean - hb.solve(Dendrite(**fields | {"theta": model.theta - 1})).false_positive) \
        > 10 * run.false_positive.error


@pytest.mark.parametrize(
    "model",
    [
        Dendrite(n=20000, a=100, s=25, theta=15, patterns=10),
        Dendrite(n=1000, a=200, s=25, theta=24, patterns=2),
        Dendrite(n=20000, a=100, s=25, theta=15, patterns=10, counting="multiplicity"),
        Dendrite(n=64, a=10, s=10, theta=8, patterns=5),
    ],
    ids=str,
)
def test_tilt_of_unions(model):
    run, exact = hb.simulate(model, method="tilt", trials=64_000, seed=52), hb.solve(model)
    assert abs(run.false_positive.mean - exact.false_positive) < 4 * run.false_positive.error
    assert run.false_positive.error < 0.05 * exact.false_positive


def test_tilt_of_rare_misses():
    model = Dendrite(n=10000, a=300, s=30, theta=12, noise=60)
    run, exact = hb.simulate(model, method="tilt", trials=100_000, seed=53), hb.solve(model)
    assert abs(run.false_negative.mean - exact.false_negative) < 4 * run.false_negative.error
    assert run.false_negative.error < 0.02 * exact.false_negative


@pytest.mark.parametrize("model", [
    Dendrite(n=400, a=40, s=16, theta=8, segments=200), Dendrite(n=2000, a=40, s=20, theta=12, segments=50),
    Dendrite(n=20000, a=400, s=20, theta=19, segments=30), Dendrite(n=300, a=30, s=12, theta=9, patterns=3, segments=20),
], ids=str)
def test_union_of_events_on_fresh_segments(model):
    run, exact = hb.simulate(model, method="union", trials=32_000, seed=54), hb.solve(model)
    # Over independent segments the fixed-segment probabilities average to the closed form; rounding is all that is left
    # where spikes never coincide.
    assert abs(run.neuron_false_positive.mean - exact.neuron_false_positive) \
        < 4 * run.neuron_false_positive.error + 1e-12 * exact.neuron_false_positive
    assert abs(run.false_positive.mean - exact.false_positive) < 4 * run.false_positive.error + 1e-12 * exact.false_positive


def shared_segments(n, common, own, count, seed):
    """Segments that all contain the same `common` cells and `own` cells more."""
    rng = np.random.default_rng(seed)
    core = rng.choice(n, common, replace=False)
    rest = np.setdiff1d(np.arange(n), core)
    return Segments(n, [np.append(core, rng.choice(rest, own, replace=False)) for _ in range(count)])


def test_shared_synapses_break_the_independent_formula():
    """8 of 12 synapses in common: brute force and the union of events agree, 1 - (1-p)^K is wrong by a factor of two."""
    n, a, theta, K = 200, 20, 5, 20
    segments = shared_segments(n, 8, 4, K, seed=6)
    values, p = rare.any_spikes(segments, a, theta, 100_000, key=("test", (), 55, 0))
    rng = np.random.default_rng(7)
    inputs = np.argpartition(rng.random((200_000, n)), a, axis=1)[:, :a]
    brute = (segments.spikes(inputs, theta) > 0).mean()
    error = math.hypot(values.std() / math.sqrt(values.size), math.sqrt(brute * (1 - brute) / 200_000))
    assert abs(values.mean() - brute) < 5 * error
    assert -math.expm1(K * math.log1p(-p)) > 1.7 * values.mean()
    # Over fresh cores and cells the exact average is known in closed form.
    model, found = Dendrite(n=n, a=a, s=12, theta=theta, segments=K), []
    for seed in range(40):
        found.append(
            rare.any_spikes(shared_segments(n, 8, 4, K, seed=100 + seed), a, theta, 2000, key=("test", (), 56, seed))[0].mean()
        )
    spread = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - theory.shared_core_false_positive(model, 8)) < 5 * spread
    # The estimator states its own variance: means of 100 blocks scatter as one value does over the root of the block.
    blocks = values.reshape(100, -1).mean(axis=1)
    assert blocks.var(ddof=1) == pytest.approx(values.var() / 1000, rel=5 * math.sqrt(2 / 99))


@pytest.mark.parametrize(
    "model", [Dendrite(n=500, a=64, s=24, theta=12), Dendrite(n=400, a=40, s=16, theta=10, segments=10)], ids=str
)
def test_splitting_is_unbiased(model):
    run, exact = hb.simulate(model, method="splitting", trials=64 * 200, batches=64, moves=100, seed=56), hb.solve(model)
    assert abs(run.neuron_false_positive.mean - exact.neuron_false_positive) < 4 * run.neuron_false_positive.error
    assert run.neuron_false_positive.error < 0.2 * exact.neuron_false_positive


@pytest.mark.slow
def test_stated_errors_are_the_observed_spread_over_seeds():
    """200 fresh seeds of every estimator: mean of the stated variance against the variance of the means, within a fifth."""
    for method, model, trials in [("tilt", Dendrite(n=500, a=64, s=24, theta=12), 3200),
                                  ("union", Dendrite(n=200, a=20, s=12, theta=5, segments=20), 3200),
                                  ("splitting", Dendrite(n=200, a=20, s=12, theta=6), 32 * 60)]:
        runs = [hb.simulate(model, method=method, trials=trials, moves=60, seed=seed) for seed in range(1000, 1200)]
        stated = np.mean(
            [run.neuron_false_positive.error**2 if method != "tilt" else run.false_positive.error**2 for run in runs]
        )
        means = [(run.neuron_false_positive if method != "tilt" else run.false_positive).mean for run in runs]
        # The variance of 200 means scatters by 10 %.
        assert np.var(means, ddof=1) == pytest.approx(stated, rel=0.2 + 0.1), method
