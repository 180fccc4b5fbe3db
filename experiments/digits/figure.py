"""Digits as archetypes: supervised and unsupervised learning of scikit-learn's bundled images, retrieval from noisy images.

    pip install scikit-learn
    python experiments/digits/figure.py [FOLDER]

Writes digits.png (what is retrieved from one corrupted image of each class) into FOLDER (results/digits) and prints overlaps
beside the theory of random patterns at the same N, K, M and r, which does not know that digits resemble each other.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import hebbian as hb
from hebbian.data import binarise, class_means

M, NOISE, SEED = 100, 0.1, 20241106
ORDERS = (2, 4, 6, 8)


def theory(model, T):
    try:
        return hb.solve(model, T=T, N=64).m
    except hb.NoSolution:
        return 0.0


def main(folder="results/digits"):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    # each pixel against its own median over all images: half the grey level leaves classes that overlap by 0.55
    signs = binarise(digits.images, np.median(digits.data, axis=0))
    archetypes, examples, r = class_means(signs, digits.target, M)
    rng = np.random.default_rng(SEED)
    corrupted = np.where(rng.random(archetypes.shape) < NOISE, -archetypes, archetypes)
    between = archetypes.astype(int) @ archetypes.T / 64
    off = np.abs(between[~np.eye(10, dtype=bool)])
    print(f"N = 64, K = 10, M = {M}, r = {r:.3f}; archetypes overlap by {off.mean():.3f} on average, {off.max():.3f} at most "
          f"(random patterns: {np.sqrt(2 / np.pi / 64):.3f})")
    rows = [("archetype", archetypes), ("corrupted", corrupted)]
    for protocol in ("supervised", "unsupervised"):
        for p in ORDERS:
            T = 0.05 / np.prod(np.arange(1.0, p))
            final, m = [], []
            for k in range(10):
                order = np.r_[k, np.delete(np.arange(10), k)]  # the retrieved archetype comes first
                model = hb.DenseHopfield(p=p, energy="power", protocol=protocol, M=M, r=r)
                run = hb.simulate(model, N=64, T=T, samples=1, burn_in=100, sweeps=100, seed=SEED, patterns=archetypes[order],
                                  examples=examples[order], start=corrupted[k], record=("spins",))
                final.append(run.spins[0, 0])
                m.append(run.m.mean)
            random = theory(hb.DenseHopfield(p=p, energy="power", protocol=protocol, M=M, r=r, alpha=10 / 64 ** (p - 1)), T)
            alone = (np.array(final).astype(int) @ archetypes.T / 64).argmax(axis=1) == np.arange(10)
            print(f"{protocol:13s} p = {p}: overlap {np.mean(m):.3f} on average, {np.min(m):.3f} at worst; nearest archetype "
                  f"is its own for {alone.sum()}/10; theory of random patterns {random:.4f}")
            rows.append((f"{protocol}\n$p = {p}$", np.array(final)))
    fig, axes = plt.subplots(len(rows), 10, figsize=(8.5, 0.86 * len(rows)))
    for line, (name, images) in zip(axes, rows, strict=True):
        for ax, image in zip(line, images, strict=True):
            ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=-1, vmax=1)
            ax.set_xticks([])
            ax.set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    fig.suptitle(f"Digit archetypes learned from {M} examples each, retrieved from {round(100 * NOISE)} % noise", y=0.995)
    fig.tight_layout(pad=0.3)
    fig.savefig(target / "digits.png", dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
