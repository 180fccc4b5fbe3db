"""Records and runs of multitasking networks: what they accept, what they refuse, and that sums become the right floats."""

from fractions import Fraction

import numpy as np
import pytest

import hebbian as hb
from hebbian.models import multitasking
from hebbian.models.multitasking import MultitaskingHopfield, Settings
from hebbian.simulation import multitasking as simulation

SHORT = dict(N=200, T=0.1, samples=3, burn_in=10, sweeps=30, seed=5)
MODELS = {
    "storage": MultitaskingHopfield(K=3, d=0.4),
    "unit": MultitaskingHopfield(K=3, d=0.4, scale="unit"),
    "supervised": MultitaskingHopfield(K=2, d=0.3, protocol="supervised", M=5, r=0.5),
    "unsupervised": MultitaskingHopfield(K=2, d=0.3, protocol="unsupervised", M=5, r=0.5),
}


@pytest.mark.parametrize("fields, says", [
    (dict(K=2, d=1.0), "d = 1.0"), (dict(K=2, d=-0.1), "d = -0.1"), (dict(d=0.3), "both missing"), (dict(K=0, d=0.3), "K = 0"),
    (dict(K=2, alpha=0.1, d=0.3), "both given"), (dict(alpha=0.0, d=0.3), "alpha = 0.0"),
    (dict(K=2, d=0.3, scale="big"), "'big'"),
    (dict(K=2, d=0.3, protocol="none"), "'none'"), (dict(K=2, d=0.3, M=4), "no meaning"),
    (dict(K=2, d=0.3, protocol="supervised", r=0.0), "r = 0.0"), (dict(K=2, d=0.3, protocol="supervised", M=0), "M = 0")])
def test_models_refuse_what_has_no_meaning(fields, says):
    with pytest.raises(hb.InvalidInput) as error:
        MultitaskingHopfield(**fields)
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("model, N, says", [
    (MultitaskingHopfield(alpha=0.001, d=0.3), 100, "rounds to K = 0"), (MultitaskingHopfield(K=2000, d=0.3), 10**6, "2\\^30"),
    (MultitaskingHopfield(K=2, d=0.3, protocol="supervised", M=2000, r=0.1), 10**6, "overflows")])
def test_model_and_size_must_fit(model, N, says):
    with pytest.raises(hb.InvalidInput, match=says):
        multitasking.check(model, Settings(N=N, T=0.5))


def test_weights_of_the_hamiltonians_are_exact():
    half = dict(M=4, r=0.5)
    R = Fraction(1, 4) + Fraction(3, 16)
    assert MultitaskingHopfield(K=1, d=0.5).coupling(10) == Fraction(1, 10)
    assert MultitaskingHopfield(K=1, d=0.5, scale="unit").coupling(10) == Fraction(1, 5)
    assert MultitaskingHopfield(K=1, d=0.5, protocol="supervised", **half).coupling(10) == 1 / (10 * R * 16)
    assert MultitaskingHopfield(K=1, d=0.5, protocol="unsupervised", **half).coupling(10) == 1 / (10 * R * 4)
    assert MultitaskingHopfield(K=1, d=0.5, protocol="supervised", **half).rho == 3.0 / 4


@pytest.mark.parametrize("name", MODELS)
def test_observables_are_those_of_the_spins(name):
    model = MODELS[name]
    run = hb.simulate(model, **SHORT | dict(sweeps=1), record=("series", "spins"))
    settings, N = run.settings, 200
    for sample in range(3):
        truth = simulation.entries(model, settings, sample).astype(float)
        rows = simulation.rows(model, settings, sample, truth.astype(np.int8)).astype(float)
        spins = run.spins[sample].astype(float)
        m = spins @ truth.T / (N * model.unit)
        assert np.allclose(run.series["m"][sample, 0], m, rtol=0, atol=1e-14)
        order = np.argsort(-np.abs(m), axis=1)
        assert np.allclose(run.m.values[sample], np.take_along_axis(np.abs(m), order, 1).mean(axis=0), rtol=0, atol=1e-14)
        assert run.m2.values[sample] == pytest.approx((m**2).sum(axis=1).mean(), abs=1e-14)
        data = (spins @ rows.T).reshape(2, model.K, -1).sum(axis=2)
        data = data / (1 if model.protocol == "storage" else model.M * model.r * (1 + model.rho)) / (N * model.unit)
        data = np.take_along_axis(data * np.sign(m), order, 1).mean(axis=0)
        assert np.allclose(run.n.values[sample], data, rtol=0, atol=1e-13)
        J = rows.T @ rows * float(model.coupling(N))
        np.fill_diagonal(J, 0)
        energy = [-s @ J @ s / (2 * N) for s in spins]
        assert run.energy.values[sample] == pytest.approx(np.mean(energy), abs=1e-13)
        assert np.allclose(run.series["energy"][sample, 0], energy, rtol=0, atol=1e-13)


def test_the_two_scales_are_one_system():
    # In the unit scale T, overlaps and energies are those of the plain one over 1 - d; the thresholds agree to rounding.
    plain, unit = MODELS["storage"], MODELS["unit"]
    settings = dict(N=200, samples=2, burn_in=5, sweeps=5, start="hierarchical")
    tau = [simulation._temperature(model, Settings(N=200, T=T)) for model, T in ((plain, 0.06), (unit, 0.1))]
    assert tau[0] == pytest.approx(tau[1], rel=1e-6)
    runs = [hb.simulate(model, T=0.0, **settings) for model in (plain, unit)]
    for name in ("m", "energy"):
        assert np.allclose(getattr(runs[0], name).values / 0.6, getattr(runs[1], name).values)


@pytest.mark.parametrize("name", MODELS)
def test_measuring_in_blocks_equals_measuring_at_once(name):
    settings = Settings(**SHORT | dict(samples=4))
    whole = simulation.measure(MODELS[name], settings, range(4))
    parts = [simulation.measure(MODELS[name], settings, block) for block in (range(0, 1), range(1, 4))]
    for key, array in whole.items():
        assert len(array) == 4 and np.array_equal(array, np.concatenate([part[key] for part in parts]))


def test_starts():
    model, settings = MODELS["storage"], Settings(N=5000, T=0.0, start="hierarchical")
    truth = simulation.entries(model, settings, 0)
    target = simulation.hierarchical(truth)
    assert np.array_equal(target == 0, ~truth.any(axis=0))
    # Site by site the first pattern rules, then the second where the first is blank: overlaps (1-d) d^(k-1).
    spins = simulation.montecarlo.initial_spins(settings, target, 0).astype(int)
    assert np.allclose(spins @ truth.T / 5000, 0.6 * 0.4 ** np.arange(3), rtol=0, atol=4 / np.sqrt(5000))
    pure = simulation.montecarlo.initial_spins(Settings(N=5000, T=0.0), truth[0], 0).astype(int)
    assert np.allclose(pure @ truth[0] / 5000, np.mean(truth[0] != 0)) and abs(pure[0] @ truth[1]) < 4 * np.sqrt(5000)


def test_given_patterns_and_a_spent_run():
    xi = np.random.default_rng(0).choice([-1, 0, 1], size=(2, 60))
    run = hb.simulate(MODELS["storage"], N=60, T=0.0, samples=3, patterns=xi, start="hierarchical")
    assert run.realised["K"] == 2 and run.m.values.shape == (3, 2) and run.retrieved == 3
    assert np.all(np.diff(run.m.values, axis=1) <= 0)
    with pytest.raises(hb.InvalidInput, match="contains 2"):
        hb.simulate(MODELS["storage"], N=60, T=0.0, patterns=xi * 2)
    with pytest.raises(hb.InvalidInput, match="histogram"):
        hb.simulate(MODELS["storage"], N=60, T=0.0, record=("histogram",))


def test_lines_over_the_dilution_are_drawn_by_name():
    from hebbian.theory.phases import Line

    lines = {name: Line(T=[0.1, 0.2], d=[0.3, 0.4]) for name in ("T_pure", "d_c")} | {"d_star": Line(T=[1 / 3], d=[2 / 3])}
    ax = hb.plots.phase_diagram(lines)
    assert [curve.get_gid() for curve in ax.lines] == list(lines) and "dilution" in ax.get_xlabel()
