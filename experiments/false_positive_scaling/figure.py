"""False positive of one segment against cells and against synapses, from results files.

    python experiments/false_positive_scaling/figure.py [RESULTS [FOLDER]]

RESULTS holds the four sweeps of this folder (by default results/false_positive_scaling); false_positive_scaling.png is
written into FOLDER (by default RESULTS).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory import scaling

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")


def points(ax, x, results, marker, filled, colours):
    """Measured probabilities with their errors; points known to less than a third, about ten hits, are left out."""
    for values, colour in zip(results["false_positive"].values.reshape(-1, len(x), results.sizes["sample"]), colours):
        mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / values.shape[1] ** 0.5
        seen = mean > 3 * error
        ax.errorbar(x[seen], mean[seen], error[seen], linestyle="none", marker=marker, color=colour,
                    markerfacecolor=colour if filled else "white", markersize=4.5, zorder=3)


def draw(folder):
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2))
    direct, tilt = hb.load(folder / "cells_direct"), hb.load(folder / "cells_tilt")
    n = np.unique(np.geomspace(300, 19900, 120).astype(int))
    for a, colour in zip(direct["a"].values, colours):
        line = [hb.solve(hb.Dendrite(n=k, a=int(a), s=24, theta=12)).false_positive for k in n]
        left.plot(n, line, color=colour, label=f"$a = {a}$")
    points(left, direct["n"].values, direct, "o", True, colours)
    points(left, tilt["n"].values, tilt, "D", False, colours)
    ends = np.array([4000, 19900])
    model = hb.Dendrite(n=4000, a=64, s=24, theta=12)
    left.plot(ends, 0.02 * hb.solve(model).false_positive * (ends / 4000.0) ** -12, color="0.4", linewidth=1)
    left.text(6000, 3e-22, r"slope $-\theta$", color="0.4", ha="right")
    left.set(xscale="log", yscale="log", xlabel="cells $n$", ylabel=r"false positive $p_{\mathrm{fp}}$", ylim=(1e-25, 3),
             title=r"$s = 24$, $\theta = 12$, fixed activity")
    left.legend(loc="upper right")

    direct, tilt = hb.load(folder / "synapses_direct"), hb.load(folder / "synapses_tilt")
    for cells, active, colour in zip(direct["n"].values, direct["a"].values, colours):
        s = range(4, 31, 2)
        models = [hb.Dendrite(n=int(cells), a=int(active), s=k, theta=k // 2) for k in s]
        right.plot(s, [hb.solve(model).false_positive for model in models], color=colour,
                   label=rf"$n = {cells}$, $a = {active}$")
        slope = scaling.synapse_exponent(models[-1])
        print(f"n = {cells}, a = {active}: {slope:.3f} decades a synapse in the limit")
    points(right, direct["s"].values, direct, "o", True, colours)
    points(right, tilt["s"].values, tilt, "D", False, colours)
    right.set(yscale="log", xlabel="synapses $s$", ylim=(1e-27, 3), title=r"$\theta = s/2$")
    right.legend(loc="lower left")
    for ax in (left, right):
        ax.plot([], [], "o", color="0.3", label="counting")
    left.plot([], [], "D", color="0.3", markerfacecolor="white", label="tilted sampling")
    handles, labels = left.get_legend_handles_labels()
    left.legend(handles[:3] + handles[-2:], labels[:3] + labels[-2:], loc="lower left")
    return figure


def main(source="results/false_positive_scaling", folder=None):
    with plt.style.context(STYLE):
        target = Path(folder or source) / "false_positive_scaling.png"
        draw(Path(source)).savefig(target)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
