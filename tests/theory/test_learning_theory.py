"""Theory of learning from examples: a second derivation in 26 digits, closed limits, thresholds, and what breaks symmetry."""

from dataclasses import replace
from itertools import product
from math import comb, factorial

import mpmath as mp
import numpy as np
import oracle
import pytest

import hebbian as hb
from hebbian.theory.dense_examples import Binomial, Gaussian
from hebbian.theory.gaussian import field_averages

POINTS = [  # protocol, p, energy, alpha, M, r, T
    ("supervised", 2, "distinct", 0.02, 5, 0.7, 0.1), ("supervised", 2, "distinct", 0.005, 6, 0.5, 0.1),
    ("supervised", 3, "distinct", 0.04, 8, 0.6, 0.1), ("supervised", 3, "power", 0.02, 5, 0.7, 0.1),
    ("supervised", 4, "distinct", 0.01, 7, 0.8, 0.03), ("unsupervised", 2, "distinct", 0.03, 10, 0.8, 0.3),
    ("unsupervised", 3, "distinct", 0.02, 10, 0.8, 0.15), ("unsupervised", 3, "power", 0.02, 7, 0.9, 0.1),
    ("unsupervised", 4, "power", 0.004, 9, 0.9, 0.02)]


def reference(protocol, p, energy, alpha, M, r, T, n, q, average):
    """(n, q, m, f, replicon) from n and q by the printed equations, n un-normalised, in 26 digits."""
    with mp.workdps(oracle.DIGITS):
        r, T, alpha, n, q = (mp.mpf(x) for x in (r, T, alpha, n, q))
        R, rho = r**2 + (1 - r**2) / M, (1 - r**2) / (M * r**2)
        norm = R ** (mp.mpf(p) / 2)
        A, C = n ** (p - 1) / factorial(p - 1) / norm, (1 - q) / T
        blind = protocol == "unsupervised"

        def zeta(q, order=0):
            total = mp.mpf(0)
            for j in range(p, 0, -2) if energy == "power" else [p]:
                if j >= order:
                    half = (p - j) // 2
                    weight = (mp.mpf(1) / M + (1 - mp.mpf(1) / M) * r ** (2 * j)) / norm**2 if blind else 1
                    total += weight * q ** (j - order) / (factorial(j - order) * factorial(half) ** 2 * mp.mpf(4) ** half)
            return total

        modes = [((1 - r**2) / (M * norm), M - 1), ((1 - r**2 + M * r**2) / (M * norm), 1)] if blind else [(mp.mpf(1), 1)]
        if p == 2:
            lam = alpha * q * sum(nu * w**2 / (1 - w * C) ** 2 for w, nu in modes)
            rest = lam * C / 2 + alpha / 2 * sum(nu * (w + T * mp.log(1 - w * C) - w * q / (1 - w * C)) for w, nu in modes)
            factor = alpha * sum(nu * w**2 / (1 - w * C) ** 2 for w, nu in modes)
        else:
            lam = alpha * zeta(q, 1)
            rest = -alpha / (2 * T) * (zeta(mp.mpf(1)) - zeta(q) - (1 - q) * zeta(q, 1))
            factor = alpha * zeta(q, 2)
        if average == "binomial":
            law = [(mp.mpf(2 * k - M) / M, comb(M, k) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (M - k)) for k in range(M + 1)]
            fields = [(t * A, mp.sqrt(lam), w, t) for t, w in law]
        else:
            fields = [(r * A, mp.sqrt(lam + rho * r**2 * A**2), mp.mpf(1), None)]
        E = lambda f: sum(w * oracle.average(f, S, a, T) for S, a, w, _ in fields)  # noqa: E731
        m, q_out = E(mp.tanh), E(lambda h: mp.tanh(h) ** 2)
        if average == "binomial":
            n_out = sum(w * t * oracle.average(mp.tanh, S, a, T) for S, a, w, t in fields)
        else:
            n_out = r * m + rho * r**2 * A * (1 - q_out) / T
        f = n * A - n**p / factorial(p) / norm - T * E(lambda h: mp.log(2 * mp.cosh(h))) + rest
        return tuple(float(x) for x in (n_out, q_out, m, f, factor / T**2 * E(lambda h: mp.sech(h) ** 4)))


@pytest.mark.parametrize("average", ["binomial", "gaussian"])
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_solutions_satisfy_the_equations_as_printed(point, average):
    protocol, p, energy, alpha, M, r, T = point
    model = hb.DenseHopfield(p=p, energy=energy, alpha=alpha, M=M, r=r, protocol=protocol)
    try:
        s = hb.solve(model, T=T, average=average)
    except hb.NoSolution:
        assert average == "gaussian"  # poor for few examples: it loses retrieval first
        return
    scale = r * (1 + model.rho)
    n, q, m, f, replicon = reference(*point, s.n * scale, s.q, average)
    assert n == pytest.approx(s.n * scale, abs=1e-12) and q == pytest.approx(s.q, abs=1e-12)
    assert m == pytest.approx(s.m, abs=1e-12) and f == pytest.approx(s.free_energy, abs=1e-12)
    assert replicon == pytest.approx(s.replicon, rel=1e-10)
    wrong = reference(*point[:-1], 1.01 * T, s.n * scale, s.q, average)
    assert abs(wrong[0] - n) > 1e-6


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_energy_and_overlap_are_derivatives_of_the_free_energy(point):
    protocol, p, energy, alpha, M, r, T = point
    model = hb.DenseHopfield(p=p, energy=energy, alpha=alpha, M=M, r=r, protocol=protocol)
    h = 1e-4

    def beta_f(beta):
        return beta * hb.solve(model, T=1 / beta).free_energy

    beta = 1 / T
    slope = (8 * (beta_f(beta + h) - beta_f(beta - h)) - (beta_f(beta + 2 * h) - beta_f(beta - 2 * h))) / (12 * h)
    # rounding of beta f over h; the fourth-order formula leaves less
    assert slope == pytest.approx(hb.solve(model, T=T).energy, abs=1e-10)


NUMBERS = [  # protocol, p, alpha, M, r, T, m, q
    ("supervised", 2, 0.02, 5, 0.7, 0.1, 0.91166, 0.9658), ("supervised", 2, 0.02, 20, 0.5, 0.3, 0.92202, 0.8997),
    ("supervised", 3, 0.04, 20, 0.5, 0.1, 0.91583, 0.9209), ("supervised", 2, 0.005, 6, 0.5, 0.1, 0.787794, 0.938549),
    ("unsupervised", 2, 0.03, 10, 0.8, 0.3, 0.97108, 0.9541), ("unsupervised", 3, 0.02, 20, 0.6, 0.1, 0.96490, 0.9591)]


@pytest.mark.parametrize("protocol, p, alpha, M, r, T, m, q", NUMBERS)
def test_values_found_independently_by_iteration(protocol, p, alpha, M, r, T, m, q):
    s = hb.solve(hb.DenseHopfield(p=p, alpha=alpha, M=M, r=r, protocol=protocol), T=T)
    assert s.m == pytest.approx(m, abs=6e-6) and s.q == pytest.approx(q, abs=6e-5)


def test_capacities_at_zero_temperature():
    few = hb.DenseHopfield(M=5, r=0.7, protocol="supervised")
    assert hb.capacity(few) == pytest.approx(0.0444828, abs=5e-8)
    assert hb.capacity(few, average="gaussian") == pytest.approx(0.0369785, abs=5e-8)
    # the valley of confusion
    for p, r, M, load in ((3, 0.5, 1, 0.1261), (3, 0.5, 5, 0.0222), (3, 0.3, 15, 0.0033),
                          (2, 0.3, 9, 0.0028), (2, 0.3, 61, 0.0347)):
        assert hb.capacity(hb.DenseHopfield(p=p, M=M, r=r, protocol="unsupervised")) == pytest.approx(load, abs=6e-5)


@pytest.mark.parametrize("protocol", ["supervised", "unsupervised"])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_zero_temperature_is_the_limit_and_the_closed_form(p, protocol):
    model = hb.DenseHopfield(p=p, alpha=0.1 * hb.capacity(hb.DenseHopfield(p=p)), M=7, r=0.7, protocol=protocol)
    cold, frozen = hb.solve(model, T=1e-6), hb.solve(model, T=0.0)
    assert cold.m == pytest.approx(frozen.m, abs=1e-5) and cold.free_energy == pytest.approx(frozen.free_energy, abs=1e-5)
    from scipy.special import erf
    t = (2 * np.arange(8) - 7) / 7
    weight = np.array([comb(7, k) * 0.85**k * 0.15 ** (7 - k) for k in range(8)])
    A = (frozen.n * 0.7 * (1 + model.rho)) ** (p - 1) / factorial(p - 1) / model.R ** (p / 2)
    x = A / np.sqrt(2 * frozen.noise)
    assert weight @ erf(t * x) == pytest.approx(frozen.m, abs=1e-13)


def test_perfect_examples_are_storage_and_many_examples_are_gaussian():
    stored = hb.solve(hb.DenseHopfield(p=3, alpha=0.05), T=0.15)
    for protocol in ("supervised", "unsupervised"):
        perfect = hb.solve(hb.DenseHopfield(p=3, alpha=0.05, M=4, r=1.0, protocol=protocol), T=0.15)
        assert perfect.m == pytest.approx(stored.m, abs=1e-13) and perfect.n == pytest.approx(stored.m, abs=1e-13)
        assert perfect.free_energy == pytest.approx(stored.free_energy, abs=1e-13)
        gaps = []
        for M in (50, 200, 800):
            model = hb.DenseHopfield(p=3, alpha=0.02, M=M, r=0.6, protocol=protocol)
            gaps.append(abs(hb.solve(model, T=0.15).m - hb.solve(model, T=0.15, average="gaussian").m))
        assert gaps[2] < gaps[1] < gaps[0] < 0.01


@pytest.mark.parametrize("examples", [Binomial(5, 0.6), Binomial(6, 0.4), Gaussian(0.3, 0.5)], ids=str)
def test_slopes_of_the_averages_over_examples(examples):
    A, a, T, h = 0.4, 0.2, np.array([0.05, 0.5]), 1e-4
    av = examples.averages(A, a, T)

    def slope(function):
        return (8 * (function(h) - function(-h)) - function(2 * h) + function(-2 * h)) / (12 * h)

    for name in ("n", "C"):
        signal = slope(lambda d, name=name: getattr(examples.averages(A + d, a, T), name))
        noise = slope(lambda d, name=name: getattr(examples.averages(A, a + d, T), name))
        assert signal == pytest.approx(getattr(av, f"{name}_signal"), abs=1e-8)
        assert noise == pytest.approx(getattr(av, f"{name}_noise"), abs=1e-8)
    assert examples.deficit(A, a, T) == pytest.approx(1 - av.n / examples.largest, abs=1e-14)
    assert slope(lambda d: examples.averages(A + d, a, T).log2cosh) == pytest.approx(av.n, abs=1e-9)


@pytest.mark.parametrize("p, protocol, alpha, r, odd, every", [
    pytest.param(3, "unsupervised", 0.04, 0.3, 635, 635, marks=pytest.mark.slow),
    (3, "unsupervised", 0.04, 0.5, 27, 27), (3, "unsupervised", 0.04, 0.7, 3, 2), (2, "unsupervised", 0.02, 0.3, 39, 38),
    (2, "unsupervised", 0.02, 0.5, 9, 9), (2, "supervised", 0.02, 0.3, 31, 31), (2, "supervised", 0.02, 0.5, 9, 8)])
def test_learning_thresholds(p, protocol, alpha, r, odd, every):
    model = hb.DenseHopfield(p=p, alpha=alpha, r=r, protocol=protocol)
    assert hb.learning_threshold(model, T=0.0) == odd
    assert hb.learning_threshold(model, T=0.0, odd_only=False) == every
    assert hb.capacity(replace(model, M=odd)) >= alpha
    if odd > 3:
        assert hb.capacity(replace(model, M=odd - 2)) < alpha


def test_thresholds_scale_with_the_quality_and_can_be_out_of_reach():
    for p, protocol, alpha, exponent in ((3, "unsupervised", 0.04, -6), (3, "supervised", 0.1, -2)):
        M = [hb.learning_threshold(hb.DenseHopfield(p=p, alpha=alpha, r=r, protocol=protocol)) for r in (0.15, 0.2)]
        assert np.log(M[1] / M[0]) / np.log(0.2 / 0.15) == pytest.approx(exponent, abs=0.1)
    with pytest.raises(hb.NotDefined):
        hb.learning_threshold(hb.DenseHopfield(alpha=0.1))


@pytest.mark.parametrize("M, r, alpha, T", [(3, 0.4, 0.0003, 0.1), (5, 0.6, 0.0017, 0.1), (4, 0.4, 0.0003, 0.05)])
def test_example_instability_is_the_eigenvalue_of_unequal_overlaps(M, r, alpha, T):
    # the equations n_A = E chi_A tanh(h/T), h = sum_A F'(n_A) chi_A / (M N) + a z, over all 2^M sets of examples of a site
    s = hb.solve(hb.DenseHopfield(p=3, alpha=alpha, M=M, r=r, protocol="unsupervised"), T=T)
    n, R = s.n * r * (1 + (1 - r**2) / (M * r**2)), r**2 + (1 - r**2) / M
    chi = np.array(list(product((1, -1), repeat=M)))
    weight = np.prod(np.where(chi > 0, (1 + r) / 2, (1 - r) / 2), axis=1)

    def overlaps(n):
        return (weight * field_averages(chi @ (n**2 / 2) / (M * R**1.5), np.sqrt(s.noise), T).m) @ chi

    split = 1e-5 * np.array([1, -1] + [0] * (M - 2))
    assert overlaps(np.full(M, n)) == pytest.approx(np.full(M, n), abs=1e-12)
    found = overlaps(n + split)
    assert (found[0] - found[1]) / 2e-5 == pytest.approx(s.example_instability, rel=1e-6)


def test_the_condition_for_equal_overlaps_with_all_examples():
    good = hb.solve(hb.DenseHopfield(p=3, alpha=0.02, M=20, r=0.6, protocol="unsupervised"), T=0.1)
    assert 0 < good.example_instability < 1 and good.stable
    taught = hb.solve(hb.DenseHopfield(p=3, alpha=0.02, M=20, r=0.6, protocol="supervised"), T=0.1)
    assert taught.example_instability == 0


def test_planes_agree_with_the_points_they_pass_through():
    model = hb.DenseHopfield(p=3, alpha=0.02, M=11, r=0.6, protocol="unsupervised")
    line = hb.phase_diagram(model, x="M", y="alpha", values=[5, 11], T=0.05)["spinodal"]
    assert line.alpha[1] == pytest.approx(hb.capacity(model, T=0.05), rel=1e-12) and line.M.tolist() == [5, 11]
    line = hb.phase_diagram(model, x="T", y="r", values=[0.6])["spinodal"]
    assert hb.capacity(model, T=line.T[0]) == pytest.approx(0.02, rel=1e-9)
    line = hb.phase_diagram(replace(model, r=1.0), x="M", y="r", values=[11], T=0.05)["spinodal"]
    assert hb.capacity(replace(model, r=line.r[0]), T=0.05) == pytest.approx(0.02, rel=1e-8)
    line = hb.phase_diagram(model, x="rho", y="alpha", values=[model.rho], T=0.05)["spinodal"]
    assert line.alpha[0] == pytest.approx(hb.capacity(model, T=0.05), rel=1e-9)
    cold, given = hb.phase_diagram(model, x="M", y="alpha"), hb.phase_diagram(model, x="M", y="alpha", values=[1, 3], T=0)
    assert np.array_equal(cold["spinodal"].alpha[:2], given["spinodal"].alpha)
    for wrong in (dict(x="M", y="M", values=[3]), dict(x="M", y="alpha", values=3), dict(x="M", y="alpha", values=[])):
        with pytest.raises(hb.InvalidInput):
            hb.phase_diagram(model, **wrong)


def test_every_line_of_a_plane_obeys_its_definition():
    model = hb.DenseHopfield(p=3, alpha=0.03, M=5, r=0.7, protocol="unsupervised")
    by_load = hb.phase_diagram(model, x="M", y="alpha", values=[5], T=0.05, rsb=1)
    assert by_load["one_step"].alpha[0] == hb.capacity(model, T=0.05, rsb=1) > by_load["spinodal"].alpha[0]
    assert hb.solve(replace(model, alpha=by_load["replicon"].alpha[0]), T=0.05).replicon == pytest.approx(1, abs=1e-9)
    by_temperature = hb.phase_diagram(model, x="M", y="T", values=[5])
    assert "one_step" not in by_temperature
    assert hb.solve(model, T=by_temperature["replicon"].T[0]).replicon == pytest.approx(1, abs=1e-9)
    assert by_temperature["dynamical"].T[0] / by_temperature["glass"].T[0] == pytest.approx(0.39352081 / 0.37607744, rel=1e-7)
    T = by_temperature["first_order"].T[0]
    state = hb.solve(model, T=T)
    assert state.free_energy == pytest.approx(hb.solve(model, T=T, branch="paramagnet").free_energy, rel=1e-10)
