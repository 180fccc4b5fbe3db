r"""Willshaw's associative net and its dendritic form: hetero-association of sparse patterns by clipped binary synapses.

n output units read n input cells through K dendritic segments each.  For every stored pair (x, y), each of the a units in y
puts s of the a cells of x, drawn uniformly, on one of its segments, drawn uniformly; shared synapses are stored once.  On
an input a unit fires if any of its segments has at least theta active synapses.  With s = theta = a and K = 1 this is the
binary matrix W_ij = max_mu y_i^mu x_j^mu of Willshaw, Buneman and Longuet-Higgins, Nature 222, 960 (1969).
"""

from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.dendrites import sizes
from hebbian.models.records import Observable


@dataclass(frozen=True, kw_only=True)
class Willshaw:
    """Associative net of n units that stores pairs of patterns with a active cells.

    Parameters
    ----------
    n, a : units (and input cells), active cells of a pattern, 1 <= a <= n.
    patterns : stored pairs M, at least 1; absent only where the load itself is asked for (`capacity`).
    s : synapses a unit forms on each of its pairs, 1 to a; all of them by default.
    theta : threshold, 1 to s; s by default.
    segments : segments K of a unit.
    noise : cells v of the recalled input that are replaced by silent ones, 0 to min(a, n - a).
    """

    n: int
    a: int
    patterns: int | None = None
    s: int | None = None
    theta: int | None = None
    segments: int = 1
    noise: int = 0

    family: ClassVar[str] = "willshaw"

    def __post_init__(self):
        clean = sizes(self.n, self.a, self.synapses, self.threshold, self.noise, most=None) | {
            "patterns": None if self.patterns is None else fields.integer("patterns", self.patterns, 1),
            "segments": fields.integer("segments", self.segments, 1),
        }
        # Defaults stay absent: they follow a, which a grid may vary.
        for name in [name for name in ("s", "theta") if getattr(self, name) is None]:
            clean[name] = None
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @property
    def synapses(self) -> int:
        """Synapses that a unit forms on each of its pairs: s, or a."""
        return self.a if self.s is None else self.s

    @property
    def threshold(self) -> int:
        """Active synapses that make a segment spike: theta, or all of one pattern's."""
        return self.synapses if self.theta is None else self.theta


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a net is sampled.

    Parameters
    ----------
    samples : nets with patterns of their own, at least 2; recalls of one net share its synapses, so nets are the units
        of the error bar.
    probes : stored pairs recalled in each net (all of them if there are fewer).
    seed : root seed.
    """

    samples: int = 16
    probes: int = 200
    seed: int = 1

    def __post_init__(self):
        object.__setattr__(self, "samples", fields.integer("samples", self.samples, 2, 2**31))
        object.__setattr__(self, "probes", fields.integer("probes", self.probes, 1, 2**31))
        object.__setattr__(self, "seed", fields.integer("seed", self.seed, 0, 2**63 - 1))


MODEL = Willshaw

OBSERVABLES = (
    Observable("spurious", r"p_{01}", "probability a unit that should be silent"),
    Observable("miss", r"p_{10}", "probability a unit that should fire"),
)


def check(model: Willshaw, settings: Settings) -> None:
    """Raise InvalidInput where the net cannot be built."""
    if model.patterns is None:
        raise InvalidInput("patterns is missing: give the number of stored pairs")
    if model.n * model.segments >= 2**31:
        raise InvalidInput(
            f"n = {model.n} with segments = {model.segments} is too large to simulate: keep n * segments below 2^31"
        )


def realised(model: Willshaw, settings: Settings) -> dict[str, float]:
    """Pairs recalled in each net."""
    return {"probes": probes(model, settings)}


def probes(model: Willshaw, settings: Settings) -> int:
    """Stored pairs recalled in each net."""
    return min(settings.probes, model.patterns)


def operations(model: Willshaw, settings: Settings) -> float:
    """Multiply-adds of the recall and look-ups of the storage of one net."""
    recall = float(model.segments) * model.n**2 * probes(model, settings) / 8
    return recall + 8.0 * model.patterns * model.a * (model.a + model.synapses)


def memory(model: Willshaw, settings: Settings) -> int:
    """Bytes of one net: its synapses as float32 and as bytes, and its patterns."""
    return (
        5 * model.segments * model.n**2
        + 16 * model.patterns * model.a * 2
        + 8 * model.segments * model.n * probes(model, settings)
    )
