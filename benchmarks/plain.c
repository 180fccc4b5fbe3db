/* The loop that a C programmer writes first: shift every bit out of its word.  Built like the wheel, without -march. */
#include <stdint.h>

int64_t scan(const uint32_t *rows, const int32_t *gains, int64_t sites, int64_t patterns, int64_t sweeps)
{
    int64_t total = 0, words = patterns / 32;
    for (int64_t t = 0; t < sweeps; t++)
        for (int64_t i = 0; i < sites; i++) {
            int32_t sum = 0;
            for (int64_t w = 0; w < words; w++)
                for (int j = 0; j < 32; j++) sum += gains[32 * w + j] & -(int32_t) ((rows[i * words + w] >> j) & 1u);
            total += sum;
        }
    return total;
}
