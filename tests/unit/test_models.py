"""Records: what they accept, what they say when they refuse, and the Hamiltonian in exact integers."""

from fractions import Fraction
from itertools import combinations, product
from math import factorial, prod

import numpy as np
import pytest

from hebbian.errors import InvalidInput
from hebbian.models.dense import (
    DenseHopfield,
    Settings,
    check,
    energy_table,
    integer_table,
    mean_energy,
    operations,
    realised,
)
from hebbian.models.records import build, described


@pytest.mark.parametrize("fields, says", [
    (dict(alpha=-0.1), "alpha = -0.1"), (dict(alpha=float("nan")), "alpha = nan"), (dict(alpha="x"), "alpha = 'x'"),
    (dict(p=1), "p = 1"), (dict(p=9), "p = 9"), (dict(p=2.5), "p = 2.5"), (dict(p=True), "p = True"), (dict(K=0), "K = 0"),
    (dict(alpha=0.1, K=3), "both given"), (dict(energy="cubic"), "energy = 'cubic'"), (dict(energy=[[1, 2]]), "shape (1, 2)"),
    (dict(energy=[1.0, np.inf, 2.0]), "not finite")])
def test_models_refuse_what_has_no_meaning(fields, says):
    with pytest.raises(InvalidInput) as error:
        DenseHopfield(**fields)
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("fields, says", [
    (dict(N=1), "N = 1"), (dict(T=-0.1), "T = -0.1"), (dict(T=np.inf), "T = inf"), (dict(samples=0), "samples = 0"),
    (dict(start="cold"), "start = 'cold'"), (dict(rule="glauber"), "rule = 'glauber'"), (dict(overlap=2), "overlap = 2"),
    (dict(seed=-1), "seed = -1"), (dict(sweeps=0), "sweeps = 0"), (dict(temperature=1), "'temperature' is unknown")])
def test_settings_refuse_what_has_no_meaning(fields, says):
    with pytest.raises(InvalidInput) as error:
        build(Settings, {"N": 100, "T": 0.5} | fields)
    assert says in str(error.value)


def test_settings_name_what_is_missing():
    with pytest.raises(InvalidInput, match="T is missing"):
        build(Settings, {"N": 100})


@pytest.mark.parametrize("model, N, says", [
    (DenseHopfield(p=4, K=1), 3, "N = 3 is too small"), (DenseHopfield(alpha=0.001), 100, "rounds to K = 0"),
    (DenseHopfield(), 100, "alpha is missing"), (DenseHopfield(K=2, energy=[0, 1, 2]), 5, "N = 5 has 6 overlaps")])
def test_model_and_size_must_fit(model, N, says):
    with pytest.raises(InvalidInput, match=says):
        check(model, Settings(N=N, T=0.5))


def test_load_and_number_of_patterns():
    assert DenseHopfield(alpha=0.05).patterns(2000) == 100 and DenseHopfield(alpha=0.05, p=3).patterns(300) == 4500
    assert DenseHopfield(alpha=0.05).load(50) == 2 / 50 and DenseHopfield(alpha=0.05).load() == 0.05
    assert DenseHopfield(K=7, p=3).load(10) == 0.07 and DenseHopfield(K=7, p=3).load() == 0.0
    settings = Settings(N=50, T=0.5, burn_in=10, sweeps=20)
    assert realised(DenseHopfield(alpha=0.05), settings)["K"] == 2
    assert operations(DenseHopfield(alpha=0.05), settings) == 2 * 30 * 50 * 2


def test_a_record_is_described_by_what_is_not_default():
    assert described(DenseHopfield(alpha=0.1)) == (("alpha", 0.1),)
    assert described(DenseHopfield(K=3, p=3, energy="power")) == (("K", 3), ("energy", "power"), ("p", 3))


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_energies_are_the_sums_over_indices_that_define_them(p):
    N = 7
    for energy in ("distinct", "power"):
        numbers, unit = energy_table(DenseHopfield(p=p, energy=energy, K=1), N)
        for up in range(N + 1):
            signs = [1] * up + [-1] * (N - up)
            if energy == "distinct":
                direct = Fraction(sum(prod(chosen) for chosen in combinations(signs, p)), N ** (p - 1))
            else:
                direct = Fraction(sum(prod(chosen) for chosen in product(signs, repeat=p)), N ** (p - 1) * factorial(p))
            assert numbers[up] * unit == direct


@pytest.mark.parametrize("energy", ["distinct", "power"])
@pytest.mark.parametrize("p, N", [(2, 50), (3, 51), (4, 30), (8, 20)])
def test_integer_tables_are_exact_where_they_fit(p, N, energy):
    model = DenseHopfield(p=p, K=1000, energy=energy)
    numbers, unit = energy_table(model, N)
    table = integer_table(model, N)
    assert table.exact and table.values.dtype == np.int64
    assert all(int(v) * table.unit == n * unit for v, n in zip(table.values, numbers))


@pytest.mark.parametrize("energy, N", [("distinct", 4000), ("power", 4000), (np.linspace(-1, 1, 31) ** 5 * 1e30, 30)])
def test_a_hamiltonian_always_exists(energy, N):
    model = DenseHopfield(p=8, K=10**7, energy=energy)
    numbers, unit = energy_table(model, N)
    table = integer_table(model, N)
    largest = max(abs(Fraction(n) * unit) for n in numbers)
    assert not table.exact
    assert 16 * model.K * int(np.abs(table.values).max()) < 2**62
    # Rounded to the nearest multiple of the quantum, and the quantum uses all the room but one bit.
    assert all(abs(int(v) * table.unit - Fraction(n) * unit) <= table.unit / 2 for v, n in zip(table.values, numbers))
    assert 64 * model.K * largest / table.unit > 2**62


@pytest.mark.parametrize("p, N", [(2, 6), (4, 9), (6, 10), (3, 8)])
def test_mean_energy_is_the_average_over_random_configurations(p, N):
    states = np.array(list(product((-1, 1), repeat=N))).sum(axis=1)
    for energy in ("distinct", "power", tuple(range(N + 1))):
        model = DenseHopfield(p=p, K=5, energy=energy)
        numbers, unit = energy_table(model, N)
        direct = -Fraction(5, N * len(states)) * unit * sum(Fraction(numbers[(X + N) // 2]) for X in states.tolist())
        assert mean_energy(model, N) == direct
    if p == 2:
        assert mean_energy(DenseHopfield(K=5, energy="power"), N) == -Fraction(5, 2 * N)
