"""How many patterns does one attention step retrieve, and how many are kept when it is iterated?  Simulation on theory.

    python experiments/one_step_capacity/figure.py [FOLDER]

Computes everything (three minutes of one core), prints the tables of notes.md and writes one_step_capacity.png into FOLDER
(by default results/one_step_capacity).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.simulation import modern as simulation
from hebbian.stats import with_error

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
LAMBDAS = (0.25, 0.5, 1.0, 2.0)
SIZES = {0.25: 36, 0.5: 24, 1.0: 16, 2.0: 11}
ITERATED = {0.5: (10, 14, 20, 28), 1.0: (10, 14, 18)}
SEED = 20261101


def one_step(model, N, samples=60):
    """Load at which half of the queries are retrieved, with its bootstrap error over memories."""
    K = round(np.exp(1.25 * N * hb.capacity(model, N=N)))
    return simulation.half_load(simulation.critical_loads(model, N=N, K=K, samples=samples, seed=SEED))


def iterated(lam, N, samples=8, queries=16):
    """The same at the fixed points: success on a grid of loads, interpolated where it crosses one half."""
    edge = hb.capacity(hb.ModernHopfield(lam=lam), N=N, steps="iterated")
    loads = np.linspace(0.75 * edge, 1.08 * edge, 9)
    success = np.array([hb.simulate(hb.ModernHopfield(alpha=alpha, lam=lam), N=N, samples=samples, queries=queries,
                                    steps="iterated", seed=SEED).success.values for alpha in loads])
    draw = np.random.default_rng(SEED)
    chosen = draw.integers(0, samples, (400, samples))

    def crossing(curve):
        return np.interp(0.5, np.minimum.accumulate(curve)[::-1], loads[::-1])

    return crossing(success.mean(axis=1)), np.std([crossing(success[:, rows].mean(axis=1)) for rows in chosen], ddof=1)


def draw(folder):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.2))
    lam = np.geomspace(0.15, 4, 200)
    print("ensemble  lam   N   half load   exact at N   N = infinity")
    for ensemble, colour, marker in (("sphere", "C0", "o"), ("binary", "C2", "s"), ("gauss", "C1", "^")):
        left.plot(lam, [hb.capacity(hb.ModernHopfield(lam=x, ensemble=ensemble)) for x in lam], color=colour, label=ensemble)
        for x in LAMBDAS if ensemble != "gauss" else LAMBDAS[:2]:
            model, N = hb.ModernHopfield(lam=x, ensemble=ensemble), SIZES[x]
            value, error = one_step(model, N)
            print(f"{ensemble:8s} {x:5.2f} {N:3d}   {with_error(value, error)}   {hb.capacity(model, N=N):.4f}   "
                  f"{hb.capacity(model):.4f}", flush=True)
            left.errorbar(x, value, error, marker=marker, color=colour, zorder=3)
            left.plot(x, hb.capacity(model, N=N), marker="_", markersize=13, color="black", zorder=4)
    left.plot([], [], marker="_", markersize=13, color="black", linestyle="none", label="exact at this $N$")
    left.set(xscale="log", xlabel=r"inverse temperature $\lambda$", ylabel=r"load $\alpha = \ln K / N$",
             title="one step, half of the queries retrieved")
    left.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    left.minorticks_off()
    left.legend(loc="upper left")

    print("lam   N   one step   exact    iterated   map")
    for x, colour in zip(ITERATED, ("C0", "C3"), strict=True):
        model, sizes = hb.ModernHopfield(lam=x), np.arange(8, 41)
        right.plot(1 / sizes, [hb.capacity(model, N=int(N)) for N in sizes], color=colour, linestyle="--", linewidth=1)
        right.plot(1 / sizes, [hb.capacity(model, N=int(N), steps="iterated") for N in sizes], color=colour)
        right.plot(0, hb.capacity(model), marker="D", color=colour, clip_on=False, zorder=5)
        for N in ITERATED[x]:
            once, many = one_step(model, N), iterated(x, N)
            print(f"{x:3.1f} {N:3d}   {with_error(*once)}   {hb.capacity(model, N=N):.4f}   {with_error(*many)}   "
                  f"{hb.capacity(model, N=N, steps='iterated'):.4f}", flush=True)
            right.errorbar(1 / N, *once, marker="o", color=colour, markerfacecolor="white", zorder=3)
            right.errorbar(1 / N, *many, marker="o", color=colour, zorder=3)
        right.text(0.128, hb.capacity(model) - 0.022, rf"$\lambda = {x:g}$", color=colour, ha="right", va="top")
    for style, words in ((dict(marker="o", markerfacecolor="white", linestyle="--"), "one step"),
                         (dict(marker="o", linestyle="-"), "iterated to the fixed point"),
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
