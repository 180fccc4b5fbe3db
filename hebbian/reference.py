"""Slow, readable twins of the integer kernels: the same spins, overlaps and acceptance counts, bit for bit.

Each twin computes what the kernel promises straight from the definitions, with NumPy and Python integers, and shares no
code with it.  They are for tests and for reading, at sizes of a few hundred spins.
"""

from dataclasses import dataclass

import numpy as np

from hebbian import streams

_LN2 = np.float32(0.69314718056)
_SERIES = [np.float32(value) for value in (2 / 9, 2 / 7, 2 / 5, 2 / 3, 2.0)]


def log_float(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of positive normal float32 numbers by the fixed float32 sequence of the kernels."""
    bits = np.asarray(x, np.float32).view(np.int32)
    exponent = (bits - np.int32(0x3F400000)) >> np.int32(23)
    mantissa = (bits - exponent * np.int32(2**23)).view(np.float32)
    s = (mantissa - np.float32(1)) / (mantissa + np.float32(1))
    q = s * s
    series = _SERIES[0]
    for coefficient in _SERIES[1:]:
        series = series * q + coefficient
    return exponent.astype(np.float32) * _LN2 + s * series


def thetas(words: np.ndarray, rule: str) -> np.ndarray:
    """Acceptance thresholds theta of 32-bit words, float32: -ln u for Metropolis, ln((1-u)/u) for the heat bath."""
    def log_uniform(r):
        return log_float((r.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32))

    words = np.asarray(words, np.uint32)
    above = log_uniform(~words) if rule == "heat_bath" else np.float32(0)
    return above - log_uniform(words)


def rademacher(N: int, K: int, key: tuple[int, int]) -> np.ndarray:
    """Fair patterns, int8 array (K, N): pattern mu reads its own counters."""
    return np.array([streams.signs(key, N, mu % 2**32, mu // 2**32) for mu in range(K)], np.int8).reshape(K, N)


@dataclass
class DenseTwin:
    """Twin of `DenseKernel`: replicas of one sample of H = -sum_mu U(X_mu), advanced sweep by sweep.

    patterns : int8 (K, N); table : the N + 1 integers U(-N), U(-N+2), ..., U(N); spins : int8 (replicas, N).
    """

    patterns: np.ndarray
    table: np.ndarray
    spins: np.ndarray

    def __post_init__(self):
        self.patterns = np.asarray(self.patterns, np.int64)
        self.table = np.asarray(self.table, np.int64)
        self.spins = np.array(self.spins, np.int64)

    @property
    def overlaps(self) -> np.ndarray:
        """X_mu of every replica, int64 (replicas, K)."""
        return self.spins @ self.patterns.T

    @property
    def energy(self) -> np.ndarray:
        """sum_mu U(X_mu) of every replica, int64 (replicas,); the energy is minus this."""
        return self.utility(self.overlaps)

    def utility(self, overlaps):
        return self.table[(overlaps + self.patterns.shape[1]) // 2].sum(axis=-1)

    def sweep(self, key: tuple[int, int], sweep: int, tau: float, rule: str, order: str = "sequential") -> np.ndarray:
        """One sweep of every replica, N attempts in site or random order; returns the accepted flips, int64 (replicas,)."""
        accepted = np.zeros(len(self.spins), np.int64)
        N = self.patterns.shape[1]
        for replica, spins in enumerate(self.spins):
            theta = thetas(streams.attempt_words(key, N, sweep, replica), rule)
            threshold = np.ceil(theta * np.float32(tau)).astype(np.float64)
            overlaps = self.patterns @ spins
            sites = streams.random_sites(key, N, sweep, replica) if order == "random" else range(N)
            for attempt, i in enumerate(sites):
                flipped = overlaps - 2 * self.patterns[:, i] * spins[i]
                change = int(self.utility(overlaps) - self.utility(flipped))
                if change < threshold[attempt]:
                    overlaps = flipped
                    spins[i] = -spins[i]
                    accepted[replica] += 1
        return accepted
