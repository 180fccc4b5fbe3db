"""Overlap with the archetype against the number of examples, with and without a teacher, over theory.

    python experiments/supervised_vs_unsupervised/figure.py [FOLDER]

Reads the four results under results/supervised_vs_unsupervised, prints how far theory and simulation are apart, and writes
supervised_vs_unsupervised.png into FOLDER (by default the same directory).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement, score

RESULTS = Path("results/supervised_vs_unsupervised")
COLOURS = ("#D55E00", "#009E73", "#0072B2")


def theory(model, T, N, M):
    """Overlap at size N, NaN where there is no retrieval state."""
    try:
        return hb.solve(hb.DenseHopfield(p=model["p"], alpha=model["alpha"], protocol=model["protocol"], r=model["r"],
                                         M=int(M)), T=T, N=N).m
    except hb.NoSolution:
        return np.nan


def main(folder=RESULTS):
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 2, figsize=(9, 6.5), sharex=True, sharey=True)
        for row, p in zip(axes, (2, 3), strict=True):
            for ax, protocol in zip(row, ("supervised", "unsupervised"), strict=True):
                data = hb.load(RESULTS / f"p{p}_{protocol}").squeeze()
                N, T = int(data["N"]), float(data["T"])
                scores = []
                for colour, r in zip(COLOURS, data["r"].values, strict=True):
                    here = data.sel(r=r)
                    M = here["M"].values
                    measured = hb.Estimate(here["m"].transpose("sample", "M").values)
                    grid = np.unique(np.round(np.geomspace(3, 61, 24))).astype(int)
                    grid = grid[grid % 2 == 1]
                    ax.plot(grid, [theory(dict(p=p, alpha=0.02, protocol=protocol, r=float(r)), T, N, m) for m in grid],
                            color=colour)
                    ax.errorbar(M, measured.mean, measured.error, fmt="o", color=colour, label=f"$r = {r}$")
                    predicted = np.array([theory(dict(p=p, alpha=0.02, protocol=protocol, r=float(r)), T, N, m) for m in M])
                    kept = (here["retrieved"] == 1).all("sample").values
                    resolved = (1 - predicted) * N / 2 > 1  # at least one wrong spin a sample: else the error has no meaning
                    scores += list(np.where(kept & resolved, score(measured, predicted), np.nan))
                    print(f"p = {p} {protocol} r = {r}: " + "  ".join(
                        f"M={a}: {b:.4f}({c:.4f}) / {d:.4f}" for a, b, c, d in
                        zip(M, measured.mean, measured.error, predicted, strict=True)))
                print(f"p = {p} {protocol}, points with a state and all samples retrieved: {agreement(scores)}")
                ax.set_title(f"{protocol}, $p = {p}$, $N = {N}$")
        axes[0, 0].set(xscale="log", ylim=(0, 1.04))
        axes[0, 0].set_xticks([3, 5, 9, 15, 25, 41, 61], ["3", "5", "9", "15", "25", "41", "61"])
        axes[0, 0].minorticks_off()
        axes[0, 0].legend(title=r"$\alpha = 0.02$, $T = 0.1$")
        fig.supxlabel("number of examples $M$ (odd)")
        fig.supylabel("overlap with the archetype $m$")
        Path(folder).mkdir(parents=True, exist_ok=True)
        fig.savefig(Path(folder) / "supervised_vs_unsupervised.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
