r"""Sparse patterns on dendritic segments: a static counting model, its sampling settings and what is measured.

A pattern is a set of exactly a active cells among n.  A segment stores a pattern by copying s of its a cells, drawn
uniformly, as binary synapses; it spikes on an input if at least theta of its synapses see an active cell (>=, never >).
One segment may hold several patterns (a union: a synapse that two of them share is stored once), and a neuron fires if
any of its segments spikes.  Noise v switches v active cells of a stored pattern off and v silent ones on.

There is no energy, temperature or dynamics: theory counts sets and simulation draws them.

Source: S. Ahmad, J. Hawkins, "How do neurons operate on sparse distributed representations?" (arXiv 1601.00720).
"""

from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.records import Observable


@dataclass(frozen=True, kw_only=True)
class Dendrite:
    """Segments with s synapses a pattern that spike when at least theta of them are active.

    Parameters
    ----------
    n : cells that a segment can reach, at least 1.
    a : active cells of a pattern, 1 to n.
    s : synapses that a segment forms on each pattern it stores, 1 to a.
    theta : spike threshold, 1 to s; absent only where the threshold itself is asked for (`optimal_threshold`).
    patterns : patterns M on one segment, the recognised one included.
    segments : segments K of a neuron, each with M patterns of its own.
    noise : cells v of a stored pattern that are replaced by silent ones, 0 to min(a, n - a).
    counting : "union" (a shared synapse counts once) or "multiplicity" (each pattern adds its own synapses).
    """

    n: int
    a: int
    s: int
    theta: int | None = None
    patterns: int = 1
    segments: int = 1
    noise: int = 0
    counting: str = "union"

    family: ClassVar[str] = "dendrites"
    COUNTINGS: ClassVar[tuple[str, ...]] = ("union", "multiplicity")

    def __post_init__(self):
        clean = sizes(self.n, self.a, self.s, self.theta, self.noise) | {
            "patterns": fields.integer("patterns", self.patterns, 1),
            "segments": fields.integer("segments", self.segments, 1),
            "counting": fields.choice("counting", self.counting, self.COUNTINGS),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @property
    def activity(self) -> float:
        """Fraction of active cells, rho = a / n."""
        return self.a / self.n

    @property
    def largest_union(self) -> int:
        """Most synapses that one segment can carry."""
        every = self.patterns * self.s
        return every if self.counting == "multiplicity" else min(self.n, every)


def sizes(n, a, s, theta=None, noise=0, most=2**31 - 2) -> dict[str, int | None]:
    """Cells, active cells, synapses, threshold and replaced cells as integers that fit together, or InvalidInput.

    A value that is wrong by itself is named first in its error; one that does not fit another is named with it.
    """
    n, a, s = fields.integer("n", n, 1, most), fields.integer("a", a, 1), fields.integer("s", s, 1)
    theta = None if theta is None else fields.integer("theta", theta, 1)
    noise = fields.integer("noise", noise, 0)
    if a > n:
        raise InvalidInput(f"only n = {n} cells for a = {a} active ones: give a from 1 to n")
    if s > a:
        raise InvalidInput(f"only a = {a} active cells for s = {s} synapses: give s from 1 to a")
    if theta is not None and theta > s:
        raise InvalidInput(f"only s = {s} synapses for a threshold theta = {theta}: give theta from 1 to s")
    if noise > min(a, n - a):
        raise InvalidInput(f"only {a} active and {n - a} silent cells for noise = {noise} replacements: "
                           f"give noise from 0 to {min(a, n - a)}")
    return {"n": n, "a": a, "s": s, "theta": theta, "noise": noise}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a dendrite is sampled.

    Parameters
    ----------
    trials : segment-pattern comparisons in all ("direct"), weighted draws ("tilt", "union"), particles ("splitting").
    batches : independent batches that the trials are divided into, at least 2: each has segments of its own, so patterns
        that meet the same segment never cross a batch, and the batch is the unit of the error bar.
    method : "direct" (count), "tilt" (sequential exponential tilt), "union" (union of events on fixed segments) or
        "splitting" (fixed levels with swap moves).
    moves : swap moves a particle makes at each level of "splitting".
    seed : root seed; with the parameters it fixes every random number.
    """

    trials: int = 1_000_000
    batches: int = 32
    method: str = "direct"
    moves: int = 200
    seed: int = 1

    METHODS: ClassVar[tuple[str, ...]] = ("direct", "tilt", "union", "splitting")

    def __post_init__(self):
        clean = {
            "trials": fields.integer("trials", self.trials, 1, 2**62),
            "batches": fields.integer("batches", self.batches, 2, 2**31),
            "method": fields.choice("method", self.method, self.METHODS),
            "moves": fields.integer("moves", self.moves, 1, 2**31),
            "seed": fields.integer("seed", self.seed, 0, 2**63 - 1),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @property
    def samples(self) -> int:
        """Units of the error bar."""
        return self.batches


MODEL = Dendrite

OBSERVABLES = (
    Observable("false_positive", r"p_{\mathrm{fp}}", "probability a segment and pattern"),
    Observable("false_negative", r"p_{\mathrm{fn}}", "probability a segment and pattern"),
    Observable("neuron_false_positive", r"P_{\mathrm{fp}}", "probability a neuron and pattern"),
    Observable("neuron_false_negative", r"P_{\mathrm{fn}}", "probability a neuron and pattern"),
    Observable("mean_union_size", r"\langle u \rangle", "synapses"),
    Observable("histogram", r"N_b", "comparisons at each overlap", axes=("overlap",)),
)

#: Patterns of one batch come in words of 64 lanes; this many lanes are counted side by side.
LANES = 256


@dataclass(frozen=True)
class Batch:
    """Shape of one batch: `neurons` of `segments` segments each, all compared with the same `probes` patterns."""

    neurons: int
    segments: int
    probes: int

    @property
    def comparisons(self) -> int:
        return self.neurons * self.segments * self.probes


def batch(model: Dendrite, settings: Settings) -> Batch:
    """The nearly square batch of a direct run that holds at least trials / batches comparisons.

    Probes fill whole blocks of lanes and neurons are whole, so a batch may hold somewhat more than was asked for; with
    several patterns a segment there are four times as many segments, since the spread of union sizes is theirs.
    """
    pairs = -(-settings.trials // settings.batches)
    aspect = 1 if model.patterns == 1 else 4
    blocks = max(1, min(64, round((pairs / aspect) ** 0.5 / LANES)))
    neurons = max(1, -(-pairs // (blocks * LANES * model.segments)))
    return Batch(neurons, model.segments, blocks * LANES)


def check(model: Dendrite, settings: Settings) -> None:
    """Raise InvalidInput where model and method do not fit together."""
    if model.theta is None:
        raise InvalidInput("theta is missing: give the spike threshold, 1 to s")
    if model.largest_union >= 2**16:
        raise InvalidInput(f"patterns = {model.patterns} with s = {model.s} may put {model.largest_union} synapses on a "
                           "segment: keep patterns * s below 65536")
    if settings.method in ("union", "splitting") and model.counting == "multiplicity":
        raise InvalidInput(f"method = {settings.method!r} is defined for counting = 'union': use 'direct' or 'tilt'")
    if settings.method in ("union", "splitting") and model.largest_union > 255:
        raise InvalidInput(f"patterns = {model.patterns} with s = {model.s} may put {model.largest_union} synapses on a "
                           f"segment: method = {settings.method!r} counts up to 255; use 'direct' or 'tilt'")
    if settings.method == "splitting" and settings.trials < 2 * settings.batches:
        raise InvalidInput(f"trials = {settings.trials} leaves less than 2 particles in each of {settings.batches} batches: "
                           "give more trials")


def realised(model: Dendrite, settings: Settings) -> dict[str, float]:
    """What the batches made of the trials: comparisons of a direct run (whole blocks), draws or particles otherwise."""
    if settings.method == "direct":
        return {"trials": settings.batches * batch(model, settings).comparisons}
    return {"trials": settings.batches * draws(settings)}


def draws(settings: Settings) -> int:
    """Weighted draws or particles of one batch of a rare-event method."""
    return -(-settings.trials // settings.batches)


def operations(model: Dendrite, settings: Settings) -> float:
    """Synapse look-ups that one batch costs."""
    union = min(model.largest_union, model.patterns * model.s)
    if settings.method == "direct":
        shape = batch(model, settings)
        return shape.comparisons / LANES * 8.0 * union + shape.probes * model.a + shape.neurons * model.segments * 8.0 * union
    if settings.method == "splitting":
        return 8.0 * draws(settings) * (model.a + model.theta * settings.moves)
    return 8.0 * draws(settings) * (union + (model.a if settings.method == "union" else 0))


def memory(model: Dendrite, settings: Settings) -> int:
    """Bytes that one batch holds at its peak."""
    union = model.largest_union + 4
    if settings.method == "direct":
        shape = batch(model, settings)
        return model.n * (shape.probes // 8 + 16) + shape.neurons * model.segments * 4 * union
    per_draw = {"tilt": 64, "union": 8 * model.a, "splitting": 5 * model.n + 4 * model.segments}[settings.method]
    return draws(settings) * per_draw + model.segments * union * 16 + 16 * model.n
