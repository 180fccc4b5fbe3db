"""How good is a classifier that only remembers?  The training set as memory, labels as values, one attention step.

    python experiments/training_set_as_memory/figure.py [FOLDER]

Computes everything (a minute of one core), prints the table of notes.md and writes training_set_as_memory.png into FOLDER (by
default results/training_set_as_memory).  Needs scikit-learn for its data and the two classifiers it is compared with.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import hebbian as hb
from hebbian.stats import Estimate

STYLE = Path(hb.__file__).with_name("hebbian.mplstyle")
DATA = {"wine": load_wine, "breast cancer": load_breast_cancer, "digits": load_digits}
BETAS = (1, 2, 4, 8, 16, 32, 64)
SEED = 20261107


def unit(X):
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def remembered(train, labels, test, beta):
    """Class with the largest weight after one step: keys are the training set, values its labels."""
    votes = hb.attention.retrieve(unit(test), unit(train), beta, values=np.eye(labels.max() + 1)[labels])
    return votes.argmax(axis=1)


def folds(load):
    """Accuracy of every method on five folds: dictionary of arrays (5,)."""
    data, found = load(), {}
    for train, test in StratifiedKFold(5, shuffle=True, random_state=SEED % 1000).split(data.data, data.target):
        scaler = StandardScaler().fit(data.data[train])
        X, Z = scaler.transform(data.data[train]), scaler.transform(data.data[test])
        y, z = data.target[train], data.target[test]
        answers = {beta: remembered(X, y, Z, beta) for beta in BETAS}
        answers["5 nearest neighbours"] = KNeighborsClassifier(5).fit(X, y).predict(Z)
        answers["logistic regression"] = LogisticRegression(max_iter=5000).fit(X, y).predict(Z)
        for name, answer in answers.items():
            found.setdefault(name, []).append(np.mean(answer == z))
    return {name: Estimate(np.array(values)) for name, values in found.items()}


def draw(folder):
    fig, axes = plt.subplots(1, 3, figsize=(10.2, 3.6), sharey=True)
    print("data            memory, beta 16   5 nearest neighbours   logistic regression")
    for ax, (name, load) in zip(axes, DATA.items(), strict=True):
        found = folds(load)
        ax.errorbar(BETAS, [found[b].mean for b in BETAS], [found[b].error for b in BETAS], marker="o", color="C0",
                    label="training set as memory", zorder=3)
        for other, colour, style in (("5 nearest neighbours", "C2", "--"), ("logistic regression", "C1", ":")):
            ax.axhline(found[other].mean, color=colour, linestyle=style, label=other)
        ax.set(xscale="log", xlabel=r"inverse temperature $\beta$", title=name)
        ax.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
        ax.minorticks_off()
        print(f"{name:15s} {found[16]!s:17s} {found['5 nearest neighbours']!s:22s} {found['logistic regression']}", flush=True)
    axes[0].set(ylabel="accuracy, 5 folds", ylim=(0.84, 1.0))
    axes[0].legend(loc="lower right")
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "training_set_as_memory.png")


if __name__ == "__main__":
    with plt.style.context(STYLE):
        draw(Path(sys.argv[1] if len(sys.argv) > 1 else "results/training_set_as_memory"))
