"""What is read off spins and time series: pure functions of arrays, with k_B = 1 and energies per spin."""

import numpy as np


def overlap(spins: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Mattis magnetization of every pattern, m_mu = (1/N) sum_i xi_i^mu s_i.

    spins : int array (..., N), patterns : int array (K, N); returns float array (..., K) in [-1, 1].
    """
    spins, patterns = np.asarray(spins, np.int64), np.asarray(patterns, np.int64)
    return spins @ patterns.T / patterns.shape[-1]


def replica_overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Overlap of two replicas on the same sample, q = (1/N) sum_i s_i s_i'; int arrays (..., N) to float (...)."""
    first, second = np.asarray(first, np.int64), np.asarray(second, np.int64)
    return (first * second).sum(axis=-1) / first.shape[-1]


def specific_heat(energy: np.ndarray, T: float, N: int) -> np.ndarray:
    """Specific heat per spin N var(e) / T^2 of a time series of energies per spin along the last axis."""
    return N * np.var(energy, axis=-1) / T**2


def binder_ratio(m: np.ndarray) -> np.ndarray:
    """Binder's ratio (3 - <m^4>/<m^2>^2) / 2 of a time series along the last axis: 1 when ordered, 0 for Gaussian m."""
    m2, m4 = np.mean(np.square(m), axis=-1), np.mean(np.power(m, 4), axis=-1)
    return (3 - m4 / m2**2) / 2


def histogram(m: np.ndarray, N: int) -> np.ndarray:
    """P(m) on the N + 1 possible overlaps -1, -1 + 2/N, ..., 1, normalised to sum to 1; m is any array of overlaps."""
    index = np.rint((np.ravel(m) + 1) * N / 2).astype(np.int64)
    counts = np.bincount(index, minlength=N + 1)
    return counts / counts.sum()


def retrieved(m: np.ndarray, threshold: float) -> np.ndarray:
    """Whether the magnitude of the overlap is above the threshold; any array of overlaps to a bool array."""
    return np.abs(m) > threshold
