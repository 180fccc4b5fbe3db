"""What ramps and tempering share: one sample of a dense network at several temperatures, and the record of measurements."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hebbian import patterns as disorder
from hebbian.errors import InvalidInput, NotDefined
from hebbian.models import dense
from hebbian.models.records import build
from hebbian.simulation import montecarlo
from hebbian.simulation.dense import temperature_in_quanta
from hebbian.stats import Estimate


@dataclass(frozen=True)
class Ladder:
    """Observables at every temperature of a ramp or a tempering run, as Estimates over samples along an axis T.

    `run.m.mean` and `run.m.error` have the shape of `T`; `run.m.values` is (samples, temperatures).
    """

    model: object
    settings: object
    T: np.ndarray
    estimates: Mapping[str, Estimate] = field(repr=False)

    def __getattr__(self, name):
        estimates = self.__dict__.get("estimates", {})
        if name in estimates:
            return estimates[name]
        raise AttributeError(f"this run has no {name!r}; it has {', '.join(estimates)}")

    def __str__(self):
        rows = [f"{self.model}", "T = " + ", ".join(f"{T:.6g}" for T in self.T)]
        return "\n".join(rows + [f"  {name} = {estimate}" for name, estimate in self.estimates.items()])


def each_temperature(model, T, settings: dict, patterns=None) -> tuple[list, np.ndarray | None]:
    """Settings of every temperature of a list, validated, and the user's patterns, if any, as signs."""
    if getattr(model, "family", None) != "dense":
        raise InvalidInput(f"{type(model).__name__} has no ramps and no tempering: give a DenseHopfield")
    if model.protocol != "storage":
        raise NotDefined(f"ramps and tempering are defined for storage, not for protocol={model.protocol!r}: use simulate, or "
                         "hand the examples over as patterns of a storage model")
    T = np.asarray(T, float)
    if T.ndim != 1 or not T.size:
        raise InvalidInput(f"T has shape {T.shape}: give a list of temperatures")
    all_settings = [build(dense.Settings, {**settings, "T": float(t)}) for t in T]
    if (all_settings[0].order, all_settings[0].gains) != ("sequential", "exact"):
        raise InvalidInput("ramps and tempering run in sequential order with exact gains: give order = 'sequential' and "
                           "gains = 'exact'")
    if all_settings[0].start == "array":
        raise InvalidInput("start = 'array' is for simulate: give one of pattern, noisy, random")
    if patterns is not None:
        patterns = disorder.given(patterns, all_settings[0].N, all_settings[0].samples)
    dense.check(model, all_settings[0])
    return all_settings, patterns


def sample_of(model, settings, sample: int, patterns=None):
    """Packed patterns of one sample and the spins that its two replicas start from."""
    if patterns is None:
        packed = disorder.rademacher(settings.N, model.patterns(settings.N), seed=settings.seed, sample=sample)
    else:
        packed = disorder.pack(patterns if patterns.ndim == 2 else patterns[sample])
    return packed, montecarlo.initial_spins(settings, packed.unpack(0, 1)[0], sample)


def taus_of(model, all_settings) -> np.ndarray:
    """Temperatures in units of the kernel's energy quantum, as float32 numbers."""
    table = dense.integer_table(model, all_settings[0].N)
    return np.array([temperature_in_quanta(settings.T, table) for settings in all_settings])


def energies(model, N: int, sums: np.ndarray) -> np.ndarray:
    """Energy per spin from means of sum_mu U in quanta, without the constant of a random configuration."""
    table = dense.integer_table(model, N)
    return -sums * float(table.unit / N) - float(dense.mean_energy(model, N))
