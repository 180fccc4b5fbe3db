"""Capacities at finite N, one step and iterated, simulated with enough memories to test the theory digit by digit.

    python experiments/one_step_capacity/finite_size.py [iterated | clean | noisy | gauss]

Prints the tables of notes.md (about ten minutes of one core altogether; one table each with an argument).
"""

import sys

import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import with_error

SEED = 20261123

# lam, N, load and half width of the window in which the success of iterated queries falls (from a coarse first run, other seed),
# number of memories
ITERATED = [(0.5, 10, 0.227, 0.030, 400), (0.5, 14, 0.258, 0.020, 300), (0.5, 20, 0.2815, 0.008, 200),
            (0.5, 28, 0.2998, 0.003, 60), (1.0, 10, 0.4755, 0.030, 300), (1.0, 14, 0.5165, 0.012, 100),
            (1.0, 18, 0.5255, 0.005, 24), (2.0, 7, 0.701, 0.050, 300), (2.0, 9, 0.759, 0.035, 200),
            (2.0, 11, 0.7985, 0.022, 100)]


def iterated(lam, N, load, width, memories, queries=16):
    """Load at which half of the queries are at a fixed point with weight above 1/2, and its bootstrap error over memories.

    The patterns nest, so all numbers K share their memories; the success is a straight line in ln K / N after the logit.
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
    print("lam   N   iterated")
    for lam, N, *window in ITERATED:
        print(f"{lam:3.1f} {N:3d}   {with_error(*iterated(lam, N, *window))}", flush=True)


if __name__ == "__main__":
    print_iterated()
