"""Learning diluted patterns from examples: threshold, dataset noise against the hierarchy, overfitting without a teacher.

    python experiments/learning_multitasking/figure.py [RESULTS] [FOLDER]

RESULTS holds the sweeps several, noise and parity; learning_multitasking.png is written into FOLDER (by default the same).
Theory is exact at every number of examples M.  Prints the measured agreement.
"""

import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

PROTOCOLS = ("supervised", "unsupervised")
MARKS = {"supervised": ("o", "#0072B2"), "unsupervised": ("s", "#D55E00")}


def fixed(results):
    """K, d and r of a sweep, and its temperature."""
    config = tomllib.loads(results.attrs["config"])
    return {name: config["model"][name] for name in ("K", "d", "r")}, config["simulate"]["T"]


def theory(model, numbers, T):
    """The lowest state for every number of examples, without a teacher."""
    return [hb.solve(hb.MultitaskingHopfield(protocol="unsupervised", M=M, **model), T=T) for M in numbers]


def measured(results, protocol):
    """Sorted overlaps over M and their standard errors, arrays (M, K)."""
    m = results["m"].sel(protocol=protocol).transpose("M", "sample", "pattern").values
    return m.mean(axis=1), m.std(axis=1, ddof=1) / np.sqrt(m.shape[1])


def curves(ax, results, colours):
    """Overlaps over M: lines of theory, markers of both protocols."""
    numbers = results["M"].values.astype(int)
    fine = sorted({int(M) for M in np.geomspace(numbers[0], numbers[-1], 40)})
    model, T = fixed(results)
    solved = theory(model, fine, T)
    for mu in range(model["K"]):
        ax.plot(fine, [s.m[mu] for s in solved], color=colours[mu], lw=1.4)
        for k, protocol in enumerate(PROTOCOLS):
            mean, error = measured(results, protocol)
            ax.errorbar(numbers * (1 + 0.03 * k), mean[:, mu], error[:, mu], fmt=MARKS[protocol][0], ms=4, color=colours[mu],
                        mfc=colours[mu] if k == 0 else "white", label=f"$m_{mu + 1}$, {protocol}" if mu == 0 else None)
    ax.set(xscale="log", xlabel="examples $M$", ylabel="overlaps, sorted")


def report(name, results):
    """Deviation of sum m^2, which sorting does not pull, in units of its error, and of the two protocols from each other."""
    m2, predicted = results["m2"].transpose("protocol", "M", "sample"), results["m2_theory"].transpose("protocol", "M")
    error = m2.std("sample", ddof=1) / np.sqrt(m2.sizes["sample"])
    for protocol in PROTOCOLS:
        here = dict(protocol=protocol)
        off = (m2.mean("sample") - predicted).sel(here).values
        z = off / error.sel(here).values
        print(f"{name}, {protocol}: sum m^2 off theory by {np.abs(off).max():.4f} at most, chi2/dof {np.mean(z**2):.2f}, "
              f"z {np.round(z, 1)}")
    apart = (m2.sel(protocol="unsupervised") - m2.sel(protocol="supervised")).mean("sample").values
    print(f"{name}: sum m^2 without a teacher minus with one, per M {np.round(apart, 4)}")


def draw(several, noise, parity):
    colours = ["#0072B2", "#D55E00", "#009E73"]
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.7))
    curves(axes[0], several, colours)
    needed = hb.learning_threshold(hb.MultitaskingHopfield(protocol="supervised", **fixed(several)[0]))
    axes[0].axvline(needed, color="0.5", ls=":")
    axes[0].text(needed * 1.08, 0.03, rf"$M_c = {needed}$", fontsize=8)
    axes[0].set(title="$K = 3$, $d = 0.3$, $r = 0.3$, $T = 0.05$", ylim=(0, 0.75))
    axes[0].legend(fontsize=8, loc="upper left")

    curves(axes[1], noise, colours)
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

    few = parity["M"].values.astype(int)
    for k, protocol in enumerate(PROTOCOLS):
        mean, error = measured(parity, protocol)
        axes[3].errorbar(few, mean[:, 0], error[:, 0], fmt=MARKS[protocol][0], ms=5, color=MARKS[protocol][1],
                         mfc="white" if k else MARKS[protocol][1], label=protocol)
    model, T = fixed(parity)
    solved = theory(model, few, T)
    axes[3].plot(few, [s.m[0] for s in solved], color="0.4", lw=1, label="theory, equal examples")
    for M, s in zip(few, solved):
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


def main(source="results/learning_multitasking", folder=None):
    sweeps = {name: hb.load(Path(source) / name) for name in ("several", "noise", "parity")}
    folder = Path(folder or source)
    folder.mkdir(parents=True, exist_ok=True)
    for name, results in sweeps.items():
        report(name, results)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(**sweeps).savefig(folder / "learning_multitasking.png")
    print(folder / "learning_multitasking.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
