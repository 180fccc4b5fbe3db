"""Size dependence of unsupervised learning: the equations in 26 digits, derivatives of the free energy, limits."""

from dataclasses import replace
from math import comb, erf, factorial, sqrt

import mpmath as mp
import numpy as np
import oracle
import pytest

import hebbian as hb
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_class, dense_states

POINTS = [  # p, K, M, r, T, N
    (3, 40, 7, 0.6, 0.1, 150), (3, 20, 10, 0.5, 0.15, 90), (2, 8, 6, 0.6, 0.2, 300), (4, 200, 5, 0.8, 0.02, 70)]


def network(p, K, M, r):
    return hb.DenseHopfield(p=p, K=K, M=M, r=r, protocol="unsupervised")


def solved(p, K, M, r, T, N):
    """The state at size N and the factor c by which its temperature and load were divided."""
    c = float(np.prod(1 - np.arange(1, p) / N)) if p > 2 else 1.0
    eq = dense_states.equations(p, "distinct", "unsupervised", M, r)
    return dense_class.retrieval(eq, N, T / c, (K - 1) / N ** (p - 1) / c), c


@pytest.mark.parametrize("point", POINTS)
def test_solutions_satisfy_the_equations_as_derived(point):
    # from the free energy of the differences of the examples in their own variables, q' = E(1 - chi_A chi_B)tanh^2 and
    # g = F''/M, before anything was scaled:
    # -beta f = ... + (M - 1)/N [-ln(1 - g C')/2 - g beta (1 - r^2)/2 + g beta q'/(2(1 - g C'))]
    p, K, M, r, T, N = point
    state, c = solved(*point)
    with mp.workdps(oracle.DIGITS):
        n, A, lam, own = (mp.mpf(x) for x in (state.n, state.A, state.a**2, state.scatter))
        T, r, alpha = mp.mpf(state.T), mp.mpf(r), mp.mpf(state.alpha)
        R = r**2 + (1 - r**2) / M
        norm, beta, load = R ** (mp.mpf(p) / 2), 1 / T, mp.mpf(M - 1) / N
        F = lambda k: n ** (p - k) / factorial(p - k) / norm  # noqa: E731
        law = [(mp.mpf(2 * k - M) / M, comb(M, k) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (M - k)) for k in range(M + 1)]
        apart = [M * (1 - t**2) / (M - 1) for t, _ in law]  # 1 - chi_A chi_B of two different examples, given t
        fields = [(t * A, mp.sqrt(lam + own * (1 - t**2) / (1 - R))) for t, _ in law]
        tanh, square, log = ([oracle.average(g, S, a, T) for S, a in fields] for g in (
            mp.tanh, lambda h: mp.tanh(h) ** 2, lambda h: mp.log(2 * mp.cosh(h))))
        E = lambda values: sum(w * x for (_, w), x in zip(law, values))  # noqa: E731
        m, q, apart_q = E(tanh), E(square), E([d * x for d, x in zip(apart, square)])
        C, apart_C, g = beta * (1 - q), beta * (1 - r**2 - apart_q), F(2) / M
        if p == 2:
            modes = [((1 - r**2) / (M * R), M - 1), (mp.mpf(1), 1)]
            lam_out = alpha * q * sum(nu * w**2 / (1 - w * C) ** 2 for w, nu in modes)
            rest = sum(nu * (w + T * mp.log(1 - w * C) - w * q / (1 - w * C)) for w, nu in modes)
            crosstalk = lam * C / 2 + alpha / 2 * rest
        else:
            top = (1 / mp.mpf(M) + (1 - 1 / mp.mpf(M)) * r ** (2 * p)) / norm**2
            lam_out = alpha * top * q ** (p - 1) / factorial(p - 1)
            crosstalk = -alpha * beta / 2 * top * (1 - q**p - p * (1 - q) * q ** (p - 1)) / factorial(p)
        own_out = load * g**2 * apart_q / (1 - g * apart_C) ** 2 * (1 - r**2)  # on a site, in units of (1 - t^2)/(1 - R)
        G = lambda g: load * (-mp.log(1 - g * apart_C) / 2 - g * beta * (1 - r**2) / 2  # noqa: E731
                              + g * beta * apart_q / (2 * (1 - g * apart_C)))
        signal = F(1) + (T * mp.diff(G, g) * F(3) / M if p > 2 else 0)
        f = n * A - F(0) - T * E(log) + crosstalk - T * G(g) + own_out * apart_C / (1 - r**2) / 2
        for value, expected in ((n, E([t * x for (t, _), x in zip(law, tanh)])), (A, signal), (lam, lam_out), (own, own_out),
                                (state.m, m), (state.q, q), (state.free_energy, f), (state.example_instability, g * apart_C)):
            assert abs(value - expected) < 1e-11 * max(abs(expected), mp.mpf("0.01"))
    found = hb.solve(network(p, K, M, point[3]), T=point[4], N=N)
    assert (found.m, found.free_energy) == (state.m, c * state.free_energy)


@pytest.mark.parametrize("point", POINTS)
def test_energy_is_the_derivative_of_beta_f(point):
    state, _ = solved(*point)
    step = 1e-3

    def beta_f(beta):
        return beta * dense_class.retrieval(state.equations, state.N, 1 / beta, state.alpha).free_energy

    beta = 1 / state.T
    slope = [(beta_f(beta * (1 + k * step)) - beta_f(beta * (1 - k * step))) / (2 * k * beta * step) for k in (1, 2)]
    assert state.energy == pytest.approx((4 * slope[0] - slope[1]) / 3, rel=1e-8)


@pytest.mark.parametrize("point", POINTS)
def test_large_systems_approach_the_infinite_one_as_1_over_N(point):
    p, K, M, r, T, N = point
    alpha = K / N ** (p - 1)
    eq = dense_states.equations(p, "distinct", "unsupervised", M, r)
    infinite = float(branches.retrieval(eq, T, alpha).m)
    shifts = [N * (dense_class.retrieval(eq, N, T, alpha).m - infinite) for N in (10**5, 10**6, 10**7)]
    assert shifts[0] < 0 and shifts[1] == pytest.approx(shifts[2], rel=1e-3) and shifts[0] == pytest.approx(shifts[2], rel=1e-2)


def test_poor_examples_have_the_entropy_that_scatter_gives_them():
    # cold and without load, m = erf(1 / sqrt(2 rho')), rho' = rho [1 + (p - 1)^2 (1 - r^2) / (N n^2 (1 - w C')^2)]
    p, M, r, N = 3, 401, 0.1, 20_000
    eq = dense_states.equations(p, "distinct", "unsupervised", M, r)
    state = dense_class.retrieval(eq, N, 1e-5, 0.0)
    rho = (1 - r**2) / (M * r**2)
    relative = (p - 1) ** 2 * (1 - r**2) / (N * (state.n * (1 - state.example_instability)) ** 2)
    shift = [erf(1 / sqrt(2 * rho * (1 + x))) for x in (relative, 0.0)]
    assert state.m - float(branches.retrieval(eq, 1e-5, 0.0).m) == pytest.approx(shift[0] - shift[1], rel=0.05)


def test_differences_of_the_examples_weigh_what_they_do_in_the_crosstalk_of_pairs():
    eq = dense_states.equations(2, "distinct", "unsupervised", 7, 0.6)
    assert dense_class.loop(eq, 0.5).largest_weight == pytest.approx(eq.noise.modes[0][0], rel=1e-14)


def test_what_size_changes_and_what_it_does_not():
    model, T, N = network(3, 40, 7, 0.6), 0.1, 150
    among = hb.solve(model, T=T, N=N)
    rescaled = replace(model, K=None, alpha=40 / N**2)
    c = (1 - 1 / N) * (1 - 2 / N)
    infinite = hb.solve(replace(rescaled, alpha=rescaled.alpha / c), T=T / c)
    assert among.m < infinite.m and among.example_instability == pytest.approx(infinite.example_instability, rel=0.1)
    # where examples do not scatter, or it is not known how: one, perfect ones, the Gaussian average, a teacher, the power
    for other, options in ((dict(M=1), {}), (dict(r=1.0), {}), ({}, dict(average="gaussian"))):
        changed = replace(rescaled, **other)
        assert hb.solve(changed, T=T, N=N, **options).m == hb.solve(
            replace(changed, alpha=rescaled.alpha / c), T=T / c, **options).m
    for other in (dict(protocol="supervised"), dict(energy="power")):
        changed = replace(rescaled, **other)
        assert hb.solve(changed, T=T, N=N).m == hb.solve(changed, T=T).m


def test_one_class_alone_and_zero_temperature():
    alone = hb.solve(network(3, 1, 9, 0.6), T=0.1, N=60)
    assert alone.noise == 0 and alone.m < hb.solve(network(3, 1, 9, 0.6), T=0.1).m
    cold = [hb.solve(network(3, 40, 7, 0.6), T=T, N=150).m for T in (0.0, 1e-6)]
    assert cold[0] == pytest.approx(cold[1], abs=1e-5)


def test_states_that_scatter_destroys_are_refused():
    model = network(3, 450, 3, 0.4)
    assert hb.solve(replace(model, K=None, alpha=0.02), T=0.1).m > 0.4
    with pytest.raises(hb.NoSolution, match="scatter too much"):
        hb.solve(model, T=0.1, N=150)
    with pytest.raises(hb.NoSolution, match="largest load"):
        hb.solve(replace(model, M=9), T=0.1, N=150)
