"""Overlaps against dilution at three temperatures, K = 2 to 5, measured points over the exact mean field.

    python experiments/parallel_retrieval/figure.py [RESULTS] [FOLDER]

RESULTS is a sweep directory or results file (by default that of sweep.toml); parallel_retrieval.png is written into FOLDER
(by default the directory of the results).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]


def draw(results):
    """One panel for each K and T: sorted overlaps, and the theory of the same grid points joined by lines."""
    patterns, temperatures = results["K"].values, results["T"].values
    figure, axes = plt.subplots(len(patterns), len(temperatures), figsize=(9, 9.5), sharex=True, sharey=True)
    for row, K in zip(axes, patterns):
        for ax, T in zip(row, temperatures):
            here = results.sel(K=K, T=T)
            m = here["m"].transpose("d", "sample", "pattern").values
            predicted = here["m_theory"].transpose("d", "pattern").values
            for mu in range(int(K)):
                ax.plot(here["d"], predicted[:, mu], color=COLOURS[mu], lw=1.2)
                error = m[:, :, mu].std(axis=1, ddof=1) / np.sqrt(m.shape[1])
                ax.errorbar(here["d"], m[:, :, mu].mean(axis=1), error, fmt="o", ms=3, color=COLOURS[mu],
                            label=rf"$m_{mu + 1}$")
            ax.set_title(rf"$K = {K}$, $T = {T:g}$", fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("dilution $d$")
    for ax in axes[:, 0]:
        ax.set_ylabel("overlaps, sorted")
    axes[-1, -1].legend(loc="upper right", fontsize=8)
    axes[0, 0].set(xlim=(0, 1), ylim=(0, 1))
    return figure


def main(source="results/parallel_retrieval", folder=None):
    results = hb.load(source)
    folder = Path(folder or (source if Path(source).is_dir() else Path(source).parent))
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(results).savefig(folder / "parallel_retrieval.png")
    print(folder / "parallel_retrieval.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
