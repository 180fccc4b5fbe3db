"""Ramps and parallel tempering: the Boltzmann law at every temperature, hysteresis, and what tempering is for."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

import hebbian as hb
from hebbian.models.dense import integer_table
from hebbian.simulation import tempering


def law(model, signs, T):
    """Exact probabilities of all states of one sample, in the order of their bits, and the mean energy per spin."""
    N = signs.shape[1]
    states = np.array(list(product((-1, 1), repeat=N)))
    table = integer_table(model, N)
    energy = -table.values[(states @ signs.T + N) // 2].sum(axis=1) * float(table.unit)
    weight = np.exp(-(energy - energy.min()) / T)
    return weight / weight.sum(), energy @ weight / weight.sum() / N


def p_value(spins, law):
    counts = np.bincount((spins > 0) @ (2 ** np.arange(spins.shape[1])[::-1]), minlength=len(law))
    expected = law * counts.sum()
    few = expected < 8
    counts, expected = (np.append(array[~few], array[few].sum()) for array in (counts, expected))
    counts, expected = counts[expected > 0], expected[expected > 0]
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


SIGNS = np.array([[1, 1, -1, 1, -1, -1], [1, -1, 1, 1, 1, -1], [-1, 1, 1, 1, -1, 1]])
LADDER = {2: (0.4, 0.7, 1.2), 3: (0.15, 0.4, 1.0)}


def tempered(p, **settings):
    return hb.temper(hb.DenseHopfield(K=3, p=p), N=6, T=LADDER[p], patterns=SIGNS, start="random", burn_in=20, **settings)


@pytest.mark.parametrize("p", [2, 3])
def test_tempering_samples_boltzmann_in_every_slot(p):
    # Declared: 700 runs, seed 5.  Controls: the law of a temperature 10 per cent off, and of the neighbouring slot.
    run = tempered(p, sweeps=10, samples=700, seed=5)
    model = hb.DenseHopfield(K=3, p=p)
    exact = [law(model, SIGNS, T) for T in run.T]
    for slot, (probability, energy) in enumerate(exact):
        spins = run.spins[:, slot].reshape(-1, 6)
        assert p_value(spins, probability) > 1e-5
        assert abs(run.energy.mean[slot] - energy) < 4.5 * run.energy.error[slot]
        assert p_value(spins, exact[slot - 1][0]) < 1e-5
        assert abs(run.energy.mean[slot] - law(model, SIGNS, 1.2 * run.T[slot])[1]) > 4.5 * run.energy.error[slot]
    assert np.all((run.exchange.mean > 0.2) & (run.exchange.mean < 1)) and run.round_trips > 100


def test_exchanges_without_their_acceptance_break_the_law(monkeypatch):
    monkeypatch.setattr(tempering, "_exchanges", lambda key, t, taus, energy: np.arange(2)[:, None] % 2 == [t % 2] * 2)
    run = tempered(2, sweeps=10, samples=300, seed=5)
    assert p_value(run.spins[:, 0].reshape(-1, 6), law(hb.DenseHopfield(K=3), SIGNS, run.T[0])[0]) < 1e-5


def test_lanes_and_single_kernels_temper_alike(monkeypatch):
    model, settings = hb.DenseHopfield(K=8), dict(N=50, T=[0.3, 0.5, 0.8], samples=2, burn_in=10, sweeps=20)
    lanes = hb.temper(model, **settings)
    monkeypatch.setattr(tempering.dense, "runs_in_lanes", lambda model, N: False)
    singles = hb.temper(model, **settings)
    assert np.array_equal(lanes.spins, singles.spins) and np.array_equal(lanes.m.values, singles.m.values)
    assert np.array_equal(lanes.exchange.values, singles.exchange.values) and lanes.exchange.mean.min() > 0


def test_tempering_forgets_its_start_where_one_temperature_sticks():
    # Spin-glass side, alpha = 0.3, T = 0.15: a single temperature remembers its start over the whole run.
    model, common = hb.DenseHopfield(K=24), dict(N=80, samples=24, burn_in=400, sweeps=400, seed=3)
    ladder = np.linspace(0.15, 1.1, 16)
    energy = {start: (hb.simulate(model, T=0.15, start=start, **common).energy.values,
                      hb.temper(model, T=ladder, start=start, **common).energy.values[:, 0])
              for start in ("pattern", "random")}

    def z(route):
        gap = energy["random"][route] - energy["pattern"][route]
        return abs(gap.mean()) / (gap.std(ddof=1) / np.sqrt(len(gap)))

    assert z(1) < 4
    single, tempered = energy["random"]
    assert np.mean(single - tempered) > 3 * np.std(single - tempered, ddof=1) / np.sqrt(len(single))


def test_a_ramp_samples_boltzmann_at_every_leg():
    model, T = hb.DenseHopfield(K=3), (0.5, 1.0, 0.7)
    run = hb.ramp(model, N=6, T=T, patterns=SIGNS, samples=150, burn_in=40, sweeps=100, seed=5)
    for leg, t in enumerate(T):
        assert abs(run.energy.mean[leg] - law(model, SIGNS, t)[1]) < 4.5 * run.energy.error[leg]
        assert abs(run.energy.mean[leg] - law(model, SIGNS, 1.2 * t)[1]) > 4.5 * run.energy.error[leg]


def test_a_first_order_transition_shows_hysteresis():
    model = hb.DenseHopfield(alpha=0.005, p=3)
    up, common = [0.1, 0.2, 0.3], dict(N=150, samples=4, burn_in=50, sweeps=50, seed=2)
    run = hb.ramp(model, T=[*up, 0.2, 0.1], **common)
    heating, hot, cooling = run.m.mean[1:4]
    assert heating > 0.95 and abs(hot) < 0.2 and abs(cooling) < 0.2
    assert np.array_equal(run.m.values[:, :3], hb.ramp(model, T=up, **common).m.values)


def test_errors_name_the_remedy():
    model = hb.DenseHopfield(K=3)
    with pytest.raises(hb.InvalidInput, match="at least two temperatures above 0"):
        hb.temper(model, N=20, T=[0.5])
    with pytest.raises(hb.InvalidInput, match="is no ladder"):
        hb.temper(model, N=20, T=[0.5, 0.4, 0.6])
    with pytest.raises(hb.InvalidInput, match="T = -1"):
        hb.ramp(model, N=20, T=[0.5, -1.0])
