"""Phases of 2, 3 and 5 patterns in the plane of dilution and temperature: boundaries of theory, states of a simulation on top.

    python experiments/dt_phase_diagram/figure.py [RESULTS] [FOLDER]

RESULTS is a sweep directory or results file (by default that of sweep.toml); dt_phase_diagram.png is written into FOLDER (by
default the directory of the results).  Prints how often the simulation has as many overlaps as theory.
"""

import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

LINES = {"T_c": ("black", "-", r"$T_c$"), "T_pure": ("#0072B2", "-", r"$T_{pure}$"), "T_2": ("#0072B2", "--", "$T_2$"),
         "T_3": ("#0072B2", ":", "$T_3$"), "T_4": ("#0072B2", "-.", "$T_4$"), "d_c": ("#D55E00", "--", "$d_c$"),
         "d_x": ("#D55E00", "-", "$d_x$")}
SHADES = ["#BDBDBD", "#9ECAE1", "#3182BD", "#08519C", "#54278F", "#3F007D"]


def states(results):
    """(d, T, overlaps that are on, smallest of these over the largest, the number in theory) of every point, one row each.

    On is above 0.1 and above four standard deviations of the overlap of random spins.
    """
    rows, N = [], tomllib.loads(results.attrs["config"])["simulate"]["N"]
    for d in results["d"].values:
        chance = max(0.1, 4 / np.sqrt(N * (1 - d)))
        for T in results["T"].values:
            here = results.sel(d=d, T=T)
            m = here["m"].mean("sample").values
            on = m > chance
            rows.append((d, T, on.sum(), m[on][-1] / m[0] if on.any() else 0.0, (here["m_theory"].values > chance).sum()))
    return np.array(rows)


def draw(points):
    """One panel for each K: temperature in units of T_c, disks coloured by the number of overlaps, rings if all are alike."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.6), sharey=True)
    for ax, K in zip(axes, points):
        diagram = hb.phase_diagram(hb.MultitaskingHopfield(K=K, d=0.5, scale="unit"))
        for name, line in diagram.items():
            if name == f"symmetric_{K}_lower":
                ax.plot(line.d, line.T, color="#009E73", label="equal overlaps: lower")
            elif name == f"symmetric_{K}_upper":
                ax.plot(line.d, line.T, color="#009E73", ls="--", label="upper")
            elif name in LINES:
                colour, dashes, label = LINES[name]
                ax.plot(line.d, line.T, color=colour, ls=dashes, label=label)
        for d, tau, count, ratio, _ in points[K]:
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


def main(source="results/dt_phase_diagram", folder=None):
    results = hb.load(source)
    folder = Path(folder or (source if Path(source).is_dir() else Path(source).parent))
    folder.mkdir(parents=True, exist_ok=True)
    points = {int(K): states(results.sel(K=K)) for K in results["K"].values}
    for K, rows in points.items():
        more, fewer = (rows[:, 2] > rows[:, 4]).sum(), (rows[:, 2] < rows[:, 4]).sum()
        print(f"K = {K}: as many overlaps as theory at {len(rows) - more - fewer} of {len(rows)} points, more at {more}, "
              f"fewer at {fewer}")
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(points).savefig(folder / "dt_phase_diagram.png")
    print(folder / "dt_phase_diagram.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
