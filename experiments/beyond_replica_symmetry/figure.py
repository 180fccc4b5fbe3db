"""Where replica symmetry ends: re-entrant spinodals, AT lines, one-step capacities of storage, and what networks do there.

    python experiments/beyond_replica_symmetry/figure.py [FOLDER]

Theory for p = 2, 3, 4; with the files of tempering.py in FOLDER (results/beyond_replica_symmetry) also what it measured.
Writes beyond_replica_symmetry.png there.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement

CASES = ((2, "distinct"), (3, "distinct"), (4, "distinct"), (3, "power"), (4, "power"))
COLD = 0.03  # temperature of tempering.py


def main(folder="results/beyond_replica_symmetry"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 2, figsize=(9.6, 7.4))
        for p, energy in CASES:
            _lines(axes.flat[p - 2], p, energy)
        for p, ax in zip((2, 3, 4), axes.flat):
            ax.set(title=f"$p = {p}$", xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0, None), ylim=(0, None))
            ax.locator_params(axis="x", nbins=5)
            ax.legend(fontsize=7.5, loc="upper right" if p > 2 else "upper left")
        axes.flat[0].set(xlim=(0.136, 0.1386), ylim=(0, 0.06))
        axes.flat[1].set(xlim=(0, 0.2), ylim=(0, 0.4))
        axes.flat[2].set(xlim=(0, 0.05), ylim=(0, 0.115))
        _overlaps(axes.flat[3], target)
        fig.savefig(target / "beyond_replica_symmetry.png")


def _lines(ax, p, energy):
    model = hb.DenseHopfield(p=p, energy=energy)
    lines = hb.phase_diagram(model, points=61)
    flat, broken = hb.capacity(model), hb.capacity(model, rsb=1)
    T = lines["replicon"].T[-1] * np.linspace(0.0, 1.0, 13)
    one_step = np.array([hb.capacity(model, T=t, rsb=1) for t in T])
    fine = np.linspace(0.0, min(2.5 * T[-1], 0.9 * lines["spinodal"].T[-1]), 61)  # the whole line is coarse at low T
    above = lines["spinodal"].T > fine[-1]
    spinodal = [np.append(fine, lines["spinodal"].T[above]),
                np.append([hb.capacity(model, T=t) for t in fine], lines["spinodal"].alpha[above])]
    turn = spinodal[1].argmax()
    print(f"p = {p} {energy}: capacity at T = 0 {flat:.9f} (RS), {broken:.9f} (1RSB, {100 * (broken / flat - 1):.1f} % more); "
          f"RS turns near T = {spinodal[0][turn]:.4f}; the lines join at T = {T[-1]:.5f}, load {one_step[-1]:.9f}; 1RSB "
          f"capacity between {one_step.min():.9f} and {one_step.max():.9f}", flush=True)
    name, dashes = "" if p == 2 else f", {energy}", "-" if energy == "distinct" else "--"
    ax.plot(spinodal[1], spinodal[0], dashes, color="#0072B2", label=f"spinodal (RS){name}")
    ax.plot(lines["replicon"].alpha, lines["replicon"].T, dashes, color="#009E73", lw=1.1, label=f"AT line{name}")
    ax.plot(one_step, T, dashes, color="#CC79A7", label=f"capacity (1RSB){name}")
    ax.fill_betweenx(T, np.interp(T, lines["replicon"].T, lines["replicon"].alpha), one_step, color="#D55E00", alpha=0.13, lw=0)


def _overlaps(ax, target):
    """Cold overlaps against load: theory lines, and what plain runs and tempering found, where it was run."""
    model = hb.DenseHopfield(p=3)
    for rsb, colour, label in ((0, "#0072B2", "RS"), (1, "#CC79A7", "1RSB")):
        load = hb.capacity(model, T=COLD, rsb=rsb) * np.linspace(0.55, 1.0, 24)
        load[-1] *= 1 - 1e-9
        m = [hb.solve(hb.DenseHopfield(p=3, alpha=a), T=COLD, rsb=rsb).m for a in load]
        ax.plot(load, m, color=colour, label=label)
        ax.axvline(load[-1], color=colour, lw=0.7, ls=":")
    for path, fill in zip(sorted(target.glob("tempering_*.csv")), ("none", "full")):
        N = int(path.stem.split("_")[1])
        data = np.genfromtxt(path, delimiter=",", names=True)
        c = (1 - 1 / N) * (1 - 2 / N)  # the finite network is the infinite one at alpha / c
        _compared(N, c, data)
        runs = (("short", "#999999", "^", "100 sweeps"), ("long", "#E69F00", "s", "6 500 sweeps"),
                ("any", "#000000", "o", "tempering, any pattern"))
        for column, colour, marker, label in runs:
            ax.errorbar(data["alpha"] / c, data[column], data[f"{column}_error"], fmt=marker, color=colour, ms=4.5,
                        fillstyle=fill, lw=0.9, label=f"{label}, $N = {N}$")
    ax.set(title=f"$p = 3$, from the pattern, $T = {COLD}$", xlabel=r"load $\alpha / c_N$", ylabel="overlap $m$",
           xlim=(0.06, 0.2), ylim=(0, 1.03))
    ax.legend(fontsize=7, ncols=2, loc="lower left")


def _compared(N, c, data):
    """Print m of the long plain runs beside one step of symmetry breaking, where it has a state."""
    scores = []
    for row in np.atleast_1d(data):
        try:
            solution = hb.solve(hb.DenseHopfield(p=3, alpha=row["alpha"] / c), T=COLD / c, rsb=1)
        except hb.NoSolution:
            continue
        scores.append((row["long"] - solution.m) / row["long_error"])
        print(f"N = {N}, load {row['alpha']}: m = {row['long']:.4f}({row['long_error']:.4f}), one step {solution.m:.4f}, "
              f"z = {scores[-1]:+.1f}")
    print(f"N = {N}, plain runs of 6500 sweeps against one step: {agreement(scores)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
