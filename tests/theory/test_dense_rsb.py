"""One step of replica symmetry breaking: published numbers, the textbook free energy, limits, a route of its own in mpmath."""

from dataclasses import replace
from math import comb, factorial

import mpmath as mp
import numpy as np
import pytest

import hebbian as hb
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_rsb
from hebbian.theory.dense_states import equations
from hebbian.theory.tilted import _direct, _thermal, field_nodes, tilted_averages

KINDS = [(2, "distinct"), (3, "distinct"), (4, "distinct"), (3, "power"), (4, "power")]


def slowly(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


# Averages


@pytest.mark.parametrize("h, s, T, y", [
    (0.3, 0.2, 0.1, 5.0), (-0.05, 0.03, 0.004, 30.0), (0.2, 0.5, 0.12, 7.5), (0.1, 0.3, 0.3, 0.3)])
def test_both_representations_equal_the_integral_in_25_digits(h, s, T, y):
    with mp.workdps(25):
        centre, width = -mp.mpf(h) / s, mp.mpf(T) / s
        cuts = sorted({mp.mpf(c) for c in (-14 - y * s, -5, 0, 5, 14 + y * s)} | {
            c for k in (-30, -5, 0, 5, 30) if abs(c := centre + k * width) < 14})

        def weighted(g):
            return mp.quad(lambda z: (2 * mp.cosh((h + s * z) / T)) ** (mp.mpf(y) * T) * mp.npdf(z) * g((h + s * z) / T), cuts)

        total = weighted(lambda x: 1)
        exact = [mp.log(total)] + [weighted(g) / total for g in (
            mp.tanh, lambda x: mp.sech(x) ** 2 / T, lambda x: mp.sech(x) ** 4 / T, lambda x: T * mp.log(2 * mp.cosh(x)))]
    for rule in (_direct, _thermal):
        assert rule(np.array([[h]]), s, T, y)[:, 0] == pytest.approx(np.array(exact, float), rel=1e-13, abs=1e-14)
    assert tilted_averages(np.array([h]), s, T, 1.01 * y)[:, 0] != pytest.approx(np.array(exact, float), rel=1e-4)


def test_averages_at_zero_temperature_are_the_limit():
    h = np.linspace(-0.5, 0.5, 7)
    cold, frozen = tilted_averages(h, 0.2, 1e-7, 6.0), tilted_averages(h, 0.2, 0.0, 6.0)
    assert cold == pytest.approx(frozen, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("A, a, width", [(0.2, 0.2, 0.2), (0.9, 0.45, 0.02), (0.01, 0.05, 0.3), (0.3, 1e-3, 0.1)])
def test_nodes_that_are_dense_at_zero_integrate_what_bends_there(A, a, width):
    h, weights = field_nodes(A, a, width)
    with mp.workdps(20):
        bends = {c for k in (-9, 0, 9) if abs(c := (k * mp.mpf(width) - A) / a) < 13}
        cuts = sorted({mp.mpf(-13), mp.mpf(0), mp.mpf(13)} | bends)
        exact = float(mp.quad(lambda z: mp.tanh((A + a * z) / width) ** 2 * mp.npdf(z), cuts))
    assert weights.sum() == pytest.approx(1, abs=1e-13)
    assert weights @ np.tanh(h / width) ** 2 == pytest.approx(exact, rel=1e-12)


# Capacities


@pytest.mark.parametrize("p, energy, load, overlap", [
    (2, "distinct", 0.13818649, 0.967), (3, "distinct", 0.1537373, 0.651), (4, "distinct", 0.0381953, 0.818),
    (3, "power", 0.0888667, 0.805), (4, "power", 0.0136555, 0.903)])
def test_one_step_capacities_at_zero_temperature(p, energy, load, overlap):
    model = hb.DenseHopfield(p=p, energy=energy)
    broken = hb.capacity(model, T=0, rsb=1)
    assert broken == pytest.approx(load, abs=6e-8) and broken > hb.capacity(model, T=0)
    assert dense_rsb.largest(equations(p, energy), 0.0).m == pytest.approx(overlap, abs=6e-4)


def test_ground_state_of_the_three_spin_glass():
    # -0.8135 J with J = sqrt(2 alpha / 3!)
    e = dense_rsb.glass_energy(equations(3, "distinct"))
    assert e == pytest.approx(-0.46969463, abs=1e-8) and e * np.sqrt(3) == pytest.approx(-0.8135, abs=5e-5)


@pytest.mark.parametrize("p, energy", KINDS[:1] + [slowly(*kind) for kind in KINDS[1:]])
def test_capacity_joins_zero_temperature_and_the_symmetric_spinodal(p, energy):
    model, eq = hb.DenseHopfield(p=p, energy=energy), equations(p, energy)
    end = branches.spinodal_instability(eq)
    assert hb.capacity(model, T=1e-7 * end, rsb=1) == pytest.approx(hb.capacity(model, T=0.0, rsb=1), rel=1e-7)
    for T in (end, 1.2 * end):
        assert hb.capacity(model, T=T, rsb=1) == hb.capacity(model, T=T)
    # what one step adds closes as the square of the distance
    excess = [hb.capacity(model, T=(1 - x) * end, rsb=1) - hb.capacity(model, T=(1 - x) * end) for x in (0.03, 0.015, 0.0015)]
    assert excess[0] / excess[1] == pytest.approx(4, abs=0.2) and excess[1] / excess[2] == pytest.approx(100, abs=5)
    assert excess[2] > 0


@pytest.mark.parametrize("p, T", [(2, 0.02507), (3, 0.15486), (4, 0.03835)])
def test_where_the_one_step_capacity_joins(p, T):
    assert branches.spinodal_instability(equations(p, "distinct")) == pytest.approx(T, abs=6e-6)


def test_the_law_near_the_join_meets_the_search():
    eq = equations(3, "distinct")
    T = (1 - 0.5 * dense_rsb.JOINED) * branches.spinodal_instability(eq)
    assert dense_rsb.capacity(eq, T) == pytest.approx(dense_rsb.largest(eq, T).alpha, rel=1e-9)


# The textbook free energy


def textbook(model, T, m, q0, q1, breaking):
    """f of overlaps (n un-normalised) as printed in chapter III of Mezard, Parisi, Virasoro; plain sums over z_0, z_1, t."""
    p, alpha, M, r, beta = model.p, model.load(), model.M, model.r, 1 / T
    R = model.R
    F = [m**p / factorial(p) / R ** (p / 2), m ** (p - 1) / factorial(p - 1) / R ** (p / 2)]
    blind = model.protocol == "unsupervised"
    if p == 2:
        modes = [((1 - r**2) / (M * R), M - 1), (1.0, 1)] if blind else [(1.0, 1)]
        lam0 = lam1 = G = 0.0
        for w, nu in modes:
            A1 = 1 - w * beta * (1 - q1)
            A0 = A1 - w * beta * breaking * (q1 - q0)
            lam0 += alpha * nu * w**2 * q0 / A0**2
            lam1 += alpha * nu * w**2 * (q1 - q0) / (A0 * A1)
            G -= alpha * nu / 2 * ((1 - 1 / breaking) * np.log(A1) + np.log(A0) / breaking - w * beta * q0 / A0 + w * beta)
        lam1 += lam0
    else:
        zeta, slope = [], []
        for q in (q0, q1, 1.0):
            terms = [(p, 1.0)] if model.energy == "distinct" else [
                (j, factorial(p) / (factorial(j) * factorial((p - j) // 2) * 2 ** ((p - j) // 2))) for j in range(p, 0, -2)]
            # j! (c_j / p!)^2 with x^p = sum_j c_j He_j
            share = {j: (1 / M + (1 - 1 / M) * r ** (2 * j)) / R**p if blind else 1 for j, _ in terms}
            weights = [(j, c**2 * factorial(j) / factorial(p) ** 2 * share[j]) for j, c in terms]
            zeta.append(sum(w * q**j for j, w in weights))
            slope.append(sum(w * j * q ** (j - 1) for j, w in weights))
        lam0, lam1 = alpha * slope[0], alpha * slope[1]
        G = beta**2 * alpha / 2 * (zeta[2] - (1 - breaking) * zeta[1] - breaking * zeta[0])
    z = np.linspace(-10, 10, 801)
    w = (z[1] - z[0]) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    entropy = 0.0
    for k in range(M + 1):
        t, weight = (2 * k - M) / M, comb(M, k) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (M - k)
        if weight:
            H = beta * (t * F[1] + np.sqrt(lam0) * z[:, None] + np.sqrt(lam1 - lam0) * z)
            entropy += weight * (w @ np.log(np.cosh(H) ** breaking @ w)) / breaking
    minus_beta_f = (beta * (F[0] - m * F[1]) + np.log(2) + entropy - beta**2 / 2 * lam1 * (1 - (1 - breaking) * q1)
                    + beta**2 / 2 * breaking * lam0 * q0 + G)
    return -T * minus_beta_f


POINTS = [  # T is moderate, so that the nodes of the textbook are enough
    (dict(p=2, alpha=0.1378), 0.012), (dict(p=3, alpha=0.15), 0.05), slowly((dict(p=4, alpha=0.037), 0.012)),
    slowly((dict(p=3, alpha=0.087, energy="power"), 0.03)), slowly((dict(p=4, alpha=0.0135, energy="power"), 0.008)),
    slowly((dict(p=3, alpha=0.12, protocol="supervised", M=5, r=0.7), 0.06)),
    slowly((dict(p=2, alpha=0.0433, protocol="unsupervised", M=5, r=0.7), 0.035)),
    (dict(p=3, alpha=0.09, protocol="unsupervised", M=5, r=0.7), 0.06)]


@pytest.fixture(scope="module", params=POINTS, ids=str)
def state(request):
    fields, T = request.param
    model = hb.DenseHopfield(**fields)
    return model, hb.solve(model, T=T, rsb=1)


def test_free_energy_is_the_textbook_one_and_stationary_in_all_overlaps(state):
    model, s = state
    point = np.array([s.n * model.r * (1 + model.rho), s.q0, s.q1, s.breaking])
    assert 0 < s.q0 < s.q1 < 1 and 0 < s.breaking < 1 and s.residual < 1e-10
    assert textbook(model, s.T, *point) == pytest.approx(s.free_energy, abs=1e-12)
    slopes = []
    for k, step in enumerate(np.array([1e-3, 0.02 * (s.q1 - s.q0), 0.02 * (s.q1 - s.q0), 1e-3])):
        move = step * np.eye(4)[k]
        f = [textbook(model, s.T, *(point + j * move)) for j in (-2, -1, 1, 2)]
        slopes.append((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / 12)
        bend = abs(f[2] + f[1] - 2 * textbook(model, s.T, *point))
        # the change of f along a step of one is far below what its curvature makes of it
        assert abs(slopes[-1]) < 2e-3 * bend + 1e-13
    assert s.q == pytest.approx(s.breaking * s.q0 + (1 - s.breaking) * s.q1, rel=1e-14)


def test_energy_and_crosstalk_are_derivatives_of_the_free_energy(state):
    from dataclasses import replace

    model, s = state
    h = 1e-3

    def f(T=s.T, alpha=model.alpha):
        return hb.solve(replace(model, alpha=alpha), T=T, rsb=1).free_energy

    beta_f = [f(T=s.T / (1 + k * h)) / s.T * (1 + k * h) for k in (-2, -1, 1, 2)]
    assert (beta_f[0] - 8 * beta_f[1] + 8 * beta_f[2] - beta_f[3]) / (12 * h) * s.T == pytest.approx(s.energy, abs=1e-9)
    e = model.alpha * 1e-4
    by_load = [f(alpha=model.alpha + k * e) for k in (-2, -1, 1, 2)]
    slope = (by_load[0] - 8 * by_load[1] + 8 * by_load[2] - by_load[3]) / (12 * e)
    eq = equations(model.p, model.energy, model.protocol, model.M, model.r)
    broken = dense_rsb.retrieval(eq, s.T, model.alpha)
    crosstalk, C = broken.crosstalk, broken.C
    conjugate = crosstalk.common * (C + broken.y * broken.gap) + crosstalk.own * (C + broken.y * broken.q1)
    assert slope == pytest.approx(crosstalk.free_energy - conjugate / 2, rel=1e-7)  # at fixed variances of the fields
    assert s.energy - s.free_energy > 0  # entropy of one step


def test_one_step_raises_the_free_energy_of_the_symmetric_state():
    for model, T in ((hb.DenseHopfield(alpha=0.137), 0.012), (hb.DenseHopfield(p=3, energy="power", alpha=0.08), 0.01)):
        flat, broken = hb.solve(model, T=T), hb.solve(model, T=T, rsb=1)
        assert flat.replicon > 1 and broken.free_energy > flat.free_energy and broken.replicon < flat.replicon
        assert broken.m > flat.m


@pytest.mark.slow
@pytest.mark.parametrize("p, alpha, T", [(3, 0.15, 0.06), (2, 0.1375, 0.015), (4, 0.0375, 0.02)])
def test_solution_satisfies_the_equations_in_20_digits(p, alpha, T):
    s = hb.solve(hb.DenseHopfield(p=p, alpha=alpha), T=T, rsb=1)
    with mp.workdps(20):
        beta, x = 1 / mp.mpf(T), mp.mpf(s.breaking)
        A = mp.mpf(s.m) ** (p - 1) / mp.factorial(p - 1)
        q0, q1 = mp.mpf(s.q0), mp.mpf(s.q1)
        if p == 2:
            A1 = 1 - beta * (1 - q1)
            A0 = A1 - beta * x * (q1 - q0)
            lam0, D = alpha * q0 / A0**2, alpha * (q1 - q0) / (A0 * A1)
        else:
            lam0, lam1 = (alpha * q ** (p - 1) / mp.factorial(p - 1) for q in (q0, q1))
            D = lam1 - lam0
        a, s1 = mp.sqrt(lam0), mp.sqrt(D)

        def inner(h):
            cuts = sorted({mp.mpf(-9) - s.breaking / T * s1, mp.mpf(0), mp.mpf(9) + s.breaking / T * s1} | {
                c for k in (-12, 0, 12) if abs(c := (k * mp.mpf(T) - h) / s1) < 9})
            def of(g):
                return mp.quad(lambda z: mp.cosh(beta * (h + s1 * z)) ** x * mp.npdf(z) * g(mp.tanh(beta * (h + s1 * z))), cuts,
                               maxdegree=5)
            total = of(lambda t: 1)
            return of(lambda t: t) / total, of(lambda t: t * t) / total

        cuts = sorted({mp.mpf(-9), mp.mpf(0), mp.mpf(9)} | {c for k in (-6, 0, 6) if abs(c := (k * s1 - A) / a) < 9})
        values = {}

        def outer(g):
            def integrand(z):
                if z not in values:
                    values[z] = inner(A + a * z)
                return mp.npdf(z) * g(*values[z])
            return mp.quad(integrand, cuts, maxdegree=4)

        assert float(outer(lambda t, t2: t)) == pytest.approx(s.m, abs=1e-9)
        assert float(outer(lambda t, t2: t * t)) == pytest.approx(s.q0, abs=1e-9)
        assert float(outer(lambda t, t2: t2)) == pytest.approx(s.q1, abs=1e-9)


# Learning, and what is refused


def test_perfect_examples_are_storage_in_one_step_too():
    stored = hb.solve(hb.DenseHopfield(p=3, alpha=0.15), T=0.05, rsb=1)
    for protocol in ("supervised", "unsupervised"):
        perfect = hb.solve(hb.DenseHopfield(p=3, alpha=0.15, M=4, r=1.0, protocol=protocol), T=0.05, rsb=1)
        assert (perfect.m, perfect.q0, perfect.q1) == pytest.approx((stored.m, stored.q0, stored.q1), abs=1e-10)
        assert perfect.n == pytest.approx(perfect.m, abs=1e-12)


@pytest.mark.slow
def test_gaussian_examples_are_the_limit_of_many():
    gaps = []
    for M in (5, 15):
        model = hb.DenseHopfield(p=3, alpha=0.1, M=M, r=0.6, protocol="supervised")
        exact, limit = (hb.solve(model, T=0.03, average=average, rsb=1) for average in ("binomial", "gaussian"))
        gaps.append(abs(exact.m - limit.m))
    assert 0 < gaps[1] < 0.6 * gaps[0]


def test_where_symmetry_holds_one_step_is_the_symmetric_solution():
    model = hb.DenseHopfield(p=3, alpha=0.08)
    assert hb.solve(model, T=0.1, rsb=1) == hb.solve(model, T=0.1)
    assert isinstance(hb.solve(model, T=0.2, rsb=1), type(hb.solve(model, T=0.2)))


def test_what_one_step_refuses():
    with pytest.raises(hb.NoSolution, match="largest load"):
        hb.solve(hb.DenseHopfield(p=3, alpha=0.16), T=0.05, rsb=1)
    with pytest.raises(hb.NotDefined, match="rsb=0"):
        hb.solve(hb.DenseHopfield(p=3, alpha=0.1), T=0.05, branch="glass", rsb=1)
    with pytest.raises(hb.InvalidInput, match="rsb"):
        hb.capacity(hb.DenseHopfield(p=3), T=0.05, rsb=2)
    with pytest.raises(hb.NoSolution, match="at any load"):
        hb.capacity(hb.DenseHopfield(), T=1.2, rsb=1)


def broken_loads(model, part):
    """T at a part of where symmetry breaking ends, the marginal state there, and the loads between which symmetry is broken."""
    eq = equations(model.p, model.energy, model.protocol, model.M, model.r)
    T = part * branches.spinodal_instability(eq)
    marginal = branches.marginal(eq, np.float64(T))
    return T, marginal, float(marginal.alpha), hb.capacity(model, T=T, rsb=1)


@pytest.mark.parametrize("model, part", [(hb.DenseHopfield(p=3), 0.5), (hb.DenseHopfield(p=3), 0.93),
                                         (hb.DenseHopfield(p=2), 0.8),
                                         pytest.param(hb.DenseHopfield(p=3, protocol="unsupervised", M=20, r=0.6), 0.5,
                                                      marks=pytest.mark.slow)])
def test_one_step_joins_replica_symmetry_on_the_line_of_its_instability(model, part):
    T, _, low, high = broken_loads(model, part)
    deviations = []
    for x in (0.02, 0.04):
        here = replace(model, alpha=low + x * (high - low))
        broken, flat = hb.solve(here, T=T, rsb=1), hb.solve(here, T=T)
        assert broken.free_energy > flat.free_energy
        deviations.append([broken.q1 - broken.q0, broken.m - flat.m, broken.q - flat.q, broken.free_energy - flat.free_energy])
    # q1 - q0 opens linearly in the load; what it does to overlaps is of its second order, to the free energy of its third
    assert np.divide(deviations[1], deviations[0]) == pytest.approx((2, 4, 4, 8), rel=0.1)
    below = hb.solve(replace(model, alpha=low * (1 - 1e-9)), T=T, rsb=1)
    assert not hasattr(below, "q1") and below.replicon == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("model, part", [(hb.DenseHopfield(p=3), 0.5), (hb.DenseHopfield(p=2), 0.5),
                                         (hb.DenseHopfield(p=4, energy="power"), 0.6),
                                         pytest.param(hb.DenseHopfield(p=2, protocol="unsupervised", M=10, r=0.8), 0.5,
                                                      marks=pytest.mark.slow)])
def test_breaking_parameter_where_the_overlaps_join(model, part):
    T, marginal, low, high = broken_loads(model, part)
    joined = T * dense_rsb._breaking_where_joined(marginal)
    states = [hb.solve(replace(model, alpha=low + x * (high - low)), T=T, rsb=1) for x in (0.1, 0.15, 0.2, 0.3)]
    law = np.polyfit([s.q1 - s.q0 for s in states], [s.breaking for s in states], 3)
    assert law[-1] == pytest.approx(joined, rel=2e-3)
    assert abs(states[0].breaking - joined) > 4e-3 * joined  # the curve through all does what one state does not
