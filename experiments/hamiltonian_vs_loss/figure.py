"""The Hamiltonian is the product of two squared losses, up to a constant, along a Monte Carlo trajectory of each protocol.

    python experiments/hamiltonian_vs_loss/figure.py [FOLDER]

L_pm(x) = |x +- s|^2 / (2N) is the squared error of reconstructing x (or -x) by the spins.  With c = |x|^2 / N,
L_+ L_- = ((1 + c)/2)^2 - (x . s / N)^2: summed over patterns (or mean examples over r, or examples) and multiplied by N/2 it
differs from the Hamiltonian by a constant of the sample.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian import patterns
from hebbian.simulation import multitasking as simulation

N, T, SWEEPS, SEED = 2000, 0.1, 25, 20261125
PROTOCOLS = ("storage", "supervised", "unsupervised")


def trajectory(protocol):
    """Energies per spin as the run reports them, product losses and losses L_+ of the same spins, one a sweep."""
    learned = {} if protocol == "storage" else dict(M=7, r=0.6)
    model = hb.MultitaskingHopfield(K=3, d=0.4, protocol=protocol, **learned)
    spins, rows = "random", []
    for _ in range(SWEEPS):
        run = hb.simulate(model, N=N, T=T, samples=1, burn_in=0, sweeps=1, seed=SEED, start=spins, record=("series", "spins"))
        spins = run.spins
        rows.append((run.series["energy"][0, 0, 0], *losses(model, run.settings, spins[0, 0].astype(float))))
    return np.array(rows)


def losses(model, settings, s):
    """(factor/2) sum L_+ L_- and (factor/2) sum L_+ over the vectors that the protocol compares with the spins."""
    truth = simulation.entries(model, settings, 0)
    drawn = patterns.diluted_examples(truth, model.M, model.r, seed=SEED, sample=0).astype(float)
    vectors, factor = {
        "storage": (truth.astype(float), 1.0),
        "supervised": (drawn.reshape(model.K, model.M, N).mean(axis=1) / model.r, 1 / (1 + model.rho)),
        "unsupervised": (drawn, 1 / (model.M * model.r**2 * (1 + model.rho))),
    }[model.protocol]
    plus, minus = ((vectors + s) ** 2).sum(axis=1) / (2 * N), ((vectors - s) ** 2).sum(axis=1) / (2 * N)
    return factor / 2 * (plus * minus).sum(), factor / 2 * plus.sum()


def draw(found):
    """Top: energy and product loss, shifted to the same end.  Bottom: what varies of their difference, and of that with L_+."""
    figure, axes = plt.subplots(2, 3, figsize=(9.5, 5), sharex=True, sharey="row")
    sweeps = np.arange(1, SWEEPS + 1)
    for (top, bottom), protocol in zip(axes.T, PROTOCOLS):
        energy, product, half = found[protocol].T
        top.plot(sweeps, energy, color="#0072B2", lw=2.5, label="$H / N$")
        top.plot(sweeps, product + np.mean(energy - product), "o", ms=3.5, color="#D55E00", label=r"loss $L_+L_-$, shifted")
        top.plot(sweeps, half + (energy - half)[-1], ":", color="0.4", label="$L_+$ alone, shifted")
        top.set_title(protocol)
        for values, style, label in ((product, "o", "$L_+L_-$"), (half, ":", "$L_+$")):
            left = np.abs((energy - values) - (energy - values)[-1])[:-1]
            colour = "#D55E00" if style == "o" else "0.4"
            bottom.semilogy(sweeps[:-1], np.maximum(left, 1e-18), style, ms=3.5, color=colour, label=label)
        bottom.set_xlabel("sweep")
    axes[0, 0].legend(fontsize=8)
    axes[1, 0].set_ylabel("|change of difference|")
    axes[1, 0].legend(fontsize=8)
    axes[0, 0].set_ylabel("energy per spin")
    return figure


def main(folder="results/hamiltonian_vs_loss"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = {protocol: trajectory(protocol) for protocol in PROTOCOLS}
    for protocol, rows in found.items():
        print(f"{protocol}: H/N falls by {rows[0, 0] - rows[-1, 0]:.3f}; "
              f"spread of H/N - loss {np.ptp(rows[:, 0] - rows[:, 1]):.1e}, "
              f"of H/N - L_+ {np.ptp(rows[:, 0] - rows[:, 2]):.1e}")
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(found).savefig(folder / "hamiltonian_vs_loss.png")
    print(folder / "hamiltonian_vs_loss.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
