"""The common Monte Carlo run: start, burn-in, measurement, samples; and the `Run` that it returns.

A sample is one draw of the disorder with two replicas on it.  The kernels hand over integer time series; sums of them
stay integers until `reduce` forms each float once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hebbian import patterns as disorder
from hebbian import streams
from hebbian.errors import InvalidInput
from hebbian.machine import available_memory
from hebbian.stats import Estimate

#: Work of one kernel call, in pattern-terms: long enough to hide the call, short enough to answer an interrupt.
CHUNK = 2e8

REPLICAS = 2

RECORDS = ("series", "histogram", "spins")


@dataclass(frozen=True)
class Series:
    """Integer time series of one sample, one row a sweep: N m and energy of both replicas, accepted flips, N q.

    overlap : (sweeps, replicas), or (sweeps, replicas, overlaps) where a family records many of them.
    """

    overlap: np.ndarray
    energy: np.ndarray
    accepted: np.ndarray
    agreement: np.ndarray

    @classmethod
    def empty(cls, sweeps: int, replicas: int = REPLICAS, overlaps: tuple[int, ...] = ()) -> "Series":
        shape = (sweeps, replicas)
        return cls(np.zeros(shape + overlaps, np.int32), np.zeros(shape, np.int64), np.zeros(shape, np.int64),
                   np.zeros(sweeps, np.int64))

    def __getitem__(self, rows: slice) -> "Series":
        return Series(self.overlap[rows], self.energy[rows], self.accepted[rows], self.agreement[rows])


@dataclass(frozen=True)
class Run:
    """What a simulation measured: every observable as an `Estimate` attribute, with the parameters as realised.

    model, settings : what was asked for; realised : what the finite size made of it (K, load, ...).
    estimates : observable name -> Estimate over samples (`run.m` is `run.estimates["m"]`).
    retrieved : number of samples whose |m| over the last tenth of the run is above `settings.threshold`.
    series, histogram, spins : time series (samples, sweeps, replicas) of "m" and "energy", P(m) on the N + 1 overlaps,
        final spins (samples, replicas, N); None unless asked for by `record`.
    """

    model: object
    settings: object
    realised: Mapping[str, float]
    estimates: Mapping[str, Estimate]
    retrieved: int | None = None
    series: Mapping[str, np.ndarray] | None = field(default=None, repr=False)
    histogram: np.ndarray | None = field(default=None, repr=False)
    spins: np.ndarray | None = field(default=None, repr=False)

    def __getattr__(self, name):
        estimates = self.__dict__.get("estimates", {})
        if name in estimates:
            return estimates[name]
        raise AttributeError(f"this run has no {name!r}; it has {', '.join(estimates)}")

    def __str__(self):
        rows = [f"{self.model}", f"{self.settings}"]
        rows += [f"  {name} = {value:.10g}" for name, value in self.realised.items()]
        rows += [f"  {name} = {estimate}" for name, estimate in self.estimates.items()]
        if self.retrieved is not None:
            rows.append(f"  retrieved {self.retrieved}/{self.settings.samples}, median m {np.ravel(self.m.median)[0]:.6g}")
        return "\n".join(rows)


def start_fields(settings, start=None) -> tuple:
    """How the run starts, as fields of a random key."""
    if start is not None:
        return ("array", hashlib.blake2b(np.ascontiguousarray(start).tobytes(), digest_size=16).hexdigest())
    if settings.start == "noisy":
        return ("noisy", settings.overlap)
    return (settings.start,)


def initial_spins(settings, target: np.ndarray, sample: int, start: np.ndarray | None = None) -> np.ndarray:
    """Spins that the replicas of one sample start from, int8 (replicas, N).

    target : the retrieved state, int8 (N,), entries +-1 or 0; where it is 0 the spin is drawn at random.
    start : for `settings.start == "array"`, the user's spins (N,) or (samples, replicas, N).
    """
    N = settings.N
    if settings.start == "array":
        if start is None:
            raise InvalidInput("start = 'array' needs the initial spins: pass the array itself as start")
        return np.array(np.broadcast_to(start if start.ndim == 1 else start[sample], (REPLICAS, N)), order="C")
    key = streams.key("start", N, start_fields(settings), seed=settings.seed, sample=sample)
    spins = np.empty((REPLICAS, N), np.int8)
    for replica in range(REPLICAS):
        fair = streams.signs(key, N, 0, replica)
        aligned = np.where(target == 0, fair, target)
        if settings.start == "random":
            spins[replica] = fair
        elif settings.start != "noisy":
            spins[replica] = aligned
        else:
            # A block counter beyond those of the fair signs keeps the two draws apart.
            words = streams.words(key, np.arange(-(-N // 4)), 1, replica).reshape(-1)[:N]
            flipped = words < round((1 - settings.overlap) / 2 * 2**32)
            spins[replica] = np.where(flipped, -aligned, aligned)
    return spins


def given_start(start, settings) -> np.ndarray:
    """A user's initial spins, checked: int8 (N,) or (samples, replicas, N)."""
    array = disorder.require_signs("start", start)
    N, samples = settings.N, settings.samples
    if array.shape not in ((N,), (samples, REPLICAS, N)):
        raise InvalidInput(f"start has shape {array.shape}: give (N,) = ({N},) for every sample and replica, "
                           f"or (samples, replicas, N) = ({samples}, {REPLICAS}, {N})")
    return array


def evolve(kernel, key, settings, tau: float, cost: float, overlaps: tuple[int, ...] = (), series: Series | None = None,
           start: int = 0) -> Series:
    """Advance a kernel by burn-in and measured sweeps and return the whole series.

    At T = 0 a replica pair that has stopped moving is at a fixed point, and the rest of the series repeats it.
    cost : pattern-terms of one sweep.  overlaps : trailing shape of the recorded overlaps.  series : where to go on after
    the first `start` sweeps of a run, whose state the kernel has.
    """
    total = settings.burn_in + settings.sweeps
    series = Series.empty(total, overlaps=overlaps) if series is None else series
    chunk = max(1, int(CHUNK / cost))
    for first in range(start, total, chunk):
        part = series[first:min(first + chunk, total)]
        rows = len(part.agreement)
        done = kernel.run(*key, first, tau, settings.rule == "heat_bath", part.overlap, part.energy, part.accepted,
                          part.agreement)
        if done < rows:
            last = first + done - 1
            series.overlap[last + 1:] = series.overlap[last]
            series.energy[last + 1:] = series.energy[last]
            series.agreement[last + 1:] = series.agreement[last]
            break
    return series


def tail(settings) -> int:
    """Number of sweeps in the last tenth of the measured run, at least one."""
    return max(1, settings.sweeps // 10)


def require_memory(needed: int) -> None:
    """Refuse a run that cannot fit before anything is allocated."""
    available = available_memory()
    if needed > available:
        raise InvalidInput(f"one sample needs {needed / 2**30:.3g} GiB but this process may use {available / 2**30:.3g} GiB: "
                           "lower N, K or the number of sweeps")
