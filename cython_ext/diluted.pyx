# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled drawing of diluted patterns and their examples; the contract is at the head of src/diluted.h."""

import numpy as np

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t


cdef extern from "src/diluted.h" nogil:
    void diluted_entries(int8_t *out, int64_t sites, int64_t patterns, uint32_t blanks, uint32_t k0, uint32_t k1)
    void diluted_examples(int8_t *out, const int8_t *entries, int64_t sites, int64_t patterns, int64_t examples,
                          uint64_t right, uint32_t k0, uint32_t k1)
    void diluted_sums(int32_t *out, const int8_t *entries, int64_t sites, int64_t patterns, int64_t examples,
                      uint64_t right, uint32_t k0, uint32_t k1)


def entries(int64_t N, int64_t K, uint32_t blanks, uint32_t k0, uint32_t k1):
    """Diluted patterns of one key, int8 array (K, N); an entry is blank with probability blanks / 2^31."""
    out = np.empty((K, N), np.int8)
    cdef int8_t[:, ::1] view = out
    with nogil:
        diluted_entries(&view[0, 0], N, K, blanks, k0, k1)
    return out


def examples(const int8_t[:, ::1] patterns, int64_t M, uint64_t right, uint32_t k0, uint32_t k1):
    """M examples of every pattern, int8 array (K M, N); an entry keeps its sign with probability right / 2^32."""
    cdef int64_t K = patterns.shape[0], N = patterns.shape[1]
    out = np.empty((K * M, N), np.int8)
    cdef int8_t[:, ::1] view = out
    with nogil:
        diluted_examples(&view[0, 0], &patterns[0, 0], N, K, M, right, k0, k1)
    return out


def sums(const int8_t[:, ::1] patterns, int64_t M, uint64_t right, uint32_t k0, uint32_t k1):
    """Sum of the same M examples of every pattern, int32 array (K, N)."""
    cdef int64_t K = patterns.shape[0], N = patterns.shape[1]
    out = np.empty((K, N), np.int32)
    cdef int32_t[:, ::1] view = out
    with nogil:
        diluted_sums(&view[0, 0], &patterns[0, 0], N, K, M, right, k0, k1)
    return out
