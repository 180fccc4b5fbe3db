"""Which integers hold the sums of a kernel: bounds proved at set-up from the table of U, in Python's own integers."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

import numpy as np


def monomials(values, points):
    """Coefficients (Fractions, constant first) of the polynomial through `values` at equally spaced integer `points`."""
    step, result, product = points[1] - points[0], [Fraction(0)], [Fraction(1)]
    differences = [Fraction(value) for value in values]
    for k in range(len(values)):
        if k:
            differences = [b - a for a, b in zip(differences, differences[1:])]
            product = [a - b * points[k - 1] for a, b in zip([Fraction(0), *product], [*product, Fraction(0)])]
            product = [c / (step * k) for c in product]
        result = [a + differences[0] * b for a, b in zip([*result, *[Fraction(0)] * (len(product) - len(result))], product)]
    while len(result) > 1 and not result[-1]:
        result.pop()
    return result


def plan_of(table, N, K, form=None, pairs=True):
    """The plan of a table; the samples of a run and the runs of a sweep share it."""
    return _cached_plan(np.ascontiguousarray(table, np.int64).tobytes(), N, K, form, pairs)


@lru_cache(maxsize=32)
def _cached_plan(table, N, K, form, pairs):
    return Plan(np.frombuffer(table, np.int64).tolist(), N, K, form, pairs)


class Plan:
    """How a table of U enters a kernel: differences, bounds and the form they allow.

    form : "pairs", "squares", "narrow" or "wide", or where it is asked for "float32", which rounds; the others are fields of
        `dense_table` and `pair_buffers`.
    """

    def __init__(self, table, N, K, form=None, pairs=True):
        # A polynomial U continues beyond the ends of its table, where no flip ever leads; any other U is constant there.
        U = [int(value) for value in table]
        self.values = np.array(U, np.int64)
        points = range(-N, N + 1, 2)
        fitted = monomials(U[:10], points[:10]) if N >= 9 else monomials(U, points)
        # Over their common denominator, so that thousands of points are checked in integers.
        common = lcm(*(c.denominator for c in fitted))
        scaled = [int(c * common) for c in fitted]
        self.polynomial = len(fitted) <= 9 and all(
            sum(c * X**k for k, c in enumerate(scaled)) == common * value for X, value in zip(points, U))
        ends = [int(sum(c * X**k for k, c in enumerate(fitted))) if self.polynomial else end
                for X, end in ((-N - 2, U[0]), (N + 2, U[-1]))]
        U = [ends[0], *U, ends[1]]
        up = [c - b for b, c in zip(U[1:], U[2:])]
        gain = [a - c for a, c in zip(U, U[2:])]
        both = [a + c - 2 * b for a, b, c in zip(U, U[1:], U[2:])]
        self.unit = gcd(*gain) or 1
        if self.polynomial:
            # Powers of two that the closed form would shift away stay in the gains while there is room.
            terms = monomials([Fraction(value, self.unit) for value in gain[:9]], points[:9])
            spare = max((c.denominator & -c.denominator) for c in terms)
            if self.unit % spare == 0 and 16 * spare * max(abs(value) // self.unit for value in gain) < 2**31:
                self.unit //= spare
        gain = [value // self.unit for value in gain]
        self.pairs = np.array([up, gain], np.int64).T.copy()
        self.square, self.moment, self.coefficient, self.shift = [0, 0], [0, 0, 0], [], 0

        largest = max(abs(value) for value in gain)
        self.form, self.largest = "wide", largest
        self.curvature, self.ground = self._quadratic(fitted, N, K)
        if 16 * max(largest, N * N) <= np.iinfo(np.int32).max:
            self.form, self.largest = "narrow", max(largest, N * N)
            if self.polynomial:
                self._fit(gain, both, points, N, K)
            if self.polynomial and len(self.square) == 2 and self.square[1] and 32 * N * N <= np.iinfo(np.int32).max:
                self.form, self.largest = "squares", 2 * N * N
        if self.curvature and pairs:
            self.form = "pairs"
        if form is not None:
            self._demand(form, largest, N)
        self.packed, self.up_unit = None, gcd(*up) or 1
        if self.form == "narrow" and not self.coefficient:
            up = [value // self.up_unit for value in up]
            most = max(abs(value) for value in up)
            if 16 * most <= np.iinfo(np.int32).max:
                self.packed, self.largest = np.array([up, gain], np.int32).T.copy().view(np.int64), max(self.largest, most)
        if self.form == "float32":
            pairs = np.array([up, [value * self.unit for value in gain]], np.int64)
            self.packed = pairs.T.astype(np.float32, order="C").view(np.int64)

    def _quadratic(self, fitted, N, K):
        """Curvature and ground of 8 U = ground / K + curvature X^2, or zeros where the pairwise kernels cannot hold it."""
        if not self.polynomial or len(fitted) != 3 or fitted[1]:
            return 0, 0
        curvature = 8 * fitted[2]
        power_of_two = curvature.denominator == 1 and curvature > 0 and curvature.numerator.bit_count() == 1
        if not power_of_two or K > 16383 or K * N >= 2**29 or curvature > 2**30:
            return 0, 0
        return int(curvature), int(8 * fitted[0] * K)

    def _fit(self, gain, both, points, N, K):
        """Closed forms of gain and of 8 (up - down); `coefficient` stays empty where they do not fit their integers."""
        moment = [8 * c for c in monomials(both[:9], points[:9])]
        terms = monomials(gain[:9], points[:9])
        denominator = lcm(*(c.denominator for c in terms))
        shift = (denominator & -denominator).bit_length() - 1
        odd = denominator >> shift
        inside = max(abs(value) for value in gain) << shift < 2**31
        whole = len(moment) <= 3 and all(c.denominator == 1 for c in moment)
        bounded = sum(abs(c) * N**k for k, c in enumerate(moment)) * K < 2**62
        if not (inside and whole and bounded and len(terms) <= 8):
            return
        self.shift = shift
        self.moment = [int(c) for c in moment] + [0] * (3 - len(moment))
        self.coefficient = [int(c * denominator) * pow(odd, -1, 2**32) % 2**32 for c in terms]
        scaled = [8 * self.unit * c for c in terms]
        if len(terms) == 3 and not terms[1] and scaled[0].denominator == scaled[2].denominator == 1:
            if (abs(scaled[0]) + abs(scaled[2]) * N * N) * K < 2**62:
                self.square = [int(scaled[0]), int(scaled[2])]

    def _demand(self, form, largest, N):
        if form == "float32":
            if N > np.iinfo(np.int16).max:
                raise ValueError(f"form 'float32' keeps overlaps in 16 bits and N = {N} spins leave them: use 'wide'")
            self.form = form
            return
        order = ["pairs", "squares", "narrow", "wide"]
        if form not in order or order.index(form) < order.index(self.form):
            raise ValueError(f"form {form!r} cannot hold this table: use {self.form!r} or a wider one")
        if form == "squares" and not self.square[1] or form == "narrow" and 16 * max(largest, N * N) > 2**31 - 1:
            raise ValueError(f"form {form!r} cannot hold this table: use 'wide'")
        self.form = form
        if form in ("narrow", "wide"):
            self.largest = max(largest, N * N)


#: Above every field of the blocked supervised form, as in src/supervised_blocks.h.
LARGEST_FIELD = 2**30 - 2**7


@dataclass(frozen=True)
class Quartic:
    """How X^2 + weight is rounded for order 4; the fields are those of `narrow_buffers`."""

    raised: int
    level: int
    tiles: int
    weight: float
    lack: float


@dataclass(frozen=True)
class NarrowPlan:
    """How sums of examples enter the int16 products of the supervised kernel; the fields are those of `narrow_buffers`.

    rows : int8 array (N, width), sums / unit.  forms : the forms that hold them, the fastest last.  quartic : for order 4.
    """

    rows: np.ndarray
    unit: int
    slope: float
    tops: np.ndarray
    loads: np.ndarray
    cubes: np.ndarray
    limit: int
    slack: int
    tile: int
    shift: int
    forms: tuple[str, ...]
    quartic: Quartic | None = None


def narrow_plan(sums, K, polynomial):
    """The plan of int16 sums (N, width) for U of order 2 to 4 without the next power; None where products cannot fit.

    Overlaps scatter by sigma = sqrt(N <c^2>).  Products c Y are exact while |Y| <= 32767 / max|c|, which should leave a limit
    of |X| of at least 4 sigma, or else, for order 3, rounded; patterns beyond the limit, few by its choice, are summed one by
    one.
    """
    order = len(polynomial) - 1
    largest = max(int(sums.max()), -int(sums.min()))
    if order not in (2, 3, 4) or any(polynomial[order - 1::-2]) or not largest:
        return None
    unit = 1 if np.bitwise_or.reduce(sums, axis=None) & 1 else 2
    largest //= unit
    if largest > 127:
        return None
    rows = np.empty(sums.shape, np.int8)
    np.floor_divide(sums, unit, out=rows, casting="unsafe")
    moments = _moments(rows)
    sigma, quartic = math.sqrt(moments[:, 2].sum() / K), None
    limit, slack, shift = _limit(order, largest, sigma)
    if limit < max(3 * sigma, 2 * largest):
        return None
    overlap = limit + 2 * (slack + 1) * largest
    product = largest if order == 2 else (largest * overlap >> shift) + 1
    if 2 * product * overlap * K >= 2**62 >> shift:
        return None
    a = polynomial * float(unit) ** np.arange(order + 1)
    slope = 2 * order * float(a[order])
    tile = max(1, (2**31 - 1) // (2 * product * overlap))
    if order == 4:
        shift, tile, quartic = _quartic(product, overlap, sigma, K, a[2] / (2 * a[4]))
        if quartic is None:
            return None
    tops, forms = np.zeros(len(rows)), ("quartic",)
    if order == 3:
        tops, forms = 2 * (a[3] * moments[:, 3] + a[1] * moments[:, 1]), ("narrow",)
    if order == 2:
        blocked = K * len(rows) * largest**2 < LARGEST_FIELD
        tops, forms = -slope * moments[:, 2], ("narrow", "blocks") if blocked else ("narrow",)
    loads, cubes = moments[:, 0].copy(), moments[:, 3].copy()
    return NarrowPlan(rows, unit, slope, tops.astype(float), loads, cubes, limit, slack, tile, shift, forms, quartic)


def _quartic(product, overlap, sigma, K, weight):
    """Shift, tile and record of the rounding of X^2 + weight for |X| <= overlap; the record is None where it is too coarse.

    Coarse is an error, lack times the size of sum |p|, above a tenth of the scatter of S, which is sqrt(15 K) sigma^2 times
    the size of one product.
    """
    for raised in range(min(7, (32767 // overlap).bit_length() - 1), -1, -1):
        shift = 15 - 2 * raised
        level = round(weight / 2**shift)
        largest = ((overlap << raised) ** 2 >> 15) + 1 + abs(level)
        lack = 2.0 ** (shift - 1) + abs(weight - level * 2.0**shift)
        tile = min(32, (2**31 - 1) // (2 * product * largest)) // 2 * 2
        if largest <= 32767 and tile and lack * math.sqrt(K) <= 0.1 * math.sqrt(15) * sigma**2:
            tiles = (2**31 - 1) // (2 * product**2 * tile)
            if tiles:
                return shift, tile, Quartic(raised, level, int(tiles), float(weight), lack)
    return 0, 1, None


def _moments(rows):
    """Sums of |c|, c, c^2 and c^3 over every row, int64 (N, 4); a stretch of rows at a time, as these need eight bytes each."""
    result, step = np.empty((len(rows), 4), np.int64), max(1, 10**6 // rows.shape[1])
    for first in range(0, len(rows), step):
        c = rows[first:first + step].astype(np.int64)
        result[first:first + step] = np.stack([power.sum(axis=1) for power in (np.abs(c), c, c**2, c**3)], axis=1)
    return result


def _limit(order, largest, sigma):
    """Limit of |X|, flips of up to 2 max|c| each before it is looked at again, and the shift of products c Y."""
    if order > 2:
        for slack in {3: (8, 1), 4: (3, 1)}[order]:
            exact = 32767 // largest - 2 * (slack + 1) * largest
            if exact >= 4 * sigma:
                return min(exact, math.ceil(5 * sigma) + 2 * largest), slack, 0
    if order == 4:
        return 0, 1, 0
    if order == 3:
        return min(32767 - 18 * largest, math.ceil(6 * sigma)), 8, largest.bit_length()
    # A block of 32 sites moves the overlaps at once.
    return 32767 - 66 * largest, 8, 0
