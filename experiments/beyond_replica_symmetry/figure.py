"""Where replica symmetry ends: re-entrant spinodals, AT lines and one-step capacities of storage.

    python experiments/beyond_replica_symmetry/figure.py [FOLDER]

Theory alone; writes beyond_replica_symmetry.png into FOLDER (results/beyond_replica_symmetry).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory import dense_branches, dense_rsb

CASES = ((2, "distinct"), (3, "distinct"), (4, "distinct"), (3, "power"), (4, "power"))


def main(folder="results/beyond_replica_symmetry"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.8))
        for p, energy in CASES:
            model = hb.DenseHopfield(p=p, energy=energy)
            lines = hb.phase_diagram(model, points=160)
            flat, broken = hb.capacity(model), hb.capacity(model, rsb=1)
            eq = dense_branches.equations(p, energy)
            turn = lines["spinodal"].alpha.argmax()
            print(f"p = {p} {energy}: capacity at T = 0 {flat:.9f} (RS), {broken:.9f} (1RSB, {100 * (broken / flat - 1):.1f} % more, "
                  f"m = {dense_rsb.capacity(eq)[1]:.4f}); RS spinodal turns near T = {lines['spinodal'].T[turn]:.4f}; "
                  f"AT meets it at T = {lines['replicon'].T[-1]:.5f}")
            ax, dashes = axes[p - 2], "-" if energy == "distinct" else "--"
            name = "" if p == 2 else f", {energy}"
            ax.plot(lines["spinodal"].alpha, lines["spinodal"].T, dashes, color="#0072B2", label=f"spinodal (RS){name}")
            ax.plot(lines["replicon"].alpha, lines["replicon"].T, dashes, color="#D55E00", label=f"AT line{name}")
            ax.fill_betweenx(lines["replicon"].T, lines["replicon"].alpha, np.interp(
                lines["replicon"].T, lines["spinodal"].T, lines["spinodal"].alpha), color="#D55E00", alpha=0.15, lw=0)
            ax.plot([broken], [0], "D" if energy == "distinct" else "d", color="#009E73", clip_on=False, zorder=5,
                    label=f"1RSB capacity{name}")
            ax.plot([flat], [0], "o", color="#0072B2", mfc="white", clip_on=False, zorder=5)
        for p, ax in zip((2, 3, 4), axes, strict=True):
            ax.set(title=f"$p = {p}$", xlabel=r"load $\alpha$", xlim=(0, None), ylim=(0, None))
            ax.locator_params(axis="x", nbins=5)
            ax.legend(fontsize=7.5, loc="upper right" if p > 2 else "center left")
        axes[0].set(ylabel="temperature $T$", xlim=(0.10, 0.142), ylim=(0, 0.2))
        axes[1].set(xlim=(0, 0.19), ylim=(0, 0.4))
        axes[2].set(xlim=(0, 0.05), ylim=(0, 0.115))
        fig.savefig(target / "beyond_replica_symmetry.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
