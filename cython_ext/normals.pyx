# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled Gaussian patterns; the contract is at the head of src/normals.h."""

import numpy as np

from libc.stdint cimport int64_t, uint32_t


cdef extern from "src/normals.h" nogil:
    void normal_rows(double *out, int64_t first, int64_t count, int64_t sites, uint32_t k0, uint32_t k1)


def rows(int64_t first, int64_t count, int64_t N, uint32_t k0, uint32_t k1):
    """Standard normal patterns first .. first + count - 1 of one key, float64 (count, N)."""
    out = np.empty((count, N))
    cdef double[:, ::1] view = out
    if count and N:
        with nogil:
            normal_rows(&view[0, 0], first, count, N, k0, k1)
    return out
