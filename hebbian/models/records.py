"""What every family's records share: the Monte Carlo settings, the description of an observable, canonical fields."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.families import unknown
from hebbian.models import fields


@dataclass(frozen=True)
class Observable:
    """A quantity measured on every sample: its name in files and on a `Run`, its symbol in figures, its unit.

    `axes` names dimensions beyond the sample axis.  A `flag` is 0 or 1 and is counted rather than averaged.
    """

    name: str
    symbol: str
    unit: str = "1"
    axes: tuple[str, ...] = ()
    flag: bool = False


def build(record, values: dict):
    """Make a frozen record from named values; an unknown or missing name is one clear error, not a TypeError."""
    names = {field.name: field for field in dataclasses.fields(record)}
    for name in values:
        if name not in names:
            raise unknown("setting", name, names)
    for name, field in names.items():
        if name not in values and field.default is dataclasses.MISSING:
            raise InvalidInput(f"{name} is missing: give {name} = ...")
    return record(**values)


def described(record) -> tuple:
    """The fields of a frozen record that differ from their defaults, as sorted (name, value) pairs.

    This is how a record enters a random key or a digest.  Fields at their default are left out, so that a field
    added to a family later changes no stream and no digest of what existed before.
    """
    return tuple(sorted(
        (field.name, getattr(record, field.name))
        for field in dataclasses.fields(record)
        if field.default is dataclasses.MISSING or getattr(record, field.name) != field.default
    ))


@dataclass(frozen=True, kw_only=True)
class MonteCarloSettings:
    """How a spin system of finite size is simulated; time is in sweeps of N attempts, k_B = 1.

    Parameters
    ----------
    N : number of spins.
    T : temperature, T >= 0.  At T = 0 a spin flips only if its energy falls.
    samples : number of quenched disorder samples.
    burn_in : sweeps before measurement starts.
    sweeps : measured sweeps after the burn-in.
    seed : root seed; with the parameters it fixes every random number.
    start : "pattern" (the retrieved pattern itself), "noisy" (spins drawn with mean overlap `overlap` with it) or
        "random"; "array" says that the caller of `simulate` handed over the initial spins.
    overlap : mean overlap of a "noisy" start with the retrieved pattern, in [-1, 1].
    rule : "heat_bath" (Glauber) or "metropolis".
    threshold : a sample counts as retrieved if |m| over the last tenth of its run is above this value.
    """

    N: int
    T: float
    samples: int = 16
    burn_in: int = 150
    sweeps: int = 300
    seed: int = 1
    start: str = "pattern"
    overlap: float = 0.8
    rule: str = "heat_bath"
    threshold: float = 0.5

    STARTS: ClassVar[tuple[str, ...]] = ("pattern", "noisy", "random", "array")
    RULES: ClassVar[tuple[str, ...]] = ("heat_bath", "metropolis")

    def __post_init__(self):
        clean = {
            "N": fields.integer("N", self.N, 2, 2**30),
            "T": fields.real("T", self.T, 0.0),
            "samples": fields.integer("samples", self.samples, 1, 2**31),
            "burn_in": fields.integer("burn_in", self.burn_in, 0, 2**31),
            "sweeps": fields.integer("sweeps", self.sweeps, 1, 2**31),
            "seed": fields.integer("seed", self.seed, 0, 2**63 - 1),
            "start": fields.choice("start", self.start, self.STARTS),
            "overlap": fields.real("overlap", self.overlap, -1.0, 1.0),
            "rule": fields.choice("rule", self.rule, self.RULES),
            "threshold": fields.real("threshold", self.threshold, 0.0, 1.0),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)
