"""Ultra-detection: archetypes behind noise that grows with the network, at loads K = kappa N^b with b < p - 1.

    hebbian sweep experiments/ultra_detection/scatter.toml
    hebbian sweep experiments/ultra_detection/fresh.toml
    python experiments/ultra_detection/figure.py [FOLDER]

Unsupervised, p = 3, rho fixed, r = N^(-(p-1-b)/(2(p-1))), M = (1 - r^2)/(rho r^2): for b = 1 the overlap must stay flat in N,
for b = 2 = p - 1 (no slack to spend on noise) it must be lost, and so for p = 2 at the same r and M.  The sweeps test the
theory of size N at other points.  Writes ultra_detection.png into FOLDER (results/ultra_detection, where the sweeps are); all
seeds were fixed beforehand.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement, score

RESULTS = Path("results/ultra_detection")
SIZES, RHO, T, SAMPLES, SEED = (100, 144, 196, 256, 324, 400), 0.1, 0.1, 16, 20241104
CASES = {  # label: (p, K of N)
    "$p = 3$, $K = 0.2\\,N$": (3, lambda N: round(0.2 * N)),
    "$p = 3$, $K = 0.02\\,N^2$": (3, lambda N: round(0.02 * N**2)),
    "$p = 2$, $K = 0.2\\,N$": (2, lambda N: round(0.2 * N)),
}


def theory(model, T, N=None):
    """Overlap at size N, or of the infinite system at the load and fraction of distinct index tuples of N; 0 where lost."""
    try:
        return hb.solve(model, T=T, N=N).m
    except hb.NoSolution:
        return 0.0


def infinite(model, T, N):
    """The same without the scatter of the overlaps with the examples: N to infinity, rescaled."""
    c = np.prod(1 - np.arange(1, model.p) / N) if model.p > 2 else 1.0
    model = hb.DenseHopfield(p=model.p, alpha=model.load(N) / c, M=model.M, r=model.r, protocol="unsupervised")
    return theory(model, T / c)


def main(folder=RESULTS):
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.2))
        detection(left)
        shifts(right)
        fig.savefig(Path(folder) / "ultra_detection.png")


def detection(ax):
    """Overlap against N where the quality of the examples falls with N."""
    for colour, (label, (p, count)) in zip(("#0072B2", "#D55E00", "#009E73"), CASES.items(), strict=True):
        means, errors, lines, scores = [], [], [], []
        for N in SIZES:
            r = N**-0.25
            M, K = round((1 - r**2) / (RHO * r**2)), count(N)
            if p == 3 and K * M > 80_000:
                break
            model = hb.DenseHopfield(p=p, K=K, M=M, r=r, protocol="unsupervised")
            run = hb.simulate(model, N=N, T=T, samples=SAMPLES, burn_in=100, sweeps=100, seed=SEED)
            means.append(run.m.mean), errors.append(run.m.error), lines.append(theory(model, T, N))
            scores.append(score(run.m, lines[-1]) if lines[-1] and run.retrieved == SAMPLES else np.nan)
            print(f"{label}: N = {N}, K = {K}, M = {M}, r = {r:.4f}: m = {run.m}, retrieved {run.retrieved}/{SAMPLES}, "
                  f"theory at N {lines[-1]:.4f}, infinite {infinite(model, T, N):.4f}, z = {scores[-1]:+.1f}", flush=True)
        print(f"{label}: {agreement(scores)}")
        ax.errorbar(SIZES[:len(means)], means, errors, fmt="o", color=colour, label=label)
        ax.plot(SIZES[:len(means)], lines, color=colour, lw=1)
    ax.set(xlabel="number of spins $N$", ylabel="overlap with the archetype $m$", ylim=(-0.03, 1.03), xscale="log",
           title=rf"$r = N^{{-1/4}}$, $\rho = {RHO}$, $T = {T}$")
    ax.set_xticks(SIZES, [str(N) for N in SIZES])
    ax.minorticks_off()
    ax.legend(title="unsupervised; lines: theory at size $N$", loc="center right")


def shifts(ax):
    """How far finite networks lie below the infinite system, measured and predicted, at the points of both sweeps."""
    for name, colour, words in (("scatter", "#999999", "first points"), ("fresh", "#0072B2", "fresh points")):
        data, scores, without = hb.load(RESULTS / name), [], []
        for k in range(data.sizes["point"]):
            here = data.isel(point=k)
            p, N, K, M = (int(here[field]) for field in ("p", "N", "K", "M"))
            model = hb.DenseHopfield(p=p, K=K, M=M, r=float(here["r"]), protocol="unsupervised")
            at = float(here["T"])
            measured, predicted, limit = hb.Estimate(here["m"].values), theory(model, at, N), infinite(model, at, N)
            kept = bool((here["retrieved"] == 1).all())
            scores.append(score(measured, predicted) if kept else np.nan)
            without.append(score(measured, limit) if kept else np.nan)
            print(f"{name}: p = {p} N = {N} K = {K} M = {M} r = {model.r} T = {at}: m = {measured}, at N {predicted:.5f}, "
                  f"z = {score(measured, predicted):+.1f}, infinite {limit:.5f}, z = {score(measured, limit):+.1f}, "
                  f"retrieved {int((here['retrieved'] == 1).sum())}/{measured.n}")
            if kept:
                ax.errorbar(limit - predicted, limit - measured.mean, measured.error, fmt={2: "^", 3: "o", 4: "s"}[p], ms=5,
                            color=colour, label=f"$p = {p}$, {words}")
        print(f"{name}, points with all samples retrieved: theory at N: {agreement(scores)}; infinite: {agreement(without)}")
    low, high = ax.get_xlim()
    ax.plot([low, high], [low, high], color="0.4", lw=1, label="theory at size $N$")
    ax.axhline(0, color="0.6", lw=0.8, ls=":", label="infinite system")
    ax.set(xlabel="predicted $m_\\infty - m_N$", ylabel="measured $m_\\infty - m$", title="Shift of $m$ by size, 64 samples")
    handles = dict(zip(*reversed(ax.get_legend_handles_labels())))
    ax.legend(handles.values(), handles.keys(), fontsize=8)


if __name__ == "__main__":
    main(*sys.argv[1:])
