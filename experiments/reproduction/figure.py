"""The published curves recomputed, and the table of published numbers with what they should be.

    python experiments/reproduction/figure.py [FOLDER]

Theory only.  reproduction.png and slips.txt are written into FOLDER (by default results/reproduction).
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.theory import dendrites, thresholds

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")


def fp(n, a, s, theta, **more):
    return hb.solve(hb.Dendrite(n=n, a=a, s=s, theta=theta, **more)).false_positive


def fn(a, s, theta, v):
    return hb.solve(hb.Dendrite(n=10 * a, a=a, s=s, theta=theta, noise=v)).false_negative


#: (source, claim, printed, recomputed, verdict).  The paper is arXiv 1601.00720, its code the public folder that made its
#: figures, the preprint arXiv 1511.00083.
def slips():
    M = 10
    jaccard = [hb.solve(hb.SequenceMemory(n=n, a=64, s=25, theta=10, transitions=19000)) for n in (600, 700, 1000)]
    return [
        ("preprint", "n=200000 a=2000 s=theta=10", "9.8e-21", f"{fp(200000, 2000, 10, 10):.16g}", "agrees"),
        (
            "preprint",
            "n=200000 a=2000 s=20 theta=10",
            "1.6e-18",
            f"{fp(200000, 2000, 20, 10):.16g}",
            "SLIP: a thousand times too small",
        ),
        (
            "paper",
            "n=10000 a=300 s=30 theta=15, a million patterns",
            "better than 1e-9",
            f"{1e6 * fp(10000, 300, 30, 15):.6g}",
            "SLIP: misses by 4.9 %",
        ),
        (
            "notebook",
            "the same for one pattern",
            "1.04849765783378e-15",
            f"{fp(10000, 300, 30, 15):.16g}",
            "SLIP: float path off by 6.6e-4",
        ),
        (
            "paper",
            "n=20000 a=100 s=25 theta=15 M=10, synapses",
            "below 250",
            f"{hb.solve(hb.Dendrite(n=20000, a=100, s=25, theta=15, patterns=M)).mean_union_size:.3f}",
            "agrees",
        ),
        (
            "code, fig. 5A",
            "dashed line 'a = n/2', n=19900",
            "0.0071674",
            f"a=n/2: {fp(19900, 9950, 24, 12):.4g}, a=n/4: {fp(19900, 4975, 24, 12):.5g}",
            "SLIP: the line is a = n/4",
        ),
        (
            "code, fig. 4A",
            "simulated point n=300 a=256, s=24 theta=12",
            "0.997368",
            f"{fp(300, 256, 24, 12):.10f}",
            "SLIP: simulated point",
        ),
        (
            "code, fig. 4B",
            "a=128 s=30 theta=8 v=26, miss",
            "3.1134e-16",
            f"{fn(128, 30, 8, 26):.6g}",
            "SLIP: rounding noise of 1 - cdf",
        ),
        (
            "code, fig. 4B",
            "v=64, theta=8, 12, 16",
            "7.354294569e-4 0.07169851604 0.5825017730",
            " ".join(f"{fn(128, 30, t, 64):.10g}" for t in (8, 12, 16)),
            "agrees",
        ),
        (
            "code, fig. 5B",
            "s=30: five (n, a)",
            "3.26957e-21 1.03308e-25 9.57163e-20 3.07766e-15 2.72516e-3",
            " ".join(f"{fp(n, a, 30, 15):.5e}" for n, a in ((2000, 32), (4000, 32), (16000, 256), (16000, 512), (16000, 4000))),
            "agrees",
        ),
        (
            "code, fig. 7B",
            "n=1000 a=200 s=25 theta=15 M=2",
            "0.0473895",
            f"exact {fp(1000, 200, 25, 15, patterns=2):.7f}, at the rounded mean size "
            f"{dendrites.mean_size_shortcut(hb.Dendrite(n=1000, a=200, s=25, theta=15, patterns=2)):.7f}",
            "SLIP: the mean size is rounded, 7 %",
        ),
        (
            "code, table",
            "n=1024 a=s=20 theta=20, 17, 14, 10",
            "1.82484e-42 3.50023e-31 9.93621e-23 9.32924e-14",
            " ".join(f"{fp(1024, 20, 20, t):.5e}" for t in (20, 17, 14, 10)),
            "agrees",
        ),
        (
            "code",
            "sequence memory, Jaccard at n=600, 700, 1000",
            ".426246 .725806 .984698",
            " ".join(f"{64 / (64 + j.approximate * (j.model.n - 64)):.6f}" for j in jaccard),
            "agrees",
        ),
        ("paper, fig. 6", "threshold at which the median falls to 1e-9", "9", "10", "SLIP: 9 gives 1.35e-9 and 2.04e-9"),
    ]


def draw():
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    figure, axes = plt.subplots(2, 3, figsize=(12.0, 7.0))
    n = np.arange(300, 20000, 200)

    ax = axes[0, 0]
    for a, colour in zip((64, 128, 256), colours):
        ax.plot(n, [fp(k, a, 24, 12) for k in n], color=colour, label=f"$a = {a}$")
    for part, dashes in ((2, "-"), (4, "--")):
        ax.plot(n, [fp(k, k // part, 24, 12) for k in n], dashes, color="0.4", label=f"$a = n/{part}$")
    ax.set(
        yscale="log", ylim=(1e-33, 5), xlabel="cells $n$", ylabel=r"$p_{\mathrm{fp}}$", title=r"4A, 5A: $s = 24$, $\theta = 12$"
    )
    ax.legend(loc="lower left", ncols=2)

    ax = axes[0, 1]
    v = np.arange(6, 103, 2)
    for theta, colour in zip((8, 12, 16), colours):
        ax.plot(v, [fn(128, 30, theta, int(k)) for k in v], color=colour, label=rf"$\theta = {theta}$")
    ax.set(xlabel="replaced cells $v$ of 128", ylabel=r"$p_{\mathrm{fn}}$", title="4B: $a = 128$, $s = 30$")
    ax.legend()

    ax = axes[0, 2]
    s = np.arange(2, 31, 2)
    for (cells, a), colour in zip(((2000, 32), (4000, 32), (16000, 256), (16000, 512), (16000, 4000)), colours):
        ax.plot(s, [fp(cells, a, int(k), int(k) // 2) for k in s], color=colour, label=f"$n = {cells}$, $a = {a}$")
    ax.set(yscale="log", xlabel="synapses $s$", ylabel=r"$p_{\mathrm{fp}}$", title=r"5B: $\theta = s/2$")
    ax.legend(loc="lower left")

    ax = axes[1, 0]
    theta = np.arange(3, 25)
    for label, sizes, colour in (("plotted sizes", range(1000, 17001, 4000), colours[0]),
                                 ("sizes of the caption", range(10000, 190001, 20000), colours[1])):
        grid = [(k, round(rho * k), s) for k in sizes for rho in np.arange(1, 7) * 0.005 for s in range(20, 51, 5)]
        ax.plot(theta, [thresholds.grid_statistic(grid, t) for t in theta], color=colour, label=label)
    ax.axhline(1e-9, color="0.5", linewidth=0.8)
    ax.set(yscale="log", xlabel=r"threshold $\theta$", ylabel=r"median $p_{\mathrm{fp}}$", title="6: median over the grid")
    ax.legend()

    ax = axes[1, 1]
    M = np.arange(1, 16)
    for s, colour in zip((20, 25, 30), colours):
        sizes = [hb.solve(hb.Dendrite(n=1000, a=200, s=s, theta=15, patterns=int(m))).union_size for m in M]
        ax.plot(M, [law.mean for law in sizes], color=colour, label=f"$s = {s}$")
        ax.fill_between(
            M,
            [law.mean - 2 * law.sd for law in sizes],
            [law.mean + 2 * law.sd for law in sizes],
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
    ax.set(
        xlabel="patterns $M$",
        xticks=range(1, 16, 2),
        ylabel="synapses on the segment",
        title=r"7A: $n = 1000$, mean $\pm$ 2 sd",
    )
    ax.legend()

    ax = axes[1, 2]
    for cells, colour in zip((1000, 10000, 20000), colours):
        models = [hb.Dendrite(n=cells, a=200, s=25, theta=15, patterns=int(m)) for m in M]
        ax.plot(M, [hb.solve(model).false_positive for model in models], color=colour, label=f"$n = {cells}$")
        ax.plot(M, [dendrites.mean_size_shortcut(model) for model in models], "x", color=colour, markersize=4)
    ax.plot([], [], "x", color="0.3", label="published: mean size")
    ax.set(
        yscale="log",
        xticks=range(1, 16, 2),
        xlabel="patterns $M$",
        ylabel=r"$p_{\mathrm{fp}}$",
        title=r"7B: $a = 200$, $s = 25$, $\theta = 15$",
    )
    ax.legend(loc="lower right")
    return figure


def main(folder="results/reproduction"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = slips()
    lines = [
        "| source | what | printed | recomputed | verdict |",
        "|---|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    (folder / "slips.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    with plt.style.context(STYLE):
        draw().savefig(folder / "reproduction.png")
    print(folder / "reproduction.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
