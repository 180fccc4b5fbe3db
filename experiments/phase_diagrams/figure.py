"""Phase diagrams of learning in load and temperature, how much load the examples of a data set allow, and networks in them.

    for f in p2 p3 p3_stable; do hebbian sweep experiments/phase_diagrams/$f.toml; done
    python experiments/phase_diagrams/figure.py [FOLDER]

Writes p<p>_<protocol>.png, p3_M_alpha.png, p3_r_T.png and examples.png (theory) and simulated.png (every simulated point beside
its theory) into FOLDER (results/phase_diagrams, where the sweeps are), and prints how far the two are apart.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement, compare_dataset
from hebbian.stats import with_error

RESULTS = Path("results/phase_diagrams")
SWEEPS = ("p2", "p3", "p3_stable")
RETRIEVED, LOST = "#0072B2", "#D55E00"


def main(folder=RESULTS):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rows = {name: simulated(name) for name in SWEEPS}
    networks(rows, target)
    for p, protocol, M, r in ((2, "supervised", 21, 0.5), (2, "unsupervised", 21, 0.5), (3, "supervised", 21, 0.5),
                              (3, "unsupervised", 41, 0.6)):
        model = hb.DenseHopfield(p=p, protocol=protocol, M=M, r=r)
        ax = hb.plots.phase_diagram(hb.phase_diagram(model, points=48))
        mark(ax, [row for name in SWEEPS for row in rows[name] if name.startswith(f"p{p}")
                  and (row["protocol"], row["M"], row["r"]) == (protocol, M, r)])
        ax.set_title(rf"{protocol}, $p = {p}$, $M = {M}$, $r = {r}$ ($\rho = {model.rho:.3f}$)")
        ax.figure.savefig(target / f"p{p}_{protocol}.png")
        plt.close(ax.figure)
    model = hb.DenseHopfield(p=3, protocol="unsupervised", M=21, r=0.6, alpha=0.03)
    for x, y, values, T in (("M", "alpha", (3, 4, 5, 7, 9, 13, 21, 31, 51, 81), 0.05),
                            ("r", "T", np.linspace(0.4, 1.0, 10), None)):
        ax = hb.plots.phase_diagram(hb.phase_diagram(model, x=x, y=y, values=values, T=T or 0.0))
        ax.set_title("unsupervised, $p = 3$, " + (f"$r = 0.6$, $T = {T}$" if T else r"$M = 21$, $\alpha = 0.03$"))
        ax.figure.savefig(target / f"p3_{x}_{y}.png")
        plt.close(ax.figure)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 4))
        rho = np.linspace(0.0, 1.0, 15)
        for p, colour in ((2, "#0072B2"), (3, "#D55E00"), (4, "#009E73")):
            scale = hb.capacity(hb.DenseHopfield(p=p))
            for protocol, dashes in (("supervised", "-"), ("unsupervised", "--")):
                model = hb.DenseHopfield(p=p, protocol=protocol, M=21, r=0.5)
                line = hb.phase_diagram(model, x="rho", y="alpha", values=rho, T=0.0)["spinodal"]
                left.plot(line.rho, line.alpha / scale, dashes, color=colour, label=f"$p = {p}$ {protocol}")
        left.set(xlabel=r"entropy of the data set $\rho$ ($M = 21$)", ylabel=r"$\alpha_s / \alpha_s$(storage)", yscale="log",
                 ylim=(1e-5, 1.5), title="Load that a data set allows ($T = 0$)")
        left.legend(fontsize=8)
        M = [3, 5, 9, 15, 25, 41, 61]
        for p, alpha, colour in ((2, 0.02, "#0072B2"), (3, 0.02, "#D55E00")):
            for protocol, dashes in (("supervised", "-"), ("unsupervised", "--")):
                model = hb.DenseHopfield(p=p, protocol=protocol, alpha=alpha)
                line = hb.phase_diagram(model, x="M", y="r", values=M, T=0.0)["spinodal"]
                print(f"p = {p} {protocol} alpha = {alpha}: least r = " + ", ".join(
                    f"{a:.4f} (M = {b:.0f})" for a, b in zip(line.r, line.M, strict=True)))
                right.plot(line.M, line.r, dashes, marker="o", ms=3.5, color=colour, label=f"$p = {p}$ {protocol}")
        right.set(xlabel="number of examples $M$", ylabel="least quality $r$ for retrieval", xscale="log", ylim=(0, 1),
                  title=r"Examples needed at $\alpha = 0.02$, $T = 0$")
        right.set_xticks(M, [str(m) for m in M])
        right.minorticks_off()
        right.legend(fontsize=8)
        fig.savefig(target / "examples.png")


def simulated(name):
    """Rows of the comparison of m with theory, one a point."""
    rows = [row for row in compare_dataset(hb.load(RESULTS / name)).rows if row["observable"] == "m"]
    for protocol in ("supervised", "unsupervised"):
        here = [row for row in rows if row["protocol"] == protocol]
        inside = [row for row in here if np.isfinite(row["predicted"])]
        beyond = [row for row in here if not np.isfinite(row["predicted"])]
        print(f"{name} {protocol}: {len(inside)} points inside, {np.mean([row['retrieved'] for row in inside]):.0%} of samples "
              f"retrieve; {agreement(row['z'] for row in inside if row['retrieved'] == 1)} with all samples retrieved"
              + (f"; {len(beyond)} points beyond, {np.mean([row['retrieved'] for row in beyond]):.0%} of samples retrieve, "
                 f"m at most {max(row['measured'] for row in beyond):.2f}" if beyond else ""))
    for row in rows:
        print(f"    {place(row)} {row['protocol']}: m = {with_error(row['measured'], row['error'])}, "
              f"median {row['median']:.4f}, theory {row['predicted']:.4f}, z = {row['z']:+.1f}, "
              f"retrieved {row['retrieved']:.0%}")
    return rows


def place(row):
    return rf"$\alpha={row['alpha']:g}$, $T={row['T']:g}$, $M={row['M']}$, $r={row['r']:g}$"


def networks(rows, target):
    """Every simulated point beside its theory."""
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(2, 2, figsize=(11, 9.6))
        for ax, (p, protocol) in zip(axes.flat, ((p, protocol) for p in (2, 3) for protocol in ("supervised", "unsupervised"))):
            here = [row for name in SWEEPS if name.startswith(f"p{p}") for row in rows[name] if row["protocol"] == protocol]
            for at, row in enumerate(here):
                whole, known = row["retrieved"] == 1, np.isfinite(row["predicted"])
                label = "all samples retrieve" if whole else "some lost" if known else "beyond retrieval"
                ax.errorbar(row["measured"], -at, xerr=row["error"], fmt="o", ms=4.5, color=RETRIEVED if known else LOST,
                            mfc=RETRIEVED if whole else "white", label=label)
                ax.plot([row["predicted"]], [-at], "|", color="k", ms=11, mew=1.4, label="theory" if known else None)
            ax.set(title=f"$p = {p}$, {protocol}, $N = {', '.join(map(str, sorted({row['N'] for row in here})))}$",
                   xlabel="overlap with the archetype $m$", xlim=(-0.05, 1.03), yticks=-np.arange(len(here)))
            ax.set_yticklabels([place(row) for row in here], fontsize=6.5)
        handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels())}
        fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
        fig.savefig(target / "simulated.png")


def mark(ax, rows):
    """The simulated points within a diagram of load and temperature: filled where at least half of the samples retrieve."""
    rows = [row for row in rows if row["alpha"] < ax.get_xlim()[1] and row["T"] < ax.get_ylim()[1]]
    handles, (width, height) = ax.get_legend().legend_handles, (ax.get_xlim()[1], ax.get_ylim()[1])
    for name in ax.texts:  # a name that a point covers moves up
        x, y = name.get_position()
        if any(abs(row["alpha"] - x) < 0.14 * width and abs(row["T"] - y) < 0.03 * height for row in rows):
            name.set_position((x, y + 0.05 * height))
    for held, face, words in ((True, "k", "most samples retrieve"), (False, "white", "most samples do not")):
        points = [(row["alpha"], row["T"]) for row in rows if (row["retrieved"] >= 0.5) == held]
        if points:
            handles += ax.plot(*np.transpose(points), "o", ms=5, color="k", mfc=face, label=words, zorder=5)
    ax.legend(handles, [handle.get_label() for handle in handles], loc="upper left", bbox_to_anchor=(1.01, 1.0),
              frameon=False, fontsize=9)


if __name__ == "__main__":
    main(*sys.argv[1:])
