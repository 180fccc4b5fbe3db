"""Counting theory of dendrites: enumeration at n = 7, exact rationals by other routes, published numbers."""

import math
from fractions import Fraction
from itertools import combinations, product
from math import comb

import mpmath
import numpy as np
import pytest

import hebbian as hb
from hebbian.models.dendrites import Dendrite
from hebbian.theory import counting, dendrites

#: Floats are a few roundings of 2^-53 away from the rational they stand for.
ROUNDING = 1e-13


def by_definition(n, s, a, theta):
    """False positive of one pattern straight from binomials, an exact rational."""
    return Fraction(sum(comb(s, b) * comb(n - s, a - b) for b in range(theta, min(s, a) + 1)), comb(n, a))


GRID = [(n, a, s, theta) for n, a, s in [(1000, 20, 20), (1024, 40, 20), (2000, 64, 24), (4000, 128, 24), (10000, 300, 30),
                                         (20000, 400, 24), (200000, 2000, 20), (60, 30, 30), (50, 45, 10), (300, 256, 24)]
        for theta in sorted({1, s // 4 + 1, s // 2, s - 2, s})]


@pytest.mark.parametrize("n, a, s, theta", GRID)
def test_false_positive_is_the_rounded_rational(n, a, s, theta):
    exact = by_definition(n, s, a, theta)
    found = hb.solve(Dendrite(n=n, a=a, s=s, theta=theta))
    assert found.false_positive == float(exact)
    assert found.correct_rejection == float(1 - exact)
    assert hb.solve(Dendrite(n=n, a=a, s=s, theta=theta), exact=True).false_positive == exact
    with mpmath.workdps(30):
        logarithm = mpmath.log10(mpmath.mpf(exact.numerator) / exact.denominator)
        assert abs(found.log10_false_positive - logarithm) <= 4e-16 * max(1, abs(logarithm))


def test_logarithms_go_on_where_floats_end():
    found = hb.solve(Dendrite(n=2_000_000, a=2000, s=200, theta=190, patterns=3))
    assert found.false_positive == 0.0
    exact = hb.solve(Dendrite(n=2_000_000, a=2000, s=200, theta=190)).log10_false_positive
    assert exact < -550 and exact < found.log10_false_positive < -400


@pytest.mark.parametrize(
    "a, s, theta, v", [(300, 30, 12, 60), (128, 30, 8, 64), (2000, 20, 10, 1000), (40, 20, 14, 18), (20, 20, 20, 1)]
)
def test_false_negative_counts_lost_synapses(a, s, theta, v):
    exact = Fraction(sum(comb(s, b) * comb(a - s, v - b) for b in range(s - theta + 1, min(s, v) + 1)), comb(a, v))
    found = hb.solve(Dendrite(n=10 * a, a=a, s=s, theta=theta, noise=v))
    assert found.false_negative == float(exact)
    assert found.false_negative == hb.solve(Dendrite(n=3 * a, a=a, s=s, theta=theta, noise=v)).false_negative
    guaranteed = hb.solve(Dendrite(n=10 * a, a=a, s=s, theta=theta, noise=s - theta))
    assert guaranteed.false_negative == 0.0


def enumerate_segments(n, a, s, M, counting):
    """Every way to store M patterns on one segment at small n: lists of (first pattern, its synapses, weight of each cell)."""
    cells = range(n)
    stored = [(frozenset(x), frozenset(d)) for x in combinations(cells, a) for d in combinations(x, s)]
    subsets = [frozenset(d) for d in combinations(cells, s)]
    for (x, own), *others in product(stored, *[subsets] * (M - 1)):
        weight = [(i in own) + sum(i in other for other in others) for i in cells]
        yield x, [min(w, 1) for w in weight] if counting == "union" else weight


@pytest.mark.parametrize("counting_", ["union", "multiplicity"])
@pytest.mark.parametrize("M, theta, v", [(1, 2, 1), (2, 2, 1), (2, 1, 2), (3, 2, 1)])
def test_full_enumeration_at_n_7(M, theta, v, counting_):
    n, a, s = 7, 3, 2
    positives = negatives = probes = noisy = 0
    sizes = np.zeros(M * s + 1)
    patterns = list(combinations(range(n), a))
    for x, weight in enumerate_segments(n, a, s, M, counting_):
        sizes[sum(weight)] += 1
        positives += sum(sum(weight[i] for i in probe) >= theta for probe in patterns)
        probes += len(patterns)
        silent = [i for i in range(n) if i not in x]
        for kept in combinations(x, a - v):
            for new in combinations(silent, v):
                negatives += sum(weight[i] for i in kept + new) < theta
                noisy += 1
    found = hb.solve(Dendrite(n=n, a=a, s=s, theta=theta, patterns=M, noise=v, counting=counting_), exact=True)
    assert found.false_positive == Fraction(positives, probes)
    assert found.correct_rejection == 1 - Fraction(positives, probes)
    assert found.false_negative == Fraction(negatives, noisy)
    assert found.union_size.distribution == pytest.approx(sizes / sizes.sum(), rel=ROUNDING)
    assert 0 < found.false_positive < 1 and 0 < found.false_negative < 1


UNIONS = [(1000, 200, 25, 15, 2, 0), (1000, 200, 25, 15, 3, 60), (10000, 200, 25, 15, 10, 90), (20000, 100, 25, 15, 10, 0),
          (500, 40, 20, 14, 4, 18), (400, 20, 12, 9, 8, 4), (64, 10, 5, 4, 30, 3)]


@pytest.mark.parametrize("counting_", ["union", "multiplicity"])
@pytest.mark.parametrize("n, a, s, theta, M, v", UNIONS)
def test_union_floats_equal_exact_rationals(n, a, s, theta, M, v, counting_):
    model = Dendrite(n=n, a=a, s=s, theta=theta, patterns=M, noise=v, counting=counting_)
    found, exact = hb.solve(model), hb.solve(model, exact=True)
    for name in ("false_positive", "false_negative", "correct_rejection"):
        assert getattr(found, name) == pytest.approx(float(getattr(exact, name)), rel=ROUNDING)
    assert exact.false_positive + exact.correct_rejection == 1


@pytest.mark.parametrize("n, s, M", [(20, 3, 4), (60, 5, 6), (40, 7, 12), (100, 10, 5)])
def test_union_chain_equals_the_occupancy_law(n, s, M):
    chain = counting.union_law(n, s, M, exact=True)
    assert list(chain) == counting.occupancy_law(n, s, M)
    law = hb.solve(Dendrite(n=n, a=s, s=s, theta=s, patterns=M)).union_size
    assert law.distribution.sum() == pytest.approx(1, rel=ROUNDING)
    assert law.mean == pytest.approx(n * (1 - (1 - s / n) ** M), rel=ROUNDING)


def test_a_hundred_random_models_by_independent_rationals():
    """False positive, miss and rejection of unions from the occupancy law and plain binomials, over random small models."""
    rng = np.random.default_rng(17)
    for _ in range(100):
        n = int(rng.integers(12, 120))
        a = int(rng.integers(2, n // 2 + 1))
        s = int(rng.integers(1, min(a, 12) + 1))
        theta, M, v = int(rng.integers(1, s + 1)), int(rng.integers(1, 5)), int(rng.integers(0, min(a, n - a) + 1))
        sizes = counting.occupancy_law(n, s, M)
        positive = sum(p * by_definition(n, u, a, theta) for u, p in enumerate(sizes) if p)
        negative = Fraction(0)
        for lost in range(min(s, v) + 1):
            kept = theta - s + lost
            for u, p in enumerate(sizes):
                if p:
                    silent = 1 - by_definition(n - s, u - s, a - s + lost, kept) if kept > 0 else 0
                    negative += p * Fraction(comb(s, lost) * comb(a - s, v - lost), comb(a, v)) * silent
        found = hb.solve(Dendrite(n=n, a=a, s=s, theta=theta, patterns=M, noise=v))
        assert found.false_positive == pytest.approx(float(positive), rel=ROUNDING, abs=0)
        assert found.false_negative == pytest.approx(float(negative), rel=ROUNDING, abs=0)
        assert found.correct_rejection == pytest.approx(float(1 - positive), rel=ROUNDING, abs=0)


def test_union_false_positive_by_an_independent_route():
    """The occupancy law and tails from binomials share nothing with the chain and its partial sums."""
    n, a, s, theta, M = 300, 40, 12, 9, 4
    exact = sum(p * by_definition(n, u, a, theta) for u, p in enumerate(counting.occupancy_law(n, s, M)) if p)
    assert hb.solve(Dendrite(n=n, a=a, s=s, theta=theta, patterns=M), exact=True).false_positive == exact


def test_mean_size_shortcut_is_not_the_law():
    model = Dendrite(n=1000, a=200, s=25, theta=15, patterns=2)
    exact = hb.solve(model).false_positive
    # Printed digits of the published approximation and of the exact value; rounding the mean size costs 7 %.
    assert dendrites.mean_size_shortcut(model) == pytest.approx(0.0473895, abs=5e-8)
    assert exact == pytest.approx(0.0507734, abs=5e-8)
    assert exact / dendrites.mean_size_shortcut(model, rounded=False) == pytest.approx(1.0057, abs=5e-5)


def test_neuron_with_small_and_large_probabilities():
    with mpmath.workdps(60):
        for model in (Dendrite(n=20000, a=400, s=20, theta=14, segments=500), Dendrite(n=200, a=60, s=20, theta=5, segments=30),
                      Dendrite(n=200000, a=2000, s=24, theta=20, segments=10**6)):
            exact = hb.solve(model, exact=True).false_positive
            p = mpmath.mpf(exact.numerator) / exact.denominator
            assert hb.solve(model).neuron_false_positive == pytest.approx(float(1 - (1 - p) ** model.segments), rel=ROUNDING)


def test_a_shared_core_interpolates_between_one_segment_and_many():
    model = Dendrite(n=200, a=20, s=12, theta=5, segments=20)
    found = hb.solve(model)
    chances = [dendrites.shared_core_false_positive(model, shared) for shared in range(13)]
    assert chances[0] == pytest.approx(found.neuron_false_positive, rel=ROUNDING)
    assert chances[12] == pytest.approx(found.false_positive, rel=ROUNDING)
    assert all(low > high for low, high in zip(chances, chances[1:]))


def test_classes():
    model = Dendrite(n=400, a=40, s=16, theta=8, segments=20, noise=12)
    found = hb.solve(model)
    p, miss = found.false_positive, found.false_negative
    assert dendrites.class_accuracy(model, 10) == pytest.approx((1 - miss * (1 - p) ** 19) * (1 - p) ** 180, rel=ROUNDING)


def test_false_alarms_over_a_stream():
    model = Dendrite(n=400, a=40, s=16, theta=8, segments=200)
    p = hb.solve(model).neuron_false_positive
    alarms, none = dendrites.false_alarms(model, 1000)
    assert alarms == pytest.approx(1000 * p, rel=ROUNDING) and none == pytest.approx((1 - p) ** 1000, rel=1e-11)
    assert dendrites.false_alarms(Dendrite(n=20000, a=400, s=20, theta=20), 10**9) == pytest.approx(
        (1e9 * float(by_definition(20000, 20, 400, 20)), 1.0), rel=ROUNDING)


def test_noise_in_cells_is_not_noise_in_synapses():
    """theta = s/2 guarantees s - theta lost cells, not half of the pattern: at v = a/2 four patterns in ten are missed."""
    assert hb.solve(Dendrite(n=20000, a=2000, s=20, theta=10, noise=1000)).false_negative == pytest.approx(0.41, abs=5e-3)
    assert hb.solve(Dendrite(n=20000, a=2000, s=20, theta=10, noise=600)).false_negative == pytest.approx(0.017, abs=5e-4)


def test_a_union_rescues_misses():
    alone = hb.solve(Dendrite(n=500, a=40, s=20, theta=14, noise=18)).false_negative
    together = hb.solve(Dendrite(n=500, a=40, s=20, theta=14, noise=18, patterns=4)).false_negative
    assert alone == pytest.approx(0.94452, abs=5e-6) and together == pytest.approx(0.35595, abs=5e-6)


def test_capacity_is_the_last_pattern_that_fits():
    model = Dendrite(n=20000, a=200, s=25, theta=12)
    most = hb.capacity(model, false_positive=1e-6)
    errors = [hb.solve(Dendrite(n=20000, a=200, s=25, theta=12, patterns=M)).false_positive for M in (most, most + 1)]
    assert errors[0] <= 1e-6 < errors[1]
    assert dendrites.segment_capacity(Dendrite(n=400, a=40, s=16, theta=8), false_positive=1e-2) == math.floor(
        math.log(0.99) / math.log1p(-float(by_definition(400, 16, 40, 8))))


def test_graded_response():
    model = Dendrite(n=1000, a=40, s=20, theta=10)
    assert [dendrites.response(model, o) for o in (9, 31, 40)] == [0.0, 1.0, 1.0]
    assert dendrites.response(model, 20) == float(by_definition(40, 20, 20, 10))


def test_a_mixture_of_inputs_is_a_union_of_activity():
    model = Dendrite(n=60, a=8, s=6, theta=3)
    assert dendrites.mixture_false_positive(model, 1) == pytest.approx(hb.solve(model).false_positive, rel=ROUNDING)
    exact = sum(p * by_definition(60, 6, u, 3) for u, p in enumerate(counting.occupancy_law(60, 8, 3)) if p)
    assert dendrites.mixture_false_positive(model, 3) == pytest.approx(float(exact), rel=ROUNDING)


# Printed values: notebook tables and figure data that accompany Ahmad and Hawkins (arXiv 1601.00720) and the preprint of
# Hawkins and Ahmad (arXiv 1511.00083), with the digits they print.
PUBLISHED = [
    (dict(n=200000, a=2000, s=10, theta=10), "9.8e-21"),
    (dict(n=1024, a=20, s=20, theta=20), "1.82484e-42"),
    (dict(n=1024, a=20, s=20, theta=17), "3.50023e-31"),
    (dict(n=1024, a=20, s=20, theta=14), "9.93621e-23"),
    (dict(n=1024, a=20, s=20, theta=10), "9.32924e-14"),
    (dict(n=2000, a=32, s=30, theta=15), "3.26957e-21"),
    (dict(n=4000, a=32, s=30, theta=15), "1.03308e-25"),
    (dict(n=16000, a=256, s=30, theta=15), "9.57163e-20"),
    (dict(n=16000, a=512, s=30, theta=15), "3.07766e-15"),
    (dict(n=16000, a=4000, s=30, theta=15), "2.72516e-3"),
]


@pytest.mark.parametrize("fields, printed", PUBLISHED, ids=lambda value: str(value))
def test_published_numbers_to_their_printed_digits(fields, printed):
    digits = len(printed.split("e")[0]) - 2
    assert f"{hb.solve(Dendrite(**fields)).false_positive:.{digits}e}".replace("e-0", "e-") == printed


def test_published_miss_rates():
    found = [hb.solve(Dendrite(n=2000, a=128, s=30, theta=theta, noise=64)).false_negative for theta in (8, 12, 16)]
    assert found == pytest.approx([7.354294569e-4, 0.07169851604, 0.5825017730], rel=1e-9)
