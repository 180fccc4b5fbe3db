"""Parallel tempering: a ladder of temperatures on one sample, whose neighbours exchange configurations.

After every sweep the slots (2k, 2k+1), after the next one (2k+1, 2k+2), propose to exchange their configurations, accepted
with probability min(1, exp((1/T - 1/T') (E - E'))): detailed balance for the product of all Boltzmann weights (Hukushima,
Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996)).  It helps where a single temperature sticks in a rugged landscape; it does not
carry a system across a first-order transition, where no temperature sees both phases.

Every sample has two independent ladders, so that q is the overlap of independent configurations of one slot.  Random numbers
belong to the slot, not to the configuration.  Quadratic networks run all slots of both ladders side by side in vector lanes.
"""

import math
from dataclasses import dataclass

import numpy as np

from hebbian import streams
from hebbian.errors import InvalidInput
from hebbian.models import dense
from hebbian.models.records import described
from hebbian.simulation import montecarlo
from hebbian.simulation.ladders import Ladder, each_temperature, energies, sample_of, taus_of
from hebbian.stats import Estimate

#: Thresholds of the exchanges are integers in units of this fraction of theta.
EXCHANGE_QUANTUM = 2.0**-20

LADDERS = 2


@dataclass(frozen=True)
class Tempering(Ladder):
    """A Ladder in increasing or decreasing T with its exchanges.

    exchange : Estimate (samples, slots - 1), accepted fraction of the exchanges between neighbours.
    round_trip : mean time in sweeps in which a configuration goes from the first slot to the last and back (infinite if
        none did), from the number `round_trips` of completed ones.
    spins : final spins, int8 (samples, slots, ladders, N).
    """

    exchange: Estimate
    round_trips: int
    round_trip: float
    spins: np.ndarray


def temper(model, *, T, patterns=None, **settings) -> Tempering:
    """Parallel tempering of a dense network on the temperatures `T`, at least two, monotonic and above 0.

    Parameters
    ----------
    model : DenseHopfield with a load.
    T : the ladder; neighbours should exchange in a fifth of their proposals or more.
    patterns : optional +-1 array (K, N), or (samples, K, N).
    settings : N, samples, burn_in, sweeps, seed, start, overlap, rule.

    Returns
    -------
    Tempering : m (mean of |m|, since configurations cross between +xi and -xi), q, energy, acceptance as Estimates of shape
    (samples, len(T)); exchange rates and round trips.
    """
    slots, patterns = each_temperature(model, T, settings, patterns)
    steps = np.diff([slot.T for slot in slots])
    if len(slots) < 2 or min(slot.T for slot in slots) <= 0 or not (np.all(steps > 0) or np.all(steps < 0)):
        raise InvalidInput(f"T = {[slot.T for slot in slots]} is no ladder: give at least two temperatures above 0, "
                           "increasing or decreasing")
    taus = taus_of(model, slots)
    runs = [_sample(model, slots, taus, sample, patterns) for sample in range(slots[0].samples)]
    estimates = {name: Estimate(np.array([run[0][name] for run in runs])) for name in runs[0][0]}
    trips = sum(run[2] for run in runs)
    time = (slots[0].burn_in + slots[0].sweeps) * len(slots) * LADDERS * len(runs)
    return Tempering(model, slots[0], np.array([slot.T for slot in slots]), estimates,
                     Estimate(np.array([run[1] for run in runs])), trips, time / trips if trips else math.inf,
                     np.array([run[3] for run in runs]))


def _sample(model, slots, taus, sample, patterns):
    first = slots[0]
    N, L, R = first.N, len(slots), LADDERS * len(slots)
    table = dense.integer_table(model, N)
    packed, start = sample_of(model, first, sample, patterns)
    fields = (model.family, described(model), N)
    rule = (montecarlo.start_fields(first), first.rule)
    keys = np.array([[streams.key("tempering", *fields, slot, ladder, *rule, seed=first.seed, sample=sample)
                      for ladder in range(LADDERS)] for slot in range(L)])
    exchange_key = streams.key("tempering", *fields, "exchange", *rule, seed=first.seed, sample=sample)

    # Configurations stay where they are and slots move: `holds[slot, ladder]` is the configuration in a slot.
    engine = (_Lanes if dense.runs_in_lanes(model, N) else _Singles)(packed, table.values, np.tile(start, (L, 1)))
    holds = np.arange(R).reshape(L, LADDERS)
    seen = np.full(R, -1)
    seen[holds[0]] = 0
    trips, proposed, exchanged = 0, np.zeros(L - 1), np.zeros(L - 1)
    sums = {name: np.zeros(L) for name in ("m", "q", "energy", "acceptance")}
    for t in range(first.burn_in + first.sweeps):
        key_of, tau_of = np.empty((R, 2), np.uint32), np.empty(R, np.float32)
        key_of[holds], tau_of[holds] = keys, taus[:, None]
        overlap, energy, accepted = engine.sweep(key_of, tau_of, t, first.rule == "heat_bath")
        if t >= first.burn_in:
            spins = engine.spins()
            sums["m"] += np.abs(overlap[holds]).mean(axis=1)
            sums["q"] += np.einsum("ki,ki->k", spins[holds[:, 0]], spins[holds[:, 1]], dtype=np.int64)
            sums["energy"] += energy[holds].mean(axis=1)
            sums["acceptance"] += accepted[holds].mean(axis=1)
        swapped = _exchanges(exchange_key, t, taus, energy[holds])
        proposed[t % 2::2] += LADDERS
        exchanged += swapped.sum(axis=1)
        for slot, ladder in np.argwhere(swapped):
            holds[slot, ladder], holds[slot + 1, ladder] = holds[slot + 1, ladder], holds[slot, ladder]
        # A configuration completes a round trip when it returns to the first slot from the last.
        trips += int(np.count_nonzero(seen[holds[0]] == 1))
        seen[holds[0]] = 0
        seen[holds[-1]] = np.where(seen[holds[-1]] == 0, 1, seen[holds[-1]])
    means = {name: total / first.sweeps for name, total in sums.items()}
    means = {"m": means["m"] / N, "q": means["q"] / N, "energy": energies(model, N, means["energy"]),
             "acceptance": means["acceptance"] / N}
    return means, exchanged / np.maximum(proposed, 1), trips, engine.spins()[holds]


def _exchanges(key, t, taus, energy):
    """Which neighbours exchange after sweep t: bool (slots - 1, ladders); energy is sum U, of shape (slots, ladders)."""
    from hebbian._kernels.dense import thresholds

    L, ladders = energy.shape
    theta = np.stack([thresholds(L - 1, *key, t, ladder, 1 / EXCHANGE_QUANTUM, False) for ladder in range(ladders)], axis=1)
    cost = np.diff(1.0 / taus)[:, None] * np.diff(energy.astype(np.float64), axis=0) / EXCHANGE_QUANTUM
    result = cost < theta
    result[1 - t % 2::2] = False
    return result


class _Lanes:
    """All configurations in the lanes of one kernel."""

    def __init__(self, packed, table, spins):
        from hebbian._kernels.dense import LaneKernel

        self._kernel, self._indices = LaneKernel(packed.rows, packed.K, table, spins), np.zeros(len(spins), np.uint32)

    def sweep(self, keys, taus, t, heat_bath):
        overlap, energy, accepted, _ = self._kernel.run(keys, self._indices, t, taus, heat_bath, 1)
        return overlap[0], energy[0], accepted[0]

    def spins(self):
        return self._kernel.spins


class _Singles:
    """Any U: one kernel a configuration."""

    def __init__(self, packed, table, spins):
        from hebbian._kernels.dense import DenseKernel

        self._kernels = [DenseKernel(packed.rows, packed.K, table, one[None]) for one in spins]

    def sweep(self, keys, taus, t, heat_bath):
        series = montecarlo.Series.empty(len(self._kernels), 1)
        for k, kernel in enumerate(self._kernels):
            row = series[k:k + 1]
            kernel.run(*keys[k], t, taus[k], heat_bath, row.overlap, row.energy, row.accepted, row.agreement)
        return series.overlap[:, 0], series.energy[:, 0], series.accepted[:, 0]

    def spins(self):
        return np.concatenate([kernel.spins for kernel in self._kernels])
