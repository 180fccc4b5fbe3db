"""Learning threshold against the quality of the examples, from theory at T = 0.

    python experiments/learning_threshold/figure.py [FOLDER]

Prints the thresholds with their local slopes and writes learning_threshold.png into FOLDER (results/learning_threshold).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

CASES = {  # (p, protocol): (load, qualities)
    (2, "supervised"): (0.02, np.geomspace(0.05, 0.5, 12)),
    (3, "supervised"): (0.1, np.geomspace(0.05, 0.5, 12)),
    (2, "unsupervised"): (0.02, np.geomspace(0.03, 0.6, 12)),
    (3, "unsupervised"): (0.04, np.geomspace(0.15, 0.6, 12)),
}
COLOURS = {2: "#0072B2", 3: "#D55E00"}


def thresholds(p, protocol, alpha, qualities):
    return np.array([hb.learning_threshold(hb.DenseHopfield(p=p, protocol=protocol, alpha=alpha, r=float(r)))
                     for r in qualities], float)


def main(folder="results/learning_threshold"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, ax = plt.subplots()
        for (p, protocol), (alpha, r) in CASES.items():
            M = thresholds(p, protocol, alpha, r)
            slope = np.polyfit(np.log(r[:4]), np.log(M[:4]), 1)[0]
            expected = -2 * p if protocol == "unsupervised" else -2
            print(f"p = {p} {protocol:13s} alpha = {alpha}: slope {slope:.2f} at small r, expected {expected}; "
                  + ", ".join(f"{a:.3f}: {b:.0f}" for a, b in zip(r, M, strict=True)))
            filled = protocol == "unsupervised"
            ax.loglog(r, M, "o" if filled else "s", color=COLOURS[p], mfc=COLOURS[p] if filled else "white",
                      label=rf"$p = {p}$ {protocol}, $\alpha = {alpha}$")
            guide = r[r < 4 * r[0]]
            ax.loglog(guide, M[0] * (guide / r[0]) ** expected, color=COLOURS[p], lw=1, ls="-" if filled else "--")
            ax.annotate(rf"$r^{{{expected}}}$", (r[2], M[0] * (r[2] / r[0]) ** expected), xytext=(6, 6),
                        textcoords="offset points", color=COLOURS[p])
        ax.set(xlabel="quality of the examples $r$", ylabel="learning threshold $M_c$",
               title="Examples needed to retrieve the archetype ($T = 0$)")
        ax.set_xticks([0.03, 0.05, 0.1, 0.2, 0.3, 0.5], ["0.03", "0.05", "0.1", "0.2", "0.3", "0.5"])
        ax.minorticks_off()
        ax.legend()
        fig.savefig(target / "learning_threshold.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
