# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled streaming softmax; the contract is at the head of src/attention.h.

The Python face (hebbian.attention.streaming) allocates and validates; these functions only hand pointers over.
"""

import os

from libc.stdint cimport int64_t


cdef extern from "src/attention.h" nogil:
    int attention_target()
    void attend_few_float(int target, const float *memories, int64_t K, int64_t d, const float *queries, int64_t rows,
                          double *out, double *maximum, double *total)
    void attend_few_double(int target, const double *memories, int64_t K, int64_t d, const double *queries, int64_t rows,
                           double *out, double *maximum, double *total)
    void attend_rows_float(int target, float *scores, int64_t rows, int64_t n, double *maximum, double *total,
                           float *rescale)
    void attend_rows_double(int target, double *scores, int64_t rows, int64_t n, double *maximum, double *total,
                            double *rescale)


PATHS = ("portable", "avx2", "avx512")
# HEBBIAN_SIMD chooses a narrower path here too; its finer names all mean the widest one.
cdef int BEST = min(attention_target(), {"portable": 0, "avx2": 1}.get(os.environ.get("HEBBIAN_SIMD"), 2))
#: Name of the code path that this machine runs.
PATH = PATHS[BEST]

ctypedef fused real:
    float
    double


def few(const real[:, ::1] memories, const real[:, ::1] queries, double[:, ::1] out, double[::1] maximum,
        double[::1] total, int target=BEST):
    """Add the memories to the running sums of a few queries (already multiplied by beta)."""
    cdef int64_t K = memories.shape[0], d = memories.shape[1], rows = queries.shape[0]
    if K == 0 or rows == 0:
        return
    if real is float:
        with nogil:
            attend_few_float(target, &memories[0, 0], K, d, &queries[0, 0], rows, &out[0, 0], &maximum[0], &total[0])
    else:
        with nogil:
            attend_few_double(target, &memories[0, 0], K, d, &queries[0, 0], rows, &out[0, 0], &maximum[0], &total[0])


def rows(real[:, ::1] scores, double[::1] maximum, double[::1] total, real[::1] rescale, int target=BEST):
    """Turn a block of scores into weights against the running maximum, in place; update maximum, total and rescale."""
    cdef int64_t count = scores.shape[0], n = scores.shape[1]
    if count == 0 or n == 0:
        return
    if real is float:
        with nogil:
            attend_rows_float(target, &scores[0, 0], count, n, &maximum[0], &total[0], &rescale[0])
    else:
        with nogil:
            attend_rows_double(target, &scores[0, 0], count, n, &maximum[0], &total[0], &rescale[0])
