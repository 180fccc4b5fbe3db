/* Philox4x32-10, one counter at a time: four 32-bit words from a counter and a key (hebbian/streams.py lays them out). */
#ifndef HEBBIAN_PHILOX_H
#define HEBBIAN_PHILOX_H

#include <stdint.h>
#include <string.h>

static inline void philox4x32(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t first = (uint64_t) c[0] * 0xD2511F53u;
        uint64_t second = (uint64_t) c[2] * 0xCD9E8D57u;
        uint32_t next0 = (uint32_t) (second >> 32) ^ c[1] ^ k0;
        uint32_t next2 = (uint32_t) (first >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t) second;
        c[3] = (uint32_t) first;
        c[0] = next0;
        c[2] = next2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

#endif
