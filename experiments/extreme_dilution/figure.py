"""Extreme dilution: the overlaps of all N^(1/3) patterns, equal above a temperature and spread out below it.

    python experiments/extreme_dilution/figure.py [FOLDER]

The runs are kept in FOLDER/extreme_dilution.npz.  Unit scale: overlaps up to 1, T_c = 1.
"""

import sys
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import multitasking as simulation
from hebbian.theory import multitasking_load as theory

SEED = 20261128
SIZES = {10_000: 24, 100_000: 6, 1_000_000: 1}  # spins: samples
TEMPERATURES = (0.05, 0.10, 0.15, 0.18, 0.21, 0.25, 0.30, 0.40)
COLOURS = ("#0072B2", "#D55E00", "#009E73")


def overlaps(N, T):
    """Magnitudes of the time means of all overlaps, each over the active spins of its pattern; K = N^(1/3) = 1 / (1 - d)."""
    root = round(N ** (1 / 3))
    model = hb.MultitaskingHopfield(K=root, d=1 - 1 / root, scale="unit")
    run = hb.simulate(model, N=N, T=T, samples=SIZES[N], burn_in=300, sweeps=100, seed=SEED, start="random", record=("series",))
    active = [np.count_nonzero(simulation.entries(model, run.settings, sample), axis=1) for sample in range(SIZES[N])]
    return np.abs(run.series["m"].mean(axis=1)) * N / root / np.array(active)[:, None]


def measured(folder):
    file = folder / "extreme_dilution.npz"
    found = dict(np.load(file)) if file.exists() else {}
    for N in SIZES:
        for T in TEMPERATURES:
            if f"{N} {T}" not in found:
                found[f"{N} {T}"] = overlaps(N, T)
                np.savez(file, **found)
    return found


def spread(m):
    """Standard deviation over the patterns of one run, mean and standard error over samples."""
    width = m.std(axis=-1).mean(axis=-1)
    return width.mean(), width.std(ddof=1) / np.sqrt(len(width)) if len(width) > 1 else np.nan


@cache
def predicted(T):
    """Overlaps of 40 kinds of patterns in the infinite network; they settle slowly next to T_sym and at low T."""
    return theory.extreme_overlaps(1.0, T, 40, tolerance=1e-6)


def draw(runs):
    """Left: histograms of three sizes and the overlaps of theory (dashed).  Right: spread against temperature and size."""
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.7), width_ratios=(1, 1, 1, 1.5))
    edges = np.linspace(0.35, 0.95, 41)
    for ax, T in zip(axes, (0.10, 0.18, 0.30)):
        for N, colour in zip(SIZES, COLOURS):
            ax.hist(runs[f"{N} {T}"].reshape(-1), edges, density=True, histtype="step", color=colour, lw=1.5)
        for m, count in zip(*np.unique(predicted(T).round(3), return_counts=True)):
            ax.axvline(m, color="0.2", ls="--", lw=0.5 + count / 20)
        ax.set(xlabel=r"$|m_\mu|$ of all patterns", title=f"$T = {T}$", ylabel="density" if ax is axes[0] else "")
    line = sorted({*TEMPERATURES, 0.13, 0.195, theory.extreme_limit(1.0) + 0.01})
    axes[3].plot(line, [predicted(T).std() for T in line], "k--", lw=1, label="infinite network")
    for N, colour in zip(SIZES, COLOURS):
        points = np.array([spread(runs[f"{N} {T}"]) for T in TEMPERATURES])
        label = f"$N = 10^{{{round(np.log10(N))}}}$"
        axes[3].errorbar(TEMPERATURES, points[:, 0], points[:, 1], fmt="o-", ms=4, lw=0.8, color=colour, label=label)
    axes[3].axvline(theory.extreme_limit(1.0), color="0.6", ls=":", lw=1)
    axes[3].set(xlabel="temperature $T$", ylabel="spread of the overlaps", ylim=(0, 0.16),
                title=r"$\lambda = 1$; dotted: $T_{sym}$")
    axes[3].legend(fontsize=8)
    return figure


def report(runs):
    for T in TEMPERATURES:
        print(f"T = {T:.2f}, theory: mean {predicted(T).mean():.4f}, spread {predicted(T).std():.4f}", end="")
        for N in SIZES:
            m = runs[f"{N} {T}"]
            print(f"   N = {N}: mean {m.mean():.4f}, spread {spread(m)[0]:.4f}({spread(m)[1]:.4f})", end="")
        print()


def main(folder="results/extreme_dilution"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runs = measured(folder)
    report(runs)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(runs).savefig(folder / "extreme_dilution.png")
    print(folder / "extreme_dilution.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
