"""Kernels of the synchronous dynamics of dense networks, whose law is stated in `hebbian.models.dense_field`."""

import numpy as np

from hebbian.models.dense_field import field_table
from hebbian.patterns import WIDTH, PackedPatterns


def kernel(model, N, rows, K, table, spins):
    """A kernel over rows of patterns or of sums of examples, integers (N, width) with padding beyond the K of them."""
    from hebbian._kernels.supervised import SynchronousKernel

    narrow = rows.astype(np.int8) if np.abs(rows).max() <= 127 else rows
    return SynchronousKernel(np.ascontiguousarray(narrow), K, table.values, field_table(model, N).values, spins)


def rows_of(packed: PackedPatterns) -> np.ndarray:
    """Packed patterns as padded rows of signs, int8 array (N, width)."""
    rows = np.zeros((packed.N, -(-packed.K // WIDTH) * WIDTH), np.int8)
    for first in range(0, packed.K, 64):
        last = min(first + 64, packed.K)
        rows[:, first:last] = packed.unpack(first, last).T
    return rows
