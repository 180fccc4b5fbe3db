"""A neuron whose segments share synapses: union of events and brute force against 1 - (1 - p)^K.

    python experiments/shared_synapses/figure.py [FOLDER]

shared_synapses.png is written into FOLDER (by default results/shared_synapses).  Seeds are fixed; a minute on one core.
"""

import math
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import rare
from hebbian.simulation.segments import Segments
from hebbian.theory import dendrites

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")

#: (cells, active, synapses, threshold, segments): a probable and a rare spike.
NEURONS = [dict(n=200, a=20, s=12, theta=5, K=20), dict(n=2000, a=40, s=20, theta=10, K=50)]
SEED, DRAWS, INPUTS = 20240641, 20_000, 200_000


def neuron(n, s, K, shared, seed):
    """K segments of s synapses of which `shared` are the same cells on all of them."""
    rng = np.random.default_rng((SEED, n, shared, seed))
    core = rng.choice(n, shared, replace=False)
    rest = np.setdiff1d(np.arange(n), core)
    return Segments(n, [np.append(core, rng.choice(rest, s - shared, replace=False)) for _ in range(K)])


def measured(n, a, s, theta, K, shared, brute):
    """Probability that any segment spikes, with its error over eight draws of the segments, and the brute-force one."""
    found, counted = [], []
    for seed in range(8):
        segments = neuron(n, s, K, shared, seed)
        found.append(rare.any_spikes(segments, a, theta, DRAWS, key=("shared", (n, shared), SEED, seed))[0].mean())
        if brute:
            rng = np.random.default_rng((SEED, n, shared, seed, 1))
            inputs = np.argpartition(rng.random((INPUTS // 8, n)), a, axis=1)[:, :a]
            counted.append((segments.spikes(inputs, theta) > 0).mean())
    return np.mean(found), np.std(found, ddof=1) / math.sqrt(8), np.mean(counted) if brute else math.nan


def draw():
    figure, axes = plt.subplots(1, 2, figsize=(9.0, 4.0))
    for ax, fields in zip(axes, NEURONS):
        n, a, s, theta, K = (fields[name] for name in ("n", "a", "s", "theta", "K"))
        exact = hb.solve(hb.Dendrite(n=n, a=a, s=s, theta=theta, segments=K))
        model = hb.Dendrite(n=n, a=a, s=s, theta=theta, segments=K)
        p, shared = exact.false_positive, np.arange(0, s + 1, 2)
        rows = np.array([measured(**fields, shared=int(c), brute=exact.neuron_false_positive > 1e-3) for c in shared])
        theory = np.array([dendrites.shared_core_false_positive(model, c) for c in range(s + 1)])
        ax.axhline(1, color="#D55E00", linestyle="--", linewidth=1, label="$1 - (1 - p)^K$")
        ax.plot(range(s + 1), theory / exact.neuron_false_positive, color="#0072B2", label="independent given the shared cells")
        ax.errorbar(
            shared,
            rows[:, 0] / exact.neuron_false_positive,
            rows[:, 1] / exact.neuron_false_positive,
            linestyle="none",
            marker="o",
            color="#0072B2",
            label="union of events",
            zorder=4,
        )
        if np.isfinite(rows[:, 2]).any():
            ax.plot(shared, rows[:, 2] / exact.neuron_false_positive, "s", color="black", markerfacecolor="none", markersize=9,
                    label="brute force", zorder=3)
        ax.set(
            xlabel=f"synapses shared by all segments, of {s}",
            xticks=shared,
            ylim=(0, 1.15),
            ylabel="neuron false positive / $[1 - (1-p)^K]$",
            title=rf"$n = {n}$, $a = {a}$, $s = {s}$, $\theta = {theta}$, $K = {K}$",
        )
        ax.legend(loc="lower left")
        print(f"n = {n}: p = {p:.5g}, 1 - (1-p)^K = {exact.neuron_false_positive:.5g}")
        for c, (mean, error, brute) in zip(shared, rows):
            print(f"  {c:2d} shared: {mean:.6g} +- {error:.2g}, theory {theory[c]:.6g}, brute force {brute:.5g}, "
                  f"1 - (1-p)^K / measured {exact.neuron_false_positive / mean:.3f}")
    return figure


def main(folder="results/shared_synapses"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.style.context(STYLE):
        draw().savefig(Path(folder) / "shared_synapses.png")
    print(Path(folder) / "shared_synapses.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
