"""Cold retrieval beyond the replica-symmetric load: parallel tempering from a pattern, beside plain runs of equal cost.

    python experiments/beyond_replica_symmetry/tempering.py N ALPHA [FOLDER]

p = 3, distinct indices, T = 0.03.  The ladder ends at T = 0.21, where nothing is retrieved beyond a load of 0.135: through that
end a configuration can leave its pattern for another one or for none, so that beside the overlap with the first pattern the
largest with any is measured, on the final spins.  Appends one row to tempering_N.csv in FOLDER
(results/beyond_replica_symmetry).
"""

import sys
from pathlib import Path

import numpy as np

import hebbian as hb
from hebbian.patterns import rademacher

LADDER = np.linspace(0.03, 0.21, 13)
SAMPLES = {100: 16, 200: 12}
SWEEPS = 250  # burn-in and measurement each
SEED = 20261122


def largest(spins, model, N):
    """Largest overlap of final spins (samples, ladders, N) with any pattern, as an Estimate over samples."""
    K = model.patterns(N)
    values = [np.max(rademacher(N, K, seed=SEED, sample=k).unpack(0, K).astype(np.float32) @ s.T) / N
              for k, s in enumerate(spins)]
    return hb.Estimate(np.array(values, float))


def main(N, alpha, folder="results/beyond_replica_symmetry"):
    N, alpha, target = int(N), float(alpha), Path(folder)
    model, common = hb.DenseHopfield(p=3, alpha=alpha), dict(N=N, samples=SAMPLES[int(N)], seed=SEED)
    ladder = hb.temper(model, T=LADDER, burn_in=SWEEPS, sweeps=SWEEPS, **common)
    short = hb.simulate(model, T=LADDER[0], burn_in=50, sweeps=50, **common)
    long = hb.simulate(model, T=LADDER[0], burn_in=SWEEPS * LADDER.size, sweeps=SWEEPS * LADDER.size, **common)
    cold = {"short": short.m, "long": long.m, "tempering": hb.Estimate(ladder.m.values[:, 0]),
            "any": largest(ladder.spins[:, 0], model, N), "energy": hb.Estimate(ladder.energy.values[:, 0]),
            "long_energy": long.energy}
    print(f"N = {N}, alpha = {alpha}: {', '.join(f'{name} {value}' for name, value in cold.items())}; exchange "
          f"{ladder.exchange.mean.min():.2f} to {ladder.exchange.mean.max():.2f}, {ladder.round_trips} round trips", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"tempering_{N}.csv"
    if not path.exists():
        path.write_text(",".join(["alpha", *(f"{name}{suffix}" for name in cold for suffix in ("", "_error"))]) + "\n")
    with path.open("a") as file:
        file.write(",".join([f"{alpha}", *(f"{v:.6f}" for value in cold.values() for v in (value.mean, value.error))]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
