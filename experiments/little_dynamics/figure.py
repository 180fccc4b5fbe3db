"""Synchronous beside sequential dynamics: overlaps, their theories, and the cost of a sweep.

    python experiments/little_dynamics/figure.py [FOLDER]

Four dense networks, p = 2 and 3, storage and supervised, over temperatures; writes little_dynamics.png into FOLDER and prints
the table of notes.md.  Points carry standard errors over 16 samples; both orders see the same patterns and examples.
"""

import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement
from hebbian.theory import dense_synchronous

CASES = (  # model, N, temperatures; the third of each list is the point of the table
    (dict(p=2, alpha=0.04), 1000, (0.2, 0.4, 0.5, 0.45)),
    (dict(p=2, alpha=0.02, protocol="supervised", M=20, r=0.5), 1000, (0.1, 0.2, 0.3, 0.25)),
    (dict(p=3, alpha=0.05), 200, (0.05, 0.1, 0.15, 0.175)),
    (dict(p=3, alpha=0.02, protocol="supervised", M=40, r=0.4), 200, (0.05, 0.1, 0.15, 0.18)),
)
ORDERS = {"sequential": ("#0072B2", "o"), "synchronous": ("#D55E00", "s")}
SEED = 20241122
RUN = dict(samples=16, burn_in=150, sweeps=300, seed=SEED)


def theories(model, N, T):
    """Solutions of both theories, None where there is none."""
    found = {}
    for order, solve in (("sequential", hb.solve), ("synchronous", dense_synchronous.solve)):
        try:
            found[order] = solve(model, T=T, N=N)
        except (hb.NoSolution, hb.NotDefined):
            found[order] = None
    return found


def timed(model, N, T, order):
    """A run, and CPU microseconds a sweep of one replica from the difference to a run of a third of the length."""
    started = time.process_time()
    short = hb.simulate(model, N=N, T=T, order=order, **{**RUN, "samples": 4, "sweeps": 50})
    between = time.process_time()
    long = hb.simulate(model, N=N, T=T, order=order, **{**RUN, "samples": 4, "sweeps": 1050})
    assert short.settings.N == long.settings.N
    return ((time.process_time() - between) - (between - started)) / (4 * 1000 * 2) * 1e6


def main(folder="results/little_dynamics"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 2, figsize=(9, 6.4))
        for ax, (fields, N, temperatures) in zip(axes.ravel(), CASES, strict=True):
            model = hb.DenseHopfield(**fields)
            draw(ax, model, N, temperatures)
        axes[0, 0].legend(fontsize=8)
        for ax in axes.ravel():
            ax.title.set_size(9)
            ax.locator_params(axis="x", nbins=5)
        fig.savefig(target / "little_dynamics.png")


def draw(ax, model, N, temperatures):
    grid, scores = np.linspace(0.02, 1.1 * max(temperatures), 30), {}
    lines, values = [theories(model, N, T) for T in grid], []
    for order, (colour, marker) in ORDERS.items():
        m = [np.nan if line[order] is None else line[order].m for line in lines]
        ax.plot(grid, m, color=colour, label=f"{order}, theory")
        for T in temperatures:
            run = hb.simulate(model, N=N, T=T, order=order, **RUN)
            ax.errorbar(T, run.m.mean, run.m.error, color=colour, marker=marker, ms=6, ls="none", fillstyle="none",
                        label=f"{order}, simulated" if T == temperatures[0] else None)
            solved = theories(model, N, T)
            z = {name: hb.compare(run, s)["m"].z for name, s in solved.items() if s}
            for name in z:
                scores.setdefault((order, name), []).append(z[name] if run.retrieved == RUN["samples"] else np.nan)
            if T == temperatures[2]:
                values.append(run.m.values)
                print(f"{model} N={N} T={T} {order}: m = {run.m} q = {run.q} e = {run.energy} retrieved {run.retrieved}/16, "
                      f"acceptance {run.acceptance}, tau {run.tau}; theory "
                      + ", ".join(f"{name} m {s.m:.5f} q {s.q:.5f} e {s.energy:.5f} z {z[name]:+.1f}"
                                  for name, s in solved.items() if s)
                      + f"; {timed(model, N, T, order):.1f} us a sweep", flush=True)
    for (order, name), z in scores.items():
        print(f"    {order} dynamics against the {name} theory, all temperatures: {agreement(z)}")
    print(f"    difference of m on the same samples, synchronous less sequential: {hb.Estimate(values[1] - values[0])}")
    examples = "" if model.protocol == "storage" else f" from $M = {model.M}$, $r = {model.r:g}$"
    ax.set(title=rf"{model.protocol}{examples}: $p = {model.p}$, $\alpha = {model.alpha:g}$, $N = {N}$",
           xlabel="temperature $T$", ylabel="overlap $m$", xlim=(0, 1.1 * max(temperatures)))


if __name__ == "__main__":
    main(*sys.argv[1:])
