"""How many keys can one attention head tell apart?  Scores q.k / sqrt(d), keys of unit-variance entries.

    python experiments/how_many_keys/figure.py [FOLDER]

Computes everything (five minutes of one core), prints the table of notes.md and writes how_many_keys.png into FOLDER (by
default results/how_many_keys).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.theory import modern_law

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
SIZES = {8: 200, 16: 200, 32: 100, 64: 60, 96: 40, 128: 16}
SEED = 20261103


def keys(ensemble, d, samples):
    """Number of keys at which half of the queries give their own key weight 1/2, and its relative error."""
    model = hb.ModernHopfield(lam=d**-0.5, ensemble=ensemble)
    K = round(5 * np.exp(d * hb.capacity(model)))  # a median needs no longer memories
    value, error = simulation.half_load(simulation.critical_loads(model, N=d, K=K, samples=samples, queries=128, seed=SEED))
    return np.exp(d * value), d * error


def theory(ensemble, d):
    """The same from the exact law of one step at this dimension."""
    return np.exp(d * modern_law.half_load(hb.ModernHopfield(lam=d**-0.5, ensemble=ensemble), d))


def draw(folder):
    fig, (ax, ratio) = plt.subplots(1, 2, figsize=(10.2, 4.0))
    d = np.unique(np.rint(np.geomspace(6, 140, 24)).astype(int))
    simple, exact = np.exp(np.sqrt(d) - 0.5), np.array([theory("sphere", int(x)) for x in d])
    ax.plot(d, simple, color="0.3", linestyle=":", label=r"$\exp(\sqrt{d} - 1/2)$")
    for panel, scale in ((ax, 1.0), (ratio, simple)):
        panel.plot(d, exact / scale, color="C0", label="equal norms: exact law")
        panel.plot(d, np.array([theory("gauss", int(x)) for x in d]) / scale, color="C1",
                   label="Gaussian keys: exact law")
    print("  d   sphere: simulated, exact, exp(sqrt d - 1/2)   gauss: simulated, exact")
    for size, samples in SIZES.items():
        row, simple = f"{size:4d}", np.exp(size**0.5 - 0.5)
        for ensemble, colour, marker in (("sphere", "C0", "o"), ("gauss", "C1", "^")):
            count, error = keys(ensemble, size, samples)
            for panel, scale in ((ax, 1.0), (ratio, simple)):
                panel.errorbar(size, count / scale, count * error / scale, marker=marker, color=colour, zorder=3)
            row += f"   {count:9.1f} +- {count * error:<7.1f} {theory(ensemble, size):9.1f}"
            row += f" {simple:9.1f}" if ensemble == "sphere" else ""
        print(row, flush=True)
    ax.set(yscale="log", xlabel="dimension $d$ of a head", ylabel="keys that a head tells apart")
    ax.legend(loc="upper left")
    ratio.set(xlabel="dimension $d$ of a head", ylabel=r"keys in units of $\exp(\sqrt{d} - 1/2)$", ylim=(0.7, 1.35))
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "how_many_keys.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/how_many_keys"))
