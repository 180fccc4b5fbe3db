/* Standard normal patterns from counters, by Box and Muller.
 *
 * Contract: rows first .. first + count - 1 of `sites` doubles; entries 4 b .. 4 b + 3 of row mu come from the words (a, b, c, d)
 * of the counter (block b, mu mod 2^32, mu div 2^32, 0): r cos t, r sin t of (a, b), then of (c, d), with r = sqrt(-2 ln u),
 * u = (a + 1/2) 2^-32, t = 2 pi (b + 1/2) 2^-32.  Every pattern has its own counters, so memories nest.  Agrees with
 * streams.normals to rounding of the mathematical library; 10^7 rows of 28 take about 10 s.
 */
#ifndef HEBBIAN_NORMALS_H
#define HEBBIAN_NORMALS_H

#include "philox.h"

static void normal_rows(double *out, int64_t first, int64_t count, int64_t sites, uint32_t k0, uint32_t k1)
{
    const double unit = 1.0 / 4294967296.0, turn = 6.283185307179586476925;
    for (int64_t mu = first; mu < first + count; mu++, out += sites)
        for (int64_t base = 0; base < sites; base += 4) {
            uint32_t c[4] = {(uint32_t) (base / 4), (uint32_t) mu, (uint32_t) ((uint64_t) mu >> 32), 0};
            double normal[4];
            philox4x32(c, k0, k1);
            for (int half = 0; half < 4; half += 2) {
                double radius = sqrt(-2 * log((c[half] + 0.5) * unit)), angle = turn * ((c[half + 1] + 0.5) * unit);
                normal[half] = radius * cos(angle);
                normal[half + 1] = radius * sin(angle);
            }
            for (int64_t j = 0; j < 4 && base + j < sites; j++) out[base + j] = normal[j];
        }
}

#endif
