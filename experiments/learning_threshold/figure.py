"""Learning threshold: theory at T = 0, and networks on both sides of it at T = 0.1.

    for f in p2_supervised p2_unsupervised p3_supervised p3_unsupervised; do
        hebbian sweep experiments/learning_threshold/$f.toml; done
    python experiments/learning_threshold/figure.py [FOLDER]

Prints the thresholds with their local slopes, every measured overlap beside its theory, and the number of examples at which
half of the networks retrieve; writes learning_threshold.png into FOLDER (results/learning_threshold, where the sweeps are).
"""

import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

import hebbian as hb
from hebbian.comparison import agreement, compare_dataset
from hebbian.stats import Estimate, jackknife, wilson, with_error

RESULTS = Path("results/learning_threshold")
CASES = {  # (p, protocol): (load, qualities), at T = 0
    (2, "supervised"): (0.02, np.geomspace(0.05, 0.5, 12)),
    (3, "supervised"): (0.1, np.geomspace(0.05, 0.5, 12)),
    (2, "unsupervised"): (0.02, np.geomspace(0.03, 0.6, 12)),
    (3, "unsupervised"): (0.04, np.geomspace(0.15, 0.6, 12)),
}
COLOURS = {(2, "supervised"): "#0072B2", (2, "unsupervised"): "#56B4E9", (3, "supervised"): "#E69F00",
           (3, "unsupervised"): "#D55E00"}
MARKERS = "^sP"  # of sizes
QUALITIES = {0.3: "o", 0.4: "^", 0.45: "D", 0.5: "s"}


def main(folder=RESULTS):
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 3, figsize=(14, 8))
        (first, half, fraction), overlaps = axes[0], dict(zip((2, "supervised", "unsupervised"), axes[1]))
        laws(first)
        for case in CASES:
            networks(half, fraction, overlaps[2 if case[0] == 2 else case[1]], case,
                     hb.load(RESULTS / f"p{case[0]}_{case[1]}").squeeze())
        half.set(xlabel="quality of the examples $r$", ylabel="number of examples $M$", yscale="log",
                 title="Half of the networks retrieve, $T = 0.1$; lines: theory")
        half.set_yticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
        fraction.set(xlabel="examples over the threshold of theory $M / M_c$", ylabel="fraction of networks that retrieve",
                     xscale="log", title="All qualities, largest size, $T = 0.1$")
        fraction.set_xticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
        fraction.axvline(1, color="0.6", lw=0.8, ls=":")
        for ax in axes[1]:
            ax.set(xlabel="number of examples $M$", ylabel="overlap with the archetype $m$", xscale="log", ylim=(0, 1.03),
                   title="Overlap; lines: theory, where it has a state")
            ax.set_xticks([3, 5, 10, 20, 50, 100, 200], ["3", "5", "10", "20", "50", "100", "200"])
        for ax in axes.flat:
            ax.minorticks_off()
            ax.title.set_size(10)
            ax.legend(fontsize=7, loc="lower left" if ax is half else "best")
        fig.savefig(Path(folder) / "learning_threshold.png")


def laws(ax):
    """Thresholds at T = 0 with their power laws."""
    for (p, protocol), (alpha, r) in CASES.items():
        M = np.array([threshold(p, protocol, alpha, x, 0.0) for x in r], float)
        slope = np.polyfit(np.log(r[:4]), np.log(M[:4]), 1)[0]
        expected = -2 * p if protocol == "unsupervised" else -2
        print(f"p = {p} {protocol:13s} alpha = {alpha}: slope {slope:.2f} at small r, expected {expected}; "
              + ", ".join(f"{a:.3f}: {b:.0f}" for a, b in zip(r, M, strict=True)), flush=True)
        colour, filled = COLOURS[p, protocol], protocol == "unsupervised"
        ax.loglog(r, M, "o" if filled else "s", color=colour, mfc=colour if filled else "white",
                  label=rf"$p = {p}$ {protocol}, $\alpha = {alpha}$")
        guide = r[r < 4 * r[0]]
        ax.loglog(guide, M[0] * (guide / r[0]) ** expected, color=colour, lw=1, ls="-" if filled else "--")
        ax.annotate(rf"$r^{{{expected}}}$", (r[2], M[0] * (r[2] / r[0]) ** expected), xytext=(6, 6),
                    textcoords="offset points", color=colour)
    ax.set(xlabel="quality of the examples $r$", ylabel="threshold $M_c$", title="Theory at $T = 0$ and its power laws")
    ax.set_xticks([0.03, 0.05, 0.1, 0.2, 0.3, 0.5], ["0.03", "0.05", "0.1", "0.2", "0.3", "0.5"])


def threshold(p, protocol, alpha, r, T):
    return hb.learning_threshold(hb.DenseHopfield(p=p, protocol=protocol, alpha=alpha, r=float(r)), T=T)


def networks(half_axes, fraction_axes, overlap_axes, case, data):
    """Measured overlaps of one case beside theory, and where half of the networks retrieve if M_c is above 3."""
    (p, protocol), colour = case, COLOURS[case]
    alpha, T = tomllib.loads(data.attrs["config"])["model"]["alpha"], float(data["T"])
    rows = [row for row in compare_dataset(data).rows if row["observable"] == "m"]
    for N in data["N"].values:
        here = [row for row in rows if row["N"] == N]
        for row in here:
            print(f"p = {p} {protocol} N = {N} r = {row['r']} M = {row['M']}: m = {with_error(row['measured'], row['error'])}, "
                  f"theory {row['predicted']:.4f}, z = {row['z']:+.1f}, retrieved {row['retrieved']:.2f}")
        print(f"p = {p} {protocol} N = {N}, points with a state and all samples retrieved: "
              f"{agreement(row['z'] for row in here if row['retrieved'] == 1 and (1 - row['predicted']) * N > 2)}")
    qualities, largest = np.unique(data["r"].values), data["N"].values[-1]
    critical = {r: threshold(p, protocol, alpha, r, T) for r in qualities}
    if min(critical.values()) > 3:
        line = np.linspace(qualities[0] - 0.02, qualities[-1] + 0.05, 8)
        half_axes.plot(line, [threshold(p, protocol, alpha, r, T) for r in line], color=colour)
    for k, N in enumerate(data["N"].values):
        for r in qualities:
            part = data.sel(N=N).isel(point=data["r"].values == r)
            M, flags = part["M"].values, (part["retrieved"] == 1).values.T.astype(float)
            if critical[r] > 3:
                half, error = jackknife(lambda fractions, M=M: crossing(M, fractions), flags)
                print(f"p = {p} {protocol} N = {N} r = {r}: half of the networks retrieve at M = "
                      f"{with_error(np.exp(half), np.exp(half) * error)}, threshold of theory {critical[r]}")
                half_axes.errorbar(r + 0.006 * (k - 1) + 0.003 * (p - 2), np.exp(half), np.exp(half) * error, color=colour,
                                   ms=5, fmt=MARKERS[k], mfc=colour if N == largest else "white",
                                   label=f"$p = {p}$ {protocol}, $N = {N}$" if r == qualities[0] else None)
            if N == largest:
                curve(fraction_axes, overlap_axes, case, part, r, critical[r], largest)


def curve(fraction_axes, overlap_axes, case, part, r, critical, N):
    """Retrieved fraction and overlap of one quality at the largest size against the number of examples."""
    label = f"$p = {case[0]}$ {case[1]}, $N = {N}$, $r = {r}$"
    style = dict(color=COLOURS[case], fmt=QUALITIES[r], ms=4.5, label=label)
    M, hits = part["M"].values, (part["retrieved"] == 1).sum("sample").values
    if critical > 3:
        low, high = np.array([wilson(int(k), part.sizes["sample"]) for k in hits]).T
        fraction = hits / part.sizes["sample"]
        fraction_axes.errorbar(M / critical, fraction, [np.maximum(fraction - low, 0), np.maximum(high - fraction, 0)],
                               **style)
    measured = Estimate(part["m"].transpose("sample", ...).values)
    overlap_axes.plot(M, part["m_theory"].values, color=COLOURS[case], lw=1)
    overlap_axes.errorbar(M, measured.mean, measured.error, **style)


def crossing(M, fractions):
    """ln M where the retrieved fraction is one half, from a logistic curve in ln M of largest likelihood."""
    x = np.log(M)

    def unlikeliness(parameters):
        centre, width = parameters[0], np.exp(parameters[1])
        odds = np.clip(expit((x - centre) / width), 1e-9, 1 - 1e-9)
        return -np.sum(fractions * np.log(odds) + (1 - fractions) * np.log(1 - odds)) + 1e-3 * parameters[1] ** 2

    return minimize(unlikeliness, [x.mean(), -1.0], method="Nelder-Mead").x[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
