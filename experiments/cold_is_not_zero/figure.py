"""Is a low temperature the same as zero in the binary exponential memory?  Patterns kept against temperature and size.

    python experiments/cold_is_not_zero/figure.py [FOLDER]

At lam = 1/2 the load 0.47 lies between the capacity for T -> 0 (0.380) and that at T = 0 (0.566).  Computes everything (three
minutes of one core), prints the table of notes.md and writes cold_is_not_zero.png into FOLDER (by default
results/cold_is_not_zero).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
MODEL = hb.ModernHopfield(alpha=0.47, lam=0.5, ensemble="binary")
SIZES = {12: 24, 16: 16, 20: 10, 24: 4}
TEMPERATURES = (0.005, 0.01, 0.02, 0.03, 0.045, 0.065, 0.1, 0.2)
SEED = 20261104


def draw(folder):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.0), width_ratios=(1.5, 1))
    colours, crossings = plt.cm.viridis(np.linspace(0.85, 0.1, len(SIZES))), {}
    print("  N   T = 0      " + "".join(f"{T:<11g}" for T in TEMPERATURES))
    for (N, samples), colour in zip(SIZES.items(), colours, strict=True):
        runs = [hb.simulate(MODEL, N=N, T=T, samples=samples, queries=12, sweeps=20, seed=SEED)
                for T in (0.0, *TEMPERATURES)]
        print(f"{N:3d}   " + "".join(f"{run.m!s:<11s}" for run in runs), flush=True)
        m, error = np.array([[run.m.mean, run.m.error] for run in runs]).T
        left.errorbar(TEMPERATURES, m[1:], error[1:], marker="o", color=colour, label=f"$N = {N}$")
        left.errorbar(0.0032, m[0], error[0], marker="D", color=colour)
        half = m[0] / 2 + m[-1] / 2
        crossings[N] = np.exp(np.interp(half, np.minimum.accumulate(m[1:])[::-1], np.log(TEMPERATURES)[::-1]))
    left.set(xscale="log", xlabel="temperature $T$", ylabel="overlap with the pattern, sweeps 10 to 20", xlim=(0.0026, 0.25))
    left.set_xticks([0.0032, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2], ["$T = 0$", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2"])
    left.minorticks_off()
    left.legend(loc="lower left")
    sizes = np.array(list(crossings))
    right.plot(sizes, list(crossings.values()), marker="o", color="C0", label="half of the overlap is lost")
    gap = MODEL.alpha - hb.capacity(MODEL, T=1e-9)
    first = crossings[sizes[0]]
    right.plot(sizes, first * np.exp(-gap * (sizes - sizes[0])), color="0.3", linestyle="--",
               label=r"slope of the flip gap, $e^{-N (\alpha - \alpha_1(0^+))}$")
    right.set(yscale="log", xlabel="number of spins $N$", ylabel="$T^*$", ylim=(0.6 * first * np.exp(-12 * gap), 1.6 * first))
    right.set_yticks([0.01, 0.02, 0.03, 0.05, 0.1], ["0.01", "0.02", "0.03", "0.05", "0.1"])
    right.minorticks_off()
    right.legend(loc="lower left")
    print("T*: " + ", ".join(f"N = {N}: {T:.4f}" for N, T in crossings.items()))
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "cold_is_not_zero.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/cold_is_not_zero"))
