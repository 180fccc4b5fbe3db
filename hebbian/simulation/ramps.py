"""Ramps: spins carried through a sequence of temperatures, as in an experiment that heats or cools a sample.

At every temperature the network runs `burn_in` unmeasured and `sweeps` measured sweeps and hands its spins on, so that a list
that rises and falls shows the hysteresis of a first-order transition.  Each leg has its own random key, a function of its
place and its temperature: a ramp extended by further legs repeats the earlier ones bit for bit.
"""

import numpy as np

from hebbian import streams
from hebbian.models import dense
from hebbian.models.records import described
from hebbian.simulation import montecarlo
from hebbian.simulation.ladders import Ladder, each_temperature, energies, sample_of, taus_of
from hebbian.stats import Estimate


def ramp(model, *, T, patterns=None, **settings) -> Ladder:
    """Carry every sample of a dense network through the temperatures `T`, in order.

    Parameters
    ----------
    model : DenseHopfield with a load.
    T : temperatures in the order of the ramp.
    patterns : optional +-1 array (K, N), or (samples, K, N).
    settings : N, samples, burn_in, sweeps (both at every temperature), seed, start, overlap, rule.

    Returns
    -------
    Ladder : m, q, energy, acceptance as Estimates of shape (samples, len(T)); the sign of m is fixed by the start.
    """
    legs, patterns = each_temperature(model, T, settings, patterns)
    taus = taus_of(model, legs)
    values = [_sample(model, legs, taus, sample, patterns) for sample in range(legs[0].samples)]
    estimates = {name: Estimate(np.array([value[name] for value in values])) for name in values[0]}
    return Ladder(model, legs[0], np.array([leg.T for leg in legs]), estimates)


def _sample(model, legs, taus, sample, patterns):
    from hebbian._kernels.dense import DenseKernel

    first = legs[0]
    N, table = first.N, dense.integer_table(model, first.N)
    packed, spins = sample_of(model, first, sample, patterns)
    kernel = DenseKernel(packed.rows, packed.K, table.values, spins)
    sign = np.where(kernel.overlaps[:, 0] < 0, -1, 1)
    rows = []
    for place, (leg, tau) in enumerate(zip(legs, taus)):
        key = streams.key("ramp", model.family, described(model), N, place, leg.T, montecarlo.start_fields(leg), leg.rule,
                          seed=leg.seed, sample=sample)
        measured = montecarlo.evolve(kernel, key, leg, tau, cost=float(N) * packed.K * len(spins))[leg.burn_in:]
        rows.append({
            "m": (measured.overlap * sign).mean() / N,
            "q": measured.agreement.mean() / N,
            "energy": energies(model, N, measured.energy.mean()),
            "acceptance": measured.accepted.mean() / N,
        })
    return {name: [row[name] for row in rows] for name in rows[0]}
