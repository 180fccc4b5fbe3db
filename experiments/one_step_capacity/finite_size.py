"""Capacities at finite N, simulated with enough memories to test the theory digit by digit.

    python experiments/one_step_capacity/finite_size.py [clean] [noisy] [binary] [pairs] [iterated]

Prints the tables of notes.md with the deviation z of simulation from theory in standard errors; one to six minutes of one core
a table.
"""

import sys

import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import with_error
from hebbian.theory import modern_capture, modern_law

SEED = 20261123

# lam, N, load and half width of the window in which the success of iterated queries falls (from a coarse first run with another
# seed), number of memories
ITERATED = [(0.5, 10, 0.227, 0.030, 400), (0.5, 14, 0.258, 0.020, 300), (0.5, 20, 0.2815, 0.008, 200),
            (0.5, 28, 0.2998, 0.003, 60), (1.0, 10, 0.4755, 0.030, 300), (1.0, 14, 0.5165, 0.012, 100),
            (1.0, 18, 0.5255, 0.005, 24), (2.0, 7, 0.701, 0.050, 300), (2.0, 9, 0.759, 0.035, 200),
            (2.0, 11, 0.7985, 0.022, 100)]

ONE_STEP = {  # ensemble, lam, sigma, N, number of memories
    "clean": [("sphere", 0.5, 0, 10, 200), ("sphere", 0.5, 0, 20, 100), ("sphere", 0.5, 0, 28, 60), ("sphere", 1, 0, 10, 200),
              ("sphere", 1, 0, 14, 100), ("sphere", 1, 0, 18, 60), ("sphere", 2, 0, 7, 200), ("sphere", 2, 0, 9, 100),
              ("sphere", 2, 0, 11, 100), ("gauss", 0.5, 0, 16, 400), ("gauss", 0.5, 0, 24, 200)],
    "noisy": [("sphere", 4, 1, 10, 300), ("sphere", 4, 1, 20, 200), ("sphere", 0.5, 1, 10, 300), ("sphere", 0.5, 1, 20, 200),
              ("sphere", 0.5, 1, 36, 60), ("sphere", 4, 0.5, 8, 300), ("sphere", 4, 0.5, 12, 60)],
    "binary": [("binary", 1, 1, 12, 300), ("binary", 1, 1, 20, 200), ("binary", 1, 1, 30, 30), ("binary", 1, 0.5**0.5, 12, 300),
               ("binary", 1, 0.5**0.5, 18, 100), ("binary", 1, 0.5**0.5, 22, 30), ("binary", 0.5, 1, 16, 300),
               ("binary", 0.5, 1, 24, 100), ("binary", 0.5, 1, 40, 30)],
}


def iterated(lam, N, load, width, memories, queries=16):
    """Load at which half of the queries are at a fixed point with weight above 1/2, and its bootstrap error over memories.

    The patterns nest, so all numbers K share their memories; the logit of the success is taken as a straight line in ln K / N.
    """
    sizes = np.unique(np.rint(np.exp(N * np.linspace(load - width, load + width, 5))).astype(int))
    loads = np.log(sizes) / N
    success = np.array([hb.simulate(hb.ModernHopfield(alpha=alpha, lam=lam), N=N, samples=memories, queries=queries,
                                    steps="iterated", seed=SEED).success.values for alpha in loads])

    def crossing(curve):
        slope, level = np.polyfit(loads - load, np.log(curve / (1 - curve)), 1)
        return load - level / slope

    clip = 0.5 / (memories * queries)
    chosen = np.random.default_rng(SEED).integers(0, memories, (400, memories))
    draws = [crossing(np.clip(success[:, rows].mean(axis=1), clip, 1 - clip)) for rows in chosen]
    return crossing(np.clip(success.mean(axis=1), clip, 1 - clip)), np.std(draws, ddof=1)


def print_iterated():
    print("lam   N   iterated      capture   z      map")
    for lam, N, *window in ITERATED:
        model, (value, error) = hb.ModernHopfield(lam=lam), iterated(lam, N, *window)
        theory = modern_capture.iterated(model, N)
        print(f"{lam:3.1f} {N:3d}   {with_error(value, error)}   {theory:.4f}   {(value - theory) / error:5.1f}   "
              f"{hb.capacity(model, N=N, steps='iterated'):.4f}", flush=True)


def print_one_step(rows):
    print("ensemble lam  sigma   N   half load     exact law   z     N = infinity")
    for ensemble, lam, sigma, N, memories in rows:
        model = hb.ModernHopfield(lam=lam, sigma=sigma, ensemble=ensemble)
        theory = modern_law.half_load(model, N)
        # Enough patterns that all but a few queries are lost.
        most = round(np.exp((theory + 0.42 / N**0.5) * N)) if sigma else round(1.6 * np.exp(theory * N))
        if ensemble == "gauss":
            most = round(np.exp(1.25 * theory * N))
        loads = simulation.critical_loads(model, N=N, K=most, samples=memories, queries=64, seed=SEED)
        value, error = simulation.half_load(loads)
        print(f"{ensemble:6s} {lam:4.1f} {sigma:6.3f} {N:3d}   {with_error(value, error)}   {theory:.5f}   "
              f"{(value - theory) / error:5.1f}   {hb.capacity(model):.4f}", flush=True)


def print_pairs():
    """Gaussian patterns of which one overlaps another more than that other itself: the first of all to be lost at large lam."""
    print("  N   half of the memories   Poisson pairs   z")
    for N, memories in ((10, 2000), (20, 1000), (30, 400), (40, 200)):
        model = hb.ModernHopfield(ensemble="gauss", lam=5.0)
        theory = hb.capacity(model, N=N, patterns="all")
        loads = np.log([_first_pair(N, round(np.exp(1.35 * theory * N)), sample) for sample in range(memories)]) / N
        draws = np.random.default_rng(SEED).choice(loads, (400, memories))
        error = np.median(draws, axis=1).std(ddof=1)
        value = np.median(loads)
        print(f"{N:3d}   {with_error(value, error)}   {theory:.4f}   {(value - theory) / error:5.1f}", flush=True)


def _first_pair(N, K, sample):
    patterns = simulation.memories(hb.ModernHopfield(ensemble="gauss"), N, 0, K, seed=SEED, sample=sample)
    overlaps = patterns @ patterns.T
    beaten = overlaps > np.diag(overlaps)[:, None]
    np.fill_diagonal(beaten, False)
    first, second = np.nonzero(beaten)
    return np.min(np.maximum(first, second), initial=K) + 1


if __name__ == "__main__":
    for table in sys.argv[1:] or (*ONE_STEP, "pairs", "iterated"):
        if table in ONE_STEP:
            print_one_step(ONE_STEP[table])
        else:
            {"pairs": print_pairs, "iterated": print_iterated}[table]()
