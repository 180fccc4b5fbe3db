"""Theory of modern Hopfield networks: closed forms, an independent high-precision route, limits, finite-size expansions."""

import mpmath
import numpy as np
import pytest
from scipy.special import binom

import hebbian as hb
from hebbian.theory import modern_binary, modern_capture, modern_law
from hebbian.theory.modern import threshold
from hebbian.theory.modern_ensembles import ENSEMBLES

ModernHopfield, capacity = hb.ModernHopfield, hb.capacity

TABLE = {  # lam: alpha_1 sphere, alpha*, Gauss, binary, binary at T = 0; rounded to six digits
    0.25: (0.219654, 0.028671, 0.218750, 0.219070, 0.379885), 0.5: (0.387006, 0.094113, 0.375000, 0.379885, 0.566219),
    1.0: (0.622572, 0.240606, 0.500000, 0.566219, 0.674997), 2.0: (0.908754, 0.470307, 0.500000, 0.674997, 0.692812),
    4.0: (1.224357, 0.755486, 0.500000, 0.692812, 0.693147),
}


@pytest.mark.parametrize("lam", TABLE)
def test_thresholds_of_the_three_ensembles(lam):
    found = (capacity(ModernHopfield(lam=lam)), hb.solve(ModernHopfield(lam=lam, alpha=0.1)).alpha_star,
             capacity(ModernHopfield(lam=lam, ensemble="gauss")), capacity(ModernHopfield(lam=lam, ensemble="binary")),
             capacity(ModernHopfield(lam=lam, ensemble="binary"), T=0))
    assert np.abs(np.array(found) - TABLE[lam]).max() < 6e-7


def legendre(ensemble, lam, m, r):
    """alpha_1 in 40 digits from the rate of the scores alone: its maximum of lam r t - I(t) found by bisection of I'(t)."""
    with mpmath.workdps(40):
        lam, m, r = mpmath.mpf(lam), mpmath.mpf(m), mpmath.mpf(r)
        rate = {"sphere": lambda t: -mpmath.log(1 - t * t) / 2, "gauss": lambda t: t * t / 2,
                "binary": lambda t: ((1 + t) * mpmath.log(1 + t) + (1 - t) * mpmath.log(1 - t)) / 2}[ensemble]
        slope = {"sphere": lambda t: t / (1 - t * t), "gauss": lambda t: t, "binary": mpmath.atanh}[ensemble]
        low, high = mpmath.mpf(0), mpmath.mpf(20 if ensemble == "gauss" else 1)
        for _ in range(80):
            top = (low + high) / 2
            low, high = (top, high) if slope(top) < lam * r else (low, top)
        if m / r <= top:
            return float(rate(m / r) if m < r or ensemble == "gauss" else mpmath.log(2))
        return float(lam * m - (lam * r * top - rate(top)))


@pytest.mark.parametrize("ensemble", ["sphere", "gauss", "binary"])
def test_thresholds_agree_with_a_legendre_transform_in_forty_digits(ensemble):
    for lam in (0.07, 0.3, 0.83, 1.7, 3.1):
        for sigma in (0.0, 0.4, 1.0, 1.6):
            model = ModernHopfield(lam=lam, sigma=sigma, ensemble=ensemble)
            if ensemble == "binary":
                m, r = (np.tanh(sigma**-2) if sigma else 1.0), 1.0
            else:
                m, r = 1.0, np.sqrt(1 + sigma**2)
            assert capacity(model) == pytest.approx(legendre(ensemble, lam, m, r), abs=1e-12)


def test_the_golden_ratio_point():
    q = (np.sqrt(5) - 1) / 2
    assert capacity(ModernHopfield(lam=1.0)) == pytest.approx(1 - q - np.log(q) / 2, abs=1e-15)


def test_limits_of_small_and_large_lam():
    for ensemble in ENSEMBLES:
        assert capacity(ModernHopfield(lam=1e-3, ensemble=ensemble)) == pytest.approx(1e-3 - 5e-7, abs=1e-9)
    assert capacity(ModernHopfield(lam=1e4)) == pytest.approx(0.5 + np.log(1e4) / 2, abs=1e-4)
    for d in (100, 10_000):  # attention with scores q.k / sqrt d: alpha_1 d = sqrt d - 1/2 + O(1 / sqrt d)
        assert capacity(ModernHopfield(lam=d**-0.5)) * d == pytest.approx(np.sqrt(d) - 0.5, abs=0.5 / np.sqrt(d))


@pytest.mark.parametrize("sigma", [0.3, 0.7, 1.0, 2.0])
def test_noisy_queries_reach_the_capacity_of_their_channel(sigma):
    b = sigma**-2
    assert capacity(ModernHopfield(lam=1.01 * b, sigma=sigma)) == pytest.approx(0.5 * np.log1p(b), abs=1e-14)
    flip = 1 / (1 + np.exp(2 * b))
    symmetric = np.log(2) + flip * np.log(flip) + (1 - flip) * np.log1p(-flip)
    assert capacity(ModernHopfield(lam=1.01 * b, sigma=sigma, ensemble="binary")) == pytest.approx(symmetric, abs=1e-13)
    # Continuous across lam = b, lower below it.
    for ensemble in ("sphere", "binary"):
        below, at = (capacity(ModernHopfield(lam=x * b, sigma=sigma, ensemble=ensemble)) for x in (1 - 1e-6, 1 + 1e-6))
        assert abs(below - at) < 1e-6
        assert capacity(ModernHopfield(lam=0.5 * b, sigma=sigma, ensemble=ensemble)) < at


@pytest.mark.parametrize("b, lam, value", [(1.0, 1.0, 0.327813), (2.0, 1.0, 0.530247), (1.0, 0.5, 0.260683)])
def test_glauber_dynamics_at_a_temperature_is_a_noisy_query(b, lam, value):
    found = capacity(ModernHopfield(lam=lam, ensemble="binary"), T=1 / b)
    assert found == pytest.approx(value, abs=6e-7)
    assert found == pytest.approx(capacity(ModernHopfield(lam=lam, ensemble="binary", sigma=b**-0.5)), abs=1e-14)


def test_basin_boundary_is_where_a_query_of_that_overlap_has_this_load():
    for ensemble, law in ENSEMBLES.items():
        for lam in (0.4, 1.0, 2.5):
            for alpha in (0.01, 0.1, 0.2):
                solution = hb.solve(ModernHopfield(alpha=alpha, lam=lam, ensemble=ensemble))
                assert threshold(law, lam, solution.basin, 1.0) == pytest.approx(alpha, abs=1e-10)


@pytest.mark.parametrize("m, value", [(1.0, 0.674997), (0.9, 0.494632), (0.7, 0.270438), (0.5, 0.130812)])
def test_binary_zero_temperature_from_a_start_of_overlap_m(m, value):
    assert modern_binary.threshold(1.0, m, 0.0) == pytest.approx(value, abs=6e-7)


def test_phases_of_the_sphere():
    phase = {(lam, alpha): hb.solve(ModernHopfield(lam=lam, alpha=alpha)).phase
             for lam, alpha in ((0.5, 0.2), (0.5, 0.5), (3.0, 0.4), (3.0, 0.7), (3.0, 1.2))}
    assert list(phase.values()) == ["coexist", "average", "single", "coexist", "average"]
    assert hb.solve(ModernHopfield(lam=3.0, alpha=1.0)).collapse == pytest.approx(np.log(3) / 2, abs=1e-12)
    averaged = hb.solve(ModernHopfield(lam=1.0, alpha=1.0))
    assert averaged.norm == pytest.approx(((np.sqrt(5) - 1) / 2) ** 2) and averaged.weight == 0
    assert hb.solve(ModernHopfield(lam=2.0, alpha=0.6, ensemble="gauss")).phase == "condensed"


def test_all_patterns_at_once():
    assert capacity(ModernHopfield(lam=1.0, ensemble="gauss"), patterns="all") == pytest.approx(np.log(2) / 4, abs=1e-15)
    assert capacity(ModernHopfield(lam=0.5, ensemble="gauss"), patterns="all") == pytest.approx(0.152743, abs=1e-6)
    assert capacity(ModernHopfield(lam=1.0, ensemble="binary"), patterns="all") == pytest.approx(np.log(2) / 2, abs=1e-15)
    assert capacity(ModernHopfield(lam=0.1, ensemble="binary"), patterns="all") < 0.1
    assert capacity(ModernHopfield(lam=0.7), patterns="all") == capacity(ModernHopfield(lam=0.7))
    pairs = [capacity(ModernHopfield(lam=5.0, ensemble="gauss"), N=N, patterns="all") for N in (10, 20, 30, 40)]
    assert np.abs(np.array(pairs) - [0.2503, 0.2176, 0.2057, 0.1993]).max() < 6e-5
    small = [capacity(ModernHopfield(lam=0.5, ensemble="gauss"), N=N, patterns="all") for N in (20, 30, 40, 50)]
    assert np.abs(np.array(small) - [0.1747, 0.1694, 0.1664, 0.1643]).max() < 6e-5


@pytest.mark.parametrize("N", [3, 7, 20, 51, 300, 3000])
@pytest.mark.parametrize("lam", [1e-3, 0.05, 0.5, 2.0])
def test_finite_cumulant_against_its_series_and_direct_integration(N, lam):
    with mpmath.workdps(40):
        k, half = mpmath.mpf(lam) * N, (mpmath.mpf(N) - 3) / 2
        exact = float(mpmath.log(mpmath.hyp0f1(mpmath.mpf(N) / 2, k * k / 4)) / N)
        assert ENSEMBLES["sphere"].finite_cumulant(lam, N) == pytest.approx(exact, rel=1e-12, abs=1e-15)
        if N <= 51:
            density = mpmath.quad(lambda t: (1 - t * t) ** half * mpmath.exp(k * t), mpmath.linspace(-1, 1, 11))
            assert float(mpmath.log(density / mpmath.beta(0.5, half + 1)) / N) == pytest.approx(exact, rel=1e-9)
    slope = (ENSEMBLES["sphere"].finite_cumulant(lam * (1 + 1e-3), N)
             - ENSEMBLES["sphere"].finite_cumulant(lam * (1 - 1e-3), N)) / (2e-3 * lam)
    assert ENSEMBLES["sphere"].finite_slope(lam, N) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("lam", [0.25, 1.0, 2.0])
def test_finite_size_expansion(lam):
    q = ENSEMBLES["sphere"].slope(lam)
    for N in (50, 200):
        expansion = capacity(ModernHopfield(lam=lam)) + np.log(1 - q**4) / (2 * N)
        assert capacity(ModernHopfield(lam=lam), N=N) == pytest.approx(expansion, abs=0.1 / N**2)


ITERATED = {(0.5, 10): (0.3856, 0.2743), (0.5, 20): (0.3863, 0.2849), (0.5, 28): (0.3865, 0.2997), (1.0, 10): (0.6148, 0.5267),
            (1.0, 14): (0.6170, 0.5269), (1.0, 18): (0.6182, 0.5278), (2.0, 7): (0.8749, 0.8290), (2.0, 9): (0.8825, 0.8343),
            (2.0, 11): (0.8873, 0.8375)}


@pytest.mark.parametrize("lam, N", ITERATED)
def test_one_step_and_iterated_capacity_at_finite_dimension(lam, N):
    one, many = capacity(ModernHopfield(lam=lam), N=N), capacity(ModernHopfield(lam=lam), N=N, steps="iterated")
    assert (one, many) == pytest.approx(ITERATED[lam, N], abs=1.1e-4)  # four printed digits


@pytest.mark.parametrize("lam, N", [*ITERATED, (0.2, 60), (3.0, 40), (1.0, 200)])
def test_iterated_capacity_is_where_the_map_from_one_loses_the_pattern(lam, N):
    """Independent route: iterate the map itself on both sides of the capacity."""
    law, edge = ENSEMBLES["sphere"], capacity(ModernHopfield(lam=lam), N=N, steps="iterated")

    def kept(alpha):
        a = 1.0
        for _ in range(200_000):
            odds = N * (lam * a - law.finite_cumulant(lam * a, N) - alpha)
            p = 1 / (1 + np.exp(-odds))
            new = p + (1 - p) * law.finite_slope(lam * a, N)
            if abs(new - a) < 1e-14 or p < 0.4:
                break
            a = new
        return p > 0.5

    assert kept(edge - 1e-6) and not kept(edge + 1e-6)


def test_sparse_weights_have_no_averaging_limit():
    for separation in ("sparsemax", "entmax15"):
        assert capacity(ModernHopfield(lam=0.1, separation=separation)) == np.inf
        assert capacity(ModernHopfield(lam=0.1, separation=separation, ensemble="binary")) == pytest.approx(np.log(2))
        assert capacity(ModernHopfield(lam=0.1, separation=separation, sigma=1.0)) == pytest.approx(np.log(2) / 2)
    exact = [hb.solve(ModernHopfield(lam=lam, alpha=alpha, separation="sparsemax"), N=N).exact
             for N, lam, alpha in ((20, 0.5, 0.6), (14, 1.0, 0.7), (14, 1.0, 0.9))]
    assert exact == pytest.approx([0.998, 0.995, 0.917], abs=6e-4)
    model = ModernHopfield(lam=1.0, separation="sparsemax")
    edge = capacity(model, N=14)
    at = hb.solve(ModernHopfield(lam=1.0, separation="sparsemax", alpha=edge), N=14).exact
    assert at == pytest.approx(0.5, abs=1e-4)  # K is an integer


def sampled_scores(ensemble, N, shape, draw):
    if ensemble == "sphere":
        return 2 * draw.beta((N - 1) / 2, (N - 1) / 2, shape) - 1
    return draw.standard_normal(shape) / np.sqrt(N) if ensemble == "gauss" else 1 - 2 * draw.binomial(N, 0.5, shape) / N


@pytest.mark.parametrize("ensemble, lam, N, m, r, K", [
    ("sphere", 0.5, 10, 1.0, 1.0, 45), ("sphere", 4.0, 12, 0.9, 1.4, 60), ("sphere", 2.0, 2, 0.5, 1.0, 4),
    ("gauss", 1.0, 8, 0.8, 1.2, 30), ("binary", 1.0, 12, 1.0, 1.0, 900), ("binary", 0.5, 9, 5 / 9, 1.0, 5)])
def test_law_of_the_noise_against_sampled_scores(ensemble, lam, N, m, r, K):
    draw, hits, rows = np.random.default_rng(6), 0, 4_000_000 // K
    for part in np.array_split(np.arange(rows), 20):
        scores = sampled_scores(ensemble, N, (len(part), K - 1), draw)
        hits += np.count_nonzero(np.exp(lam * N * (r * scores - m)).sum(axis=1) < 1)
    below = modern_law.Below(ENSEMBLES[ensemble], N, lam, m, r)
    error = np.sqrt(hits / rows * (1 - hits / rows) / rows)
    assert 0.05 < hits / rows < 0.95 and abs(below(np.log(K)) - hits / rows) < 4 * error + 1e-4  # of the transform
    assert abs(below(np.log(1.15 * K)) - hits / rows) > 4 * error + 1e-4


def test_law_of_the_noise_of_one_and_two_wrong_patterns_in_high_precision():
    # One: the tail itself.  Two: a convolution.  Hard for the transform, whose function has a kink at 1; four digits remain.
    law, lam, N, m, r = ENSEMBLES["sphere"], 0.4, 8, 0.6, 1.1
    below = modern_law.Below(law, N, lam, m, r)
    assert below(np.log(2)) == pytest.approx(1 - law.tail(m / r, N), abs=1e-3)

    def rest(t):
        return max(-1, min(1, float(m + mpmath.log(1 - mpmath.exp(N * lam * (r * t - m))) / (N * lam)) / r))

    exact = mpmath.quad(lambda t: (1 - t * t) ** 2.5 / mpmath.beta(0.5, 3.5) * (1 - law.tail(rest(t), N)),
                        mpmath.linspace(-1, m / r - 1e-12, 7))
    assert below(np.log(3)) == pytest.approx(float(exact), abs=2e-4)


def test_half_load_of_sparse_weights_and_of_weak_noise_is_a_closed_form():
    model = ModernHopfield(lam=1.0, separation="sparsemax")
    tail = ENSEMBLES["sphere"].tail(1 - 1 / 14, 14)
    assert capacity(model, N=14) == pytest.approx(np.log1p(np.log(2) / -np.log1p(-tail)) / 14, abs=1e-12)
    # Many patterns share the noise, and the median of S is its mean less a sixth of third cumulant over variance.
    phi = ENSEMBLES["sphere"].finite_cumulant
    for lam, N in ((0.25, 40), (0.5, 40), (1.0, 30)):
        annealed = capacity(ModernHopfield(lam=lam), N=N)
        skewness = np.exp(N * (phi(3 * lam, N) - phi(2 * lam, N) - phi(lam, N) - annealed))
        shift = modern_law.half_load(ModernHopfield(lam=lam), N) - annealed
        assert shift == pytest.approx(skewness / (6 * N), rel=0.2, abs=1e-8)
    # As N grows noisy queries reach the capacity of their channel, on both sides.
    for lam in (0.5, 4.0):
        model = ModernHopfield(lam=lam, sigma=1.0)
        gaps = [modern_law.half_load(model, N) - capacity(model) for N in (20, 60)]
        assert gaps[0] > gaps[1] > 0 and gaps[1] < 0.04


def test_spin_stability_against_sampled_poisson_numbers():
    draw = np.random.default_rng(4)
    for lam, N, alpha in ((0.5, 20, 0.4862), (1.0, 16, 0.525), (0.5, 16, 0.566219)):
        K = round(np.exp(alpha * N))
        found = modern_binary.spin_stability(lam, K, N)
        mean = (K - 1) * binom(N - 1, np.arange(N)) * 0.5**N
        weight = np.exp(-2 * lam * np.arange(N))
        noise = (draw.poisson(mean, (200_000, N)) - draw.poisson(mean, (200_000, N))) @ weight
        sampled = np.mean(1 + noise > 0)
        assert abs(found - sampled) < 5 * np.sqrt(found * (1 - found) / 200_000)
        # Control: the central limit form is off by more, and the step to another load is seen.
        assert abs(modern_binary.spin_stability(lam, K // 2, N) - sampled) > 5 * np.sqrt(found * (1 - found) / 200_000)


def test_phase_diagram_lines_agree_with_the_point_functions():
    lines = hb.phase_diagram(ModernHopfield(), points=30)
    assert set(lines) == {"retrieval", "condensation", "collapse"}
    for T, alpha in zip(lines["retrieval"].T, lines["retrieval"].alpha, strict=True):
        assert alpha == pytest.approx(capacity(ModernHopfield(lam=1 / T)), rel=1e-14)
    assert np.all(lines["collapse"].alpha < lines["retrieval"].alpha)


def test_what_theory_refuses():
    with pytest.raises(hb.InvalidInput, match="alpha is missing"):
        hb.solve(ModernHopfield())
    with pytest.raises(hb.NotDefined, match="ensemble = 'binary'"):
        capacity(ModernHopfield(), T=0.5)
    with pytest.raises(hb.InvalidInput, match="steps = 0"):
        capacity(ModernHopfield(), steps=0)
    with pytest.raises(hb.InvalidInput, match="lam = 0"):
        ModernHopfield(lam=0)
    with pytest.raises(hb.InvalidInput, match="ensemble = 'ball'"):
        ModernHopfield(ensemble="ball")
    with pytest.raises(hb.InvalidInput, match="lower alpha or N"):
        ModernHopfield(alpha=1.0).patterns(100)
    with pytest.raises(hb.InvalidInput, match="too little noise"):
        modern_binary.spin_stability(1.0, 10, 20)


@pytest.mark.slow
@pytest.mark.parametrize("lam, N, simulated, error", [(0.5, 14, 0.25621, 0.00043), (0.5, 28, 0.299183, 0.000078),
                                                      (1.0, 18, 0.52522, 0.00021)])
def test_capture_by_wrong_patterns_lowers_the_iterated_capacity_to_the_simulated_one(lam, N, simulated, error):
    # Simulated by experiments/one_step_capacity/finite_size.py.  Control: the map alone, where it is not the limit already.
    found = modern_capture.iterated(ModernHopfield(lam=lam), N)
    assert abs(found - simulated) < 4 * error
    if N < 28:
        assert abs(capacity(ModernHopfield(lam=lam), N=N, steps="iterated") - simulated) > 4 * error


def test_capture_is_a_cavity_solution_whose_limit_is_the_map():
    # Few captors and little spread, lam = 1/4 at N = 60: the edge of the fixed point is the fold of the map.
    lam, N = 0.25, 60
    edge = capacity(ModernHopfield(lam=lam), N=N, steps="iterated")
    below, above = (modern_capture.state(lam, N, (edge + shift) * N) for shift in (-3e-4, 3e-4))
    assert above is None and below is not None and below[1] < 1e-6 and below[2] < 0.05
    assert modern_capture.iterated(ModernHopfield(lam=lam), N) == pytest.approx(edge, abs=3e-4)
    with pytest.raises(hb.NotDefined, match="clean queries"):
        modern_capture.iterated(ModernHopfield(sigma=1.0), 10)
