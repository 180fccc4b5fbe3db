"""At which load is the first of K Gaussian patterns lost?  Patterns of small norm against the averaged noise, lam = 1/2.

    python experiments/gauss_all_patterns/figure.py [FOLDER]

Computes everything (three minutes of one core), prints the table of notes.md and writes gauss_all_patterns.png into FOLDER (by
default results/gauss_all_patterns).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import gammainc

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import with_error

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
MODEL = hb.ModernHopfield(lam=0.5, ensemble="gauss")
SIZES = {20: 400, 30: 300, 40: 200, 50: 40}
SEED = 20261105


def critical(N, sample, largest):
    """Load at which the first pattern of a growing memory has no longer the weight 1/2 after one step from itself."""
    K = round(np.exp(largest * N))
    patterns = simulation.memories(MODEL, N, 0, K, seed=SEED, sample=sample)
    counts, lost = np.unique(np.exp(np.linspace(0.1, largest, 60) * N).round().astype(int)), K + 1
    norms = np.einsum("kn,kn->k", patterns, patterns)
    # Only patterns of small norm can go first; the others are looked at too, in order of their norm, while that can matter.
    for pattern in np.argsort(norms)[:400]:
        weights = np.exp(MODEL.lam * (patterns @ patterns[pattern] - norms[pattern]))
        weights[pattern] = 0
        beaten = np.cumsum(weights)[counts - 1] > 1
        beaten &= counts > pattern
        if beaten.any():
            lost = min(lost, counts[beaten.argmax()])
    return np.log(lost) / N


def predicted(N, alpha):
    """Probability that no pattern is lost, exp(-K P(chi^2_N < ln K / (lam - lam^2 / 2))): nothing fitted."""
    return np.exp(-np.exp(alpha * N) * gammainc(N / 2, alpha * N / (MODEL.lam - MODEL.lam**2 / 2) / 2))


def draw(folder):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.0), width_ratios=(1.5, 1))
    grid, colours = np.linspace(0.12, 0.21, 300), plt.cm.viridis(np.linspace(0.85, 0.1, len(SIZES)))
    print("  N   half of the memories   chi-square formula")
    for (N, samples), colour in zip(SIZES.items(), colours, strict=True):
        loads = np.array([critical(N, sample, 0.215 if N < 50 else 0.185) for sample in range(samples)])
        value, error = simulation.half_load(loads[:, None])
        formula = hb.capacity(MODEL, N=N, patterns="all")
        print(f"{N:3d}   {with_error(value, error):12s}           {formula:.4f}", flush=True)
        left.plot(grid, predicted(N, grid), color=colour)
        steps = np.linspace(0.13, 0.2, 15)
        fraction = (loads[:, None] > steps).mean(axis=0)
        left.errorbar(steps, fraction, np.sqrt(fraction * (1 - fraction) / samples), color=colour, marker="o", linestyle="none",
                      label=f"$N = {N}$, {samples} memories")
        right.errorbar(1 / N, value, error, marker="o", color=colour, zorder=3)
    left.set(xlabel=r"load $\alpha = \ln K / N$", ylabel="memories with no pattern lost", xlim=(0.125, 0.205))
    left.legend(loc="lower left")
    sizes = np.arange(15, 400)
    right.plot(1 / sizes, [hb.capacity(MODEL, N=int(N), patterns="all") for N in sizes], color="C0", label="chi-square formula")
    right.plot(0, hb.capacity(MODEL, patterns="all"), marker="D", color="C0", clip_on=False, label=r"$N \to \infty$: 0.1527")
    right.set(xlabel="$1 / N$", ylabel="load at one half", xlim=(0, 0.06), ylim=(0.145, 0.185))
    right.legend(loc="upper left")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "gauss_all_patterns.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/gauss_all_patterns"))
