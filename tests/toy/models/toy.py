"""A family that exists in tests only: one file in each room is all that a family needs."""

from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.records import Observable


@dataclass(frozen=True, kw_only=True)
class Toy:
    """Counts without physics.

    Parameters
    ----------
    bias : what the mean of every count is near to, in [0, 1].
    K : number of counts a sample holds.
    mode : what goes wrong on purpose.
    """

    bias: float = 0.5
    K: int = 2
    mode: str = "plain"

    family: ClassVar[str] = "toy"
    MODES: ClassVar[tuple[str, ...]] = ("plain", "broken", "hungry", "exit", "unreduced", "undefined", "unsolved")

    def __post_init__(self):
        object.__setattr__(self, "bias", fields.real("bias", self.bias, 0.0, 1.0))
        object.__setattr__(self, "K", fields.integer("K", self.K, 1, 8))
        object.__setattr__(self, "mode", fields.choice("mode", self.mode, self.MODES))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How often the toy counts.

    Parameters
    ----------
    N : size of every count.
    T : temperature, which only the theory heeds.
    samples : number of samples.
    seed : root seed.
    work : operations of one sample, in units of 1e6.
    pause : seconds that one sample sleeps.
    """

    N: int
    T: float = 0.5
    samples: int = 4
    seed: int = 1
    work: float = 1000.0
    pause: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "N", fields.integer("N", self.N, 1, 2**20))
        object.__setattr__(self, "T", fields.real("T", self.T, 0.0))
        object.__setattr__(self, "samples", fields.integer("samples", self.samples, 1, 2**31))
        object.__setattr__(self, "seed", fields.integer("seed", self.seed, 0, 2**63 - 1))
        object.__setattr__(self, "work", fields.real("work", self.work, 0.0))
        object.__setattr__(self, "pause", fields.real("pause", self.pause, 0.0))


MODEL = Toy
OBSERVABLES = (
    Observable("m", "m"),
    Observable("share", "s_k", axes=("count",)),
    Observable("K", "K"),
    Observable("retrieved", "retrieved", flag=True),
)


def check(model, settings):
    if settings.N < model.K:
        raise InvalidInput(f"N = {settings.N} is too small: give at least K = {model.K}")


def realised(model, settings):
    return {"load": model.K / settings.N}


def operations(model, settings):
    return settings.work * 1e6


def memory(model, settings):
    return 8 * model.K * settings.N
