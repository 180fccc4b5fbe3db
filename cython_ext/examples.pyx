# cython: language_level=3, boundscheck=False, wraparound=False
"""Noisy examples of archetypes from counters; the layout of words and counters is at the head of src/examples.h."""

import numpy as np

from libc.stdint cimport int16_t, int64_t, uint32_t, uint64_t


cdef extern from "src/examples.h" nogil:
    void example_rows(uint64_t *out, const uint64_t *archetypes, int64_t sites, int64_t count, int64_t examples,
                      int64_t words, uint32_t k0, uint32_t k1, uint32_t flip)
    void example_sums(int16_t *out, const uint64_t *archetypes, int64_t sites, int64_t count, int64_t examples,
                      int64_t width, uint32_t k0, uint32_t k1, uint32_t flip)


def packed(const uint64_t[:, ::1] archetypes, int64_t sites, int64_t examples, uint32_t k0, uint32_t k1, uint32_t flip):
    """The examples as packed patterns, uint64 array (N, words)."""
    cdef int64_t count = archetypes.shape[0], words = -(-count * examples // 64)
    out = np.zeros((sites, words), np.uint64)
    cdef uint64_t[:, ::1] view = out
    with nogil:
        example_rows(&view[0, 0], &archetypes[0, 0], sites, count, examples, words, k0, k1, flip)
    return out


def sums(const uint64_t[:, ::1] archetypes, int64_t sites, int64_t examples, int64_t width, uint32_t k0, uint32_t k1,
         uint32_t flip):
    """Sums over the examples of each archetype, int16 array (N, width) with padding beyond the archetypes."""
    cdef int64_t count = archetypes.shape[0]
    out = np.zeros((sites, width), np.int16)
    cdef int16_t[:, ::1] view = out
    with nogil:
        example_sums(&view[0, 0], &archetypes[0, 0], sites, count, examples, width, k0, k1, flip)
    return out
