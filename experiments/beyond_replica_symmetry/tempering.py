"""Cold retrieval beyond the replica-symmetric load: parallel tempering from the pattern, beside plain runs of equal cost.

    python experiments/beyond_replica_symmetry/tempering.py N [FOLDER]

p = 3, distinct indices, T = 0.03.  The ladder ends at T = 0.21, where nothing is retrieved beyond a load of 0.13, so that a
configuration can leave its pattern through the hot end.  Writes tempering_N.csv into FOLDER (results/beyond_replica_symmetry).
"""

import sys
from pathlib import Path

import numpy as np

import hebbian as hb

LADDER = np.linspace(0.03, 0.21, 13)
LOADS = (0.10, 0.12, 0.14, 0.155, 0.17, 0.19)
SAMPLES = {100: 16, 200: 12}
SWEEPS = 500  # burn-in and measurement each
SEED = 20261122


def main(N, folder="results/beyond_replica_symmetry"):
    N, target = int(N), Path(folder)
    names = ("tempering", "short", "long", "energy", "long_energy")
    rows = [",".join(["alpha", *(f"{name}{suffix}" for name in names for suffix in ("", "_error"))])]
    for alpha in LOADS:
        model, common = hb.DenseHopfield(p=3, alpha=alpha), dict(N=N, samples=SAMPLES[N], seed=SEED)
        ladder = hb.temper(model, T=LADDER, burn_in=SWEEPS, sweeps=SWEEPS, **common)
        short = hb.simulate(model, T=LADDER[0], burn_in=SWEEPS // 10, sweeps=SWEEPS // 10, **common)
        long = hb.simulate(model, T=LADDER[0], burn_in=SWEEPS * LADDER.size, sweeps=SWEEPS * LADDER.size, **common)
        e = hb.Estimate(ladder.energy.values[:, 0])
        pairs = [hb.Estimate(ladder.m.values[:, 0]), short.m, long.m, e, long.energy]
        rows.append(",".join([f"{alpha}"] + [f"{value:.6f}" for p in pairs for value in (p.mean, p.error)]))
        print(f"N = {N}, alpha = {alpha}: m = {pairs[0]} tempered, {short.m} after {SWEEPS // 10} sweeps, {long.m} after "
              f"{SWEEPS * LADDER.size}; e = {e} tempered, {long.energy} plain; exchange {ladder.exchange.mean.min():.2f} to "
              f"{ladder.exchange.mean.max():.2f}, {ladder.round_trips} round trips", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    (target / f"tempering_{N}.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
