"""The one place that derives random keys and counters, and the generator they drive: Philox4x32-10.

Every random number is a pure function of what it is for.  A key is the first 64 bits of blake2b over the numerics
number, the root seed, the purpose, the fields of that purpose and the sample; a counter addresses 128 bits below it.
Rank, thread, order of execution, vector width and position in a grid never enter.

========== ======================================== ==================================================================
purpose    fields of the key, besides the sample    counter (c0, c1, c2, c3) -> four 32-bit words
========== ======================================== ==================================================================
patterns   "rademacher", N                          (block of 128 sites, mu mod 2^32, mu div 2^32, 0): one bit a site
           "diluted", N                             (block of 4 sites, mu mod 2^32, mu div 2^32, 0): one word a site
examples   "rademacher", N, r                       (block of 128 sites, mu mod 2^32, A, 32 (mu div 2^32) + b): bit 31 - b
                                                    of the number of a site; example A is flipped where it is small
           "diluted", N                             (block of 4 sites, mu, example, 0): one word a site
start      N, start, its parameters                 (block of 128 sites or of 4 sites, 0, replica, 0)
dynamics   model, N, T, start, rule, order          (16 (t div 64) + t mod 16, sweep, replica, 0), word (t div 16) mod 4
                                                    is the word of attempt t of that sweep; last word 1 in place of 0:
                                                    the site of that attempt, where sites are visited in random order;
                                                    where all are visited at once, attempt t is site t.
                                                    (event, sweep, replica, 2): two 64-bit words, the wait for the next
                                                    flip of that sweep and its site, where rejections are skipped
memories   family ensemble, N                       (block of 4 entries, mu mod 2^32, mu div 2^32, 0): four normals
queries    family ensemble, N                       (block of 4 entries, query, 0, 0): four normals or four words
weights    parameter name, shape                    (block of 4 entries, 0, 0, 0): four normals
bootstrap  number of samples                        (draw, block of 4 samples, 0, 0): four indices
ramp       model, N, place in the ramp, T, start, rule  as dynamics, sweeps counted from 0 at every temperature
tempering  model, N, slot, ladder, start, rule      as dynamics with replica 0; "exchange" in place of slot and ladder:
                                                    attempt = lower slot, sweep, replica = ladder
segments   family, its sizes but no threshold,      (draw div 2, subset, subset div 2^32, part): two 64-bit words, one a
           which of its draws                       draw; subset = segment x patterns + pattern; part 0 cells, 1 noise.
                                                    "places" of a net: (unit of the pair, pair, 0, 0), one word
probes     family, n, a (and what conditions them)  the same, subset = number of the input
reveal     model, method                            (trial, step, stage, 0): one word a trial and step
particles  model, moves                             (move, particle, level, 0); (particle, 0, level, 1) resamples
========== ======================================== ==================================================================

Patterns do not see alpha, p, d or T, so loads nest and curves share their disorder; examples do not see M or the protocol
either, so data sets nest and both ways of learning see the same examples.  The order of words inside a sweep lets
sixteen generators side by side write 64 consecutive attempts without a shuffle.

Philox: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); checked against its published
known answers.
"""

import hashlib
import numbers

import numpy as np

#: Version of the numerical contract: random numbers, acceptance thresholds and update order.  Results of different
#: numerics numbers are never mixed in one file.
NUMERICS = 1

PURPOSES = (
    "patterns",
    "start",
    "dynamics",
    "ramp",
    "tempering",
    "segments",
    "probes",
    "reveal",
    "particles",
    "memories",
    "queries",
    "weights",
    "bootstrap",
    "examples",
)

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)


def key(purpose: str, *fields, seed: int, sample: int) -> tuple[int, int]:
    """Philox key (two 32-bit words) of one purpose, its fields and one sample.

    `fields` may be None, bool, int, float, str, or nested tuples of these; floats enter by their exact bits.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"purpose {purpose!r} is unknown: use one of {PURPOSES}")
    text = canonical((NUMERICS, seed, purpose, fields, sample))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def canonical(value) -> str:
    """Unambiguous text of a nested value: equal text means equal value and type."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, numbers.Integral):
        return f"i{int(value)}"
    if isinstance(value, numbers.Real):
        return f"f{float(value).hex()}"
    if isinstance(value, str):
        return f"s{len(value)}:{value}"
    if isinstance(value, tuple):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    raise TypeError(f"cannot make a random key from {type(value).__name__}")


def words(key_: tuple[int, int], c0, c1=0, c2=0, c3=0) -> np.ndarray:
    """Philox4x32-10 words of an array of counters; the counters broadcast, the result has a trailing axis of 4."""
    counter = np.broadcast_arrays(*(np.asarray(c, np.uint64) & _LOW for c in (c0, c1, c2, c3)))
    a, b, c, d = (np.array(part) for part in counter)
    k0, k1 = key_
    for _ in range(10):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = ((second >> np.uint64(32)) ^ b ^ np.uint64(k0), second & _LOW,
                      (first >> np.uint64(32)) ^ d ^ np.uint64(k1), first & _LOW)
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=-1).astype(np.uint32)


def signs(key_: tuple[int, int], count: int, c1: int = 0, c2: int = 0) -> np.ndarray:
    """Fair signs (int8, +1 for a set bit): site i is bit i mod 32 of word (i div 32) mod 4 of block i div 128."""
    block = words(key_, np.arange(-(-count // 128)), c1, c2).reshape(-1)
    bits = (block[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)
    return (2 * bits.reshape(-1)[:count].astype(np.int8) - 1).astype(np.int8)


def normals(key_: tuple[int, int], count: int, c1=0, c2=0) -> np.ndarray:
    """Standard normals of counters (block, c1, c2, 0), float64 (count,), or (..., count) for arrays c1, c2 of one shape.

    Box and Muller: words (a, b, c, d) of a block give r cos t, r sin t of (a, b) and of (c, d) with r = sqrt(-2 ln u),
    u = (a + 1/2) 2^-32, t = 2 pi (b + 1/2) 2^-32.  The largest possible value is 6.7.
    """
    blocks = np.arange(-(-count // 4))
    u = (words(key_, blocks, np.expand_dims(c1, -1), np.expand_dims(c2, -1)).astype(np.float64) + 0.5) * 2.0**-32
    radius, angle = np.sqrt(-2 * np.log(u[..., 0::2])), 2 * np.pi * u[..., 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return pairs.reshape(*pairs.shape[:-3], -1)[..., :count]


def attempt_words(key_: tuple[int, int], attempts: int, sweep: int, replica: int, use: int = 0) -> np.ndarray:
    """The 32-bit words of attempts 0, 1, ... of one sweep of one replica, uint32 array (attempts,); use 0 accepts, 1 visits."""
    t = np.arange(attempts)
    block = words(key_, 16 * (t // 64) + t % 16, sweep, replica, use)
    return block[np.arange(attempts), (t // 16) % 4]


def random_sites(key_: tuple[int, int], N: int, sweep: int, replica: int) -> np.ndarray:
    """The N sites that a sweep in random order attempts, int64 array: floor(word N / 2^32)."""
    return (attempt_words(key_, N, sweep, replica, use=1).astype(np.uint64) * np.uint64(N) >> np.uint64(32)).astype(np.int64)
