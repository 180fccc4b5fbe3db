# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled packing of quenched patterns; the contract is at the head of src/bits.h."""

import numpy as np

from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef extern from "src/bits.h" nogil:
    void rademacher_rows(uint64_t *out, int64_t sites, int64_t patterns, int64_t words, uint32_t k0, uint32_t k1)


def rademacher(int64_t N, int64_t K, uint32_t k0, uint32_t k1):
    """Fair +-1 patterns of one key, packed site-major: uint64 array (N, words) with words = K / 64 rounded up."""
    rows = np.zeros((N, -(-K // 64)), np.uint64)
    cdef uint64_t[:, ::1] view = rows
    cdef int64_t words = rows.shape[1]
    with nogil:
        rademacher_rows(&view[0, 0], N, K, words, k0, k1)
    return rows
