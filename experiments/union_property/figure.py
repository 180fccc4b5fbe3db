"""Patterns on one segment: false positives up to sixteen patterns, and the error of published shortcuts, from results files.

    python experiments/union_property/figure.py [RESULTS [FOLDER]]

RESULTS holds the two sweeps of this folder (by default results/union_property); union_property.png is written into FOLDER
(by default RESULTS).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory import dendrites

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")


def draw(folder):
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2))
    tilt = hb.load(folder / "tilt")
    for theta, colour in zip(tilt["theta"].values, colours):
        M = np.arange(1, 25)
        line = [hb.solve(hb.Dendrite(n=20000, a=200, s=25, theta=int(theta), patterns=int(k))).false_positive for k in M]
        left.plot(M, line, color=colour, label=rf"$\theta = {theta}$")
        values = tilt["false_positive"].sel(theta=theta).transpose("patterns", "sample").values
        left.errorbar(
            tilt["patterns"],
            values.mean(axis=1),
            values.std(axis=1, ddof=1) / values.shape[1] ** 0.5,
            linestyle="none",
            marker="D",
            color=colour,
            markerfacecolor="white",
            markersize=4.5,
            zorder=3,
        )
    for level in (1e-9, 1e-6, 1e-3):
        left.axhline(level, color="0.6", linewidth=0.8, zorder=1)
    left.set(yscale="log", ylim=(1e-28, 2), xlim=(0, 25), xlabel="patterns on the segment $M$",
             ylabel=r"false positive $p_{\mathrm{fp}}$", title="$n = 20\\,000$, $a = 200$, $s = 25$")
    left.legend(loc="lower right")

    direct = hb.load(folder / "direct").sel(counting="union")
    M = direct["patterns"].values
    models = [hb.Dendrite(n=1000, a=200, s=25, theta=15, patterns=int(k)) for k in M]
    exact = np.array([hb.solve(model).false_positive for model in models])
    values = direct["false_positive"].transpose("patterns", "sample").values / exact[:, None]
    right.axhline(1, color="0.3", linewidth=1)
    right.errorbar(M, values.mean(axis=1), values.std(axis=1, ddof=1) / values.shape[1] ** 0.5, linestyle="none", marker="o",
                   color="black", label="counted unions", zorder=4)
    for label, rounded, marker, colour in (
        ("mean size, rounded", True, "s", colours[1]),
        ("mean size, real", False, "^", colours[2]),
    ):
        right.plot(M, [dendrites.mean_size_shortcut(model, rounded=rounded) for model in models] / exact, marker, color=colour,
                   markerfacecolor="white", label=label)
    added = [
        hb.solve(hb.Dendrite(n=1000, a=200, s=25, theta=15, patterns=int(k), counting="multiplicity")).false_positive for k in M
    ]
    right.plot(M, added / exact, "v", color=colours[3], markerfacecolor="white", label="every synapse counted")
    right.set(xlabel="patterns on the segment $M$", ylabel="false positive / exact", xticks=M, xlim=(0.5, 4.5), ylim=(0.9, 1.2),
              title=r"$n = 1000$, $a = 200$, $s = 25$, $\theta = 15$")
    right.legend(loc="upper right")
    return figure


def main(source="results/union_property", folder=None):
    with plt.style.context(STYLE):
        target = Path(folder or source) / "union_property.png"
        draw(Path(source)).savefig(target)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
