"""How fast the kernels are on this machine, beside what the machine could do at most: `hebbian bench`.

Rates are CPU time of this thread, medians over repeats; on a shared machine only ratios within one run mean anything.  The
comparison with other packages lies in benchmarks/, with its own environment.
"""

import json as _json
import math
import statistics
import time
from dataclasses import dataclass

import numpy as np

from hebbian import machine, patterns, streams
from hebbian.models.dense import DenseHopfield, integer_table
from hebbian.simulation.montecarlo import Series

REPEATS = 5

#: Attempts after which a quadratic kernel has gained enough from couplings to have built them, at the sizes below.
SETTLING = 4 * 10**7

#: Bytes of one gain, or of one overlap squared in its place, in every form that sums gains.
GAIN_BYTES = {"squares": 2, "narrow": 4, "wide": 8}


@dataclass(frozen=True)
class Work:
    """One benchmark problem: a network, how it starts, and a temperature of E = -sum X^p / N^(p-1) (p = 2: half of it)."""

    name: str
    p: int
    N: int
    K: int
    T: float
    start: str

    def kernel(self, form=None, order="sequential"):
        """A kernel of one replica on this problem, and its temperature in units of the integer energy."""
        from hebbian._kernels.dense import DenseKernel

        table = integer_table(DenseHopfield(K=self.K, p=self.p, energy="power"), self.N)
        packed = patterns.rademacher(self.N, self.K, seed=1, sample=0)
        spins = packed.unpack(0, 1) if self.start == "retrieval" else streams.signs((1, 2), self.N)[None]
        return DenseKernel(packed.rows, self.K, table.values, np.ascontiguousarray(spins), form, order), self.tau(table)

    def tau(self, table):
        scale = 1 if self.p == 2 else math.factorial(self.p)
        return float(np.float32(self.T / scale / float(table.unit)))


WORKS = (
    Work("p=2 N=1000 retrieval", 2, 1000, 50, 0.3, "retrieval"),
    Work("p=2 N=1000 random", 2, 1000, 50, 0.3, "random"),
    Work("p=2 N=4000 retrieval", 2, 4000, 200, 0.3, "retrieval"),
    Work("p=2 N=4000 random", 2, 4000, 200, 0.3, "random"),
    Work("p=3 N=200 K=2e3 retrieval", 3, 200, 2048, 0.7, "retrieval"),
    Work("p=3 N=200 K=2e3 hot", 3, 200, 2048, 5.0, "random"),
    Work("p=3 N=1000 K=5e4 retrieval", 3, 1000, 50176, 0.7, "retrieval"),
    Work("p=3 N=1000 K=5e4 hot", 3, 1000, 50176, 4.0, "random"),
    Work("p=4 N=200 K=8e4 retrieval", 4, 200, 80384, 0.55, "retrieval"),
    Work("p=4 N=200 K=8e4 hot", 4, 200, 80384, 6.0, "random"),
    Work("p=4 N=500 K=1e6 retrieval", 4, 500, 1250304, 0.5, "retrieval"),
)


class Advance:
    """Advance a kernel by further sweeps at every call."""

    def __init__(self, kernel, tau):
        self.kernel, self.tau, self.done = kernel, tau, 0
        self._series = Series.empty(1, len(kernel.spins))

    def __call__(self, sweeps):
        if len(self._series.agreement) != sweeps:
            self._series = Series.empty(sweeps, len(self.kernel.spins))
        series = self._series
        self.kernel.run(1, 2, self.done, self.tau, False, series.overlap, series.energy, series.accepted, series.agreement)
        self.done += sweeps

    def acceptance_of_last(self):
        return self._series.accepted.mean() / self.kernel.spins.shape[1]


def settled(work: Work, form=None, order="sequential") -> Advance:
    """A problem that has run long enough to relax, and for a quadratic kernel to have chosen its form."""
    advance = Advance(*work.kernel(form, order))
    advance(SETTLING // work.N if work.p == 2 else 4)
    return advance


def seconds(function, *arguments) -> float:
    """CPU time of this thread for one call."""
    start = time.thread_time()
    function(*arguments)
    return time.thread_time() - start


def sweeps_for(advance, duration: float) -> int:
    """How many sweeps take about `duration` seconds; warms up on the way."""
    sweeps = 1
    while (used := seconds(advance, sweeps)) < duration / 8:
        sweeps *= 4
    return max(1, round(sweeps * duration / used))


def rate(work: Work, form=None, duration=0.1):
    """Attempts a second, the acceptance and the form of the kernel on one problem."""
    advance = settled(work, form)
    sweeps = sweeps_for(advance, duration)
    times = [seconds(advance, sweeps) for _ in range(REPEATS)]
    return work.N * sweeps / statistics.median(times), advance.acceptance_of_last(), advance.kernel.form


def roofline() -> dict[str, float]:
    """Float32 adds in registers, bytes read from buffers of several sizes, random words and thresholds of Metropolis from
    them, all per second on the active path."""
    from hebbian._kernels import dense

    found = {"float32 adds": _best(dense.float_adds, 2 * 10**6)}
    for name, kib in (("L1 16 KiB", 16), ("L2 512 KiB", 512), ("L3 4 MiB", 4096), ("DRAM 256 MiB", 2**18)):
        buffer = np.ones(kib * 256, np.int32)
        found[f"read {name}"] = _best(dense.read_buffer, buffer, max(1, 2**20 // kib // 4))
    found["random words"] = _best(dense.random_words, 10**6)
    found["thresholds"] = _best(dense.random_words, 10**6, True)
    return found


def _best(function, *arguments):
    rates = []
    for _ in range(REPEATS):
        start = time.thread_time()
        done = function(*arguments)
        rates.append(done / (time.thread_time() - start))
    return statistics.median(rates)


def call_overhead(work: Work = WORKS[0], attempts=10**5) -> float:
    """Relative cost of calls of `attempts` attempts over one long call, median of alternating pairs."""
    return statistics.median(overheads(work, attempts, REPEATS))


def overheads(work: Work, attempts: int, pairs: int) -> list[float]:
    """Relative cost of calls of `attempts` attempts over the mean of a long call before and one after them."""
    advance, sweeps, calls = settled(work), max(1, attempts // work.N), 40

    def pieces():
        for _ in range(calls):
            advance(sweeps)

    found, before = [], seconds(advance, calls * sweeps)
    for _ in range(pairs):
        in_pieces, after = seconds(pieces), seconds(advance, calls * sweeps)
        found.append(2 * in_pieces / (before + after) - 1)
        before = after
    return found


def measure() -> dict:
    """All measurements that need no other package."""
    peaks = roofline()
    rows = []
    for work in WORKS:
        attempts, acceptance, form = rate(work)
        rows.append({"work": work.name, "form": form, "acceptance": acceptance, "attempts per second": attempts,
                     "pattern terms per second": attempts * work.K,
                     "gain bytes per second": attempts * work.K * GAIN_BYTES.get(form, 0)})
    return {"machine": {"processor": machine.processor(), **machine.kernel()}, "roofline": peaks, "kernels": rows,
            "call overhead": call_overhead()}


def run(json=False) -> None:
    """Print the measurements as a table, or as JSON.

    Bytes of gains count every gain once an attempt: where four sites share a pass they exceed what the caches deliver.
    """
    found = measure()
    if json:
        print(_json.dumps(found, indent=1))
        return
    print(f"{found['machine']['processor']}, kernel path {found['machine']['kernel_path']}")
    for name, value in found["roofline"].items():
        print(f"  {name:<22}{value / 1e9:10.1f} G/s")
    print(f"\n  {'work':<28}{'form':<10}{'acceptance':>11}{'M attempts/s':>14}"
          f"{'G terms/s':>11}{'of add peak':>13}{'GB/s of gains':>15}")
    for row in found["kernels"]:
        terms = row["pattern terms per second"]
        print(f"  {row['work']:<28}{row['form']:<10}{row['acceptance']:>11.4f}{row['attempts per second'] / 1e6:>14.3f}"
              f"{terms / 1e9:>11.1f}{terms / found['roofline']['float32 adds']:>13.0%}"
              f"{row['gain bytes per second'] / 1e9:>15.1f}")
    print(f"\n  a call of 1e5 attempts costs {found['call overhead']:.1%} more than one long call")
