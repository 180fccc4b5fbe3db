"""Phases of 2, 3 and 5 patterns in the plane of dilution and temperature: boundaries of theory, states of a simulation on top.

    python experiments/dt_phase_diagram/figure.py [FOLDER]

The simulation (N = 10^4, hierarchical start, a few minutes) is kept in FOLDER/dt_phase_diagram.npz and only run if that file
is not there; FOLDER is results/dt_phase_diagram by default.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

PATTERNS = (2, 3, 5)
N, SEED = 10_000, 20261123
LINES = {"T_c": ("black", "-", r"$T_c$"), "T_pure": ("#0072B2", "-", r"$T_{pure}$"), "T_2": ("#0072B2", "--", "$T_2$"),
         "T_3": ("#0072B2", ":", "$T_3$"), "T_4": ("#0072B2", "-.", "$T_4$"), "d_c": ("#D55E00", "--", "$d_c$"),
         "d_x": ("#D55E00", "-", "$d_x$")}
SHADES = ["#BDBDBD", "#9ECAE1", "#3182BD", "#08519C", "#54278F", "#3F007D"]


def states(K):
    """(d, T / (1 - d), number of overlaps that are on, ratio of the smallest of these to the largest) of a grid of runs."""
    rows = []
    for d in np.arange(0.05, 0.96, 0.075):
        for tau in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97):
            model = hb.MultitaskingHopfield(K=K, d=d, scale="unit")
            run = hb.simulate(model, N=N, T=tau, samples=1, burn_in=150, sweeps=100, seed=SEED, start="hierarchical")
            m = run.m.mean
            on = m > max(0.1, 4 / np.sqrt(N * (1 - d)))
            rows.append((d, tau, on.sum(), m[on][-1] / m[0] if on.any() else 0.0))
    return np.array(rows)


def measured(folder):
    """The simulated states, from the file or made now."""
    file = folder / "dt_phase_diagram.npz"
    if not file.exists():
        np.savez(file, **{f"K{K}": states(K) for K in PATTERNS})
    return np.load(file)


def draw(points):
    """One panel for each K: temperature in units of T_c, disks coloured by the number of overlaps, rings if all are alike."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.6), sharey=True)
    for ax, K in zip(axes, PATTERNS):
        diagram = hb.phase_diagram(hb.MultitaskingHopfield(K=K, d=0.5, scale="unit"))
        for name, line in diagram.items():
            if name == f"symmetric_{K}_lower":
                ax.plot(line.d, line.T, color="#009E73", label="equal overlaps: lower")
            elif name == f"symmetric_{K}_upper":
                ax.plot(line.d, line.T, color="#009E73", ls="--", label="upper")
            elif name in LINES:
                colour, dashes, label = LINES[name]
                ax.plot(line.d, line.T, color=colour, ls=dashes, label=label)
        for d, tau, count, ratio in points[f"K{K}"]:
            alike = count > 1 and ratio > 0.8
            ax.plot(d, tau, "o", ms=6.5 if alike else 4.5, mfc=SHADES[int(count)], mec="#009E73" if alike else "none", mew=1.8)
        ax.plot(*diagram["d_star"].d, *diagram["d_star"].T, "k*", ms=9)
        ax.set(title=f"$K = {K}$", xlabel="dilution $d$", xlim=(0, 1), ylim=(0, 1.4), yticks=np.arange(0, 1.1, 0.2))
        ax.legend(loc="upper left", fontsize=7, ncol=2)
    axes[0].set_ylabel("temperature $T / (1 - d)$")
    for count, colour in enumerate(SHADES):
        axes[2].plot([], [], "o", ms=5, color=colour, label=f"{count}")
    axes[2].plot([], [], "o", ms=6, mfc="none", mec="#009E73", mew=1.8, label="all alike")
    handles, labels = axes[2].get_legend_handles_labels()
    figure.legend(handles[-7:], labels[-7:], loc="outside lower center", ncol=7, title="overlaps on, simulation")
    axes[2].legend(handles[:-7], labels[:-7], loc="upper left", fontsize=7, ncol=2)
    return figure


def main(folder="results/dt_phase_diagram"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(measured(folder)).savefig(folder / "dt_phase_diagram.png")
    print(folder / "dt_phase_diagram.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
