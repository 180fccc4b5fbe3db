"""Phase diagrams of dense Hopfield networks: known numbers, closed forms, exact meeting points, defining equations."""

import numpy as np
import pytest

import hebbian as hb
from hebbian.errors import InvalidInput, NoSolution, NotDefined
from hebbian.models.dense import DenseHopfield
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_lines
from hebbian.theory.dense import capacity, learning_threshold, phase_diagram, solve, spinodal_temperature
from hebbian.theory.dense_glass import glass_temperatures
from hebbian.theory.dense_states import equations
from hebbian.theory.saddle import bracketed_root, maximum

KINDS = [(2, "distinct")] + [(p, energy) for p in range(3, 9) for energy in ("distinct", "power")]
PRINTED = 0.51  # half a unit of the last printed digit


@pytest.fixture(scope="module")
def diagrams():
    return {kind: phase_diagram(DenseHopfield(p=kind[0], energy=kind[1]), points=12) for kind in KINDS}


# Numbers


def test_capacity_of_p_2_at_zero_temperature():
    # sqrt(2 alpha) = erf(y)/y - 2 exp(-y^2)/sqrt(pi), maximal over y (Amit, Gutfreund, Sompolinsky 1987: 0.138)
    assert capacity(DenseHopfield()) == pytest.approx(0.137905566494932, abs=PRINTED * 1e-15)
    assert capacity(DenseHopfield(energy="power")) == capacity(DenseHopfield())
    assert solve(DenseHopfield(alpha=0.137905566494931), T=0.0).m == pytest.approx(
        0.967417115685292, abs=1e-6
    )  # square root of 1e-14


@pytest.mark.parametrize(
    "p, distinct, power",
    [
        (3, 0.126095215385, 0.084063476924),
        (4, 0.0329766865326, 0.0131906746130),
        (5, 0.00719885641746, 0.00164545289542),
        (6, 0.00131399613813, 0.000166856652462),
    ],
)
def test_capacity_at_zero_temperature(p, distinct, power):
    # maxima of erf(x)^(2(p-1)) / (2 (p-1)!^2 zeta'(1) x^2)
    assert capacity(DenseHopfield(p=p)) == pytest.approx(distinct, rel=1e-11)
    assert capacity(DenseHopfield(p=p, energy="power")) == pytest.approx(power, rel=1e-11)


@pytest.mark.parametrize(
    "p, energy, digits, table",
    [
        (
            2,
            "distinct",
            1e-7,
            {0.01: 0.8010181, 0.02: 0.7164811, 0.05: 0.5422550, 0.08: 0.4045706, 0.10: 0.3154322, 0.12: 0.2150874},
        ),
        (3, "distinct", 1e-5, {0.02: 0.28112, 0.05: 0.26539, 0.08: 0.24850}),
        (4, "distinct", 1e-6, {0.005: 0.079446, 0.01: 0.076130}),
    ],
)
def test_spinodal_temperatures(p, energy, digits, table):
    for alpha, T in table.items():
        assert spinodal_temperature(DenseHopfield(alpha=alpha, p=p, energy=energy)) == pytest.approx(
            T, abs=PRINTED * digits
        )


@pytest.mark.parametrize(
    "p, energy, table",
    [
        (3, "distinct", {0.0: 0.1261, 0.05: 0.1395, 0.1: 0.1495, 0.15: 0.1548, 0.2: 0.1413, 0.25: 0.0775}),
        (3, "power", {0.05: 0.0885, 0.1: 0.0876, 0.2: 0.0619}),
    ],
)
def test_spinodal_loads(p, energy, table):
    for T, alpha in table.items():
        assert capacity(DenseHopfield(p=p, energy=energy), T=T) == pytest.approx(alpha, abs=PRINTED * 1e-4)


def test_reentrance_of_p_2():
    eq = equations(2, "distinct")
    T, load = maximum(lambda T: branches.spinodal_load(eq, T), np.linspace(0, 0.5, 50))
    assert load == pytest.approx(0.13818851, abs=PRINTED * 1e-8) and T == pytest.approx(0.02287, abs=PRINTED * 1e-5)
    between = DenseHopfield(alpha=0.13815)  # retrieval needs a lowest temperature as well
    assert spinodal_temperature(between) > T
    assert solve(between, T=float(T)).m > 0.9
    with pytest.raises(NoSolution):
        solve(between, T=0.0)
    with pytest.raises(NoSolution, match="at any temperature"):
        spinodal_temperature(DenseHopfield(alpha=0.1382))


@pytest.mark.parametrize(
    "p, digits, table",
    [
        (
            2,
            1e-7,
            {0.005: 0.8073632, 0.01: 0.7216240, 0.02: 0.5913003, 0.03: 0.4787929, 0.04: 0.3652315, 0.05: 0.2163834},
        ),
        (3, 1e-5, {0.02: 0.23928, 0.05: 0.22539, 0.08: 0.20982}),
        (4, 1e-6, {0.005: 0.057994, 0.01: 0.055286}),
    ],
)
def test_first_order_temperatures(p, digits, table):
    eq = equations(p, "distinct")
    for alpha, T in table.items():
        assert dense_lines.first_order_load(eq, np.array([T]))[0] == pytest.approx(
            alpha, abs=PRINTED * digits * abs(np.gradient(list(table), list(table.values()))).max()
        )


def test_first_order_load_of_p_2_at_zero_temperature():
    load = dense_lines.first_order_load(equations(2, "distinct"), np.array([0.0]))[0]
    assert load == pytest.approx(0.0518543309189, abs=PRINTED * 1e-13)
    assert solve(DenseHopfield(alpha=load), T=0.0).m == pytest.approx(0.9999886854, abs=PRINTED * 1e-10)


@pytest.mark.parametrize(
    "p, digits, table",
    [
        (2, 1e-8, {0.11: 0.00272855, 0.12: 0.00498793, 0.13: 0.00947298}),
        (2, 1e-7, {0.135: 0.0142101}),
        (3, 1e-4, {0.08: 0.0111, 0.10: 0.0267, 0.12: 0.0520}),
        (4, 1e-4, {0.025: 0.0046, 0.03: 0.0104}),
    ],
)
def test_replicon_temperatures(p, digits, table):
    for alpha, T in table.items():
        model = DenseHopfield(alpha=alpha, p=p)
        assert not solve(model, T=T - PRINTED * digits).stable and solve(model, T=T + PRINTED * digits).stable


def test_replicon_temperature_at_small_load():
    # T = sqrt(8 alpha / (9 pi)) exp(-1/(2 alpha)): the Gaussian density of fields at zero; corrections are relative
    # alpha
    alpha = 0.02
    law = np.sqrt(8 * alpha / (9 * np.pi)) * np.exp(-1 / (2 * alpha))
    replicon = solve(DenseHopfield(alpha=alpha), T=law).replicon
    assert replicon == pytest.approx(1, abs=5 * alpha)


@pytest.mark.parametrize("p, dynamical, static", [(3, 0.39352081, 0.37607744), (4, 0.19584040, 0.17807887)])
def test_glass_temperatures_of_distinct_indices(p, dynamical, static):
    assert glass_temperatures(equations(p, "distinct")) == pytest.approx(
        (dynamical, static), abs=PRINTED * 1e-8
    )


def test_glass_temperatures_of_the_ising_three_spin_glass():
    # in units of J = sqrt(2 alpha / p!): T_d = 0.682 J, T_K = 0.651 J
    J = np.sqrt(1 / 3)
    dynamical, static = glass_temperatures(equations(3, "distinct"))
    assert dynamical / J == pytest.approx(0.682, abs=PRINTED * 1e-3) and static / J == pytest.approx(
        0.651, abs=PRINTED * 1e-3
    )


# Laws


def test_p_2_glass_line():
    line = phase_diagram(DenseHopfield(), points=5)["glass"]
    assert line.T == pytest.approx(1 + np.sqrt(line.alpha), rel=1e-15)


def test_full_power_of_p_4_freezes_continuously():
    assert glass_temperatures(equations(4, "power")) == pytest.approx((0.5, 0.5), rel=1e-15)  # sqrt(zeta''(0))


@pytest.mark.parametrize("p", [6, 8])
def test_full_power_of_higher_even_p_freezes_discontinuously_first(p):
    eq = equations(p, "power")
    dynamical, static = glass_temperatures(eq)
    assert dynamical > static > np.sqrt(eq.noise.zeta(0.0, 2))


def test_full_power_of_p_3_freezes_where_its_symmetric_state_does():
    t, _ = glass_temperatures(equations(3, "power"))
    s = solve(DenseHopfield(alpha=1.0, p=3, energy="power"), T=t, branch="glass")
    assert s.replicon == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("p", [5, 7])
def test_random_field_does_not_change_the_kind_of_transition_at_larger_p(p):
    eq = equations(p, "power")
    dynamical, static = glass_temperatures(eq)
    assert dynamical > static
    # the symmetric state is still stable there
    assert solve(DenseHopfield(alpha=1.0, p=p, energy="power"), T=static, branch="glass").stable


def test_zero_load_ends(diagrams):
    for (p, _), diagram in diagrams.items():
        for name in ("spinodal", "first_order"):
            assert diagram[name].alpha[-1] == 0
        m_T = diagram["spinodal"].T[-1]
        model = DenseHopfield(K=1, p=p)
        assert solve(model, T=m_T * (1 - 1e-9)).m > 0
        with pytest.raises(NoSolution):
            solve(model, T=m_T * (1 + 1e-9))
        if p > 2:  # equal free energies of one pattern alone and of free spins
            T = diagram["first_order"].T[-1]
            assert solve(model, T=T).free_energy == pytest.approx(-T * np.log(2), rel=1e-13)


def test_lines_are_complete_and_ordered(diagrams):
    for (p, energy), diagram in diagrams.items():
        expected = {"spinodal", "first_order", "glass", "replicon"}
        if p > 2:
            dynamical, static = glass_temperatures(equations(p, energy))
            expected |= {"dynamical"} if dynamical > static else set()
        assert set(diagram) == expected
        for line in diagram.values():
            assert np.all(np.isfinite(line.T)) and np.all(np.isfinite(line.alpha)) and len(line) == 12
            assert np.all(np.diff(line.T) > 0) and np.all(line.alpha >= 0)


@pytest.mark.parametrize("p, energy", KINDS)
def test_points_obey_the_definition_of_their_line(p, energy, diagrams):
    diagram = diagrams[p, energy]

    def model(alpha):
        return DenseHopfield(alpha=alpha, p=p, energy=energy)

    line = diagram["spinodal"]
    for T, alpha in zip(line.T[:-1], line.alpha[:-1], strict=True):
        assert solve(model(alpha * (1 - 1e-12)), T=T).m > 0
        with pytest.raises(NoSolution):
            solve(model(alpha * (1 + 1e-12)), T=T)
    line = diagram["replicon"]
    for T, alpha in zip(line.T[1:-1], line.alpha[1:-1], strict=True):
        assert solve(model(alpha), T=T).replicon == pytest.approx(
            1, abs=1e-9
        )  # amplified by the slope near the spinodal
    line = diagram["first_order"]
    for T, alpha in zip(line.T[1:-1], line.alpha[1:-1], strict=True):
        f = solve(model(alpha), T=T).free_energy
        other = min(solve(model(alpha), T=T, branch=b).free_energy for b in competitors(p, energy, alpha, T))
        assert f == pytest.approx(other, rel=1e-12)


def competitors(p, energy, alpha, T):
    if p > 2 and energy == "power" and p % 2:
        return ["glass"]
    continuous = (
        1 + np.sqrt(alpha)
        if p == 2
        else 0.0
        if energy == "distinct"
        else np.sqrt(alpha * equations(p, energy).noise.zeta(0.0, 2))
    )
    return ["glass"] if T < continuous else ["paramagnet"]


@pytest.mark.parametrize("p", [3, 4, 5, 6, 7, 8])
def test_lines_of_distinct_indices_meet_on_the_nishimori_line(p, diagrams):
    # at T = alpha the retrieved pattern is one more equilibrium state: the spinodal is marginal at the dynamical
    # temperature and the free energies are equal at the static one, T = alpha = t^2
    dynamical, static = glass_temperatures(equations(p, "distinct"))
    end = diagrams[p, "distinct"]["replicon"]
    assert end.T[-1] == pytest.approx(dynamical**2, rel=1e-9) and end.alpha[-1] == pytest.approx(dynamical**2, rel=1e-9)
    start = diagrams[p, "distinct"]["first_order"]
    assert start.T[0] == pytest.approx(static**2, rel=1e-9) and start.alpha[0] == pytest.approx(static**2, rel=1e-9)


def test_replicon_line_of_p_2_meets_the_spinodal(diagrams):
    line = diagrams[2, "distinct"]["replicon"]
    assert line.T[-1] == pytest.approx(0.02507, abs=PRINTED * 1e-5)
    assert line.alpha[-1] == pytest.approx(capacity(DenseHopfield(), T=line.T[-1]), rel=1e-12)


def test_spinodal_temperature_inverts_capacity():
    rng = np.random.default_rng(3)
    for p, energy in KINDS:
        zero_load = branches.zero_load_temperature(equations(p, energy))
        T = zero_load * rng.uniform(0.7, 0.99)
        alpha = capacity(DenseHopfield(p=p, energy=energy), T=T)
        assert spinodal_temperature(DenseHopfield(alpha=alpha, p=p, energy=energy)) == pytest.approx(T, rel=1e-11)
    assert spinodal_temperature(DenseHopfield(K=2)) == 1


def test_diagram_of_a_table_is_not_defined():
    with pytest.raises(NotDefined):
        phase_diagram(DenseHopfield(energy=(0.0, 1.0, 2.0)))


def test_a_line_is_the_same_at_every_resolution():
    coarse, fine = (phase_diagram(DenseHopfield(p=3), points=n) for n in (4, 7))
    for name in coarse:
        assert coarse[name].alpha == pytest.approx(fine[name].alpha[::2], rel=1e-12, abs=1e-300)


def test_glass_line_of_distinct_indices_is_a_zero_of_the_complexity():
    # between the two temperatures states exist (q1 > 0 solves its equation) and are exponentially many
    from hebbian.theory.dense_glass import _complexity, _temperature_squared

    eq = equations(3, "distinct")
    dynamical, static = glass_temperatures(eq)
    D = bracketed_root(np.vectorize(lambda D: _temperature_squared(eq, 0.0, D) - (0.38**2)), 1.34, 5.0)
    assert static < 0.38 < dynamical and 0 < _complexity(eq, 0.0, D) < np.log(2)


def test_a_line_that_is_not_drawn_says_why():
    model = DenseHopfield(p=2, alpha=0.02, protocol="unsupervised", M=15, r=0.7)
    continuous = phase_diagram(model, points=4)
    cold = phase_diagram(model, x="alpha", y="r", values=(0.7, 0.9))
    learned = phase_diagram(model, x="r", y="M", values=(0.7,), T=0.1)
    assert set(continuous.absent) == {"dynamical"} and "first_order" in cold.absent and set(learned) == {"spinodal"}
    for diagram in (continuous, cold, learned):
        assert set(diagram) | set(diagram.absent) == {"spinodal", "first_order", "glass", "dynamical", "replicon"}
    with pytest.raises(KeyError, match="continuous"):
        continuous["dynamical"]


@pytest.mark.parametrize("call, sentence", [
    (lambda m: phase_diagram(m, x="M", y="T", values=[2.5]), "values of M = 2.5"),
    (lambda m: phase_diagram(m, values=[1, 2]), "leave them out"),
    (lambda m: learning_threshold(m, odd_only="x"), "give True or False"),
    (lambda m: hb.solve(3, T=0.1), "is not a model"),
])
def test_what_makes_no_sense_is_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call(DenseHopfield(alpha=0.01, protocol="supervised", M=5, r=0.7))
