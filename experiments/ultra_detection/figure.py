"""Ultra-detection: archetypes behind noise that grows with the network, at loads K = kappa N^b with b < p - 1.

    python experiments/ultra_detection/figure.py [FOLDER]

Unsupervised, p = 3, rho fixed, r = N^(-(p-1-b)/(2(p-1))), M = (1 - r^2)/(rho r^2): for b = 1 the overlap must stay flat in N,
for b = 2 = p - 1 (no slack to spend on noise) it must be lost, and so for p = 2 at the same r and M.  The seed was fixed
beforehand.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory.dense_states import equations

SIZES, RHO, T, SAMPLES, SEED = (100, 144, 196, 256, 324, 400), 0.1, 0.1, 16, 20241104
CASES = {  # label: (p, K of N)
    "$p = 3$, $K = 0.2\\,N$": (3, lambda N: round(0.2 * N)),
    "$p = 3$, $K = 0.02\\,N^2$": (3, lambda N: round(0.02 * N**2)),
    "$p = 2$, $K = 0.2\\,N$": (2, lambda N: round(0.2 * N)),
}


def theory(p, N, K, M, r, own):
    """Overlap at the parameters of size N, 0 where nothing is retrieved.

    `own` adds what the infinite system lacks: the M overlaps of the retrieved class scatter by N^(-1/2), which puts noise of
    variance F''(n)^2 (1 - r^2) / (M N) on every spin; the class is one more in K; c is the fraction of distinct index tuples.
    """
    model = hb.DenseHopfield(p=p, alpha=(K + own) / N ** (p - 1), M=M, r=r, protocol="unsupervised")
    try:
        start = hb.solve(model, T=T)
    except hb.NoSolution:
        return 0.0
    if not own:
        return start.m
    eq = equations(p, "distinct", "unsupervised", M, r)
    c = np.prod(1 - np.arange(1, p) / N)
    n, a = start.n * r * (1 + model.rho), np.sqrt(start.noise)
    for _ in range(200):
        state = eq.examples.averages(eq.F(n, 1), a, T / c)
        scatter = eq.F(state.n, 2) ** 2 * (1 - r**2) / (M * N)
        n, a = state.n, np.sqrt(model.alpha / c * eq.noise.variance(state.q, state.C) + scatter)
    return float(state.m)


def main(folder="results/ultra_detection"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, ax = plt.subplots()
        for colour, (label, (p, count)) in zip(("#0072B2", "#D55E00", "#009E73"), CASES.items(), strict=True):
            means, errors, lines = [], [], []
            for N in SIZES:
                r = N**-0.25
                M, K = round((1 - r**2) / (RHO * r**2)), count(N)
                if p == 3 and K * M > 80_000:
                    break
                run = hb.simulate(hb.DenseHopfield(p=p, K=K, M=M, r=r, protocol="unsupervised"), N=N, T=T,
                                  samples=SAMPLES, burn_in=100, sweeps=100, seed=SEED)
                means.append(run.m.mean), errors.append(run.m.error), lines.append(theory(p, N, K, M, r, own=p == 3))
                plain = theory(p, N, K, M, r, own=False)
                print(f"{label}: N = {N}, K = {K}, M = {M}, r = {r:.4f}: m = {run.m}, retrieved {run.retrieved}/{SAMPLES}, "
                      f"theory {plain:.4f}, with own-class scatter {lines[-1]:.4f}, "
                      f"z = {(run.m.mean - lines[-1]) / run.m.error:+.1f}")
            ax.errorbar(SIZES[:len(means)], means, errors, fmt="o", color=colour, label=label)
            ax.plot(SIZES[:len(means)], lines, color=colour, lw=1)
        ax.set(xlabel="number of spins $N$", ylabel="overlap with the archetype $m$", ylim=(-0.03, 1.03), xscale="log",
               title=rf"$r = N^{{-1/4}}$, $\rho = {RHO}$, $T = {T}$")
        ax.set_xticks(SIZES, [str(N) for N in SIZES])
        ax.minorticks_off()
        ax.legend(title="unsupervised; lines: theory", loc="center right")
        fig.savefig(target / "ultra_detection.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
