"""What the kernels are measured against: loops a physicist would write with numba or NumPy, and two annealing samplers.

Every loop is sequential Metropolis on the same patterns.  `naive` is what a careful user writes, `informed` what somebody
writes who knows that gains may be cached; both are int8 loops that LLVM vectorises, a far harder yardstick than float64.
"""

import math

import numpy as np
from numba import njit


@njit(fastmath=True)
def pairwise_cached(J, s, h, beta, sweeps):
    """p = 2 with all fields kept: O(1) an attempt, O(N) an accepted flip."""
    N = len(s)
    for _ in range(sweeps):
        for i in range(N):
            change = 2.0 * s[i] * h[i]
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                f = -2.0 * s[i]
                for j in range(N):
                    h[j] += f * J[i, j]
                s[i] = -s[i]


@njit(fastmath=True)
def pairwise_overlaps(rows, s, n, beta, sweeps):
    """p = 2 from the overlaps: int8 patterns (N, K), int32 overlaps; O(K) an attempt."""
    N, K = rows.shape
    scale = beta / N
    for _ in range(sweeps):
        for i in range(N):
            H = np.int32(0)
            for k in range(K):
                H += np.int32(rows[i, k]) * n[k]
            change = 2.0 * scale * (s[i] * H - K)
            if change <= 0.0 or np.random.random() < math.exp(-change):
                f = np.int32(-2 * s[i])
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                s[i] = -s[i]


@njit(fastmath=True)
def dense_naive(rows, s, n, P, beta, sweeps):
    """E = -sum n^P / N^(P-1), P = 3 or 4: int8 patterns (N, K), integer powers of int32 overlaps at every attempt."""
    N, K = rows.shape
    scale = beta / float(N) ** (P - 1)
    for _ in range(sweeps):
        for i in range(N):
            si = np.int32(s[i])
            total = 0.0
            if P == 3:
                for k in range(K):
                    x = np.int32(rows[i, k]) * si
                    y = np.float32(n[k])
                    f = np.float32(2 * x)
                    total += (y - f) * (y - f) * (y - f) - y * y * y
            else:
                for k in range(K):
                    x = np.int32(rows[i, k]) * si
                    y = np.float32(n[k])
                    f = np.float32(2 * x)
                    total += (y - f) * (y - f) * (y - f) * (y - f) - y * y * y * y
            change = -scale * total
            if change <= 0.0 or np.random.random() < math.exp(-change):
                f = np.int32(-2 * si)
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                s[i] = -s[i]


@njit(fastmath=True)
def dense_informed(rows, s, n, gain, P, beta, sweeps):
    """The same with odd gains g(n) cached in float32: the flip cost is an int8 x float32 dot product."""
    N, K = rows.shape
    scale = beta / float(N) ** (P - 1)
    even = 0.0
    for k in range(K):
        y = float(n[k])
        even += 12.0 * y if P == 3 else 24.0 * y * y + 16.0
        gain[k] = 6.0 * y * y + 8.0 if P == 3 else 8.0 * y * y * y + 32.0 * y
    for _ in range(sweeps):
        for i in range(N):
            total = np.float32(0.0)
            for k in range(K):
                total += np.float32(rows[i, k]) * gain[k]
            change = -scale * (even - s[i] * total)
            if change <= 0.0 or np.random.random() < math.exp(-change):
                f = np.int32(-2 * s[i])
                fresh = 0.0
                if P == 3:
                    for k in range(K):
                        n[k] += f * np.int32(rows[i, k])
                        y = np.float32(n[k])
                        gain[k] = np.float32(6.0) * y * y + np.float32(8.0)
                        fresh += np.float32(12.0) * y
                else:
                    for k in range(K):
                        n[k] += f * np.int32(rows[i, k])
                        y = np.float32(n[k])
                        gain[k] = np.float32(8.0) * y * y * y + np.float32(32.0) * y
                        fresh += np.float32(24.0) * y * y + np.float32(16.0)
                even = fresh
                s[i] = -s[i]


@njit
def dense_float64(patterns, s, n, P, beta, sweeps):
    """What is usually found in scripts: float64 patterns (K, N), a ** P at every attempt."""
    K, N = patterns.shape
    for _ in range(sweeps):
        for i in range(N):
            change = 0.0
            for k in range(K):
                change += n[k] ** P - (n[k] - 2.0 * patterns[k, i] * s[i]) ** P
            change /= float(N) ** (P - 1)
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                for k in range(K):
                    n[k] -= 2.0 * patterns[k, i] * s[i]
                s[i] = -s[i]


def dense_numpy(patterns, s, n, P, beta, sites, rng):
    """The NumPy loop over spins, for the first `sites` attempts of a sweep; patterns int8 (K, N)."""
    K, N = patterns.shape
    for i in range(sites):
        after = n - 2.0 * patterns[:, i] * s[i]
        change = (np.sum(n**P) - np.sum(after**P)) / float(N) ** (P - 1)
        if change <= 0.0 or rng.random() < math.exp(-beta * change):
            n[:] = after
            s[i] = -s[i]


class DwaveMetropolis:
    """dwave-samplers' simulated annealing core held at one temperature, sweeps in site order."""

    def __init__(self, J):
        import dimod

        N = len(J)
        rows, columns = np.triu_indices(N, 1)
        self.model = dimod.BinaryQuadraticModel.from_numpy_vectors(
            np.zeros(N), (rows, columns, -J[rows, columns]), 0.0, "SPIN")
        self.N = N

    def __call__(self, s, beta, sweeps):
        from dwave.samplers import SimulatedAnnealingSampler

        SimulatedAnnealingSampler().sample(
            self.model, num_reads=1, beta_schedule_type="custom", beta_schedule=[beta], num_sweeps_per_beta=sweeps,
            initial_states=(s[None], list(range(self.N))), initial_states_generator="none", seed=1)


class OpenjijMetropolis:
    """openjij's C++ single-spin-flip core on a dense graph, held at one temperature."""

    def __init__(self, J):
        import openjij.cxxjij as cj

        N = len(J)
        graph = cj.graph.Dense(N)
        couplings = np.zeros((N + 1, N + 1))
        couplings[:N, :N], couplings[N, N] = np.triu(-J, 1), 1.0
        graph.set_interaction_matrix(couplings)
        self.run, self.system = cj.algorithm.Algorithm_SingleSpinFlip_run, None
        self.make, self.graph = cj.system.make_classical_ising, graph

    def __call__(self, s, beta, sweeps):
        if self.system is None:
            self.system = self.make([int(x) for x in s], self.graph)
        self.run(self.system, 1, [(beta, sweeps)])


class OpenjijPolynomial:
    """openjij's sampler of higher-order energies on the expanded p = 3 couplings, held at one temperature."""

    def __init__(self, patterns):
        from itertools import combinations

        K, N = patterns.shape
        triples = np.array(list(combinations(range(N), 3)))
        J = np.zeros(len(triples))
        for xi in patterns.astype(float):
            J -= xi[triples[:, 0]] * xi[triples[:, 1]] * xi[triples[:, 2]]
        self.polynomial = {tuple(map(int, triple)): 6.0 * value / N**2 for triple, value in zip(triples, J) if value}

    def __call__(self, beta, sweeps):
        import openjij

        openjij.SASampler().sample_hubo(self.polynomial, "SPIN", beta_min=beta, beta_max=beta, num_sweeps=sweeps,
                                        num_reads=1, seed=1, updater="single spin flip")


@njit(fastmath=True)
def supervised_pairs(rows, squares, s, n, scale, beta, sweeps):
    """p = 2 from sums of examples: int8 rows (N, K), int32 overlaps, sum_mu c^2 of a site known; U = scale X^2."""
    N, K = rows.shape
    for _ in range(sweeps):
        for i in range(N):
            H = np.int32(0)
            for k in range(K):
                H += np.int32(rows[i, k]) * n[k]
            change = 4.0 * scale * (s[i] * H - squares[i])
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                f = np.int32(-2 * s[i])
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                s[i] = -s[i]


@njit(fastmath=True)
def supervised_naive(rows, s, n, scale, wick, beta, sweeps):
    """p = 3, U = scale (X^3 - wick X): int8 sums of examples (N, K), U of int32 overlaps at every attempt."""
    N, K = rows.shape
    for _ in range(sweeps):
        for i in range(N):
            si = np.int32(s[i])
            total = np.float32(0.0)
            for k in range(K):
                y = np.float32(n[k])
                z = y - np.float32(2 * si * np.int32(rows[i, k]))
                total += z * (z * z - wick) - y * (y * y - wick)
            change = -scale * total
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                f = np.int32(-2 * si)
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                s[i] = -s[i]


@njit(fastmath=True)
def supervised_quartic(rows, s, n, scale, wick, beta, sweeps):
    """The same for p = 4, U = scale (X^4 - wick X^2)."""
    N, K = rows.shape
    for _ in range(sweeps):
        for i in range(N):
            si = np.int32(s[i])
            total = np.float32(0.0)
            for k in range(K):
                y = np.float32(n[k])
                z = y - np.float32(2 * si * np.int32(rows[i, k]))
                total += z * z * (z * z - wick) - y * y * (y * y - wick)
            change = -scale * total
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                f = np.int32(-2 * si)
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                s[i] = -s[i]


@njit(fastmath=True)
def supervised_informed(rows, cubes, s, n, odd, even, scale, wick, beta, sweeps):
    """The same with the slopes of U cached in float32, and sum_mu c^3 of a site known."""
    N, K = rows.shape
    for k in range(K):
        y = np.float32(n[k])
        odd[k], even[k] = -6.0 * y * y + 2.0 * wick, 12.0 * y
    for _ in range(sweeps):
        for i in range(N):
            si = np.float32(s[i])
            total = np.float32(0.0)
            for k in range(K):
                c = np.float32(rows[i, k])
                total += c * (si * odd[k] + c * even[k])
            change = -scale * (total - 8.0 * si * cubes[i])
            if change <= 0.0 or np.random.random() < math.exp(-beta * change):
                f = np.int32(-2 * s[i])
                for k in range(K):
                    n[k] += f * np.int32(rows[i, k])
                    y = np.float32(n[k])
                    odd[k], even[k] = -6.0 * y * y + 2.0 * wick, 12.0 * y
                s[i] = -s[i]
