"""Misses of a noisy stored pattern, alone on its segment and in a union, from results files.

    python experiments/noise_robustness/figure.py [RESULTS [FOLDER]]

RESULTS holds the three sweeps of this folder (by default results/noise_robustness); noise_robustness.png is written into
FOLDER (by default RESULTS).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")


def points(ax, x, values, colour, marker="o", filled=True):
    """Measured probabilities with their errors; points known to less than a third are left out."""
    mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / values.shape[1] ** 0.5
    seen = (mean > 3 * error) & (error > 0)
    ax.errorbar(x[seen], mean[seen], error[seen], linestyle="none", marker=marker, color=colour, markersize=4.5,
                markerfacecolor=colour if filled else "white", zorder=3)


def draw(folder):
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2))
    direct, tilt = hb.load(folder / "direct"), hb.load(folder / "tilt")
    for theta, colour in zip(direct["theta"].values, colours):
        v = np.arange(31 - theta, 129)
        line = [hb.solve(hb.Dendrite(n=2000, a=128, s=30, theta=int(theta), noise=int(k))).false_negative for k in v]
        left.plot(v / 128, line, color=colour, label=rf"$\theta = {theta}$")
        left.axvline((30 - theta) / 128, color=colour, linestyle=":", linewidth=1)
        for results, marker, filled in ((direct, "o", True), (tilt, "D", False)):
            values = results["false_negative"].sel(theta=theta).transpose("noise", "sample").values
            points(left, results["noise"].values / 128, values, colour, marker, filled)
    left.set(yscale="log", ylim=(1e-13, 2), xlim=(0.1, 1), xlabel="fraction of replaced cells $v/a$",
             ylabel=r"miss $p_{\mathrm{fn}}$", title="$a = 128$, $s = 30$, one pattern")
    left.plot([], [], "o", color="0.3", label="counting")
    left.plot([], [], "D", color="0.3", markerfacecolor="white", label="tilted sampling")
    left.plot([], [], ":", color="0.3", label=r"guarantee $v = s - \theta$")
    left.legend(loc="lower right")

    union = hb.load(folder / "union")
    for patterns, colour in zip(union["patterns"].values, colours):
        v = np.arange(7, 41)
        line = [
            hb.solve(hb.Dendrite(n=500, a=40, s=20, theta=14, patterns=int(patterns), noise=int(k))).false_negative for k in v
        ]
        right.plot(v / 40, line, color=colour, label=f"{patterns} pattern{'s' if patterns > 1 else ''}")
        points(
            right,
            union["noise"].values / 40,
            union["false_negative"].sel(patterns=patterns).transpose("noise", "sample").values,
            colour,
        )
    right.set(
        xlabel="fraction of replaced cells $v/a$",
        ylim=(0, 1.02),
        xlim=(0.1, 1),
        title=r"$n = 500$, $a = 40$, $s = 20$, $\theta = 14$",
    )
    right.legend(loc="lower right")
    return figure


def main(source="results/noise_robustness", folder=None):
    with plt.style.context(STYLE):
        target = Path(folder or source) / "noise_robustness.png"
        draw(Path(source)).savefig(target)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
