"""Exact counting of set overlaps: hypergeometric laws in integers, unions of random subsets, one rounding at the end.

Hyp(n, s, a) is the number of cells that a fixed s-subset of n cells shares with a uniform a-subset.  All laws here are
ratios of integers; numerators are formed exactly and divided once, so a float result is the correctly rounded rational
and tails are exact on both sides (no 1 - cdf, no log-gamma, whose absolute error grows as eps n ln n).  Below the range of
floats a result is a pair (value, exponent) that stands for value * 2^exponent.

With `exact=True` the same functions return Fractions.
"""

import math
from fractions import Fraction
from math import comb

import numpy as np


def ways(n: int, s: int, a: int) -> tuple[list[int], int]:
    """Numbers of a-subsets of n cells that share b = 0 .. min(s, a) cells with a fixed s-subset, and their total.

    C(s, b) C(n - s, a - b) out of C(n, a); the law is symmetric in s and a, and the smaller set is the one that is drawn
    here, which keeps the integers short.
    """
    drawn, fixed = sorted((s, a))
    low = max(0, s + a - n)
    counts = [0] * (drawn + 1)
    term = comb(fixed, low) * comb(n - fixed, drawn - low)
    for b in range(low, drawn + 1):
        counts[b] = term
        if b < drawn:
            term = term * (fixed - b) * (drawn - b) // ((b + 1) * (n - fixed - drawn + b + 1))
    return counts, comb(n, drawn)


def law(n: int, s: int, a: int, *, exact: bool = False) -> np.ndarray:
    """Overlap law P(Hyp(n, s, a) = b) for b = 0 .. min(s, a)."""
    counts, total = ways(n, s, a)
    return numbers([divide(count, total, exact) for count in counts], exact)


def upper(n: int, s: int, a: int, theta: int) -> tuple[int, int]:
    """P(Hyp(n, s, a) >= theta) as an exact (numerator, denominator)."""
    counts, total = ways(n, s, a)
    return sum(counts[max(theta, 0):]), total


def lower(n: int, s: int, a: int, theta: int) -> tuple[int, int]:
    """P(Hyp(n, s, a) < theta) as an exact (numerator, denominator)."""
    counts, total = ways(n, s, a)
    return sum(counts[:max(theta, 0)]), total


def upper_over_sizes(n: int, a: int, theta: int, largest: int) -> tuple[list[int], int]:
    """Numerators of P(Hyp(n, u, a) >= theta) for u = 0 .. largest, and their denominator C(n, a).

    Reveal the u cells one by one: the tail is reached exactly at cell k + 1 in C(k, theta-1) C(n-k-1, a-theta) of the
    a-subsets, so all tails are partial sums of one positive sequence (negative hypergeometric law).
    """
    total = comb(n, a)
    if theta <= 0:
        return [total] * (largest + 1), total
    tails = [0] * (largest + 1)
    if theta > a:
        return tails, total
    reached, first = 0, comb(n - theta, a - theta)
    for k in range(theta - 1, largest):
        reached += first
        tails[k + 1] = reached
        if n - k - 1 - (a - theta) <= 0:
            first = 0
        else:
            first = first * (k + 1) * (n - k - 1 - (a - theta)) // ((k + 2 - theta) * (n - k - 1))
    return tails, total


def divide(numerator: int, denominator: int, exact: bool = False):
    """Quotient of two integers of any length: the correctly rounded float, or the Fraction."""
    return Fraction(numerator, denominator) if exact else numerator / denominator


def numbers(values, exact: bool = False) -> np.ndarray:
    """An array of floats, or of Fractions."""
    return np.array(values, dtype=object if exact else float)


def scaled(numerators: list[int], denominator: int) -> tuple[np.ndarray, int]:
    """Floats v and an exponent e with numerator / denominator = v 2^e and the largest v near 1, free of underflow."""
    exponent = max(numerators).bit_length() - denominator.bit_length()
    if exponent >= 0:
        return np.array([numerator / denominator for numerator in numerators]), 0
    return np.array([(numerator << -exponent) / denominator for numerator in numerators]), exponent


def log10(value: float, exponent: int = 0) -> float:
    """Decimal logarithm of value * 2^exponent; minus infinity for zero."""
    return math.log10(value) + exponent * math.log10(2) if value > 0 else -math.inf


def union_laws(n: int, s: int, most: int, *, exact: bool = False):
    """Yield the law of the size u of a union of M = 1, 2, ..., most uniform s-subsets of n cells, indexed by u.

    The sizes form a Markov chain, u -> u + s - Hyp(n, u, s), and given its size the union is uniform among u-subsets.
    Derived here; checked against the closed occupancy law, which alternates in sign and needs exact integers.
    """
    largest = min(n, most * s)
    zero = Fraction(0) if exact else 0.0
    current = numbers([zero] * (largest + 1), exact)
    current[s] = Fraction(1) if exact else 1.0
    yield current
    # Row u - s: law of the number of new cells, 0 .. s, that one more subset adds to a set of u cells.
    fresh = np.stack([law(n, u, s, exact=exact)[::-1] for u in range(s, min(n, max(1, most - 1) * s) + 1)])
    for m in range(1, most):
        sizes = min(n, m * s) + 1 - s
        following = numbers([zero] * (largest + 1), exact)
        for k in range(s + 1):
            reach = min(sizes, largest + 1 - s - k)
            following[s + k:s + k + reach] += current[s:s + reach] * fresh[:reach, k]
        current = following
        yield current


def union_law(n: int, s: int, patterns: int, *, exact: bool = False) -> np.ndarray:
    """Law of the size of a union of `patterns` uniform s-subsets of n cells, indexed by the size u."""
    *_, last = union_laws(n, s, patterns, exact=exact)
    return last


def occupancy_law(n: int, s: int, patterns: int) -> list[Fraction]:
    """The law of `union_law` by inclusion and exclusion, P(u) = C(n,u) sum_k (-1)^(u-k) C(u,k) [C(k,s)/C(n,s)]^M.

    Alternating, so it is evaluated in integers; an independent route that shares nothing with the chain.
    """
    total = comb(n, s) ** patterns
    return [Fraction(comb(n, u) * sum((-1) ** (u - k) * comb(u, k) * comb(k, s) ** patterns for k in range(s, u + 1)), total)
            for u in range(min(n, s * patterns) + 1)]
