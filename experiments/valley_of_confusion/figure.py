"""The valley of confusion: overlap and capacity against the number of examples, with and without a teacher.

    python experiments/valley_of_confusion/figure.py [FOLDER]

Reads results/valley_of_confusion and writes valley_of_confusion.png into FOLDER (by default the same directory).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement, score

RESULTS = Path("results/valley_of_confusion")
COLOURS = {"supervised": "#0072B2", "unsupervised": "#D55E00"}
MARKERS = {500: "^", 1000: "s", 2000: "o"}


def capacity(protocol, M, T):
    try:
        return hb.capacity(hb.DenseHopfield(protocol=protocol, M=int(M), r=0.5), T=T)
    except hb.NoSolution:
        return 0.0


def overlap(protocol, M, T, N=None):
    try:
        return hb.solve(hb.DenseHopfield(alpha=0.02, protocol=protocol, M=int(M), r=0.5), T=T, N=N).m
    except hb.NoSolution:
        return np.nan


def main(folder=RESULTS):
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 4))
        M = np.arange(1, 43, 2)
        for protocol, colour in COLOURS.items():
            data = hb.load(RESULTS / protocol).squeeze()
            T = float(data["T"])
            left.plot(M, [overlap(protocol, m, T) for m in M], color=colour, zorder=1)
            for N, marker in MARKERS.items():
                here = data.sel(N=N)
                measured = hb.Estimate(here["m"].transpose("sample", "M").values)
                mean, error = measured.mean, measured.error
                left.errorbar(here["M"].values * (1 + 0.03 * (np.log2(N / 1000))), mean, error, fmt=marker, color=colour,
                              ms=4.5, mfc=colour if N == 2000 else "white", label=f"{protocol}, $N = {N}$")
                predicted = np.array([overlap(protocol, m, T, N) for m in here["M"].values])
                kept = (here["retrieved"] == 1).all("sample").values & ((1 - predicted) * N > 2)  # a wrong spin a sample
                print(f"{protocol} N = {N}: " + "  ".join(f"M={a}: {b:.4f}({c:.4f}) / {d:.4f}" for a, b, c, d in
                                                        zip(here["M"].values, mean, error, predicted, strict=True)))
                print(f"{protocol} N = {N}, points with a state and all samples retrieved: "
                      f"{agreement(np.where(kept, score(measured, predicted), np.nan))}")
            loads = [capacity(protocol, m, T) for m in M]
            print(protocol, "capacity", dict(zip(M.tolist(), np.round(loads, 5).tolist(), strict=True)))
            right.plot(M, loads, "o-", color=colour, ms=4, label=protocol)
        left.set(xscale="log", ylim=(0, 1.04), xlabel="number of examples $M$", ylabel="overlap with the archetype $m$",
                 title=r"$p = 2$, $\alpha = 0.02$, $r = 0.5$, $T = 0.1$")
        right.set(xscale="log", yscale="log", xlabel="number of examples $M$", ylabel=r"capacity $\alpha_s$",
                  title="Largest load with a retrieval state")
        right.axhline(0.02, color="0.5", lw=0.8, ls=":")
        right.text(1.05, 0.0215, r"$\alpha = 0.02$", color="0.35", fontsize=9)
        for ax in (left, right):
            ax.set_xticks([1, 3, 5, 9, 21, 41], ["1", "3", "5", "9", "21", "41"])
            ax.minorticks_off()
        left.legend(fontsize=8)
        right.legend()
        Path(folder).mkdir(parents=True, exist_ok=True)
        fig.savefig(Path(folder) / "valley_of_confusion.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
