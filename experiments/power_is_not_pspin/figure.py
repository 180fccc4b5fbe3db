"""The full power m^p and the sum over distinct indices have different phase diagrams at the same load.

    python experiments/power_is_not_pspin/figure.py [FOLDER]

Spinodal and glass lines for p = 3, 4, 5, and one point a p where both were simulated; writes power_is_not_pspin.png into
FOLDER (results/power_is_not_pspin).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import hebbian as hb

POINTS = {3: (0.05, 0.15, 300), 4: (0.010, 0.03, 120), 5: (0.0015, 0.006, 60)}  # p: load, temperature, size
STYLES = {"distinct": ("#0072B2", "-"), "power": ("#D55E00", "--")}
SEED = 20241107


def main(folder="results/power_is_not_pspin"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.7))
        for ax, (p, (alpha, T, N)) in zip(axes, POINTS.items(), strict=True):
            for energy, (colour, dashes) in STYLES.items():
                lines = hb.phase_diagram(hb.DenseHopfield(p=p, energy=energy), points=60)
                ax.plot(lines["spinodal"].alpha, lines["spinodal"].T, dashes, color=colour, label=f"{energy}: spinodal")
                ax.plot(lines["glass"].alpha, lines["glass"].T, dashes, color=colour, lw=0.9, alpha=0.7,
                        label=f"{energy}: glass")
                model = hb.DenseHopfield(p=p, energy=energy, alpha=alpha)
                run = hb.simulate(model, N=N, T=T, samples=16, burn_in=100, sweeps=150, seed=SEED)
                z = {}
                for other in STYLES:
                    s = hb.solve(hb.DenseHopfield(p=p, energy=other, alpha=alpha), T=T, N=N)
                    z[other] = (s.m, (run.m.mean - s.m) / run.m.error)
                print(f"p = {p} {energy} alpha = {alpha} T = {T} N = {N}: m = {run.m}, retrieved {run.retrieved}/16; "
                      + ", ".join(f"theory of {name} {m:.5f} (z = {value:+.1f})" for name, (m, value) in z.items()))
            ax.plot([alpha], [T], "k*", ms=9, label="simulated")
            ax.set(title=f"$p = {p}$", xlabel=r"load $\alpha$", xlim=(0, None), ylim=(0, None))
            ax.locator_params(axis="x", nbins=4)
        axes[0].set_ylabel("temperature $T$")
        axes[0].legend(fontsize=7.5)
        fig.savefig(target / "power_is_not_pspin.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
