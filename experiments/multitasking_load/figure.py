"""Many diluted patterns: how much load K = alpha N the retrieval of one pattern, or of two, survives.

    python experiments/multitasking_load/figure.py [FOLDER]

The runs are kept in FOLDER/multitasking_load.npz.  Unit scale throughout: overlaps up to 1, T_c = 1.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory import multitasking_load as theory

SEED, T = 20261127, 0.05
COLOURS = {0.1: "#0072B2", 0.2: "#D55E00", 0.3: "#009E73"}
RELATIVE = np.array([0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.8])  # loads in units of the capacity
SECOND = np.array([0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.4])


def first_overlap(d, N):
    """Median over samples of the largest overlap, from the pattern, at loads RELATIVE to the capacity."""
    top = theory.capacity(1 - d)
    runs = [hb.simulate(hb.MultitaskingHopfield(alpha=x * top, d=d, scale="unit"), N=N, T=T, samples=5, burn_in=150, sweeps=30,
                        seed=SEED) for x in RELATIVE]
    return np.array([np.median(run.m.values[:, 0]) for run in runs])


def second_overlap(d, N):
    """Mean of the second overlap from the hierarchical state of two patterns, at loads SECOND of the capacity."""
    top, found = theory.capacity(1 - d), []
    for x in SECOND:
        model = hb.MultitaskingHopfield(alpha=max(x * top, 2.5 / N), d=d, scale="unit")
        run = hb.simulate(model, N=N, T=T, samples=5, burn_in=100, sweeps=30, seed=SEED, start="hierarchical")
        found.append(run.m.values[:, 1].mean())
    return np.array(found)


def measured(folder):
    file = folder / "multitasking_load.npz"
    if not file.exists():
        found = {f"first {d} {N}": first_overlap(d, N) for d in COLOURS for N in (1000, 3000)}
        found |= {f"second {d}": second_overlap(d, 3000) for d in COLOURS}
        np.savez(file, **found)
    return np.load(file)


def draw(runs):
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.9))
    for d, colour in COLOURS.items():
        top = theory.capacity(1 - d)
        load, m = theory.branch_curve(1 - d, 1, T, 200)
        axes[0].plot(load / top, m, color=colour, label=rf"$d = {d}$, $\alpha_c = {top:.4f}$")
        for N, face in ((1000, "white"), (3000, colour)):
            axes[0].plot(RELATIVE, runs[f"first {d} {N}"], "o", ms=4, color=colour, mfc=face)
        load, m = theory.branch_curve(1 - d, 2, T, 200)
        axes[1].semilogx(load / top, m, color=colour, label=f"$d = {d}$")
        axes[1].semilogx(SECOND, runs[f"second {d}"], "o", ms=4, color=colour)
        axes[1].axvline(d**2, color=colour, ls=":", lw=1)
    axes[0].plot([], [], "o", ms=4, color="0.3", mfc="white", label="$N = 1000$")
    axes[0].plot([], [], "o", ms=4, color="0.3", label="$N = 3000$")
    axes[0].set(xlabel=r"load $\alpha / \alpha_c(d, T = 0)$", ylabel="largest overlap, median", ylim=(0, 1.05),
                title=f"one pattern, $T = {T}$")
    axes[0].legend(fontsize=8, loc="lower left")
    axes[1].set(xlabel=r"load $\alpha / \alpha_c(d, T = 0)$", ylabel="second overlap", xlim=(3e-3, 0.6),
                title="two patterns; dotted: $d^2$")
    axes[1].legend(fontsize=8)
    return figure


def main(folder="results/multitasking_load"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(measured(folder)).savefig(folder / "multitasking_load.png")
    print(folder / "multitasking_load.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
