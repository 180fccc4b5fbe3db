"""How many keys can one attention head tell apart?  Scores q.k / sqrt(d), keys of unit-variance entries.

    python experiments/how_many_keys/figure.py [FOLDER]

Computes everything (three minutes of one core), prints the table of notes.md and writes how_many_keys.png into FOLDER (by default
results/how_many_keys).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
SIZES = {8: 200, 16: 200, 32: 100, 64: 60, 96: 40, 128: 16}
SEED = 20261103


def keys(ensemble, d, samples):
    """Number of keys at which half of the queries give their own key weight 1/2, and its relative error."""
    model = hb.ModernHopfield(lam=d**-0.5, ensemble=ensemble)
    K = round(5 * np.exp(d * hb.capacity(model)))  # a median needs no longer memories
    value, error = simulation.half_load(simulation.critical_loads(model, N=d, K=K, samples=samples, queries=128, seed=SEED))
    return np.exp(d * value), d * error


def draw(folder):
    fig, ax = plt.subplots(figsize=(6.4, 4.4))
    d = np.arange(6, 141)
    ax.plot(d, [np.exp(x * hb.capacity(hb.ModernHopfield(lam=x**-0.5), N=int(x))) for x in d], color="C0",
            label="equal norms: exact one-step capacity")
    ax.plot(d, np.exp(np.sqrt(d) - 0.5), color="0.3", linestyle=":", label=r"$\exp(\sqrt{d} - 1/2)$")
    print("  d   sphere            exact      exp(sqrt d - 1/2)   gauss             theory at the median norm")
    for size, samples in SIZES.items():
        row = f"{size:4d}"
        for ensemble, colour, marker in (("sphere", "C0", "o"), ("gauss", "C1", "^")):
            count, error = keys(ensemble, size, samples)
            model = hb.ModernHopfield(lam=size**-0.5, ensemble=ensemble)
            ax.errorbar(size, count, count * error, marker=marker, color=colour, zorder=3,
                        label={"sphere": "equal norms, simulated", "gauss": "Gaussian keys, simulated"}[ensemble]
                        if size == 8 else None)
            row += f"   {count:9.1f} +- {count * error:<7.1f} {np.exp(size * hb.capacity(model, N=size)):9.1f}"
            row += f"   {np.exp(size**0.5 - 0.5):9.1f}" if ensemble == "sphere" else ""
        print(row, flush=True)
    ax.set(yscale="log", xlabel="dimension $d$ of a head", ylabel="keys that a head tells apart",
           title="standard attention, half of the queries find their key")
    ax.legend(loc="upper left")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "how_many_keys.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/how_many_keys"))
