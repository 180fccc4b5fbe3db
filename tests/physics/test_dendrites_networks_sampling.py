"""Nets of dendrites at finite size beside their closed forms, with the textbook formula as the control that fails."""

import pytest

import hebbian as hb

NETS = [
    hb.Willshaw(n=400, a=8, patterns=1500), hb.Willshaw(n=400, a=20, patterns=400, s=12, theta=9, segments=5),
    hb.Willshaw(n=400, a=20, patterns=400, s=12, theta=9, segments=10, noise=4),
    hb.Willshaw(n=200, a=14, patterns=300, s=10, theta=6, segments=20, noise=6),
    hb.Willshaw(n=200, a=14, patterns=200, s=10, theta=8, noise=5),
]


@pytest.mark.parametrize("model", NETS, ids=str)
def test_willshaw_nets(model):
    run, exact = hb.simulate(model, samples=24, seed=61), hb.solve(model)
    for name in ("spurious", "miss"):
        # 24 nets: Student's t with 23 degrees of freedom exceeds 5 with probability 5e-5.
        assert abs(getattr(run, name).mean - getattr(exact, name)) <= 5 * getattr(run, name).error, name
    assert run.spurious.error > 0 and run.spurious.error < 0.1 * exact.spurious


def test_independent_synapses_are_the_wrong_theory():
    model = hb.Willshaw(n=400, a=8, patterns=1500)
    run, exact = hb.simulate(model, samples=48, seed=62), hb.solve(model)
    assert abs(run.spurious.mean - exact.spurious) < 5 * run.spurious.error
    assert run.spurious.mean - exact.textbook > 10 * run.spurious.error


def test_misses_are_fewer_than_those_of_one_segment():
    """Other patterns and other segments rescue a unit: the lone segment's miss is the control."""
    model = hb.Willshaw(n=400, a=20, patterns=400, s=12, theta=9, segments=10, noise=4)
    run = hb.simulate(model, samples=24, seed=63)
    alone = hb.solve(hb.Dendrite(n=400, a=20, s=12, theta=9, noise=4)).false_negative
    assert alone - run.miss.mean > 10 * run.miss.error


def test_sequence_memory():
    model = hb.SequenceMemory(n=400, a=40, s=16, theta=8, transitions=4000)
    run, exact = hb.simulate(model, samples=12, probes=300, seed=64), hb.solve(model)
    assert abs(run.false_prediction.mean - exact.false_prediction) < 5 * run.false_prediction.error
    # A ratio of means against a mean of ratios: relative O(variance of the count over (a + F(n - a))^2) below 1 %.
    assert run.jaccard.mean == pytest.approx(exact.jaccard, abs=5 * run.jaccard.error + 0.01)
    halved = hb.solve(hb.SequenceMemory(n=400, a=40, s=16, theta=8, transitions=2000))
    assert run.false_prediction.mean - halved.false_prediction > 5 * run.false_prediction.error
