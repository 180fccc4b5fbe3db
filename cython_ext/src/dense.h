/* Monte Carlo of H = -sum_mu U(X_mu) with the integer overlaps X_mu as the state: what every path provides.
 *
 * Contract
 *   in     bits      site-major patterns, bit mu of row i is (xi_i^mu = +1); `words` 64-bit words a row, padding bits 0
 *          table     U as differences, in the form that the set-up chose and proved exact (below)
 *   inout  spins     +-1, N a replica
 *          energy    sum_mu U(X_mu) minus its value at the start is added, one a replica
 *   out    one row a sweep: X_0, energy, accepted flips of every replica, sum_i s_i s_i' of replicas 0 and 1; where wanted,
 *          the spins of all replicas
 *
 * SEQUENTIAL visits sites in order 0 .. N-1, RANDOM, in gain forms, each attempt at a site of its own random word.  Attempt i
 * of a sweep uses the threshold of its own counter (philox.h), and a flip is accepted iff its exact integer energy change is
 * below it.  WAITING draws the attempts of RANDOM that flip something and skips all others (waiting.h); it has the law of
 * RANDOM and random numbers of its own.  Every form and every path gives the same spins.  At tau = 0 a run in which nothing
 * can flip any more returns early.  Nothing here allocates, validates, or needs the interpreter lock; all buffers belong to
 * the caller.
 *
 * Forms (gains.h, floats.h, pairwise.h)
 *   SQUARES    U cubic, its gain even in X: sums of X^2 over bits, X in int16
 *   NARROW     gains in int32, X in int16; sums in int32 up to a tile, int64 above
 *   WIDE       gains in int64, X in int32: anything
 *   FLOATS     gains in float32, X in int16: anything, but rounded; the one form whose spins depend on the path
 *   BLOCKED    U quadratic and even: fields of 32 sites at once from the overlaps
 *   SCREENED   U quadratic and even: all fields kept, 32 sites tested at once
 */
#ifndef HEBBIAN_DENSE_H
#define HEBBIAN_DENSE_H

#include <stdint.h>

enum { SQUARES, NARROW, WIDE, FLOATS, BLOCKED, SCREENED };
enum { SEQUENTIAL, RANDOM, WAITING };

/* U in differences.  up(X) = U(X+2) - U(X);  gain(X) = U(X-2) - U(X+2), stored divided by `unit`;  where U is a polynomial,
 * gain = (coefficients . powers of X) >> shift, and 8 times the sum of (up - down)(X) is moment . (K, sum X, sum X^2). */
typedef struct {
    const int64_t *values;      /* U on the N + 1 overlaps */
    const int64_t *pairs;       /* up and gain / unit on them, interleaved */
    const int64_t *packed;      /* NARROW: up / up_unit and gain / unit in two int32, or NULL; FLOATS: both in two floats */
    int64_t up_unit;
    int64_t unit, largest;      /* largest |gain| / unit (or |up| / up_unit, or 2 N^2 for SQUARES): bounds the int32 sums */
    int64_t moment[3];
    int64_t square[2];          /* SQUARES: 8 gain(X) = square[0] + square[1] X^2 */
    int32_t coefficient[8];
    int32_t degree, shift;      /* degree < 0: no polynomial, use the pairs */
} dense_table;

/* Buffers and constants of BLOCKED and SCREENED (pairwise.h): 8 U = ground / K + curvature X^2. */
typedef struct {
    int64_t blocks, stride;     /* of 32 sites; masks a block, a multiple of four */
    int64_t ground, curvature;
    float scale;                /* 2 / curvature */
    int32_t unit;               /* 2 where N is even, so that overlaps and fields are too; else 1 */
    uint32_t *masks;
    int16_t *tiles, *couplings; /* 2 C_ij / unit inside every block; of all, 32 * blocks a row */
    int32_t *reach;             /* of every block: largest change of a field by flips inside it */
    int16_t *signs, *fields;    /* spins and fields H_i / unit, 32 * blocks a replica */
    int32_t *wide, *first;      /* overlaps in int32?;  X_0 of SCREENED; one a replica */
} pair_buffers;

/* Buffers and constants of WAITING (waiting.h), in blocks of 64 sites. */
typedef struct {
    double base;                /* 2^52 quanta, a power of two of at least 1 and N 2^-10 */
    float *rates;               /* acceptance of every flip */
    int64_t *sums;              /* of rates in quanta: of every block, then of all, one more than blocks a replica */
    double *hazard;             /* -ln of the probability that an attempt flips nothing, one a replica */
} waiting_buffers;

typedef struct {
    int64_t sites, patterns, words, replicas;
    int32_t form, order;
    const uint64_t *bits;
    dense_table table;
    pair_buffers pair;
    int8_t *spins;
    int64_t *energy, *thresholds;
    int16_t *overlaps16;        /* 64 * words a replica; groups of 32 in the lane order of vector.h */
    int32_t *overlaps32;        /* the same in natural order (WIDE, BLOCKED) */
    int32_t *gains32;
    int64_t *gains64;
    float *floats;              /* gains of FLOATS */
    int64_t *totals;            /* sum of up, sum of gain, sum of X; three a replica */
    const int32_t *counts;      /* set bits of every row */
    int32_t *visits;            /* RANDOM: the site of every attempt */
    waiting_buffers waiting;
    float *acceptance;          /* running acceptance of every replica: decides how many sites share a pass */
} dense_system;

typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
    int8_t *spins; /* NULL: not wanted */
} dense_series;

/* Replicas of one sample in groups of 32 lanes (lanes.h); arrays are [group][site][lane] or one entry a lane. */
typedef struct {
    int64_t sites, patterns, pairs, words, groups, ground, curvature;
    float scale;
    int32_t unit;                                /* of overlaps: 2 where N is even, else 1 */
    const uint64_t *bits;
    uint8_t *signs;                              /* [block of 8 sites][mu], a bit a site; an even number of mu */
    int16_t *tiles, *excess;                     /* C_ij of [block of 8 sites][j][i < j];  sum_mu xi_i^mu of every site */
    int16_t *spins, *overlaps, *sums, *accepted; /* overlaps: [group][mu div 2][row of lanes.h][lane];  sums: of them
                                                    over mu, modulo 2^16 */
    int32_t *thresholds;                         /* of 64 attempts of one group */
    const uint32_t *k0, *k1, *replica;
    const float *tau;
} lane_system;

/* One path: the same functions compiled for one instruction set. */
typedef struct {
    const char *name;
    void (*thresholds)(int64_t *out, int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica, float tau,
                       int heat_bath);
    void (*dense_start)(const dense_system *system);
    void (*build_blocks)(const dense_system *system);
    int64_t (*build_couplings)(const dense_system *system);
    void (*start_waiting)(const dense_system *system, float tau, int heat_bath);
    int64_t (*dense_run)(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                         int heat_bath, const dense_series *series);
    void (*lane_start)(const lane_system *system);
    void (*lane_run)(const lane_system *system, uint32_t first, int64_t sweeps, int heat_bath, const dense_series *series);
    int adds;                   /* float32 adds a round of float_adds (roofline.h) */
    float (*float_adds)(int64_t rounds);
    int64_t (*read_buffer)(const int32_t *buffer, int64_t bytes, int64_t rounds);
    uint32_t (*random_words)(int64_t blocks, int thresholds);
} kernel_path;

/* The paths compiled into this build, best first, and whether this machine can run one. */
extern const kernel_path *const kernel_paths[];
extern const int kernel_path_count;
int kernel_path_runs(int index);
extern const char *const kernel_compiler, *const kernel_flags;

#endif
