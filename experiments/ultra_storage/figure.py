"""Ultra-storage: K = alpha N^(p-1) patterns in dense networks of p = 3, 4 beside p = 2 with as many.

    python experiments/ultra_storage/figure.py [FOLDER]

Overlap against N at fixed alpha, over theory, and the number of patterns; writes ultra_storage.png into FOLDER
(results/ultra_storage).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement

CASES = {3: (0.05, 0.1, (50, 100, 200, 400)), 4: (0.01, 0.03, (30, 50, 80, 120))}
COLOURS = {3: "#0072B2", 4: "#D55E00"}
SAMPLES, SEED = 16, 20241108


def main(folder="results/ultra_storage"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.9))
        for p, (alpha, T, sizes) in CASES.items():
            K = [hb.DenseHopfield(p=p, alpha=alpha).patterns(N) for N in sizes]
            means = {order: [] for order in (p, 2)}
            predicted, scores = [], []
            for N, count in zip(sizes, K, strict=True):
                for order in means:
                    model = hb.DenseHopfield(p=order, K=count)
                    run = hb.simulate(model, N=N, T=T if order == p else 0.1, samples=SAMPLES, burn_in=100, sweeps=100,
                                      seed=SEED)
                    means[order].append((run.m.mean, run.m.error))
                    if order == p:
                        solution = hb.solve(hb.DenseHopfield(p=p, alpha=alpha), T=T, N=N)
                        predicted.append(solution.m)
                        z = hb.compare(run, solution)["m"].z
                        scores.append(z if run.retrieved == SAMPLES else np.nan)
                        note = f"theory {predicted[-1]:.5f}, z = {z:+.1f}, median {run.m.median:.5f}"
                    else:
                        note = f"K / N = {count / N:.1f}, beyond 0.138"
                    print(f"N = {N}, K = {count}, p = {order}: m = {run.m}, retrieved {run.retrieved}/{SAMPLES}; {note}")
            print(f"p = {p}, sizes with all samples retrieved: {agreement(scores)}")
            left.plot(sizes, predicted, color=COLOURS[p], lw=1)
            for order, marker in ((p, "o"), (2, "s")):
                mean, error = np.array(means[order]).T
                left.errorbar(sizes, mean, error, fmt=marker, color=COLOURS[p], mfc=COLOURS[p] if order == p else "white",
                              label=f"$p = {order}$, $K = {alpha} N^{p - 1}$")
            right.loglog(sizes, K, "o-", color=COLOURS[p], label=rf"$K = {alpha} N^{p - 1}$ ($p = {p}$)")
        N = np.array([30, 400])
        right.loglog(N, 0.138 * N, "k:", label=r"$0.138 N$, the most that $p = 2$ stores")
        left.set(xscale="log", xlabel="number of spins $N$", ylabel="overlap $m$ from the pattern", ylim=(-0.03, 1.03))
        right.set(xlabel="number of spins $N$", ylabel="patterns $K$")
        for ax in (left, right):
            ax.set_xticks([30, 50, 100, 200, 400], ["30", "50", "100", "200", "400"])
            ax.minorticks_off()
        left.legend(fontsize=8, loc="center right")
        right.legend(fontsize=8)
        fig.savefig(target / "ultra_storage.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
