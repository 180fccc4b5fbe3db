"""Best spike threshold: the published median criterion, and the smallest segment that meets two-sided targets.

    python experiments/optimal_threshold/figure.py [FOLDER]

Theory only.  optimal_threshold.png is written into FOLDER (by default results/optimal_threshold).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm

import hebbian as hb
from hebbian.theory import thresholds

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")

#: The published grid: the plotted sizes, and those that the caption names.
ACTIVITIES, SYNAPSES = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03), range(20, 51, 5)
SIZES = {"plotted sizes": range(1000, 17001, 4000), "sizes of the caption": range(10000, 190001, 20000)}

#: Thresholds of dendritic spikes in number of synapses that the paper quotes from experiments.
MEASURED = (8, 20)


def smallest(rho, nu, **targets):
    """Synapses and threshold of the smallest segment, NaN where none of 400 synapses meets the targets."""
    try:
        found = thresholds.smallest_segment(100_000, rho, nu, **targets)
    except hb.NoSolution:
        return np.nan, np.nan
    return found.s, found.theta


def draw():
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 4.3), width_ratios=(1, 1.25))
    theta = np.arange(3, 25)
    for (label, sizes), colour in zip(SIZES.items(), colours):
        grid = [(n, round(rho * n), s) for n in sizes for rho in ACTIVITIES for s in SYNAPSES]
        for criterion in ("median", "mean", "maximum"):
            best = hb.optimal_threshold(grid, criterion=criterion)
            print(f"{criterion}, {label}: theta = {best.theta}, false positive {best.value:.4g}")
        for statistic, dashes in (("median", "-"), ("maximum", ":")):
            left.plot(theta, [thresholds.grid_statistic(grid, t, statistic) for t in theta], dashes, color=colour,
                      label=f"{statistic}, {label}")
    left.axhline(1e-9, color="0.5", linewidth=0.8)
    left.axvspan(*MEASURED, color="#EFEFEF", zorder=0)
    left.text(sum(MEASURED) / 2, 1e-1, "measured range", color="0.4", ha="center", va="bottom")
    left.set(yscale="log", ylim=(1e-40, 50), xlabel=r"threshold $\theta$", ylabel=r"false positive $p_{\mathrm{fp}}$",
             title="false positives only")
    left.legend(loc="lower left")

    rho, nu = np.geomspace(0.003, 0.1, 34), np.linspace(0.02, 0.6, 30)
    table = np.array([[smallest(r, v) for r in rho] for v in nu])
    levels = np.arange(4, 33, 2)
    image = right.pcolormesh(
        rho, nu, table[..., 1], cmap="viridis", norm=BoundaryNorm(levels, 256, extend="both"), shading="nearest"
    )
    figure.colorbar(image, ax=right, label=r"threshold $\theta$ of the smallest segment")
    lines = right.contour(rho, nu, table[..., 1], levels=[MEASURED[0] - 0.5, MEASURED[1] + 0.5], colors="white", linewidths=2)
    right.clabel(lines, fmt={MEASURED[0] - 0.5: r"$\theta = 8$", MEASURED[1] + 0.5: r"$\theta = 20$"},
                 manual=[(0.0075, 0.48), (0.075, 0.45)])
    lines = right.contour(rho, nu, table[..., 0], levels=[20, 40, 80], colors="black", linewidths=0.9, linestyles="--")
    right.clabel(lines, fmt=lambda s: f"$s = {s:.0f}$", fontsize=9, manual=[(0.03, 0.24), (0.02, 0.5), (0.07, 0.55)])
    right.grid(False)
    right.set(xscale="log", xlabel=r"fraction of active cells $\rho$", ylabel=r"fraction of replaced cells $\nu$",
              title=r"neuron false positive $10^{-6}$, miss $10^{-3}$")
    for eps, delta in ((1e-3, 1e-2), (1e-6, 1e-3), (1e-9, 1e-3)):
        for r in (0.005, 0.01, 0.02, 0.03):
            cells = [smallest(r, v, false_positive=eps, false_negative=delta) for v in (0.1, 0.2, 0.3, 0.5)]
            print(f"{eps:g} {delta:g} rho = {r}: " + "  ".join(f"{s}:{t}" for s, t in cells))
    return figure


def main(folder="results/optimal_threshold"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.style.context(STYLE):
        draw().savefig(Path(folder) / "optimal_threshold.png")
    print(Path(folder) / "optimal_threshold.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
