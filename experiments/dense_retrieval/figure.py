"""Overlap against temperature over its theory, for each results file of the dense networks.

    python experiments/dense_retrieval/figure.py [RESULTS [FOLDER]]

RESULTS is a sweep directory or results file; without it every finished sweep of this experiment is drawn.  The figure
<name of the directory>_overlap.png is written into FOLDER (by default the directory of the results).
"""

import sys
import tomllib
from pathlib import Path

import numpy as np

import hebbian as hb


def theory(model, N, temperatures):
    """Replica-symmetric overlap at the load and size of a curve, NaN where there is no retrieval state."""
    T = np.linspace(temperatures.min(), temperatures.max(), 81)
    m = np.full(T.shape, np.nan)
    for k, t in enumerate(T):
        try:
            m[k] = hb.solve(model, T=t, N=N).m
        except hb.NoSolution:
            break
    return T, m


def overlap(results):
    """Mean overlap of every size with its standard error, over the theory at the largest size."""
    fixed = tomllib.loads(results.attrs["config"])["model"]
    p, energy, N = fixed["p"], fixed["energy"], int(results["N"].values[-1])
    lines = {load: theory(hb.DenseHopfield(alpha=load, p=p, energy=energy), N, results["T"].values)
             for load in results["alpha"].values}
    ax = hb.plots.overlap(results, theory=lines)
    indices = {"distinct": "distinct indices", "power": "full power"}[energy]
    ax.set_title(f"$p = {p}$, {indices}: start in the pattern, theory at $N = {N}$")
    return ax


def main(source=None, folder=None):
    sources = [source] if source else sorted(Path("results/dense_retrieval").glob("*/results.h5"))
    for place in map(Path, sources):
        directory = place if place.is_dir() else place.parent
        target = Path(folder or directory)
        target.mkdir(parents=True, exist_ok=True)
        overlap(hb.load(place)).figure.savefig(target / f"{directory.name}_overlap.png")
        print(target / f"{directory.name}_overlap.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
