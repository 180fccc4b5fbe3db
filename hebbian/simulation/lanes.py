"""One quadratic sample at several temperatures: side by side in the lanes of one kernel, as long as that is faster.

Every temperature keeps its own random key, so that its series is, bit for bit, that of a run alone.  Lanes cost the same
however cold they are; a kernel alone is the faster the fewer flips it accepts, so the acceptance decides, again and again.
"""

import numpy as np

from hebbian.simulation import montecarlo
from hebbian.simulation.montecarlo import REPLICAS, Series

#: Parts of a run between two decisions.
PARTS = 16

#: Acceptance that is expected of a run that has not begun.
EXPECTED = 0.3


def evolve(packed, table, start: np.ndarray, keys, taus, points) -> list[Series]:
    """Whole series of one sample at every temperature of `points`, which are settings that differ in T only.

    packed : patterns; table : integers of U; start : spins that both replicas start from at every temperature, int8
    (replicas, N); keys, taus : random key of the dynamics and temperature in quanta, one a point.
    """
    from hebbian._kernels.dense import DenseKernel, LaneKernel, lanes_pay

    first, N = points[0], packed.N
    total, cost = first.burn_in + first.sweeps, float(N) * packed.K * REPLICAS
    chunk = max(1, min(total // PARTS, int(montecarlo.CHUNK / (cost * len(points)))))
    series = [Series.empty(total) for _ in points]
    spins, done = np.tile(start, (len(points), 1)), 0
    acceptance = np.full(len(spins), EXPECTED)
    if lanes_pay(N, packed.K, acceptance):
        kernel, replicas = LaneKernel(packed.rows, packed.K, table.values, spins), np.tile(np.arange(REPLICAS), len(points))
        while done < total and lanes_pay(N, packed.K, acceptance):
            rows = slice(done, min(done + chunk, total))
            found = kernel.run(np.repeat(keys, REPLICAS, axis=0), replicas, done, np.repeat(taus, REPLICAS),
                               first.rule == "heat_bath", rows.stop - done)
            _store(series, rows, *found)
            acceptance, done = found[2].mean(axis=0) / N, rows.stop
        spins = kernel.spins
    if done < total:
        for k, point in enumerate(points):
            alone = DenseKernel(packed.rows, packed.K, table.values, spins[REPLICAS * k:REPLICAS * (k + 1)])
            montecarlo.evolve(alone, keys[k], point, taus[k], cost, series=series[k], start=done)
    return series


def _store(series, rows, overlap, energy, accepted, agreement):
    """Deal the rows of a kernel's series to the temperatures."""
    for k, one in enumerate(series):
        pair = slice(REPLICAS * k, REPLICAS * (k + 1))
        one.overlap[rows], one.energy[rows], one.accepted[rows] = overlap[:, pair], energy[:, pair], accepted[:, pair]
        one.agreement[rows] = agreement[:, k]
