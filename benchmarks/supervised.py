"""The supervised kernel against numba loops over int8 sums of examples: ratios of CPU time in one process, in turn.

    python benchmarks/supervised.py [WORDS]     # in an interpreter that has numba; only rows whose name contains a word

The protocol is that of compare.py.  `naive` is a careful loop over int32 overlaps (for p = 2 with sum_mu c^2 of a site known,
so that it is one integer product a pattern); `informed` also caches the slopes of U in float32.
"""

import sys
from dataclasses import dataclass

import numpy as np
import peers
from compare import Table
from hebbian._kernels.supervised import SupervisedKernel

from hebbian import patterns, streams
from hebbian._kernels import dense as kernels
from hebbian.bench import Advance
from hebbian.models.dense import DenseHopfield, integer_table, polynomial
from hebbian.simulation.dense import temperature_in_quanta

BAR = 3  # what the kernel was built to reach against the naive loop


@dataclass(frozen=True)
class Work:
    """A network that learned K archetypes from M examples of quality r with a teacher, its temperature, start and replicas."""

    p: int
    N: int
    K: int
    M: int
    r: float
    T: float
    start: str
    replicas: int = 1

    def __str__(self):
        return f"p={self.p} N={self.N} K={self.K} M={self.M} {self.start}" + (" of two" if self.replicas == 2 else "")


WORKS = (
    Work(2, 1000, 20, 20, 0.5, 0.3, "retrieval"),
    Work(2, 1000, 50, 20, 0.5, 0.3, "random"),
    Work(2, 1000, 50, 20, 0.5, 3.0, "hot"),
    Work(2, 1000, 50, 101, 0.4, 0.3, "retrieval"),
    Work(2, 4000, 200, 20, 0.5, 0.2, "retrieval"),
    Work(2, 4000, 200, 20, 0.5, 0.3, "random"),
    Work(2, 4000, 200, 20, 0.5, 3.0, "hot"),
    Work(3, 200, 2000, 20, 0.5, 0.1, "retrieval"),
    Work(3, 200, 2000, 20, 0.5, 2.0, "hot"),
    Work(3, 200, 2000, 5, 0.7, 0.1, "retrieval"),
    Work(3, 200, 2000, 101, 0.4, 0.1, "retrieval"),
    Work(3, 200, 2000, 101, 0.4, 2.0, "hot"),
    Work(3, 500, 12500, 20, 0.5, 0.1, "retrieval"),
    Work(3, 500, 12500, 20, 0.5, 2.0, "hot"),
    Work(3, 1000, 50000, 20, 0.5, 0.1, "retrieval"),
    Work(3, 1000, 50000, 20, 0.5, 2.0, "hot"),
    Work(3, 1000, 50000, 101, 0.4, 0.1, "retrieval"),
    Work(3, 1000, 50000, 20, 0.5, 0.1, "retrieval", 2),
    Work(4, 200, 2000, 20, 0.5, 0.02, "retrieval"),
    Work(4, 200, 2000, 20, 0.5, 1.0, "hot"),
    Work(4, 100, 10000, 20, 0.5, 0.02, "retrieval"),
    Work(4, 200, 80000, 20, 0.5, 0.02, "retrieval"),
    Work(4, 200, 2000, 101, 0.4, 0.02, "retrieval"),
    Work(4, 200, 2000, 101, 0.4, 1.0, "hot"),
)


def rows_of(table, work):
    name = str(work)
    if not any(table.wanted(f"{name} / {peer}") for peer in ("naive", "informed")):
        return
    model = DenseHopfield(K=work.K, p=work.p, M=work.M, r=work.r, protocol="supervised")
    energy = integer_table(model, work.N)
    archetypes = patterns.rademacher(work.N, work.K, seed=1, sample=0)
    sums = patterns.example_sums(archetypes, work.M, work.r, seed=1, sample=0)
    spins = archetypes.unpack(0, 1) if work.start == "retrieval" else streams.signs((1, 2), work.N)[None]
    spins = np.repeat(spins, work.replicas, axis=0)
    kernel = SupervisedKernel(sums.rows, work.K, energy.values, polynomial(model, work.N), spins)
    product = Advance(kernel, temperature_in_quanta(work.T, energy))
    product(20)

    rows = np.ascontiguousarray(sums.rows[:, :work.K], np.int8)
    beta, coefficients = 1 / work.T, polynomial(model, work.N) * float(energy.unit)
    states = range(work.replicas)
    s = [[kernel.spins[j].copy() for j in states] for _ in range(2)]
    n = [[kernel.overlaps[j].copy() for j in states] for _ in range(2)]
    attempts = work.N * work.replicas
    if work.p == 2:
        squares = (sums.rows.astype(np.int64)**2).sum(axis=1)
        table.row(f"{name} / naive", attempts, product, lambda k: [
            peers.supervised_pairs(rows, squares, s[0][j], n[0][j], coefficients[2], beta, k) for j in states], bar=BAR)
    elif work.p == 4:
        scale, wick = coefficients[4], np.float32(-coefficients[2] / coefficients[4])
        table.row(f"{name} / naive", attempts, product, lambda k: [
            peers.supervised_quartic(rows, s[0][j], n[0][j], scale, wick, beta, k) for j in states], bar=BAR)
    else:
        scale, wick = coefficients[3], np.float32(-coefficients[1] / coefficients[3])
        table.row(f"{name} / naive", attempts, product, lambda k: [
            peers.supervised_naive(rows, s[0][j], n[0][j], scale, wick, beta, k) for j in states], bar=BAR)
        cubes = (rows.astype(np.int64)**3).sum(axis=1).astype(np.float64)
        odd, even = np.zeros(work.K, np.float32), np.zeros(work.K, np.float32)
        table.row(f"{name} / informed", attempts, product, lambda k: [
            peers.supervised_informed(rows, cubes, s[1][j], n[1][j], odd, even, scale, wick, beta, k) for j in states])
    print(f"<!-- {name}: form {getattr(kernel, 'form', '')}, acceptance {product.acceptance_of_last():.3f} -->", flush=True)


def main():
    print(f"path {kernels.active()}\n")
    table = Table(sys.argv[1:])
    for work in WORKS:
        rows_of(table, work)


if __name__ == "__main__":
    main()
