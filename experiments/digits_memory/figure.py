"""What does iterating to a fixed point do to a memory of correlated images?  1797 digits, stored and damaged queries.

    python experiments/digits_memory/figure.py [FOLDER]

Computes everything (a minute of one core), prints the table of notes.md and writes digits_memory.png into FOLDER (by default
results/digits_memory).  Needs scikit-learn for its digits.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import hebbian as hb

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
BETAS = (3, 5, 10, 20, 30, 50, 100, 200, 300)
STEPS = 20
SEED = 20261106


def images():
    """Centred images of unit norm (1797, 64), their labels, and what turns a row back into an image."""
    data = load_digits()
    mean = data.data.mean(axis=0)
    X = data.data - mean
    return X / np.linalg.norm(X, axis=1, keepdims=True), data.target, mean


def queries(X):
    """The images themselves, with their lower half blanked, and with noise of 0.1 on every pixel."""
    blanked = X.copy()
    blanked[:, 32:] = 0
    noisy = X + 0.1 * np.random.default_rng(SEED).standard_normal(X.shape)
    return {"stored image": X, "lower half blanked": blanked, "noise 0.1 a pixel": noisy}


def draw(folder):
    X, labels, mean = images()
    fig = plt.figure(figsize=(10.2, 4.2))
    ax, panel = fig.subplots(1, 2, width_ratios=(1.5, 1))
    print(f"separation: smallest {hb.attention.separation(X).min():.4f}")
    print("k90: " + ", ".join(f"beta {b}: {np.median(hb.attention.k90(hb.attention.weights(X, X, b))):.0f}"
                              f" ({hb.attention.head_kind(hb.attention.weights(X, X, b))})" for b in (1, 10, 30, 100)))
    print("query                beta: one step / fixed point (class kept at the fixed point)")
    for (name, query), colour in zip(queries(X).items(), ("C0", "C1", "C2"), strict=True):
        # The answer of a step is the stored image of largest weight: for a single step beta does not matter.
        first = (query @ X.T).argmax(axis=1)
        once, many, kept = np.mean(first == np.arange(len(X))), [], []
        for beta in BETAS:
            state = hb.attention.retrieve(query, X, beta, STEPS)
            found = (state @ X.T).argmax(axis=1)
            many.append(np.mean(found == np.arange(len(X))))
            kept.append(np.mean(labels[found] == labels))
        rows = zip(BETAS, many, kept, strict=True)
        print(f"{name:20s} " + ", ".join(f"{b}: {once:.3f} / {m:.3f} ({k:.3f})" for b, m, k in rows if b in (10, 30, 100, 300)),
              flush=True)
        ax.axhline(once, color=colour, linestyle="--", linewidth=1)
        ax.plot(BETAS, many, marker="o", color=colour, label=name)
    ax.plot([], [], color="0.3", linestyle="--", linewidth=1, label="after one step")
    ax.plot([], [], color="0.3", marker="o", label=f"after {STEPS} steps")
    ax.set(xscale="log", xlabel=r"inverse temperature $\beta$", ylabel="queries whose own image wins", ylim=(-0.03, 1.03))
    ax.set_xticks([3, 10, 30, 100, 300], ["3", "10", "30", "100", "300"])
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(0.0, 0.45))
    gallery(panel, X, mean)
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "digits_memory.png")


def gallery(ax, X, mean, chosen=(5, 8, 16), betas=(10, 30, 100)):
    """Queries with the lower half blanked, and their states after one step and at the end for three betas."""
    blanked = queries(X)["lower half blanked"][list(chosen)]
    columns = {"query": blanked, "1 step": hb.attention.retrieve(blanked, X, 30)}
    columns |= {rf"$\beta={beta}$": hb.attention.retrieve(blanked, X, beta, STEPS) for beta in betas}
    columns["stored"] = X[list(chosen)]
    canvas = np.full((10 * len(chosen), 10 * len(columns)), np.nan)
    for j, states in enumerate(columns.values()):
        for i, state in enumerate(states):
            picture = (mean + state * 32).reshape(8, 8)
            canvas[10 * i + 1:10 * i + 9, 10 * j + 1:10 * j + 9] = picture
        ax.text(10 * j + 4.5, -1.0, list(columns)[j], ha="center", va="bottom", fontsize=8)
    ax.imshow(canvas, cmap="gray_r", vmin=0, vmax=16)
    ax.set_title("states as images: one step, and 20 at three $\\beta$", pad=18)
    ax.axis("off")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/digits_memory"))
