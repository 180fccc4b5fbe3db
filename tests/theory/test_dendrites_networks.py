"""Nets of dendrites in theory: alternating sums, brute multinomial sums, limits and published examples."""

import math
from itertools import product

import mpmath
import numpy as np
import pytest

import hebbian as hb
from hebbian.models.dendrites import Dendrite
from hebbian.theory import willshaw

#: Positive sums of a few hundred terms, each a few roundings off.
ROUNDING = 1e-12


@pytest.mark.parametrize("n, a, M", [(400, 8, 1500), (1000, 10, 6000), (400, 20, 400), (50, 5, 60), (30, 30, 3), (64, 6, 1)])
def test_plain_net_equals_the_alternating_sum(n, a, M):
    model = hb.Willshaw(n=n, a=a, patterns=M)
    exact = willshaw.inclusion_exclusion(model)
    assert hb.solve(model).spurious == pytest.approx(float(exact), rel=ROUNDING, abs=0)
    assert hb.solve(model).miss == 0


def test_a_unit_of_a_net_is_a_union_segment():
    found = hb.solve(hb.Willshaw(n=60, a=8, s=6, theta=4, patterns=2)).spurious
    alone = hb.solve(Dendrite(n=60, a=8, s=6, theta=4)).false_positive
    assert found == pytest.approx(8 / 60 * alone, rel=ROUNDING)


@pytest.mark.parametrize("K, M", [(2, 4), (3, 4), (4, 3)])
def test_dendritic_net_by_summing_over_all_placements(K, M):
    """Every number r of other pairs, every placement of them on K segments, with errors of single segments from `solve`."""
    fields = dict(n=40, a=10, s=6, theta=5)
    f, v = 0.25, 4
    unions = {j: hb.solve(Dendrite(**fields, patterns=j, noise=v)) for j in range(1, M + 1)}
    rejects = [1.0, *(unions[j].correct_rejection for j in range(1, M + 1))]
    silent = missed = 0.0
    for r in range(M):
        weight = math.comb(M - 1, r) * f**r * (1 - f) ** (M - 1 - r)
        for places in product(range(K), repeat=r):
            loads = np.bincount(places, minlength=K) if r else np.zeros(K, int)
            silent += weight / K**r * math.prod(rejects[j] for j in loads)
            missed += weight / K**r * unions[loads[0] + 1].false_negative * math.prod(rejects[j] for j in loads[1:])
    found = hb.solve(hb.Willshaw(**fields, patterns=M, segments=K, noise=v))
    assert found.spurious == pytest.approx(1 - silent, rel=1e-10) and found.miss == pytest.approx(missed, rel=ROUNDING)
    assert 0.01 < found.miss < 0.9


def test_textbook_value_is_thirty_per_cent_low():
    found = hb.solve(hb.Willshaw(n=400, a=8, patterns=1500))
    assert found.textbook / found.spurious == pytest.approx(0.6876, abs=5e-4)
    large = hb.solve(hb.Willshaw(n=100_000, a=3, patterns=20_000_000, s=3))
    # What is left is the spread of the number of patterns on a unit, of relative order a / (M f).
    assert large.textbook == pytest.approx(large.spurious, rel=3 / 600)


def test_capacity_is_the_last_load_at_the_fidelity():
    model = hb.Willshaw(n=300, a=9)
    M = hb.capacity(model, spurious=0.01)
    wrong = [hb.solve(hb.Willshaw(n=300, a=9, patterns=k)).spurious * 291 / 9 for k in (M, M + 1)]
    assert wrong[0] <= 0.01 < wrong[1]
    assert M < hb.capacity(model, spurious=0.01, approximate=True)


def test_capacity_rises_slowly_towards_ln_2():
    def bits(n, a):
        pairs = hb.capacity(hb.Willshaw(n=n, a=a), approximate=True)
        with mpmath.workdps(30):
            return float(pairs * mpmath.log(mpmath.binomial(n, a), 2) / mpmath.mpf(n) ** 2)

    found = [
        max(bits(n, a) for a in range(round(math.log2(n)), 2 * round(math.log2(n))))
        for n in (10**3, 10**4, 10**6, 10**8, 10**12)
    ]
    assert found == pytest.approx([0.401, 0.458, 0.525, 0.563, 0.604], abs=6e-4)
    assert all(low < high < math.log(2) for low, high in zip(found, found[1:]))


def test_information_of_perfect_recall_is_the_pattern_entropy():
    found = hb.solve(hb.Willshaw(n=10_000, a=10, patterns=50))
    f = 1e-3
    entropy = -f * math.log2(f) - (1 - f) * math.log2(1 - f)
    assert found.information == pytest.approx(50 * entropy / 10_000, rel=1e-6)


@pytest.mark.parametrize("n, printed", [(600, 0.426246), (700, 0.725806), (1000, 0.984698)])
def test_sequence_memory_reproduces_the_published_overlaps(n, printed):
    found = hb.solve(hb.SequenceMemory(n=n, a=64, s=25, theta=10, transitions=19000))
    assert 64 / (64 + found.approximate * (n - 64)) == pytest.approx(printed, abs=6e-7)
    assert found.jaccard == pytest.approx(printed, abs=2e-4)


def test_sequence_memory_in_high_precision():
    with mpmath.workdps(50):
        for fields in (
            dict(n=400, a=40, s=16, theta=8, transitions=4000),
            dict(n=5000, a=100, s=20, theta=15, transitions=10**6),
        ):
            exact = hb.solve(Dendrite(**{k: fields[k] for k in ("n", "a", "s", "theta")}), exact=True).false_positive
            p = mpmath.mpf(exact.numerator) / exact.denominator
            F = 1 - (1 - p * fields["a"] / fields["n"]) ** (fields["transitions"] - 1)
            assert hb.solve(hb.SequenceMemory(**fields)).false_prediction == pytest.approx(float(F), rel=ROUNDING)
    assert hb.solve(hb.SequenceMemory(n=50, a=5, s=5, theta=3, transitions=1)).false_prediction == 0.0
    assert hb.solve(hb.SequenceMemory(n=5, a=5, s=5, theta=3, transitions=2)).false_prediction == 1.0
