"""Learning diluted patterns from examples: threshold, dataset noise against the hierarchy, overfitting without a teacher.

    python experiments/learning_multitasking/figure.py [FOLDER]

The runs are kept in FOLDER/learning_multitasking.npz.  Theory is exact at every number of examples M.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory.multitasking import learning_threshold

SEED = 20261126
SEVERAL = dict(K=3, d=0.3, r=0.3)  # sum of examples against M
NOISY = dict(K=2, d=0.4, r=0.3)  # the same network at less and less noise
POOR = dict(K=1, d=0.0, r=0.3)  # few examples, even or odd
EXAMPLES = (3, 5, 9, 15, 31, 61, 101)
FEW = tuple(range(2, 13))
PROTOCOLS = ("supervised", "unsupervised")
MARKS = {"supervised": ("o", "#0072B2"), "unsupervised": ("s", "#D55E00")}


def overlaps(fields, numbers, T, N, samples, start):
    """Means and standard errors of the sorted overlaps for every number of examples and protocol: (protocol, M, K, 2)."""
    found = []
    for protocol in PROTOCOLS:
        row = []
        for M in numbers:
            run = hb.simulate(hb.MultitaskingHopfield(protocol=protocol, M=M, **fields), N=N, T=T, samples=samples, burn_in=80,
                              sweeps=60, seed=SEED, start=start)
            row.append(np.stack([run.m.mean, run.m.error], axis=-1))
        found.append(row)
    return np.array(found)


def measured(folder):
    """All runs, from the file or made now (about three minutes)."""
    file = folder / "learning_multitasking.npz"
    if not file.exists():
        np.savez(file, several=overlaps(SEVERAL, EXAMPLES, 0.05, 6000, 4, "hierarchical"),
                 noisy=overlaps(NOISY, EXAMPLES, 0.1, 6000, 4, "hierarchical"),
                 poor=overlaps(POOR, FEW, 0.02, 4000, 4, "pattern"))
    return np.load(file)


def theory(fields, numbers, T):
    """The lowest state for every number of examples, without a teacher."""
    return [hb.solve(hb.MultitaskingHopfield(protocol="unsupervised", M=M, **fields), T=T) for M in numbers]


def curves(ax, fields, numbers, T, runs, colours):
    """Overlaps over M: lines of theory, markers of both protocols."""
    fine = sorted({int(M) for M in np.geomspace(numbers[0], numbers[-1], 40)})
    solved = theory(fields, fine, T)
    for mu in range(fields["K"]):
        ax.plot(fine, [s.m[mu] for s in solved], color=colours[mu], lw=1.4)
        for k, protocol in enumerate(PROTOCOLS):
            ax.errorbar(np.array(numbers) * (1 + 0.03 * k), runs[k, :, mu, 0], runs[k, :, mu, 1], fmt=MARKS[protocol][0], ms=4,
                        color=colours[mu], mfc=colours[mu] if k == 0 else "white",
                        label=f"$m_{mu + 1}$, {protocol}" if mu == 0 else None)
    ax.set(xscale="log", xlabel="examples $M$", ylabel="overlaps, sorted")


def draw(runs):
    colours = ["#0072B2", "#D55E00", "#009E73"]
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.7))
    curves(axes[0], SEVERAL, EXAMPLES, 0.05, runs["several"], colours)
    needed = learning_threshold(hb.MultitaskingHopfield(protocol="supervised", M=1, **SEVERAL))
    axes[0].axvline(needed, color="0.5", ls=":")
    axes[0].text(needed * 1.08, 0.03, rf"$M_c = {needed:.1f}$", fontsize=8)
    axes[0].set(title="$K = 3$, $d = 0.3$, $r = 0.3$, $T = 0.05$", ylim=(0, 0.75))
    axes[0].legend(fontsize=8, loc="upper left")

    curves(axes[1], NOISY, EXAMPLES, 0.1, runs["noisy"], colours)
    axes[1].set(ylim=(0, 0.65))
    top = axes[1].secondary_xaxis("top", functions=(lambda M: np.maximum(M, 1e-9), lambda M: np.maximum(M, 1e-9)))
    ticks = [3, 10, 30, 100]
    top.set_xticks(ticks, [rf"$\rho = {(1 - 0.09) / (M * 0.09):.2g}$" for M in ticks], fontsize=7)
    axes[1].set_title("$K = 2$, $d = 0.4$, $r = 0.3$, $T = 0.1$", pad=22)

    rho = np.linspace(0.005, 2.5, 100)
    border = [1 - (1 + 6 * x + 3 * x * x) / (3 * (1 + x) ** 2) for x in rho]
    axes[2].plot(rho, border, color="black", label=r"at $T_c$: $d^*(\rho)$")
    axes[2].plot(rho, [frozen_border(x) for x in rho], color="#D55E00", label=r"at $T = 0$, $K = 2$")
    axes[2].text(1.2, 0.5, "equal overlaps", ha="center")
    axes[2].text(0.06, 0.03, "hierarchy", fontsize=8)
    axes[2].set(xlabel=r"dataset entropy $\rho = (1 - r^2)/(M r^2)$", ylabel="dilution $d$", ylim=(0, 1), xlim=(0, 2.5),
                title="Gaussian examples")
    axes[2].legend(fontsize=8)

    for k, protocol in enumerate(PROTOCOLS):
        axes[3].errorbar(FEW, runs["poor"][k, :, 0, 0], runs["poor"][k, :, 0, 1], fmt=MARKS[protocol][0], ms=5,
                         color=MARKS[protocol][1], mfc="white" if k else MARKS[protocol][1], label=protocol)
    solved = theory(POOR, FEW, 0.02)
    axes[3].plot(FEW, [s.m[0] for s in solved], color="0.4", lw=1, label="theory, equal examples")
    for M, s in zip(FEW, solved):
        if s.example_stability < 0:
            axes[3].axvspan(M - 0.4, M + 0.4, color="#F3DDCF", lw=0, zorder=0)
    axes[3].set(xlabel="examples $M$", ylabel="overlap", title="$K = 1$, $d = 0$, $r = 0.3$, $T = 0.02$", ylim=(0, 0.8))
    axes[3].legend(fontsize=8, loc="lower right")
    return figure


def frozen_border(rho):
    """Dilution above which two equal overlaps are stable at T = 0, Gaussian examples (hebbian.theory.multitasking)."""
    from scipy.special import erf

    odds = (1 / np.sqrt(np.pi * rho) - erf(1 / np.sqrt(rho)) / 2) / (
        erf(1 / np.sqrt(2 * rho)) + np.sqrt(2 * rho / np.pi) * np.exp(-1 / (2 * rho)))
    return odds / (1 + odds)


def main(folder="results/learning_multitasking"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(measured(folder)).savefig(folder / "learning_multitasking.png")
    print(folder / "learning_multitasking.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
