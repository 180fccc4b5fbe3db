"""Digits as archetypes: supervised and unsupervised learning from a part of the images, retrieval from corrupted ones.

    pip install scikit-learn
    python experiments/digits/figure.py [FOLDER]
    python experiments/digits/figure.py [FOLDER] --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz

Without files it uses scikit-learn's bundled 8 x 8 digits; with them, any images and labels in IDX files, plain or gzipped, such
as MNIST and Fashion-MNIST.  Prints overlaps and recognised fractions with their standard errors over classes, beside the theory
of random patterns at the same N, K, M and r and networks of such random patterns; writes digits.png (the numbers) and
retrieved.png (what is retrieved from corrupted archetypes and from corrupted images that were not learned) into FOLDER
(results/digits).
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hebbian as hb
from hebbian.comparison import agreement, score
from hebbian.data import binarise, class_means, load_idx

NOISE, STARTS, SEED = 0.1, 16, 20250210
ORDERS = (2, 4, 6, 8)
PROTOCOLS = {"supervised": ("#0072B2", "o"), "unsupervised": ("#D55E00", "s")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results/digits"))
    parser.add_argument("--images", type=Path, help="IDX file of images")
    parser.add_argument("--labels", type=Path, help="IDX file of their labels")
    parser.add_argument("--examples", type=int, default=100, metavar="M", help="images learned a class, others are held out")
    given = parser.parse_args()
    if (given.images is None) != (given.labels is None):
        parser.error("images and labels belong together: give both --images and --labels")
    given.folder.mkdir(parents=True, exist_ok=True)
    images, labels = bundled() if given.images is None else (load_idx(given.images), load_idx(given.labels))
    task = Task(images, labels, given.examples)
    task.describe()
    found = {(protocol, p): task.retrieve(protocol, p) for protocol in PROTOCOLS for p in ORDERS}
    fewer = [Task(images[kept], labels[kept], given.examples) for kept in first_classes(labels)]
    along = {(part.K, p): (part, part.retrieve("supervised", p)) for part in fewer for p in (2, 4, 6)}
    pictures(task, found, given.folder / "retrieved.png")
    numbers(task, found, along, given.folder / "digits.png")


def bundled():
    """Images and labels that come with scikit-learn."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images, digits.target


def first_classes(labels):
    """Which images belong to the first 2, 4, ... of all classes."""
    classes = np.unique(labels)
    return [np.isin(labels, classes[:K]) for K in range(2, len(classes) + 1, 2)]


class Task:
    """Archetypes and examples from the first M images of every class, and corrupted starts: archetypes, and images held out."""

    def __init__(self, images, labels, M):
        self.shape, self.M = images.shape[1:], M
        # each pixel against its own median over all images: with half the grey level the classes of the digits overlap by 0.55
        signs = binarise(images, np.median(images.reshape(len(images), -1), axis=0))
        learned = np.zeros(len(labels), bool)
        for c in np.unique(labels):
            learned[np.flatnonzero(labels == c)[:M]] = True
        self.archetypes, self.examples, self.r = class_means(signs[learned], labels[learned], M)
        self.K, self.N = self.archetypes.shape
        held = [signs[(labels == c) & ~learned][:STARTS] for c in np.unique(labels)]
        if min(map(len, held)) < STARTS:
            raise SystemExit(f"a class has {min(map(len, held))} images beyond the M = {M} learned and {STARTS} are "
                             "retrieved: lower --examples")
        rng = np.random.default_rng(SEED)
        self.clean = {"archetypes": np.repeat(self.archetypes[:, None], STARTS, axis=1), "held-out images": np.array(held)}
        self.starts = {name: np.where(rng.random(x.shape) < NOISE, -x, x).astype(np.int8) for name, x in self.clean.items()}

    @property
    def between(self):
        """Sizes of the overlaps between archetypes of different classes."""
        return np.abs(self.archetypes.astype(int) @ self.archetypes.T / self.N)[~np.eye(self.K, dtype=bool)]

    def describe(self):
        between = self.between
        print(f"N = {self.N}, K = {self.K}, M = {self.M}, r = {self.r:.3f}; archetypes overlap by {between.mean():.3f} on "
              f"average, {between.max():.3f} at most (random patterns: {np.sqrt(2 / np.pi / self.N):.3f})")
        for name, starts in self.starts.items():
            print(f"start from {name} with {NOISE:.0%} of the pixels flipped: overlap {self.overlap(starts)}, nearest "
                  f"archetype its own for {self.recognised(starts)}")

    def overlap(self, spins):
        """Overlap of spins (K, STARTS, N) with the archetype of their class; one value a class."""
        return hb.Estimate(np.einsum("kai,ki->ka", spins.astype(int), self.archetypes).mean(axis=1) / self.N)

    def recognised(self, spins):
        """Fraction of spins (K, STARTS, N) whose nearest archetype is that of their class; one value a class."""
        nearest = (spins.astype(int) @ self.archetypes.T).argmax(axis=-1)
        return hb.Estimate((nearest == np.arange(self.K)[:, None]).mean(axis=1))

    def retrieve(self, protocol, p):
        """Final spins (K, STARTS, N) from every kind of start, and overlaps of theory and of networks of random patterns."""
        T = 0.05 / np.prod(np.arange(1.0, p))
        model = hb.DenseHopfield(p=p, energy="power", protocol=protocol, M=self.M, r=self.r)
        settings = dict(N=self.N, T=T, burn_in=100, sweeps=20, seed=SEED)
        final = {}
        for name, starts in self.starts.items():
            run = hb.simulate(model, samples=self.K * STARTS // 2, patterns=self.archetypes, examples=self.examples,
                              start=starts.reshape(-1, 2, self.N), record=("spins",), **settings)
            final[name] = run.spins.reshape(starts.shape)
            print(f"{protocol:13s} p = {p}, {name}: overlap {self.overlap(final[name])}, nearest archetype its own for "
                  f"{self.recognised(final[name])}", flush=True)
        load = dict(alpha=self.K / self.N) if p == 2 else dict(K=self.K)  # p >= 4: below 0.3 % of the capacity
        try:
            limit = hb.solve(hb.DenseHopfield(p=p, energy="power", protocol=protocol, M=self.M, r=self.r, **load), T=T).m
        except hb.NoSolution:
            limit = np.nan
        random = hb.simulate(hb.DenseHopfield(p=p, energy="power", protocol=protocol, M=self.M, r=self.r, K=self.K), samples=16,
                             start="noisy", overlap=1 - 2 * NOISE, **settings).m
        print(f"{protocol:13s} p = {p}, K = {self.K} random patterns: theory {limit:.4f}, networks {random} (median "
              f"{random.median:.4f}); archetypes of different classes overlap by {self.between.mean():.3f}")
        return final, limit, random


def numbers(task, found, along, path):
    """Overlap and recognised fraction against p, and overlap against the classes learned, beside what random patterns do."""
    scores = [score(task.overlap(final["archetypes"]), limit) for final, limit, _ in found.values()]
    print(f"from archetypes against the theory of random patterns, p > 2: {agreement(scores)}")
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig, axes = plt.subplots(1, 3, figsize=(13, 5))
        for shift, (protocol, (colour, marker)) in zip((-0.1, 0.1), PROTOCOLS.items()):
            at = np.array(ORDERS) + shift
            cells = [found[protocol, p] for p in ORDERS]
            for name, face in (("archetypes", colour), ("held-out images", "white")):
                for ax, measure in zip(axes, (task.overlap, task.recognised)):
                    values = [measure(final[name]) for final, _, _ in cells]
                    ax.errorbar(at, [v.mean for v in values], [v.error for v in values], fmt=marker, color=colour, mfc=face,
                                label=f"{protocol}, from {name}")
            axes[0].errorbar(at, [random.mean for *_, random in cells], [random.error for *_, random in cells], fmt="x",
                             color=colour, label=f"{protocol}, random patterns")
            axes[0].plot(at, [limit for _, limit, _ in cells], "_", ms=14, color=colour, label="theory of random patterns")
        control = task.recognised(task.starts["held-out images"]).mean
        axes[1].axhline(control, color="0.5", lw=0.9, ls="--", label="held-out start, without dynamics")
        axes[0].set(ylabel="overlap with the archetype of the class", ylim=(0, 1.05))
        axes[1].set(ylabel="nearest archetype is its own", ylim=(0, 1.05))
        for ax in axes[:2]:
            ax.set(xlabel="interaction order $p$", xticks=ORDERS)
        for p, colour in ((2, "#009E73"), (4, "#CC79A7"), (6, "#000000")):
            parts = {K: part for (K, order), part in along.items() if order == p}
            values = [part.overlap(final["archetypes"]) for part, (final, *_) in parts.values()]
            axes[2].errorbar(np.array(list(parts)) + 0.1 * (p - 4), [v.mean for v in values], [v.error for v in values],
                             fmt="o-", lw=1, color=colour, label=f"supervised, from archetypes, $p = {p}$")
            if p == 4:
                axes[2].plot(list(parts), [limit for _, (_, limit, _) in parts.values()], "_", ms=14, color="#0072B2")
                axes[2].plot(list(parts), [part.between.mean() for part, _ in parts.values()], "k:", lw=1,
                             label="mean overlap of two archetypes")
        axes[2].set(xlabel="classes learned $K$", ylabel="overlap with the archetype of the class", ylim=(0, 1.05))
        handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels())}
        fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=8)
        fig.suptitle(f"$N = {task.N}$, $K = {task.K}$, $M = {task.M}$ images learned a class, {NOISE:.0%} noise in the start")
        fig.savefig(path)


def pictures(task, found, path):
    """One start a class and what it becomes, for p = 2, 4, 6."""
    blocks = []
    for name in task.starts:
        rows = [("archetype", task.archetypes)]
        rows += [("held out", task.clean[name][:, 0])] if name != "archetypes" else []
        rows += [("corrupted", task.starts[name][:, 0])]
        rows += [(f"{protocol}\n$p = {p}$", found[protocol, p][0][name][:, 0]) for protocol in PROTOCOLS for p in (2, 4, 6)]
        blocks.append((f"Start: {name} with {NOISE:.0%} noise", rows))
    height = max(len(rows) for _, rows in blocks)
    with plt.style.context(Path(hb.__file__).with_name("hebbian.mplstyle")):
        fig = plt.figure(figsize=(1.5 * task.K, 0.8 * height + 0.5))
        for part, (title, rows) in zip(fig.subfigures(1, 2), blocks, strict=True):
            part.suptitle(title, fontsize=10)
            for line, (name, images) in zip(part.subplots(height, task.K, squeeze=False)[:len(rows)], rows):
                for ax, image in zip(line, images, strict=True):
                    ax.imshow(image.reshape(task.shape), cmap="gray_r", vmin=-1, vmax=1)
                line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
            for ax in part.axes:
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set_visible(False)
        fig.savefig(path)


if __name__ == "__main__":
    main()
