"""Gains in float32: an opt-in that rounds energy changes within a stated bound and keeps overlaps and energies exact."""

import numpy as np
import pytest
from hebbian._kernels.dense import DenseKernel

import hebbian as hb
from hebbian import patterns
from hebbian._kernels.integers import plan_of
from hebbian.models.dense import DenseHopfield, integer_table
from kernels.test_dense import advance, boltzmann, p_value, start_spins, table_of
from kernels.test_paths import pair_of

#: src/floats.h: 2^-24 (8 FLOAT_TILE + 4) with tiles of 16 words.
BOUND = 2.0**-24 * (8 * 16 + 4)

CASES = [
    (40, 130, dict(p=3), 0.3), (61, 500, dict(p=4, energy="power"), 0.02), (50, 700, dict(p=5), 0.01),
    (90, 300, dict(p=8), 1e-3), (70, 1, dict(p=8, energy="power"), 1e-4), (20, 10, "kink", 3.0), (22, 1025, "floats", 1e21),
]


def system(N, K, energy, T):
    model = DenseHopfield(K=K, **(energy if isinstance(energy, dict) else {"energy": table_of(N, energy)}))
    return model, float(np.float32(T / float(integer_table(model, N).unit)))


@pytest.mark.parametrize("order", ["sequential", "random", "waiting"])
@pytest.mark.parametrize("N, K, energy, T", CASES, ids=str)
def test_no_flip_of_a_short_run_is_decided_by_rounding(path, N, K, energy, T, order):
    # The chance that rounding decides one of these few thousand flips is below 1e-2 for all cases together.
    model, tau = system(N, K, energy, T)
    (exact, _), (rounded, _) = (pair_of(model, N, K, form, order) for form in (None, "float32"))
    assert rounded.form == "float32"
    first, second = (advance(kernel, (5, 6), 8, tau, "heat_bath") for kernel in (exact, rounded))
    assert first["accepted"].sum() > 10 and np.array_equal(first["overlap"], second["overlap"])
    assert np.array_equal(first["energy"], second["energy"]) and np.array_equal(exact.overlaps, rounded.overlaps)
    assert np.array_equal(exact.spins, rounded.spins)


@pytest.mark.parametrize("N, K, energy, T", CASES, ids=str)
def test_energy_changes_keep_their_bound(path, N, K, energy, T):
    # Metropolis rates are exp(-dE / tau) with a relative error below 2e-7 (2 + dE / tau), so that they show dE where it costs.
    # The control: energy changes 1 per cent off.
    model, _ = system(N, K, energy, T)
    kernel, twin = pair_of(model, N, K, "float32", order="waiting")
    pairs, unit = plan_of(twin.table, N, K).pairs, plan_of(twin.table, N, K).unit

    def changes_of(spins):
        X = twin.patterns @ spins
        flipped = X[:, None] - 2 * twin.patterns * spins
        up, gain = np.abs(pairs.astype(float))[(X + N) // 2].sum(axis=0)
        return (twin.utility(X) - twin.utility(flipped.T)).astype(float), BOUND * (up + 2 * unit * gain) + 2

    largest = np.abs(changes_of(twin.spins[0])[0]).max()
    seen, control = 0, 0
    for tau in (largest, largest / 5, largest / 20):
        tau = float(np.float32(tau))
        advance(kernel, (1, 2), 1, tau, "metropolis")
        for spins, rates in zip(kernel.spins.astype(np.int64), kernel.rates.astype(float)):
            changes, limit = changes_of(spins)
            shown = (changes > 0) & (rates > 1e-30)
            exact, found = changes[shown], -tau * np.log(rates[shown])
            allowed = limit + 3e-7 * (2 * tau + exact)
            assert np.all(np.abs(found - exact) < allowed)
            seen, control = seen + len(exact), control + np.count_nonzero(np.abs(found - 1.01 * exact) > allowed)
    # The control is blind to energies of a few quanta, whose rounding to integers is part of the bound.
    assert seen > N / 2 and (control > seen / 4 or largest < 200)


@pytest.mark.parametrize("p, energy, K, T", [(3, "distinct", 6, 0.25), (4, "power", 8, 0.2)])
def test_rounded_gains_keep_the_boltzmann_distribution(p, energy, K, T):
    # Declared: this seed, 200 000 samples; the control is a temperature off by 10 per cent.
    model = DenseHopfield(K=K, p=p, energy=energy)
    packed = patterns.rademacher(8, K, seed=13, sample=0)
    signs, weights, counts = packed.unpack().astype(np.int64), 2 ** np.arange(8)[::-1], np.zeros(2**8, np.int64)
    table = integer_table(model, 8)
    kernel = DenseKernel(packed.rows, K, table.values, start_spins(8, 20_000, seed=8), "float32")
    for draw in range(10):
        advance(kernel, (23, 8), 8, float(np.float32(T / float(table.unit))), "heat_bath", first=8 * draw)
        counts += np.bincount((kernel.spins > 0) @ weights, minlength=2**8) if draw > 2 else 0
    assert p_value(counts, boltzmann(model, signs, T)) > 1e-6 > p_value(counts, boltzmann(model, signs, 1.1 * T))


def test_the_energy_stays_exact_over_many_flips(path):
    N, K = 100, 300
    kernel, twin = pair_of(DenseHopfield(K=K, p=8), N, K, "float32")
    series = advance(kernel, (5, 6), 60, float(np.float32(np.ptp(twin.table))), "heat_bath")
    assert series["accepted"].sum() > 2000
    X = kernel.spins.astype(np.int64) @ twin.patterns.T
    assert np.array_equal(kernel.overlaps, X) and np.array_equal(kernel.energy, twin.utility(X))
    assert np.array_equal(series["energy"][-1], kernel.energy)


def test_rounding_is_asked_for_by_name_and_reported():
    common = dict(N=60, T=0.05, samples=4, burn_in=5, sweeps=20)
    exact, rounded = (hb.simulate(hb.DenseHopfield(K=200, p=6), gains=gains, **common) for gains in ("exact", "float32"))
    assert np.array_equal(exact.m.values, rounded.m.values) and np.array_equal(exact.energy.values, rounded.energy.values)
    assert rounded.settings.gains == "float32" and "gains='float32'" in str(rounded) and "gains='exact'" in str(exact)


@pytest.mark.parametrize("model, settings, says", [
    (dict(K=5), dict(T=0.0), "whose sign T = 0 needs"), (dict(K=5), dict(N=40_000), "N below 32768"),
    (dict(K=5, protocol="supervised", M=3, r=0.8), {}, "for stored patterns"),
    (dict(K=5), dict(gains="half"), "gains = 'half'")])
def test_what_cannot_be_rounded_is_one_sentence(model, settings, says):
    with pytest.raises(hb.InvalidInput, match=says):
        hb.simulate(hb.DenseHopfield(**model), **(dict(N=50, T=0.3, gains="float32") | settings))
    with pytest.raises(hb.InvalidInput, match="exact gains"):
        hb.ramp(hb.DenseHopfield(K=5), N=50, T=[0.2, 0.3], gains="float32")
