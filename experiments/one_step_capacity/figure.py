"""How many patterns does one attention step retrieve, and how many are kept when it is iterated?  Simulation on theory.

    python experiments/one_step_capacity/figure.py [FOLDER]

Computes everything (four minutes of one core), prints the first table of notes.md and writes one_step_capacity.png into FOLDER
(by default results/one_step_capacity).
"""

import sys
from pathlib import Path

import finite_size
import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import with_error
from hebbian.theory import modern_capture, modern_law

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
LAMBDAS = (0.25, 0.5, 1.0, 2.0)
SIZES = {0.25: 36, 0.5: 24, 1.0: 16, 2.0: 11}
SEED = 20261101


def one_step(model, N, samples=60):
    """Load at which half of the queries are retrieved, with its bootstrap error over memories."""
    K = round(np.exp(1.25 * N * hb.capacity(model, N=N)))
    return simulation.half_load(simulation.critical_loads(model, N=N, K=K, samples=samples, seed=SEED))


def draw(folder):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.2))
    lam = np.geomspace(0.15, 4, 200)
    print("ensemble  lam   N   half load   exact law   z   annealed   N = infinity")
    for ensemble, colour, marker in (("sphere", "C0", "o"), ("binary", "C2", "s"), ("gauss", "C1", "^")):
        left.plot(lam, [hb.capacity(hb.ModernHopfield(lam=x, ensemble=ensemble)) for x in lam], color=colour, label=ensemble)
        for x in LAMBDAS if ensemble != "gauss" else LAMBDAS[:2]:
            model, N = hb.ModernHopfield(lam=x, ensemble=ensemble), SIZES[x]
            value, error, exact = *one_step(model, N), modern_law.half_load(model, N)
            print(f"{ensemble:8s} {x:5.2f} {N:3d}   {with_error(value, error)}   {exact:.5f}  {(value - exact) / error:5.1f}  "
                  f"{hb.capacity(model, N=N):.4f}   {hb.capacity(model):.4f}", flush=True)
            left.errorbar(x, value, error, marker=marker, color=colour, zorder=3)
            left.plot(x, exact, marker="_", markersize=13, color="black", zorder=4)
    left.plot([], [], marker="_", markersize=13, color="black", linestyle="none", label="exact law at this $N$")
    left.set(xscale="log", xlabel=r"inverse temperature $\lambda$", ylabel=r"load $\alpha = \ln K / N$",
             title="one step, half of the queries retrieved")
    left.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    left.minorticks_off()
    left.legend(loc="upper left")

    for x, colour in ((0.5, "C0"), (1.0, "C3")):
        model, sizes = hb.ModernHopfield(lam=x), np.arange(8, 41)
        right.plot(1 / sizes, [hb.capacity(model, N=int(N)) for N in sizes], color=colour, linestyle="--", linewidth=1)
        right.plot(1 / sizes, [hb.capacity(model, N=int(N), steps="iterated") for N in sizes], color=colour)
        right.plot(0, hb.capacity(model), marker="D", color=colour, clip_on=False, zorder=5)
        rows = [row for row in finite_size.ITERATED if row[0] == x]
        right.plot([1 / row[1] for row in rows], [modern_capture.iterated(model, row[1]) for row in rows], color=colour,
                   linestyle=":")
        for row in rows:
            right.errorbar(1 / row[1], *one_step(model, row[1]), marker="o", color=colour, markerfacecolor="white", zorder=3)
            # A quarter of the memories of the table: the errors stay below the size of the points.
            right.errorbar(1 / row[1], *finite_size.iterated(*row[:4], row[4] // 4), marker="o", color=colour, zorder=3)
        right.text(0.128, hb.capacity(model) - 0.022, rf"$\lambda = {x:g}$", color=colour, ha="right", va="top")
    for style, words in ((dict(marker="o", markerfacecolor="white", linestyle="--"), "one step"),
                         (dict(marker="o", linestyle="-"), "iterated to the fixed point, map"),
                         (dict(linestyle=":"), "with capture by wrong patterns"),
                         (dict(marker="D", linestyle="none"), r"$N \to \infty$, both")):
        right.plot([], [], color="0.3", label=words, **style)
    right.set(xlabel="$1 / N$", ylabel=r"load $\alpha$", xlim=(0, 0.13), ylim=(0.18, 0.68),
              title="sphere: what iterating costs")
    right.legend(loc="lower left")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "one_step_capacity.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/one_step_capacity"))
