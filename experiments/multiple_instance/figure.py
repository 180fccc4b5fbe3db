"""Does attention pooling find the one image that matters in a bag?  Bags of 12 digits, positive if exactly one is a 9.

    python experiments/multiple_instance/figure.py [FOLDER]

Trains a HopfieldPooling layer, max pooling and mean pooling on the same features (a minute of one core), prints the table of
notes.md and writes multiple_instance.png into FOLDER (by default results/multiple_instance).  Needs the extra `torch`.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

import hebbian as hb
from hebbian.attention import torch as layers
from hebbian.stats import Estimate

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
SIZE, BAGS, KEY = 12, 400, 9
SEEDS = (1, 2, 3)


def bags(images, labels, draw):
    """BAGS bags of SIZE images, half of them with exactly one KEY, and where it is (-1 where there is none)."""
    key, other = np.flatnonzero(labels == KEY), np.flatnonzero(labels != KEY)
    chosen, place = draw.choice(other, (BAGS, SIZE)), np.full(BAGS, -1)
    place[: BAGS // 2] = draw.integers(0, SIZE, BAGS // 2)
    chosen[np.arange(BAGS // 2), place[: BAGS // 2]] = draw.choice(key, BAGS // 2)
    return torch.tensor(images[chosen], dtype=torch.float32), torch.tensor(place >= 0).float(), place


class Bag(torch.nn.Module):
    """Features of every image, pooled over the bag, then one number."""

    def __init__(self, pooling):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU())
        self.pooling = layers.HopfieldPooling(32, num_heads=1, trainable_scaling=True) if pooling == "attention" else pooling
        self.out = torch.nn.Linear(32, 1)
        if pooling == "attention":
            # The package's start of 0.02 leaves every weight at 1 / S; unit-scale states and projections break the tie.
            for parameter in self.pooling.parameters():
                if parameter.dim() > 1:
                    torch.nn.init.normal_(parameter, std=parameter.shape[-1] ** -0.5)

    def forward(self, x):
        x = self.features(x)
        if self.pooling == "max":
            x = x.amax(1)
        elif self.pooling == "mean":
            x = x.mean(1)
        else:
            x = self.pooling(x)
        return self.out(x)[:, 0]


def trained(pooling, x, y, seed, epochs=120):
    torch.manual_seed(seed)
    model = Bag(pooling)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(50):
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(model(x[rows]), y[rows]).backward()
            optimiser.step()
    return model.eval()


@torch.no_grad()
def draw(folder):
    data = load_digits()
    images, found, attended = data.data / 16, {name: [] for name in ("attention", "max", "mean")}, []
    for seed in SEEDS:
        draw_ = np.random.default_rng(seed)
        order = draw_.permutation(len(images))
        train, test = np.array_split(order, 2)
        x, y, _ = bags(images[train], data.target[train], draw_)
        held, truth, place = bags(images[test], data.target[test], draw_)
        for name, values in found.items():
            with torch.enable_grad():
                model = trained(name, x, y, seed)
            values.append(roc_auc_score(truth.numpy(), model(held).numpy()))
            if name == "attention":
                weights = model.pooling.get_association_matrix(model.features(held))[:, 0, 0].numpy()
                positive = place >= 0
                attended.append(np.mean(weights[positive].argmax(axis=1) == place[positive]))
                kept = held.numpy(), weights, place, float(model.pooling.hopfield.log_scaling.exp())
    print("pooling     AUC on held-out bags of held-out images, seeds " + ", ".join(map(str, SEEDS)))
    for name, values in found.items():
        print(f"{name:10s}  {Estimate(np.array(values))}   ({', '.join(f'{v:.3f}' for v in values)})")
    print(f"attention puts its largest weight on the 9 in {Estimate(np.array(attended))} of the positive bags (chance 0.083)")
    picture(folder, found, *kept)


def picture(folder, found, held, weights, place, beta, rows=5):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.2, 3.6), width_ratios=(1, 2.6))
    names = list(found)
    for k, name in enumerate(names):
        left.plot(np.full(len(SEEDS), k), found[name], "o", color=f"C{k}", alpha=0.5)
        left.plot([k - 0.25, k + 0.25], 2 * [np.mean(found[name])], color=f"C{k}", linewidth=3)
    left.set_xticks(range(3), [f"{name}\npooling" for name in names])
    left.set(ylabel="AUC on held-out bags", xlim=(-0.5, 2.5), ylim=(0.6, 1.01))
    left.grid(axis="x", visible=False)
    chosen = np.r_[:rows - 1, len(place) - 1]
    for i, bag in enumerate(chosen):
        for j in range(SIZE):
            frame = (j * 1.1, j * 1.1 + 1, -i * 1.65, -i * 1.65 + 1)
            right.imshow(held[bag, j].reshape(8, 8), cmap="gray_r", extent=frame, vmin=0, vmax=1)
            right.bar(j * 1.1 + 0.5, 0.45 * weights[bag, j], bottom=-i * 1.65 - 0.5, width=0.9,
                      color="C1" if place[bag] == j else "C0")
    right.set(xlim=(-0.1, 1.1 * SIZE), ylim=(-1.65 * (rows - 1) - 0.6, 1.3), aspect="equal")
    right.set_title("attention on held-out bags (orange: the 9; last bag: none)")
    right.axis("off")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "multiple_instance.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/multiple_instance"))
