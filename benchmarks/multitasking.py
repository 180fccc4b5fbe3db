"""Ratio of the multitasking kernel to a numba int8 loop: same patterns, same rule, alternating calls on one core.

    python benchmarks/multitasking.py [pairs]

N = 10^5 spins, one quarter of the entries blank, Metropolis.  Cold: T = 0.1 from the hierarchical state; hot: T = 1.5.
Median, smallest and largest of the ratios of neighbouring calls, in process CPU time.
"""

import math
import sys
import time

import numpy as np
from hebbian._kernels.multitasking import MultitaskingKernel
from numba import njit

from hebbian import patterns
from hebbian._kernels import multitasking as kernels
from hebbian.simulation.multitasking import hierarchical

N, d = 100_000, 0.25


@njit(fastmath=True)
def overlap_loop(rows, active, s, n, beta, sweeps):
    """What a careful user writes: int8 entries site by site, int32 overlaps, O(K) an attempt."""
    sites, K = rows.shape
    for _ in range(sweeps):
        for i in range(sites):
            field = np.int32(0)
            for k in range(K):
                field += np.int32(rows[i, k]) * n[k]
            change = 2.0 / sites * (s[i] * field - active[i])
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                step = np.int32(-2 * s[i])
                for k in range(K):
                    n[k] += step * np.int32(rows[i, k])
                s[i] = -s[i]


def contest(K, T, pairs, sweeps=20):
    """Attempts per second of kernel and loop, and the ratios of neighbouring calls."""
    entries = patterns.diluted(N, K, d, seed=1, sample=0)
    target = hierarchical(entries)
    spins = np.where(target == 0, 1, target).astype(np.int8)
    kernel = MultitaskingKernel(entries, spins[None])
    rows, active = np.ascontiguousarray(entries.T), np.count_nonzero(entries, axis=0).astype(np.int32)
    s, n = spins.astype(np.int32), (entries.astype(np.int64) @ spins).astype(np.int32)
    series = [np.zeros((sweeps, 1, K), np.int32), np.zeros((sweeps, 1), np.int64), np.zeros((sweeps, 1), np.int64),
              np.zeros(sweeps, np.int64)]
    first, ratios, rates = 0, [], []
    for pair in range(-1, pairs):  # the first pair warms up and compiles
        began = time.process_time()
        kernel.run(7, 9, first, T * N / 2, False, *series)
        middle = time.process_time()
        overlap_loop(rows, active, s, n, 1 / T, sweeps)
        ended = time.process_time()
        first += sweeps
        if pair >= 0:
            ratios.append((ended - middle) / (middle - began))
            rates.append((sweeps * N / (middle - began), sweeps * N / (ended - middle)))
    return np.array(ratios), np.median(rates, axis=0) / 1e6, series[2].sum() / (sweeps * N)


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(f"path {kernels.active()}, N = {N}, d = {d}, {pairs} pairs")
    print(f"{'K':>3} {'state':>5} {'accepted':>9} {'kernel':>8} {'numba':>8}   ratio [smallest, largest]")
    for K in (5, 20, 50):
        for state, T in (("cold", 0.1), ("hot", 1.5)):
            ratios, (ours, theirs), accepted = contest(K, T, pairs)
            print(f"{K:>3} {state:>5} {accepted:>9.3f} {ours:>6.1f} M {theirs:>6.1f} M   "
                  f"{np.median(ratios):.2f} [{ratios.min():.2f}, {ratios.max():.2f}]", flush=True)


if __name__ == "__main__":
    main()
