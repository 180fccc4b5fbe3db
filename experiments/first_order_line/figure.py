"""First-order line of three patterns: limits of both minima, their equal free energies, and hysteresis of slow ramps in d.

    python experiments/first_order_line/figure.py [FOLDER]

Patterns of one sample at different dilutions blank more and more of the same entries, so a network can be ramped in d with its
spins carried along.  The ramps (N = 10^5) are kept in FOLDER/first_order_line.npz.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

N, SEED, SWEEPS = 100_000, 20261124, 100
TEMPERATURES = (0.03, 0.05, 0.10)
GRID = np.round(np.arange(0.44, 0.6201, 0.01), 12)


def ramp(T, dilutions, spins="hierarchical"):
    """m_1 - m_2 - m_3 along a ramp, from a start or from given spins (2, N); also the spins at its end."""
    margin = []
    for d in dilutions:
        start = spins if isinstance(spins, str) else spins[None]
        run = hb.simulate(hb.MultitaskingHopfield(K=3, d=float(d)), N=N, T=T, samples=1, burn_in=SWEEPS // 2,
                          sweeps=SWEEPS // 2, seed=SEED, start=start, record=("spins",))
        spins = run.spins[0]
        margin.append(run.m.mean @ (1, -1, -1))
    return np.array(margin), spins


def measured(folder):
    """Both directions of every ramp, from the file or made now."""
    file = folder / "first_order_line.npz"
    if not file.exists():
        found = {}
        for T in TEMPERATURES:
            found[f"up {T}"], spins = ramp(T, GRID)
            found[f"down {T}"], _ = ramp(T, GRID[::-1], spins)
        np.savez(file, **found)
    return np.load(file)


def branch_margin(T, branch):
    """m_1 - m_2 - m_3 of a branch over the dilution, NaN where it does not exist."""
    d = np.linspace(GRID[0], GRID[-1], 61)
    found = []
    for x in d:
        try:
            m = hb.solve(hb.MultitaskingHopfield(K=3, d=float(x)), T=T, branch=branch).m
            found.append(m @ (1, -1, -1))
        except hb.NoSolution:
            found.append(np.nan)
    return d, np.array(found)


def draw(ramps):
    """Left: the lines.  Right: ramps up and down over the branches, one panel a temperature."""
    figure, axes = plt.subplots(1, 4, figsize=(12, 3.8), width_ratios=[1.3, 1, 1, 1])
    diagram = hb.phase_diagram(hb.MultitaskingHopfield(K=3, d=0.5), points=40)
    for name, colour, label in (("d_c", "#D55E00", "hierarchy ends, $d_c(T)$"), ("mixture_limit", "#0072B2", "mixture ends"),
                                ("d_x", "black", "equal free energies, $d_x(T)$")):
        line = diagram[name]
        axes[0].plot(line.d, line.T, color=colour, label=label)
    axes[0].plot(diagram["d_c"].d[-1], diagram["d_c"].T[-1], "ko", ms=5)
    axes[0].annotate(f"({diagram['d_c'].d[-1]:.4f}, {diagram['d_c'].T[-1]:.4f})", (diagram["d_c"].d[-1], diagram["d_c"].T[-1]),
                     xytext=(4, 6), textcoords="offset points", fontsize=8)
    for T in TEMPERATURES:
        axes[0].axhline(T, color="0.8", lw=0.8, zorder=0)
    axes[0].set(xlim=(0.44, 0.64), ylim=(0, 0.11), xlabel="dilution $d$", ylabel="temperature $T$", title="$K = 3$")
    axes[0].legend(fontsize=8, loc="upper left")
    for ax, T in zip(axes[1:], TEMPERATURES):
        for branch, colour in (("hierarchical", "#D55E00"), ("mixture", "#0072B2")):
            d, margin = branch_margin(T, branch)
            ax.plot(d, margin, color=colour, lw=1.3, label=branch)
        ax.plot(GRID, ramps[f"up {T}"], ">", color="0.15", ms=4, label="ramp up")
        ax.plot(GRID[::-1], ramps[f"down {T}"], "<", mfc="white", color="0.15", ms=4, label="ramp down")
        ax.axhline(0, color="0.7", lw=0.8)
        ax.set(xlabel="dilution $d$", title=f"$T = {T:g}$", ylim=(-0.12, 0.20))
    axes[1].set_ylabel("$m_1 - m_2 - m_3$")
    axes[1].legend(fontsize=8)
    return figure


def main(folder="results/first_order_line"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        draw(measured(folder)).savefig(folder / "first_order_line.png")
    print(folder / "first_order_line.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
