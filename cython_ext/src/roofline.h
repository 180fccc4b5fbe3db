/* What the machine could do at most on this path: vector adds in registers, reads of a buffer, random words.  For benchmarks
 * only. */
#ifndef HEBBIAN_ROOFLINE_H
#define HEBBIAN_ROOFLINE_H

#include "thresholds.h"

#define CHAINS 12 /* enough independent sums to hide the latency of an add on two units */

/* `rounds` x CHAINS x LANES32 float32 adds; the sum is returned so that no compiler removes them. */
static float float_adds(int64_t rounds)
{
    f32v sum[CHAINS], step = splatf(1e-9f);
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++) sum[k] = splatf((float) k);
    for (int64_t t = 0; t < rounds; t++) {
        /* The compiler must believe that `step` changes, or it multiplies. */
        __asm__ volatile("" : "+m"(step));
        f32v s = step;
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) sum[k] += s;
    }
#pragma GCC unroll 12
    for (int k = 1; k < CHAINS; k++) sum[0] += sum[k];
    return sum[0][0];
}

/* Reads `bytes` (a multiple of 512) `rounds` times over. */
static int64_t read_buffer(const int32_t *buffer, int64_t bytes, int64_t rounds)
{
    i32v sum[8] = {{0}};
    for (int64_t t = 0; t < rounds; t++)
        for (int64_t j = 0; j < bytes / 4; j += 8 * LANES32)
#pragma GCC unroll 8
            for (int k = 0; k < 8; k++) sum[k] += load32(buffer + j + k * LANES32);
#pragma GCC unroll 8
    for (int k = 1; k < 8; k++) sum[0] += sum[k];
    return sum[0][0];
}

/* The random words of `blocks` blocks of 64 attempts, or their Metropolis thresholds; their bits, combined, are returned. */
static uint32_t random_words(int64_t blocks, int thresholds)
{
    float y[64];
    u32v sum = {0};
    for (int64_t b = 0; b < blocks; b++)
        if (thresholds) {
            ceilings_of_block(y, 1, 2, (uint32_t) b, 0, 0, 1.0f, 0);
            for (int j = 0; j < 64; j += LANES32) sum ^= (u32v) loadf(y + j);
        } else
            for (int part = 0; part < 16; part += LANES32) {
                u32v c[4];
                words_of_block(c, part, 1, 2, (uint32_t) b, 0, 0, ACCEPT);
                sum ^= c[0] ^ c[1] ^ c[2] ^ c[3];
            }
    return sum[0];
}

#endif
