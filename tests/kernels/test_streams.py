"""Random numbers: published known answers, keys that name what they are for, kernels that read the same words."""

import numpy as np
import pytest

from hebbian import patterns, reference, streams


@pytest.mark.parametrize(
    "counter, key, answer",
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
         (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)
def test_philox_gives_the_published_known_answers(counter, key, answer):
    assert tuple(int(w) for w in streams.words(key, *counter)) == answer


def test_attempts_read_sixteen_counters_side_by_side():
    key, sweep, replica = (3, 5), 11, 1
    found = streams.attempt_words(key, 150, sweep, replica)
    for t in (0, 15, 16, 63, 64, 100, 149):
        assert found[t] == streams.words(key, 16 * (t // 64) + t % 16, sweep, replica)[(t // 16) % 4]


def test_keys_separate_every_field_and_nothing_else():
    base = dict(seed=1, sample=0)
    keys = {
        streams.key("dynamics", "dense", 100, 0.3, **base),
        streams.key("dynamics", "dense", 100, 0.3, seed=2, sample=0),
        streams.key("dynamics", "dense", 100, 0.3, seed=1, sample=1),
        streams.key("dynamics", "dense", 100, np.nextafter(0.3, 1), **base),
        streams.key("dynamics", "dense", 100.0, 0.3, **base),
        streams.key("start", "dense", 100, 0.3, **base),
        streams.key("dynamics", ("dense", 100), 0.3, **base),
    }
    assert len(keys) == 7
    numpy_typed = streams.key("dynamics", "dense", np.int64(100), np.float64(0.3), **base)
    assert streams.key("dynamics", "dense", 100, 0.3, **base) == numpy_typed
    with pytest.raises(ValueError, match="unknown"):
        streams.key("weather", seed=1, sample=0)


@pytest.mark.parametrize("N, K", [(1, 1), (7, 3), (64, 64), (128, 65), (130, 200), (200, 1)])
def test_packed_patterns_equal_their_twin(N, K):
    packed = patterns.rademacher(N, K, seed=5, sample=2)
    signs = reference.rademacher(N, K, streams.key("patterns", "rademacher", N, seed=5, sample=2))
    assert np.array_equal(packed.unpack(), signs)
    assert np.array_equal(patterns.pack(signs).rows, packed.rows)
    assert np.array_equal(packed.unpack(K // 2, K), signs[K // 2:])


def test_loads_nest():
    few, many = (patterns.rademacher(90, K, seed=1, sample=0).unpack() for K in (40, 100))
    assert np.array_equal(few, many[:40])
    other = patterns.rademacher(90, 40, seed=1, sample=1).unpack()
    assert not np.array_equal(few, other)


def test_patterns_are_fair_and_independent():
    signs = patterns.rademacher(500, 400, seed=9, sample=0).unpack().astype(float)
    # 2e5 fair signs: the mean has standard error 1/sqrt(2e5); pairs of patterns have overlaps of variance 1/N.
    assert abs(signs.mean()) < 5 / np.sqrt(signs.size)
    overlaps = (signs @ signs.T / 500)[np.triu_indices(400, 1)]
    assert abs(overlaps.var() * 500 - 1) < 5 * np.sqrt(2 / overlaps.size)


def test_logarithm_and_thresholds_follow_their_law():
    words = streams.words((1, 2), np.arange(200_000)).reshape(-1)
    u = (words.astype(np.float64) + 0.5) / 2**32
    metropolis, heat_bath = reference.thetas(words, "metropolis"), reference.thetas(words, "heat_bath")
    assert metropolis.dtype == heat_bath.dtype == np.float32
    # One unit in the last place is 2^-23 relative: half for each rounding of u, of e ln 2, of the series and of their sum.
    ulp = 2.0**-23
    assert np.all(np.abs(metropolis + np.log(u)) <= 2 * ulp * np.maximum(1, metropolis))
    assert np.all(np.abs(heat_bath - np.log1p(-u) + np.log(u)) <= 4 * ulp * np.maximum(1, np.abs(heat_bath)))
    for x in (-2.0, 0.0, 1.0, 5.0):
        law = 1 / (1 + np.exp(x))
        error = np.sqrt(law * (1 - law) / words.size)
        assert abs(np.mean(heat_bath > x) - law) < 5 * error
        assert abs(np.mean(heat_bath > x + 0.2) - law) > 5 * error


def test_heat_bath_thresholds_are_antisymmetric_under_the_complement():
    words = streams.words((7, 7), np.arange(1000)).reshape(-1)
    assert np.array_equal(reference.thetas(words, "heat_bath"), -reference.thetas(~words, "heat_bath"))
