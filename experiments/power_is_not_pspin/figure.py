"""The full power m^p and the sum over distinct indices have different phase diagrams at the same load.

    python experiments/power_is_not_pspin/figure.py [FOLDER]

Spinodal and glass lines for p = 3, 4, 5, and two points a p, well inside both phases, where both were simulated at two sizes;
prints every overlap beside the theories of both energies and writes power_is_not_pspin.png into FOLDER
(results/power_is_not_pspin).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement

# p: (load, temperature) of two points, chosen from theory alone at 0.45 to 0.5 of the spinodal load and at most 0.7 of the
# spinodal temperature of the power, and two sizes
POINTS = {
    3: (((0.040, 0.11), (0.035, 0.16)), (150, 300)),
    4: (((0.0065, 0.030), (0.0055, 0.042)), (100, 160)),
    5: (((0.0008, 0.0075), (0.00065, 0.0095)), (60, 90)),
}
STYLES = {"distinct": ("#0072B2", "-", "distinct indices"), "power": ("#D55E00", "--", "full power")}
SAMPLES, SEED = 32, 20250205


def main(folder="results/power_is_not_pspin"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    scores = {(energy, theory): [] for energy in STYLES for theory in STYLES}
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 3, figsize=(10.5, 6.8), height_ratios=(1.1, 1))
        for (top, bottom), (p, (points, sizes)) in zip(axes.T, POINTS.items(), strict=True):
            lines(top, p, points)
            overlaps(bottom, p, points, sizes, scores)
        axes[0, 0].set_ylabel("temperature $T$")
        axes[1, 0].set_ylabel("wrong spins $1 - m$")
        axes[0, 2].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8)
        axes[1, 2].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8)
        fig.savefig(target / "power_is_not_pspin.png")
    for (energy, theory), z in scores.items():
        print(f"{energy} against the theory of {theory}: {agreement(z)}")


def lines(ax, p, points):
    """Phase diagrams of both energies and the simulated points."""
    for energy, (colour, dashes, words) in STYLES.items():
        found = hb.phase_diagram(hb.DenseHopfield(p=p, energy=energy), points=60)
        ax.plot(found["spinodal"].alpha, found["spinodal"].T, dashes, color=colour, label=f"spinodal, {words}")
        ax.plot(found["glass"].alpha, found["glass"].T, dashes, color=colour, lw=0.9, alpha=0.6, label=f"glass, {words}")
    for name, (alpha, T) in zip("AB", points):
        ax.plot([alpha], [T], "ko", ms=5)
        ax.annotate(name, (alpha, T), xytext=(5, 4), textcoords="offset points")
    ax.set(title=f"$p = {p}$", xlabel=r"load $\alpha$", xlim=(0, None), ylim=(0, None))
    ax.locator_params(axis="x", nbins=4)


def overlaps(ax, p, points, sizes, scores):
    """Overlap of both energies at every point and size over both theories; collects the deviations."""
    ticks = []
    for name, (alpha, T) in zip("AB", points):
        for N in sizes:
            at = len(ticks)
            ticks.append(f"{name}\n$N={N}$")
            solved = {energy: hb.solve(hb.DenseHopfield(p=p, energy=energy, alpha=alpha), T=T, N=N) for energy in STYLES}
            for shift, (energy, (colour, dashes, words)) in zip((-0.15, 0.15), STYLES.items()):
                ax.hlines(1 - solved[energy].m, at - 0.4, at + 0.4, color=colour, ls=dashes,
                          label=f"theory, {words}" if at == 0 else None)
                run = hb.simulate(hb.DenseHopfield(p=p, energy=energy, alpha=alpha), N=N, T=T, samples=SAMPLES, burn_in=100,
                                  sweeps=150, seed=SEED)
                ax.errorbar(at + shift, 1 - run.m.mean, run.m.error, fmt="o" if energy == "distinct" else "s", color=colour,
                            mfc=colour if N == sizes[-1] else "white", label=f"simulated, {words}" if at == 1 else None)
                z = {theory: hb.compare(run, solved[theory])["m"].z for theory in STYLES}
                for theory in STYLES:
                    scores[energy, theory].append(z[theory] if run.retrieved == SAMPLES else np.nan)
                print(f"p = {p} {energy} alpha = {alpha} T = {T} N = {N}: m = {run.m}, retrieved {run.retrieved}/{SAMPLES}; "
                      + ", ".join(f"theory of {theory} {solved[theory].m:.5f} (z = {z[theory]:+.1f})" for theory in STYLES),
                      flush=True)
    ax.set(yscale="log", xticks=range(len(ticks)))
    ax.set_xticklabels(ticks, fontsize=8)
    ax.grid(axis="x", visible=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
