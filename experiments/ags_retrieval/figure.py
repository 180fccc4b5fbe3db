"""Overlap against temperature over its theory, and the retrieved fraction on the phase diagram, from a results file.

    python experiments/ags_retrieval/figure.py [RESULTS] [FOLDER]

RESULTS is a sweep directory or results file (by default that of sweep.toml); ags_overlap.png and ags_phases.png are
written into FOLDER (by default the directory of the results).
"""

import sys
from pathlib import Path

import numpy as np

import hebbian as hb


def theory(load, temperatures):
    """Replica-symmetric overlap at a load up to its spinodal, a finer line than the grid of the sweep."""
    end = hb.spinodal_temperature(hb.DenseHopfield(alpha=load))
    # The overlap falls to the spinodal as a square root, so points crowd there.
    T = temperatures.min() + (end - temperatures.min()) * (1 - np.linspace(1, 1e-5, 50) ** 2)
    return T, [hb.solve(hb.DenseHopfield(alpha=load), T=t).m for t in T]


def overlap(results):
    """Mean overlap of every size with its standard error, over the theory for N to infinity."""
    loads = results["alpha"].values
    ax = hb.plots.overlap(results, theory={load: theory(load, results["T"].values) for load in loads})
    ax.set_title("Hopfield model, $p = 2$: start in the pattern")
    return ax


def phases(results):
    """Fraction of samples of the largest size that stay retrieved, dots from white to black on the theory's phases."""
    ax = hb.plots.phase_diagram(hb.phase_diagram(hb.DenseHopfield(p=2)))
    ax.figure.set_size_inches(6.4, 4.8)
    for word in ax.texts:
        if word.get_text() == "retrieval":
            word.set(x=0.035, y=0.125, fontsize=8)  # between two columns of dots, clear of the lines
    largest = results.isel(N=-1)
    alpha, T = np.meshgrid(largest["alpha"], largest["T"], indexing="ij")
    dots = ax.scatter(alpha, T, c=largest["retrieved"].mean("sample"), cmap="gray_r", vmin=0, vmax=1, s=22,
                      edgecolors="0.3", linewidths=0.6, zorder=5)
    ax.figure.colorbar(dots, ax=ax, location="bottom", shrink=0.7, aspect=30,
                       label=f"fraction of samples retrieved, $N = {largest['N'].item()}$")
    return ax


def main(source="results/ags_retrieval", folder=None):
    results = hb.load(source)
    folder = Path(folder or (source if Path(source).is_dir() else Path(source).parent))
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in (("ags_overlap", overlap), ("ags_phases", phases)):
        draw(results).figure.savefig(folder / f"{name}.png")
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
