"""Recall errors of Willshaw nets over their exact law, and bits per synapse against size, from results files.

    python experiments/willshaw_capacity/figure.py [RESULTS [FOLDER]]

RESULTS holds the two sweeps of this folder (by default results/willshaw_capacity); willshaw_capacity.png is written into
FOLDER (by default RESULTS).
"""

import math
import sys
from math import lgamma
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")


def points(ax, x, values, colour, filled=True, marker="o"):
    """Measured probabilities with their errors; points known to less than a third are left out."""
    mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / values.shape[1] ** 0.5
    seen = mean > 3 * error
    ax.errorbar(x[seen], mean[seen], error[seen], linestyle="none", marker=marker, color=colour, markersize=4.5,
                markerfacecolor=colour if filled else "white", zorder=3)


def bits(n, a, approximate):
    """Stored bits per synapse at one wrong unit in a hundred recalled ones."""
    pairs = hb.capacity(hb.Willshaw(n=n, a=a), spurious=0.01, approximate=approximate)
    return pairs * (lgamma(n + 1) - lgamma(a + 1) - lgamma(n - a + 1)) / math.log(2) / n**2


def best(n, approximate):
    """Most bits per synapse over the number of active cells, which is close to 1.2 to 1.3 log2 n."""
    return max((bits(n, a, approximate), a) for a in range(max(3, round(1.0 * math.log2(n))), round(1.5 * math.log2(n)) + 1))


def draw(folder):
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, axes = plt.subplots(1, 3, figsize=(12.0, 4.0))
    plain = hb.load(folder / "plain")
    for k, colour in zip(range(plain.sizes["point"]), colours):
        n, a = int(plain["n"][k]), int(plain["a"][k])
        M = np.arange(400, 8001, 200)
        exact = [hb.solve(hb.Willshaw(n=n, a=a, patterns=int(m))) for m in M]
        axes[0].plot(M, [found.spurious for found in exact], color=colour, label=f"$n = {n}$, $a = {a}$: exact")
        axes[0].plot(M, [found.textbook for found in exact], color=colour, linestyle="--", linewidth=1, label="$p_1^a$")
        points(
            axes[0], plain["patterns"].values, plain["spurious"].isel(point=k).transpose("patterns", "sample").values, colour
        )
    axes[0].set(yscale="log", ylim=(1e-7, 1), xlabel="stored pairs $M$", ylabel=r"spurious units $p_{01}$", title="plain net")
    axes[0].legend(loc="lower right")

    net = hb.load(folder / "dendritic")
    K = np.arange(1, 21)
    for M, colour in zip(net["patterns"].values, colours):
        fields = dict(n=400, a=20, s=12, theta=9, patterns=int(M), noise=4)
        found = [hb.solve(hb.Willshaw(**fields, segments=int(k))) for k in K]
        axes[1].plot(K, [f.spurious for f in found], color=colour, label=f"$M = {M}$")
        axes[1].plot(K, [f.miss for f in found], color=colour, linestyle="--", linewidth=1)
        here = net.sel(patterns=M, noise=4)
        points(axes[1], net["segments"].values, here["spurious"].transpose("segments", "sample").values, colour)
        points(axes[1], net["segments"].values, here["miss"].transpose("segments", "sample").values, colour, False, "D")
    axes[1].set(yscale="log", ylim=(1e-9, 2), xticks=(1, 5, 10, 15, 20), xlabel="segments a unit $K$", ylabel="wrong units",
                title="dendritic net: $n = 400$, $a = 20$, $s = 12$, $v = 4$")
    handles = [*axes[1].get_legend_handles_labels()[0], *axes[1].plot([], [], "o-", color="0.3"),
               *axes[1].plot([], [], "D--", color="0.3", markerfacecolor="white")]
    axes[1].legend(handles, [f"$M = {M}$" for M in net["patterns"].values] + ["spurious", "miss"], loc="lower left", ncols=2)

    sizes = [100, 200, 500, 1000, 2000]
    exact = [best(n, False) for n in sizes]
    axes[2].plot(sizes, [b for b, _ in exact], "o", color=colours[0], label="exact", zorder=3)
    large = [int(10**k) for k in np.arange(2, 12.1, 0.5)]
    rough = [best(n, True) for n in large]
    axes[2].plot(large, [b for b, _ in rough], "--", color=colours[1], label="$p_1^a$")
    axes[2].axhline(math.log(2), color="0.3", linewidth=1)
    axes[2].text(1.2e2, math.log(2) - 0.03, r"$\ln 2$", color="0.3")
    for n, (b, a) in [*zip(sizes, exact), *zip(large[::2], rough[::2])]:
        print(f"n = {n:.4g}: {b:.4f} bits a synapse at a = {a}")
    axes[2].set(xscale="log", xlabel="units $n$", ylabel="bits per synapse", ylim=(0.2, 0.75),
                title=r"capacity at $n\,p_{01} \leq 0.01\,a$")
    axes[2].legend(loc="lower right")
    return figure


def main(source="results/willshaw_capacity", folder=None):
    with plt.style.context(STYLE):
        target = Path(folder or source) / "willshaw_capacity.png"
        draw(Path(source)).savefig(target)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
