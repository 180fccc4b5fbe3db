"""Does sparsemax retrieve at loads where softmax cannot?  Fractions of queries over the load, simulation on theory.

    python experiments/sparse_vs_softmax/figure.py [FOLDER]

Computes everything (two minutes of one core), prints the table of notes.md and writes sparse_vs_softmax.png into FOLDER (by
default results/sparse_vs_softmax).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import Estimate

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
PANELS = ((20, 0.5, 0.66, 8), (12, 1.0, 1.2, 16))
SEPARATIONS = (("softmax", "C0", "o"), ("entmax15", "C2", "s"), ("sparsemax", "C1", "^"))
SEED = 20261102


def theory(model, N, alpha):
    """Fraction of queries retrieved: a step at the exact one-step load for softmax, the law of the best rival for the rest."""
    if model.separation == "softmax":
        return float(alpha < hb.capacity(model, N=N))
    return hb.solve(hb.ModernHopfield(alpha=alpha, lam=model.lam, separation=model.separation), N=N).exact


def draw(folder):
    fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.0), sharey=True)
    for ax, (N, lam, top, samples) in zip(axes, PANELS, strict=True):
        loads, fine = np.linspace(0.2, top, 13), np.linspace(0.15, top, 200)
        for separation, colour, marker in SEPARATIONS:
            model = hb.ModernHopfield(lam=lam, separation=separation)
            critical = simulation.critical_loads(model, N=N, K=round(np.exp(top * N)) + 1, samples=samples, queries=32,
                                                 seed=SEED)
            fractions = [Estimate((critical > alpha).mean(axis=1)) for alpha in loads]
            ax.plot(fine, [theory(model, N, alpha) for alpha in fine], color=colour, zorder=1)
            ax.errorbar(loads, [f.mean for f in fractions], [f.error for f in fractions], marker=marker, color=colour,
                        linestyle="none", label=separation, zorder=3)
            rows = [f"{alpha:.3f}: {f} ({theory(model, N, alpha):.3f})" for alpha, f in zip(loads, fractions, strict=True)]
            print(f"N = {N}, lam = {lam}, {separation}:", ", ".join(rows[::2]), flush=True)
        ax.set(xlabel=r"load $\alpha = \ln K / N$", title=rf"$N = {N}$, $\lambda = {lam:g}$", ylim=(-0.03, 1.03))
    axes[0].set_ylabel("fraction of queries retrieved")
    axes[0].legend(loc="center left")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "sparse_vs_softmax.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/sparse_vs_softmax"))
