"""Phase diagrams of learning in load and temperature, and how much load the examples of a data set allow.

    python experiments/phase_diagrams/figure.py [FOLDER]

Theory alone; writes p<p>_<protocol>.png, p3_M_alpha.png, p3_r_T.png and examples.png into FOLDER (results/phase_diagrams).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb


def main(folder="results/phase_diagrams"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for p, protocol, M, r in ((2, "supervised", 20, 0.5), (2, "unsupervised", 20, 0.5), (3, "supervised", 21, 0.5),
                              (3, "unsupervised", 41, 0.6)):
        model = hb.DenseHopfield(p=p, protocol=protocol, M=M, r=r)
        ax = hb.plots.phase_diagram(hb.phase_diagram(model, points=48))
        ax.set_title(rf"{protocol}, $p = {p}$, $M = {M}$, $r = {r}$ ($\rho = {model.rho:.3f}$)")
        ax.figure.savefig(target / f"p{p}_{protocol}.png")
        plt.close(ax.figure)
    model = hb.DenseHopfield(p=3, protocol="unsupervised", M=21, r=0.6, alpha=0.03)
    for x, y, values, T in (("M", "alpha", (3, 4, 5, 7, 9, 13, 21, 31, 51, 81), 0.05),
                            ("r", "T", np.linspace(0.4, 1.0, 10), None)):
        ax = hb.plots.phase_diagram(hb.phase_diagram(model, x=x, y=y, values=values, T=T))
        ax.set_title("unsupervised, $p = 3$, " + (f"$r = 0.6$, $T = {T}$" if T else r"$M = 21$, $\alpha = 0.03$"))
        ax.figure.savefig(target / f"p3_{x}_{y}.png")
        plt.close(ax.figure)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 4))
        rho = np.linspace(0.0, 1.0, 15)
        for p, colour in ((2, "#0072B2"), (3, "#D55E00"), (4, "#009E73")):
            scale = hb.capacity(hb.DenseHopfield(p=p))
            for protocol, dashes in (("supervised", "-"), ("unsupervised", "--")):
                model = hb.DenseHopfield(p=p, protocol=protocol, M=21, r=0.5)
                line = hb.phase_diagram(model, x="rho", y="alpha", values=rho, T=0.0)["spinodal"]
                left.plot(line.rho, line.alpha / scale, dashes, color=colour, label=f"$p = {p}$ {protocol}")
        left.set(xlabel=r"entropy of the data set $\rho$ ($M = 21$)", ylabel=r"$\alpha_s / \alpha_s$(storage)", yscale="log",
                 ylim=(1e-5, 1.5), title="Load that a data set allows ($T = 0$)")
        left.legend(fontsize=8)
        M = [3, 5, 9, 15, 25, 41, 61]
        for p, alpha, colour in ((2, 0.02, "#0072B2"), (3, 0.02, "#D55E00")):
            for protocol, dashes in (("supervised", "-"), ("unsupervised", "--")):
                model = hb.DenseHopfield(p=p, protocol=protocol, alpha=alpha)
                line = hb.phase_diagram(model, x="M", y="r", values=M, T=0.0)["spinodal"]
                print(f"p = {p} {protocol} alpha = {alpha}: least r = " + ", ".join(
                    f"{a:.4f} (M = {b:.0f})" for a, b in zip(line.r, line.M, strict=True)))
                right.plot(line.M, line.r, dashes, marker="o", ms=3.5, color=colour, label=f"$p = {p}$ {protocol}")
        right.set(xlabel="number of examples $M$", ylabel="least quality $r$ for retrieval", xscale="log", ylim=(0, 1),
                  title=r"Examples needed at $\alpha = 0.02$, $T = 0$")
        right.set_xticks(M, [str(m) for m in M])
        right.minorticks_off()
        right.legend(fontsize=8)
        fig.savefig(target / "examples.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
