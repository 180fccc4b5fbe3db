"""What the dendrite families accept and refuse, and what their records promise to the sweep engine."""

import numpy as np
import pytest

import hebbian as hb
from hebbian.models import dendrites, sequence, willshaw
from hebbian.models.records import described
from hebbian.simulation import dendrites as simulation
from hebbian.simulation.segments import Segments

GOOD = dict(n=100, a=20, s=10, theta=5)


@pytest.mark.parametrize("change, words", [
    (dict(a=101), "n = 100 cells for a = 101"), (dict(s=21), "a = 20 active cells for s = 21"), (dict(theta=11), "theta = 11"),
    (dict(theta=0), "theta = 0"), (dict(noise=21), "noise = 21"), (dict(n=30, noise=11), "noise from 0 to 10"),
    (dict(patterns=0), "patterns = 0"), (dict(segments=1.5), "segments = 1.5"), (dict(counting="sum"), "union"),
    (dict(n="many"), "n = 'many'"),
])
def test_bad_dendrites_get_one_sentence(change, words):
    with pytest.raises(hb.InvalidInput, match=words):
        hb.Dendrite(**GOOD | change)


@pytest.mark.parametrize(
    "settings, words",
    [
        (dict(trials=0), "trials = 0"),
        (dict(batches=1), "batches = 1"),
        (dict(method="guess"), "direct"),
        (dict(trial=5), "did you mean 'trials'"),
        (dict(method="splitting", trials=40), "particles"),
    ],
)
def test_bad_settings_get_one_sentence(settings, words):
    with pytest.raises(hb.InvalidInput, match=words):
        hb.simulate(hb.Dendrite(**GOOD), **settings)


def test_missing_thresholds_and_undefined_methods():
    with pytest.raises(hb.InvalidInput, match="theta is missing"):
        hb.solve(hb.Dendrite(n=100, a=20, s=10))
    with pytest.raises(hb.InvalidInput, match="counting"):
        hb.simulate(hb.Dendrite(**GOOD, counting="multiplicity"), method="union")
    with pytest.raises(hb.InvalidInput, match="synapses on a segment"):
        hb.simulate(hb.Dendrite(n=10**6, a=20, s=20, theta=10, patterns=10**5))
    with pytest.raises(hb.InvalidInput, match="patterns is missing"):
        hb.solve(hb.Willshaw(n=100, a=5))
    with pytest.raises(hb.InvalidInput, match="one Dendrite"):
        hb.optimal_threshold([(100, 10, 5)], criterion="error")
    for grid in (hb.DenseHopfield(p=2, alpha=0.1), 3, [(100, 10)], []):
        with pytest.raises(hb.InvalidInput, match=r"list of triples \(n, a, s\)"):
            hb.optimal_threshold(grid, criterion="median")
    with pytest.raises(hb.InvalidInput, match="did you mean 'criterion'"):
        hb.optimal_threshold([(100, 10, 5)], criterium="median")


@pytest.mark.parametrize("method", ["direct", "tilt", "union", "splitting"])
@pytest.mark.parametrize("fields", [
    dict(n=1, a=1, s=1, theta=1), dict(n=9, a=9, s=9, theta=9, segments=2), dict(n=9, a=9, s=4, theta=2, patterns=3),
    dict(n=10, a=5, s=5, theta=5, noise=5), dict(n=40, a=39, s=20, theta=1),
], ids=str)
def test_extreme_sizes_are_sampled_without_complaint(fields, method):
    model = hb.Dendrite(**fields)
    run, exact = hb.simulate(model, trials=2000, batches=4, method=method, moves=5), hb.solve(model)
    name = "false_positive" if method != "splitting" else "neuron_false_positive"
    measured, expected = getattr(run, name), getattr(exact, name)
    # Four batches: Student's t with 3 degrees of freedom; certain events must be certain.
    assert abs(measured.mean - expected) <= 30 * measured.error + 1e-12
    assert 0 <= measured.mean <= 1 + 1e-12


def test_explicit_segments_are_checked():
    for synapses, words in (([[1, 1]], "twice"), ([[5, 100]], "from 0 to n - 1"), ([[]], "1 to 255"), ([], "no segment")):
        with pytest.raises(hb.InvalidInput, match=words):
            Segments(100, synapses)


def test_new_fields_at_their_default_change_no_key():
    assert described(hb.Dendrite(**GOOD)) == (("a", 20), ("n", 100), ("s", 10), ("theta", 5))


def test_thresholds_share_their_segments_and_probes():
    low, high = (hb.simulate(hb.Dendrite(**GOOD | dict(theta=theta)), trials=10**6, seed=2) for theta in (3, 6))
    assert np.array_equal(low.histogram, high.histogram)
    assert low.false_positive.mean == low.histogram[3:].sum() / low.histogram.sum()


@pytest.mark.parametrize("module, model, settings", [
    (dendrites, hb.Dendrite(**GOOD, patterns=2, segments=3, noise=2), dict(trials=10**5, batches=6)),
    (dendrites, hb.Dendrite(**GOOD), dict(trials=600, batches=6, method="tilt")),
    (dendrites, hb.Dendrite(**GOOD, segments=3), dict(trials=600, batches=6, method="union")),
    (dendrites, hb.Dendrite(**GOOD, segments=3), dict(trials=600, batches=6, method="splitting", moves=20)),
    (willshaw, hb.Willshaw(n=60, a=8, s=5, theta=4, patterns=40, segments=2, noise=2), dict(samples=6, probes=20)),
    (sequence, hb.SequenceMemory(n=60, a=8, s=5, theta=4, transitions=50), dict(samples=6, probes=20)),
])
def test_samples_do_not_depend_on_how_they_are_cut(module, model, settings):
    from hebbian.families import room

    simulator, settings = room("simulation", model.family), module.Settings(**settings)
    whole = simulator.measure(model, settings, range(6))
    parts = [simulator.measure(model, settings, part) for part in (range(0, 1), range(1, 4), range(4, 6))]
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([part[name] for part in parts]), equal_nan=True)
    values = simulator.reduce(model, settings, whole)
    axes = {observable.name: len(observable.axes) for observable in module.OBSERVABLES}
    assert values.keys() == axes.keys()
    assert all(value.shape[0] == 6 and value.ndim == 1 + axes[name] for name, value in values.items())
    assert all(value.dtype == np.float64 for value in values.values())
    assert module.operations(model, settings) > 0 and module.memory(model, settings) > 0
    again = simulator.measure(model, type(settings)(**{**vars(settings), "seed": 2}), range(6))
    assert any(not np.array_equal(again[name], whole[name], equal_nan=True) for name in whole)


def test_a_run_prints_and_compares():
    run = hb.simulate(hb.Dendrite(**GOOD), trials=10**6)
    assert "false_positive = " in str(run) and run.realised["trials"] >= 10**6
    assert simulation.dendrites.batch(run.model, run.settings).comparisons * 32 == run.realised["trials"]
