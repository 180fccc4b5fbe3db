"""Comparison: what a z-score, an extrapolation and a chi-square claim is what they find on data of known truth."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import xarray

from hebbian import comparison
from hebbian.errors import InvalidInput
from hebbian.stats import Estimate


def run(estimates, retrieved=16, T=0.4, load=0.05):
    estimates = {name: Estimate(values) for name, values in estimates.items()}
    return SimpleNamespace(estimates=estimates, retrieved=retrieved, realised={"load": load},
                           settings=SimpleNamespace(samples=16, T=T))


def solution(T=0.4, load=0.05, **values):
    return SimpleNamespace(T=T, N=None, model=SimpleNamespace(load=lambda N=None: load), **values)


def samples(mean, error, n=16):
    """Values of n samples with exactly this mean and standard error of the mean."""
    values = np.linspace(-1, 1, n)
    return mean + values * error * math.sqrt(n) / values.std(ddof=1)


def test_z_is_the_deviation_in_standard_errors():
    measured = run({"m": samples(0.9645, 0.0012), "q": samples(0.93, 0.01)})
    table = comparison.compare(measured, solution(m=0.9640, q=0.95))
    assert list(table) == ["m", "q"]
    assert table["m"].z == pytest.approx((0.9645 - 0.9640) / 0.0012)
    assert table["q"].z == pytest.approx(-2.0)
    assert table["m"].error == pytest.approx(0.0012) and table["m"].median == pytest.approx(0.9645)
    assert table["m"].measured.n == 16


def test_table_prints_measured_predicted_z_and_the_retrieved_fraction():
    text = str(comparison.compare(run({"m": samples(0.9645, 0.0012)}), solution(m=0.9640)))
    assert text.splitlines()[1].split() == ["m", "0.9645(12)", "0.9640", "+0.4"]
    assert text.splitlines()[-1] == "retrieved 16/16, median m 0.9645"


def test_only_observables_that_both_know_are_compared():
    table = comparison.compare(run({"m": samples(0.9, 0.1), "tau": samples(2, 1)}), solution(m=0.9, free_energy=-0.5))
    assert list(table) == ["m"]
    with pytest.raises(InvalidInput, match="tau"):
        comparison.compare(run({"tau": samples(2, 1)}), solution(m=0.9))


@pytest.mark.parametrize("values", [[0.9], [1.0, 1.0, 1.0], [0.9, math.nan], [1.0, 1.0, 1.0, 0.998], []])
def test_samples_that_do_not_resolve_their_spread_give_no_z(values):
    table = comparison.compare(run({"m": values}), solution(m=0.5))
    assert math.isnan(table["m"].z)
    assert str(table).splitlines()[1].split()[-1] == "-"


def test_a_different_point_is_said():
    assert comparison.compare(run({"m": samples(0.9, 0.1)}), solution(m=0.9)).notes == ()
    notes = comparison.compare(run({"m": samples(0.9, 0.1)}), solution(m=0.9, T=0.5, load=0.06)).notes
    assert len(notes) == 2 and "0.5" in notes[0] and "0.06" in notes[1]


def test_vectors_are_compared_component_by_component():
    values = np.stack([samples(0.9, 0.01), samples(0.5, 0.02)], axis=1)
    table = comparison.compare(run({"m": values}), solution(m=np.array([0.9, 0.54])))
    np.testing.assert_allclose(table["m"].z, [0.0, -2.0], atol=1e-9)
    assert [line.split()[0] for line in str(table).splitlines()[1:3]] == ["m[0]", "m[1]"]


def test_extrapolation_recovers_a_line_in_inverse_size_exactly():
    sizes = np.array([250, 500, 1000, 2000])
    fit = comparison.extrapolate(sizes, 0.97 - 3.0 / sizes, [0.004, 0.003, 0.002, 0.001])
    assert (fit.value, fit.slope, fit.dof) == (pytest.approx(0.97), pytest.approx(-3.0), 2)
    assert fit.chi2 == pytest.approx(0.0, abs=1e-12)


def test_extrapolated_error_and_chi2_are_those_of_repeated_experiments():
    random = np.random.default_rng(11)
    sizes, errors = np.array([250, 500, 1000, 2000]), np.array([0.004, 0.003, 0.002, 0.001])
    fits = [comparison.extrapolate(sizes, 0.97 - 3.0 / sizes + errors * random.normal(size=4), errors)
            for _ in range(2000)]
    values = np.array([fit.value for fit in fits])
    assert values.mean() == pytest.approx(0.97, abs=4 * fits[0].error / math.sqrt(2000))
    assert values.std() == pytest.approx(fits[0].error, rel=0.07)
    assert np.mean([fit.chi2 for fit in fits]) == pytest.approx(2.0, abs=4 * 2 / math.sqrt(2000))
    curved = comparison.extrapolate(sizes, 0.97 - 3.0 / sizes + 2e6 / sizes**3, errors)
    assert curved.chi2 > 50


@pytest.mark.parametrize(("sizes", "values", "errors", "what"), [
    ([100, 200], [0.9], [0.1, 0.1], "shapes"),
    ([100, 100], [0.9, 0.9], [0.1, 0.1], "two different"),
    ([100, 200], [0.9, 0.9], [0.1, 0.0], "positive errors"),
    ([100, 200], [0.9, math.nan], [0.1, 0.1], "finite"),
])
def test_extrapolation_refuses_what_it_cannot_weigh(sizes, values, errors, what):
    with pytest.raises(InvalidInput, match=what):
        comparison.extrapolate(sizes, values, errors)


def correlated(random, n=16, points=4, rho=0.6, shift=0.0):
    shared = random.normal(size=(n, 1))
    return shift + math.sqrt(rho) * shared + math.sqrt(1 - rho) * random.normal(size=(n, points))


def test_chi_square_of_a_true_theory_has_uniform_probability_and_a_wrong_one_is_found():
    random = np.random.default_rng(12)
    def probabilities(count, **options):
        return np.array([comparison.chi_square(correlated(random, **options), np.zeros(4)).probability
                         for _ in range(count)])

    true, wrong = probabilities(2000), probabilities(100, shift=2.0)
    for level in (0.05, 0.5, 0.95):
        assert np.mean(true < level) == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 2000))
    assert np.median(wrong) < 1e-3


def test_agreement_sums_up_the_points_that_have_a_deviation():
    found = comparison.agreement([1.0, math.nan, -3.0, 0.0, math.inf])
    assert (found.points, found.chi2, found.largest) == (3, pytest.approx(10 / 3), 3.0)
    assert str(found) == "3 points, chi2/dof 3.33, largest |z| 3.0" and str(comparison.agreement([math.nan])) == "0 points"


def test_summing_squared_z_of_correlated_points_would_reject_a_true_theory():
    """The control: without the covariance, shared disorder makes one fluctuation look like four."""
    random = np.random.default_rng(13)
    draws = (correlated(random, rho=0.9) for _ in range(2000))
    naive = np.array([np.sum((values.mean(0) / (values.std(0, ddof=1) / 4)) ** 2) for values in draws])
    assert np.mean(naive > 9.49) > 0.1  # 9.49 is the 95 % point of chi-square with four degrees of freedom


def test_chi_square_needs_more_samples_than_points_that_fluctuate():
    random = np.random.default_rng(14)
    with pytest.raises(InvalidInput, match="samples"):
        comparison.chi_square(correlated(random, n=4), np.zeros(4))
    with pytest.raises(InvalidInput, match="singular"):
        comparison.chi_square(np.hstack([correlated(random), np.ones((16, 1))]), np.zeros(5))
    with pytest.raises(InvalidInput, match="NaN"):
        comparison.chi_square(correlated(random), np.array([0, 0, 0, math.nan]))


@pytest.fixture
def sweep():
    """Three sizes, two temperatures: m = 0.9 - 2/N beside a theory of 0.9; no solution at the second temperature."""
    sizes, temperatures = np.array([100, 200, 400]), np.array([0.1, 0.5])
    m = np.stack([np.stack([samples(0.9 - 2 / N, 0.001), samples(0.1, 0.02)]) for N in sizes])
    grid = ("N", "T")
    theory = np.tile([0.9, math.nan], (3, 1))
    return xarray.Dataset(
        {"m": ((*grid, "sample"), m), "m_theory": (grid, theory), "tau": ((*grid, "sample"), m),
         "retrieved": ((*grid, "sample"), (m > 0.5).astype(float)),
         "theory_status": (grid, np.isnan(theory).astype(np.int8),
                           {"flag_values": np.array([0, 1], np.int8), "flag_meanings": "solved no_solution"})},
        coords={"N": sizes, "T": temperatures, "sample": np.arange(16)})


def test_every_point_of_a_sweep_is_a_row_with_or_without_theory(sweep):
    table = comparison.compare_dataset(sweep)
    assert [(row["N"], row["T"]) for row in table.rows] == [(N, T) for N in (100, 200, 400) for T in (0.1, 0.5)]
    first, second = table.rows[:2]
    assert first["observable"] == "m" and first["n"] == 16
    assert first["measured"] == pytest.approx(0.88) and first["error"] == pytest.approx(0.001)
    assert first["predicted"] == 0.9 and first["z"] == pytest.approx(-20)
    assert (first["retrieved"], first["theory_status"]) == (1.0, "solved")
    assert math.isnan(second["predicted"]) and math.isnan(second["z"])
    assert (second["retrieved"], second["theory_status"]) == (0.0, "no solution")
    assert "no solution" in str(table)


def test_a_finite_size_shift_vanishes_in_the_extrapolation(sweep):
    [limit] = comparison.compare_dataset(sweep).limits
    assert (limit["T"], limit["observable"], limit["dof"]) == (0.1, "m", 1)
    assert limit["deviation"] == pytest.approx(0.0, abs=1e-9) and limit["z"] == pytest.approx(0.0, abs=1e-6)


def test_samples_that_escaped_keep_a_point_out_of_the_extrapolation(sweep):
    sweep["retrieved"][0, 0, 3] = 0
    table = comparison.compare_dataset(sweep)
    assert table.rows[0]["retrieved"] == 15 / 16 and table.limits == []


def test_zipped_axes_and_missing_samples_keep_their_coordinates():
    values = np.array([[0.9, 0.8, math.nan], [0.7, math.nan, math.nan]])
    dataset = xarray.Dataset({"m": (("point", "sample"), values), "m_theory": ("point", [0.9, 0.9])},
                             coords={"T": ("point", [0.1, 0.2]), "M": ("point", [5, 10])})
    first, second = comparison.compare_dataset(dataset).rows
    assert (first["T"], first["M"], first["n"]) == (0.1, 5, 2)
    assert (second["n"], math.isnan(second["z"])) == (1, True)
