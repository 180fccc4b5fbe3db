"""Saddle points of dense Hopfield networks: robustness, closed forms, derivatives of f, and a 26-digit oracle."""

from math import factorial
from types import SimpleNamespace

import numpy as np
import oracle
import pytest
from scipy.special import erf

from hebbian.errors import InvalidInput, NoSolution, NotDefined
from hebbian.models.dense import DenseHopfield
from hebbian.theory import dense_branches as branches
from hebbian.theory.dense import capacity, predict, solve
from hebbian.theory.dense_examples import Binomial
from hebbian.theory.dense_glass import glass_temperatures
from hebbian.theory.dense_states import equations
from hebbian.theory.gaussian import field_averages

KINDS = [(2, "distinct")] + [(p, energy) for p in range(3, 9) for energy in ("distinct", "power")]
ROUNDING = 1e-13  # what a chain of a hundred operations leaves of 1e-16


def dense(p, energy, alpha):
    return DenseHopfield(alpha=alpha, p=p, energy=energy)


def zero_load_temperature(p):
    return branches.zero_load_temperature(equations(p, "distinct"))


def numbers(s):
    return s.m, s.q, s.noise, s.free_energy, s.energy, s.replicon


# A second derivation


@pytest.mark.parametrize(
    "p, energy, alpha, T",
    [
        (2, "distinct", 0.05, 0.4),
        (2, "power", 0.12, 0.05),
        (2, "distinct", 0.137, 0.01),
        (2, "distinct", 0.01, 0.79),
        (3, "distinct", 0.08, 0.1),
        (3, "power", 0.05, 0.1),
        (3, "distinct", 0.12, 0.004),
        (3, "power", 0.02, 0.24),
        (4, "distinct", 0.02, 0.05),
        (4, "power", 0.012, 0.02),
        (5, "power", 0.001, 0.008),
        (6, "distinct", 0.001, 0.001),
    ],
)
def test_solution_equals_an_independent_one_in_26_digits(p, energy, alpha, T):
    ours = solve(dense(p, energy, alpha), T=T)
    exact = oracle.solve(p, energy, alpha, T, (ours.m, ours.q))
    # near the spinodal an error eps in the equations becomes eps / sqrt(distance) < 100 eps
    for value, reference in zip(numbers(ours), exact, strict=True):
        assert value == pytest.approx(reference, rel=100 * ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize(
    "p, energy, alpha, T",
    [(2, "distinct", 0.05, 0.4), (2, "distinct", 0.1, 1.2), (3, "power", 0.05, 0.1), (4, "power", 0.01, 0.03)],
)
def test_glass_equals_an_independent_one_in_26_digits(p, energy, alpha, T):
    ours = solve(dense(p, energy, alpha), T=T, branch="glass")
    exact = oracle.solve(p, energy, alpha, T, (ours.m, ours.q))
    for value, reference in zip(numbers(ours), exact, strict=True):
        assert value == pytest.approx(reference, rel=100 * ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize("p, energy, T", [(2, "distinct", 0.4), (3, "distinct", 0.15), (4, "power", 0.03)])
def test_spinodal_is_where_the_jacobian_is_singular(p, energy, T):
    load = capacity(DenseHopfield(p=p, energy=energy), T=T)
    determinants = []
    for distance in (1e-3, 0.0):
        state = solve(dense(p, energy, load * (1 - distance)), T=T)
        determinants.append(oracle.fold_determinant(p, energy, load * (1 - distance), T, state.m, state.q))
    # the determinant falls as the square root of the distance: 1e-6 of its value at 1e-3 would be a load good to 1e-15
    assert abs(determinants[1]) < 1e-5 * determinants[0]


# Robustness


@pytest.mark.parametrize("p, energy", KINDS)
def test_retrieval_is_found_wherever_it_exists_and_nowhere_else(p, energy):
    rng = np.random.default_rng(20 + p)
    zero_load = zero_load_temperature(p)
    for T in zero_load * np.concatenate([[0.0, 1e-6], rng.uniform(0.0, 0.99, 3), 10 ** rng.uniform(-4, -1, 2)]):
        load = capacity(DenseHopfield(p=p, energy=energy), T=T)
        overlaps = []
        for fraction in (rng.uniform(0.0, 0.9), 1 - 1e-3, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12):
            solution = solve(dense(p, energy, load * fraction), T=T)
            assert solution.residual < ROUNDING * max(1.0, 1e-2 / (1 - T / zero_load)), (
                T,
                fraction,
            )  # 1 - C is small near the end
            overlaps.append(solution.m)
        assert overlaps == sorted(overlaps, reverse=True)
        # m = m_spinodal + constant sqrt(1 - alpha / alpha_spinodal)
        ratio = (overlaps[1] - overlaps[4]) / (overlaps[2] - overlaps[4])
        assert ratio == pytest.approx(np.sqrt(1000), rel=0.1)
        with pytest.raises(NoSolution, match="largest load"):
            solve(dense(p, energy, load * (1 + 1e-9)), T=T)


@pytest.mark.parametrize("p, energy", KINDS)
def test_branch_is_continuous_where_the_representation_changes(p, energy):
    # noise equal to temperature, and the load below which m = 1 to rounding
    eq = equations(p, energy)
    cold = 0.01 * zero_load_temperature(p)
    saturation = float(branches.on_retrieval_curve(eq, Binomial.y_max, cold).alpha)
    equal = float(cold**2 / eq.noise.variance(1.0, 0.0))
    for alpha in (saturation, equal):
        below, above = (solve(dense(p, energy, alpha * (1 + s * 1e-9)), T=cold) for s in (-1, 1))
        for name, value in below.order_parameters.items():
            # 2e-9 is the step in the load; the derivatives with respect to ln(load) are at most of order one
            assert getattr(above, name) == pytest.approx(value, rel=4e-9)


def test_lowest_temperatures_join_zero_temperature():
    # corrections are of order T^2 / a^2 times the density of fields at zero
    for p, energy, alpha in ((2, "distinct", 0.1), (3, "power", 0.07), (4, "distinct", 0.03)):
        frozen = solve(dense(p, energy, alpha), T=0.0)
        for T in (1e-4, 1e-6, 1e-12, 1e-200):
            cold = solve(dense(p, energy, alpha), T=T)
            assert cold.m == pytest.approx(frozen.m, abs=max(T, 1e-12)) and cold.energy == pytest.approx(
                frozen.energy, abs=max(T, 1e-12)
            )


# Closed forms


@pytest.mark.parametrize("p, energy", KINDS)
def test_one_pattern_alone_is_a_curie_weiss_magnet(p, energy):
    T = 0.7 * zero_load_temperature(p)
    for model in (dense(p, energy, 0.0), DenseHopfield(K=3, p=p, energy=energy)):
        s = solve(model, T=T)
        F, A = s.m**p / factorial(p), s.m ** (p - 1) / factorial(p - 1)
        assert s.m == pytest.approx(np.tanh(A / T), abs=ROUNDING) and s.q == pytest.approx(s.m**2, abs=ROUNDING)
        assert (s.noise, s.replicon, s.stable) == (0, 0, True)
        assert s.energy == pytest.approx(-F, abs=ROUNDING)
        assert s.free_energy == pytest.approx(s.m * A - F - T * np.log(2 * np.cosh(A / T)), abs=ROUNDING)
    ground = solve(dense(p, energy, 0.0), T=0.0)
    assert (ground.m, ground.q) == (1, 1) and ground.energy == pytest.approx(-1 / factorial(p), abs=ROUNDING)


def test_zero_temperature_pairwise_is_the_error_function_form():
    alpha = 0.11
    s = solve(dense(2, "distinct", alpha), T=0.0)
    y = s.m / np.sqrt(2 * s.noise)
    assert s.m == pytest.approx(erf(y), abs=ROUNDING) and s.q == 1
    assert np.sqrt(2 * alpha) == pytest.approx(erf(y) / y - 2 / np.sqrt(np.pi) * np.exp(-y * y), abs=ROUNDING)
    C = 2 * y / (np.sqrt(np.pi) * s.m) * np.exp(-y * y)
    assert s.free_energy == pytest.approx(
        -(s.m**2) / 2 - s.noise * C / 2 - alpha / (2 * (1 - C)) + alpha / 2, abs=ROUNDING
    )
    assert s.replicon == np.inf and not s.stable  # replica symmetry is always broken at T = 0


@pytest.mark.parametrize("p, energy", KINDS[1:])
def test_zero_temperature_dense_is_the_error_function_form(p, energy):
    alpha = 0.9 * capacity(DenseHopfield(p=p, energy=energy))
    s = solve(dense(p, energy, alpha), T=0.0)
    slope = (
        1 / factorial(p - 1) * (1 if energy == "distinct" else np.prod(np.arange(2 * p - 3, 0, -2)) / factorial(p - 1))
    )
    assert s.noise == pytest.approx(alpha * slope, rel=ROUNDING)  # zeta'(1)
    assert s.m == pytest.approx(erf(s.m ** (p - 1) / factorial(p - 1) / np.sqrt(2 * s.noise)), abs=ROUNDING)
    assert s.energy == pytest.approx(s.free_energy, rel=ROUNDING)


def test_zero_temperature_glass_of_p_2():
    alpha = 0.07
    s = solve(dense(2, "distinct", alpha), T=0.0, branch="glass")
    k = np.sqrt(2 / (np.pi * alpha))
    C = k / (1 + k)
    assert (s.m, s.q) == (0, 1) and s.noise == pytest.approx(alpha * (1 + k) ** 2, rel=ROUNDING)
    assert s.free_energy == pytest.approx(-s.noise * C / 2 - alpha / (2 * (1 - C)) + alpha / 2, abs=ROUNDING)


def test_paramagnet_of_p_2():
    alpha, T = 0.05, 1.3
    s = solve(dense(2, "power", alpha), T=T, branch="paramagnet")
    assert (s.m, s.q, s.noise) == (0, 0, 0)
    assert s.free_energy == pytest.approx(-T * np.log(2) + alpha / 2 * (1 + T * np.log(1 - 1 / T)), abs=ROUNDING)
    assert s.energy == pytest.approx(alpha / 2 * (1 - 1 / (1 - 1 / T)), abs=ROUNDING)
    assert s.replicon == pytest.approx(alpha / (T - 1) ** 2, rel=ROUNDING)  # 1 at T = 1 + sqrt(alpha)


@pytest.mark.parametrize("p, energy", [(3, "distinct"), (4, "power"), (7, "distinct")])
def test_paramagnet_of_higher_orders(p, energy):
    alpha, T = 0.01, 0.2
    s = solve(dense(p, energy, alpha), T=T, branch="paramagnet")
    one = float(oracle.zeta(p, energy, 1))
    assert s.free_energy == pytest.approx(-T * np.log(2) - alpha * one / (2 * T), abs=ROUNDING)
    assert s.energy == pytest.approx(-alpha * one / T, abs=ROUNDING)
    assert s.replicon == pytest.approx(alpha * float(oracle.zeta(p, energy, 0, 2)) / T**2, abs=ROUNDING)


@pytest.mark.parametrize("p", [3, 4, 5, 6, 7, 8])
def test_nishimori_line(p):
    # distinct indices at T = alpha: patterns and noise are those of an optimal inference problem, so the overlap with
    # the pattern equals the overlap of two replicas and the energy that of the pattern itself, at every size
    dynamical, _ = glass_temperatures(equations(p, "distinct"))
    for fraction in (0.3, 0.8, 0.98):  # of where the retrieval phase ends on this line
        T = fraction * dynamical**2
        s = solve(dense(p, "distinct", T), T=T)
        assert s.m == pytest.approx(s.q, abs=ROUNDING) and s.stable
        assert s.energy == pytest.approx(-1 / factorial(p), rel=ROUNDING)


def test_covariance_of_the_crosstalk_is_that_of_the_energies():
    # zeta(q) = E U(x) U(x') / N^(2-p) at correlation q, by Gauss-Hermite sums that are exact for polynomials
    x, w = np.polynomial.hermite_e.hermegauss(20)
    w = w / w.sum()
    for p in range(3, 9):
        noise = equations(p, "power").noise
        for q in (0.0, 0.3, 0.9):
            second = q * x[:, None] + np.sqrt(1 - q * q) * x
            covariance = w @ (x[:, None] ** p * second**p) @ w / factorial(p) ** 2
            mean = w @ x**p / factorial(p)
            assert noise.zeta(q) == pytest.approx(covariance - mean**2, rel=1e-11)  # cancellation of large moments
    assert equations(4, "power").noise.coefficients == pytest.approx((0, 0, 1 / 8, 0, 1 / 24))


# Derivatives of the free energy

POINTS = [
    (2, "distinct", 0.08, 0.3),
    (3, "distinct", 0.08, 0.1),
    (3, "power", 0.05, 0.1),
    (4, "power", 0.01, 0.02),
    (6, "distinct", 1e-3, 1e-3),
]


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
@pytest.mark.parametrize("p, energy, alpha, T", POINTS)
def test_energy_is_the_derivative_of_beta_f(p, energy, alpha, T, branch):
    model, h = dense(p, energy, alpha), 1e-4
    if branch == "glass":
        T = min(T, 0.9 * branches.glass_end(equations(p, energy), alpha))
    beta_f = [solve(model, T=T / (1 + s * h), branch=branch).free_energy / T * (1 + s * h) for s in (-2, -1, 1, 2)]
    slope = (beta_f[0] - 8 * beta_f[1] + 8 * beta_f[2] - beta_f[3]) / (12 * h) * T
    scale = abs(solve(model, T=T, branch=branch).free_energy)
    assert slope == pytest.approx(solve(model, T=T, branch=branch).energy, abs=1e-10 * scale)  # rounding / h, and h^4


@pytest.mark.parametrize("p, energy, alpha, T", POINTS)
def test_free_energy_is_stationary_in_its_order_parameters(p, energy, alpha, T):
    # f as a function of (m, q, lambda), each moved alone; p >= 3: lambda = alpha zeta'(q) is part of the definition
    eq = equations(p, energy)
    s = solve(dense(p, energy, alpha), T=T)

    def f(m, q, noise):
        h = field_averages(eq.F(m, 1), np.sqrt(noise), T)
        C = (1 - q) / T
        if p == 2:
            crosstalk = noise * C / 2 + alpha / 2 * (1 + T * np.log(1 - C) - q / (1 - C))
        else:
            crosstalk = -alpha / (2 * T) * (eq.noise.zeta(1.0) - eq.noise.zeta(q) - (1 - q) * eq.noise.zeta(q, 1))
        return m * eq.F(m, 1) - eq.F(m) - h.log2cosh + crosstalk

    def along(m=0.0, q=0.0, noise=0.0, h=1e-5):
        def value(t):
            moved = s.q + t * q
            return f(s.m + t * m, moved, s.noise + t * noise if p == 2 else alpha * eq.noise.zeta(moved, 1))

        return (value(h) - value(-h)) / (2 * h)

    assert f(s.m, s.q, s.noise) == pytest.approx(s.free_energy, abs=ROUNDING)
    scale = 1e-9 * max(1.0, 1e-4 / T**2)  # h^2 times a third derivative, which grows as 1 / T^2
    assert abs(along(m=1.0)) < scale and abs(along(q=1.0)) < scale * max(1.0, 0.1 / T)
    if p == 2:
        assert abs(along(noise=1.0)) < scale


def test_entropy_is_that_of_the_free_energies():
    # the retrieval entropy is small and positive where replica symmetry is stable, and negative at T = 0 for p = 2
    s = solve(dense(2, "distinct", 0.05), T=0.4)
    assert 0 < (s.energy - s.free_energy) / 0.4 < np.log(2)
    cold = solve(dense(2, "distinct", 0.13), T=1e-3)
    C = field_averages(cold.m, np.sqrt(cold.noise), 0.0).C
    entropy = (
        -0.13 / 2 * (np.log(1 - C) + C / (1 - C))
    )  # Amit, Gutfreund, Sompolinsky: S(0) of the replica-symmetric state
    assert (cold.energy - cold.free_energy) / 1e-3 == pytest.approx(entropy, abs=0.02 * abs(entropy) + 1e-4)


# What does not exist


def test_branches_that_do_not_exist_say_so():
    cases = [
        (dense(2, "distinct", 0.2), 0.3, "retrieval", "largest load"),
        (dense(2, "distinct", 0.0), 1.0, "retrieval", "below T = 1"),
        (dense(3, "distinct", 0.01), 0.3, "retrieval", "below T = 0.291"),
        (dense(2, "distinct", 0.04), 1.21, "glass", "below T = 1.2;"),
        (dense(4, "power", 0.01), 0.0501, "glass", "below T = 0.05;"),
        (dense(3, "distinct", 0.01), 0.0281, "glass", "branch='paramagnet'"),
        (dense(2, "distinct", 0.0), 0.5, "glass", "no glass"),
        (dense(2, "distinct", 0.1), 0.9, "paramagnet", "above T = 1"),
        (dense(3, "power", 0.1), 0.9, "paramagnet", "random field"),
        (dense(3, "distinct", 0.1), 0.0, "paramagnet", "T = 0"),
    ]
    for model, T, branch, text in cases:
        with pytest.raises(NoSolution, match=text):
            solve(model, T=T, branch=branch)
    with pytest.raises(NoSolution, match="at any load"):
        capacity(DenseHopfield(), T=1.2)


def test_bad_input_is_refused_in_one_sentence():
    model = DenseHopfield(alpha=0.05)
    for arguments in ({"T": -1.0}, {"T": np.nan}, {"T": 0.1, "branch": "spin"}, {"T": 0.1, "N": 1}):
        with pytest.raises(InvalidInput):
            solve(model, **arguments)
    with pytest.raises(InvalidInput, match="alpha"):
        solve(DenseHopfield(), T=0.1)
    with pytest.raises(NotDefined, match="table"):
        solve(DenseHopfield(alpha=0.05, energy=(0.0, 1.0, 2.0)), T=0.1)


def test_random_field_keeps_one_state_without_overlap_at_every_temperature():
    for T in (0.0, 0.01, 0.1, 1.0, 100.0):
        s = solve(dense(3, "power", 0.05), T=T, branch="glass")
        assert s.m == 0 and s.q > 0 and s.stable == (T > 0.4244 * np.sqrt(0.05))


@pytest.mark.parametrize("p, energy", KINDS[:5])
def test_glass_ends_continuously_or_not(p, energy):
    alpha = 0.05
    eq = equations(p, energy)
    if eq.random_field:
        return
    end = branches.glass_end(eq, alpha)
    q = solve(dense(p, energy, alpha), T=end * (1 - 1e-8), branch="glass").q
    assert (q < 1e-6) == (p == 2 or energy == "power")
    with pytest.raises(NoSolution):
        solve(dense(p, energy, alpha), T=end * (1 + 1e-8), branch="glass")


# Finite size


def test_size_enters_through_the_realised_load():
    model = DenseHopfield(alpha=0.0503, p=2)
    assert solve(model, T=0.4, N=100).m == solve(DenseHopfield(alpha=0.05), T=0.4).m  # K = 5
    few = solve(DenseHopfield(K=5), T=0.4, N=100)
    assert few.m == solve(DenseHopfield(alpha=0.05), T=0.4).m and few.N == 100


def test_distinct_indices_rescale_with_size():
    N, alpha, T = 100, 0.05, 0.1
    c = (1 - 1 / N) * (1 - 2 / N)
    finite, infinite = solve(dense(3, "distinct", alpha), T=T, N=N), solve(dense(3, "distinct", alpha / c), T=T / c)
    assert (finite.m, finite.q, finite.replicon) == (infinite.m, infinite.q, infinite.replicon)
    assert finite.energy == c * infinite.energy and finite.free_energy == c * infinite.free_energy
    assert finite.noise == pytest.approx(c**2 * infinite.noise, rel=ROUNDING)
    assert solve(dense(3, "power", 0.03), T=T, N=N).m == solve(dense(3, "power", 0.03), T=T).m
    # the rescaled energy is still d(beta f)/d beta
    h = 1e-4
    f = [solve(dense(3, "distinct", alpha), T=T / (1 + s * h), N=N).free_energy / T * (1 + s * h) for s in (-1, 1)]
    assert (f[1] - f[0]) / (2 * h) * T == pytest.approx(finite.energy, abs=1e-7)  # h^2


def test_predict_reads_temperature_and_size_from_the_settings():
    model = dense(3, "distinct", 0.05)
    settings = SimpleNamespace(T=0.1, N=200)
    assert predict(model, settings) == solve(model, T=0.1, N=200)
    assert predict(model, settings, branch="paramagnet").branch == "paramagnet"
