r"""First-order sequence memory: cells that learn on dendritic segments which patterns come before their own activity.

A sequence x_0 -> x_1 -> ... -> x_T of random patterns with a of n cells is learnt in one pass: at each transition every cell
of x_{t+1} grows a new segment with s synapses on cells of x_t, drawn uniformly.  On a pattern, a cell is predicted if any of
its segments has at least theta active synapses.  This is the first-order skeleton of hierarchical temporal memory
(S. Ahmad, J. Hawkins, arXiv 1601.00720, and J. Hawkins, S. Ahmad, arXiv 1511.00083); columns and bursting are left out.
"""

from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.dendrites import sizes
from hebbian.models.records import Observable


@dataclass(frozen=True, kw_only=True)
class SequenceMemory:
    """Memory of T transitions between random patterns with a of n cells active.

    Parameters
    ----------
    n, a : cells, active cells of a pattern, 1 <= a <= n.
    s : synapses of a segment, 1 to a.
    theta : threshold, 1 to s.
    transitions : learnt transitions T, at least 1.
    """

    n: int
    a: int
    s: int
    theta: int
    transitions: int

    family: ClassVar[str] = "sequence"

    def __post_init__(self):
        clean = sizes(self.n, self.a, self.s, self.theta) | {
            "transitions": fields.integer("transitions", self.transitions, 1, 2**31)
        }
        del clean["noise"]
        for name, value in clean.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a memory is sampled.

    Parameters
    ----------
    samples : memories with sequences of their own, at least 2, the units of the error bar.
    probes : learnt patterns shown to each memory (all of them if there are fewer).
    seed : root seed.
    """

    samples: int = 8
    probes: int = 200
    seed: int = 1

    def __post_init__(self):
        object.__setattr__(self, "samples", fields.integer("samples", self.samples, 2, 2**31))
        object.__setattr__(self, "probes", fields.integer("probes", self.probes, 1, 2**31))
        object.__setattr__(self, "seed", fields.integer("seed", self.seed, 0, 2**63 - 1))


MODEL = SequenceMemory

OBSERVABLES = (
    Observable("false_prediction", "F", "probability a cell that is not next"),
    Observable("jaccard", "J", "overlap of predicted and next cells over their union"),
)


def check(model: SequenceMemory, settings: Settings) -> None:
    """Raise InvalidInput where the memory does not fit the kernel."""
    if model.s > 255:
        raise InvalidInput(f"s = {model.s} is too large to simulate: give at most 255 synapses a segment")
    if model.transitions * model.a * model.s >= 2**32:
        raise InvalidInput(f"transitions = {model.transitions} gives {model.transitions * model.a * model.s} synapses: "
                           "keep transitions * a * s below 2^32")


def realised(model: SequenceMemory, settings: Settings) -> dict[str, float]:
    """Patterns shown to each memory."""
    return {"probes": probes(model, settings)}


def probes(model: SequenceMemory, settings: Settings) -> int:
    """Learnt patterns shown to each memory."""
    return min(settings.probes, model.transitions)


def operations(model: SequenceMemory, settings: Settings) -> float:
    """Synapses grown and touched by one memory."""
    synapses = float(model.transitions) * model.a * model.s
    return 8.0 * synapses + probes(model, settings) * (synapses * model.a / model.n + model.transitions * model.a)


def memory(model: SequenceMemory, settings: Settings) -> int:
    """Bytes of one memory: its synapses in build and in the index."""
    return model.transitions * model.a * (16 * model.s + 32) + 16 * model.n
