"""Replica-symmetric theory of the synchronous dynamics, p = 2: its saddle point, its limits, and simulations."""

import mpmath
import numpy as np
import pytest

import hebbian as hb
from hebbian.theory.dense_synchronous import _System, solve

POINTS = [(hb.DenseHopfield(alpha=0.05), 0.3), (hb.DenseHopfield(alpha=0.1), 0.05),
          (hb.DenseHopfield(alpha=0.02, protocol="supervised", M=20, r=0.5), 0.3),
          (hb.DenseHopfield(alpha=0.03, protocol="unsupervised", M=10, r=0.8), 0.3)]


@pytest.mark.parametrize("model, T", POINTS, ids=str)
def test_the_solution_is_stationary_in_every_order_parameter(model, T):
    s = solve(model, T=T)
    system = _System(model, T, model.load())
    n, q, w = s.n * model.r * (1 + model.rho), s.q, s.successive
    noise, B, _, _ = system.loops(q, w)
    at, step = np.array([n, q, w, noise, B]), 1e-5

    def slope(point, k):
        # B stands for B + beta^2 lambda, which is conjugate to w: moving lambda alone moves B
        change = step * np.eye(5)[k]
        change[4] -= change[3] / T**2
        return (system.free_energy(*(point + change)) - system.free_energy(*(point - change))) / (2 * step)

    off = at * [0.99, 0.99, 0.99, 1.01, 1.01]
    for k in range(5):
        assert abs(slope(at, k)) < 1e-3 * abs(slope(off, k))
    assert s.residual < 1e-11


@pytest.mark.parametrize("model, T", [POINTS[0], (hb.DenseHopfield(alpha=0.02, protocol="supervised", M=3, r=0.7), 0.3)],
                         ids=str)
def test_the_equations_hold_in_high_precision(model, T):
    s = solve(model, T=T)
    mpmath.mp.dps = 25
    beta, alpha, q, w = (mpmath.mpf(x) for x in (1 / T, model.load(), s.q, s.successive))
    n = mpmath.mpf(s.n) * model.r * (1 + model.rho)
    u, v = 1 - beta * (1 + w - 2 * q), 1 + beta * (1 - w)
    noise, B = alpha * q / u**2, alpha * beta / 2 * (1 / u + 1 / v)
    values = [((2 * k - model.M) / mpmath.mpf(model.M), mpmath.binomial(model.M, k) * mpmath.mpf((1 + model.r) / 2)**k
               * mpmath.mpf((1 - model.r) / 2)**(model.M - k)) for k in range(model.M + 1)]

    def average(function):
        def integrand(z):
            total = mpmath.mpf(0)
            for t, p in values:
                if p > 1e-18:
                    H = beta * (t * n / model.R + mpmath.sqrt(noise) * z)
                    up = mpmath.e**B
                    total += p * function(t, up * mpmath.sinh(2 * H), up * mpmath.cosh(2 * H), 1 / up)
            return total * mpmath.npdf(z)

        return mpmath.quad(integrand, mpmath.linspace(-10, 10, 21))

    assert abs(average(lambda t, a, b, c: t * a / (b + c)) - n) < 1e-10
    assert abs(average(lambda t, a, b, c: (a / (b + c)) ** 2) - q) < 1e-10
    assert abs(average(lambda t, a, b, c: (b - c) / (b + c)) - w) < 1e-10
    assert abs(average(lambda t, a, b, c: a / (b + c)) - s.m) < 1e-10


@pytest.mark.parametrize("protocol", [{}, dict(protocol="supervised", M=5, r=0.7), dict(protocol="unsupervised", M=5, r=0.7)])
def test_without_load_it_is_the_sequential_theory(protocol):
    model = hb.DenseHopfield(alpha=0.0, **protocol)
    little, exact = solve(model, T=0.4), hb.solve(model, T=0.4)
    assert little.m == pytest.approx(exact.m, abs=1e-11) and little.q == pytest.approx(exact.q, abs=1e-11)
    assert little.n == pytest.approx(exact.n, abs=1e-11) and little.energy == pytest.approx(exact.energy, abs=1e-11)
    loaded = model.__class__(alpha=0.02, **protocol)
    assert solve(loaded, T=0.4).m - hb.solve(loaded, T=0.4).m > 1e-3


def test_simulations_follow_it_and_not_the_sequential_theory():
    # Seed fixed in advance; the sequential theory is the control.
    model, N, T = hb.DenseHopfield(alpha=0.04), 2000, 0.5
    run = hb.simulate(model, N=N, T=T, samples=16, burn_in=60, sweeps=100, seed=2024, order="synchronous")
    little, sequential = solve(model, T=T, N=N), hb.solve(model, T=T, N=N)
    assert abs(run.m.mean - little.m) < 4 * run.m.error < abs(run.m.mean - sequential.m)
    assert abs(run.q.mean - little.q) < 4 * run.q.error < abs(run.q.mean - sequential.q)
    successive = 1 - 2 * run.acceptance.mean
    assert abs(successive - little.successive) < 8 * run.acceptance.error < abs(sequential.q - little.successive)


def test_what_it_cannot_answer_is_refused():
    with pytest.raises(hb.NotDefined, match="the synchronous theory is for p = 2"):
        solve(hb.DenseHopfield(alpha=0.05, p=3), T=0.1)
    with pytest.raises(hb.NoSolution, match="no retrieval state of the synchronous dynamics"):
        solve(hb.DenseHopfield(alpha=0.3), T=0.3)


def test_a_sweep_predicts_with_the_theory_of_its_order():
    from hebbian.models.dense import Settings
    from hebbian.theory import dense

    model = hb.DenseHopfield(alpha=0.04)
    together = Settings(N=1000, T=0.5, order="synchronous")
    assert dense.predict(model, together).m == solve(model, T=0.5, N=1000).m
    assert dense.predict(model, Settings(N=1000, T=0.5, order="random")).m == hb.solve(model, T=0.5, N=1000).m
    for undefined, settings in ((model, Settings(N=1000, T=0.0, order="synchronous")),
                                (hb.DenseHopfield(alpha=0.04, p=3), together)):
        with pytest.raises(hb.NotDefined, match="synchronous theory"):
            dense.predict(undefined, settings)
    with pytest.raises(hb.InvalidInput, match="no options"):
        dense.predict(model, together, branch="glass")


def test_compare_notes_that_the_dynamics_differ():
    model = hb.DenseHopfield(K=5)
    runs = [hb.simulate(model, N=100, T=0.3, samples=2, sweeps=5, burn_in=0, seed=1, order=order)
            for order in ("sequential", "synchronous")]
    theories = hb.solve(model, T=0.3, N=100), solve(model, T=0.3, N=100)
    for i, run in enumerate(runs):
        for j, theory in enumerate(theories):
            assert bool(hb.compare(run, theory).notes) == (i != j)
