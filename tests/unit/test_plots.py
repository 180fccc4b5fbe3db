"""Figures: what stands on the axes is what the results hold, and drawing changes nothing but the axes."""

import math
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray

from hebbian import plots, regions
from hebbian.errors import InvalidInput
from hebbian.stats import Estimate, wilson

SIZES, LOADS, TEMPERATURES = [100, 200], [0.02, 0.05, 0.1], [0.1, 0.3, 0.5, 0.7]


@pytest.fixture(autouse=True)
def closed_figures_and_untouched_settings():
    before = dict(plt.rcParams)
    yield
    plt.close("all")
    assert dict(plt.rcParams) == before


@pytest.fixture
def sweep():
    """Random overlaps over (N, alpha, T, sample), theory that depends on (alpha, T) and ends at a spinodal."""
    random = np.random.default_rng(3)
    grid = ("N", "alpha", "T")
    shape = (2, 3, 4)
    theory = np.broadcast_to(random.uniform(0.6, 1.0, shape[1:]), shape).copy()
    theory[:, 2, 2:] = math.nan
    m = random.uniform(0.0, 1.0, (*shape, 8))
    return xarray.Dataset(
        {"m": ((*grid, "sample"), m, {"symbol": "m", "units": "1"}), "m_theory": (grid, theory),
         "retrieved": ((*grid, "sample"), (m > 0.5).astype(float)), "q": ((*grid, "sample"), m**2)},
        coords={"N": SIZES, "alpha": LOADS, "T": TEMPERATURES, "sample": np.arange(8)})


def points(ax):
    """Every curve of points on the axes as (x, y, low ends, high ends of the bars)."""
    curves = []
    for container in ax.containers:
        line, _, (bars,) = container
        segments = np.array(bars.get_segments())
        curves.append((line.get_xdata(), line.get_ydata(), segments[:, 0, 1], segments[:, 1, 1]))
    return curves


def lines(ax):
    return [line for line in ax.get_lines() if line.get_linestyle() != "None"]


def test_points_and_bars_are_the_means_and_standard_errors(sweep):
    curves = points(plots.overlap(sweep))
    assert len(curves) == 6
    for (x, y, low, high), (a, n) in zip(curves, [(a, n) for a in range(3) for n in range(2)]):
        estimate = Estimate(sweep["m"].values[n, a].T)
        np.testing.assert_array_equal(x, TEMPERATURES)
        np.testing.assert_allclose(y, estimate.mean)
        np.testing.assert_allclose(high - y, estimate.error)
        np.testing.assert_allclose(y - low, estimate.error)


def test_theory_is_one_line_a_load_in_the_colour_of_its_points(sweep):
    ax = plots.overlap(sweep)
    drawn = lines(ax)
    assert len(drawn) == 3
    for a, line in enumerate(drawn):
        np.testing.assert_array_equal(line.get_xdata(), TEMPERATURES)
        np.testing.assert_array_equal(line.get_ydata(), sweep["m_theory"].values[1, a])
        assert line.get_color() == ax.containers[2 * a].lines[0].get_color()
    assert len({line.get_color() for line in drawn}) == 3


def test_smaller_sizes_are_open_and_the_largest_filled(sweep):
    ax = plots.overlap(sweep)
    small, large = ax.containers[0].lines[0], ax.containers[1].lines[0]
    assert (small.get_markerfacecolor(), large.get_markerfacecolor()) == ("white", large.get_color())
    assert small.get_marker() != large.get_marker()


def test_theory_that_depends_on_size_is_dotted_but_for_the_largest(sweep):
    sweep["m_theory"][0] -= 0.05
    drawn = lines(plots.overlap(sweep))
    assert [line.get_linestyle() for line in drawn] == [":", "-"] * 3
    np.testing.assert_array_equal(drawn[0].get_ydata(), sweep["m_theory"].values[0, 0])


def test_finer_theory_replaces_the_grid_points(sweep):
    fine = {load: (np.linspace(0, 1, 50), np.full(50, load)) for load in LOADS}
    for line, load in zip(lines(plots.overlap(sweep, theory=fine)), LOADS):
        np.testing.assert_array_equal(line.get_xdata(), fine[load][0])
        np.testing.assert_array_equal(line.get_ydata(), fine[load][1])


def test_any_axis_can_be_the_horizontal_one(sweep):
    x, y, *_ = points(plots.overlap(sweep, x="alpha"))[0]
    np.testing.assert_array_equal(x, LOADS)
    np.testing.assert_allclose(y, sweep["m"].values[0, :, 0].mean(axis=-1))
    ax = plots.overlap(sweep.sel(T=[0.1]).squeeze("T"), x="N")
    x, y, *_ = points(ax)[0]
    np.testing.assert_allclose(x, [1 / 100, 1 / 200])
    np.testing.assert_allclose(y, sweep["m"].values[:, 0, 0].mean(axis=-1))
    assert "1/N" in ax.get_xlabel()
    with pytest.raises(InvalidInput, match="beta"):
        plots.overlap(sweep, x="beta")


def test_retrieved_fraction_has_wilson_bars(sweep):
    sweep["retrieved"][0, 0, 0, :2] = math.nan
    ax = plots.dataset(sweep, kind="retrieved")
    x, y, low, high = points(ax)[0]
    flags = sweep["retrieved"].values[0, 0]
    assert y[0] == np.nanmean(flags[0])
    for k, row in enumerate(flags):
        assert (low[k], high[k]) == pytest.approx(wilson(int(np.nansum(row)), int(np.isfinite(row).sum())))
    assert ax.get_ylabel() == "fraction of samples retrieved"


def test_zipped_axes_are_found_by_their_fields():
    dataset = xarray.Dataset({"m": (("point", "sample"), np.array([[0.9, 0.8], [0.7, 0.6]]))},
                             coords={"T": ("point", [0.1, 0.2]), "M": ("point", [5, 10])})
    x, y, *_ = points(plots.overlap(dataset, x="T"))[0]
    np.testing.assert_array_equal(x, [0.1, 0.2])
    np.testing.assert_allclose(y, [0.85, 0.65])


def test_axes_and_legend_name_what_is_drawn(sweep):
    ax = plots.overlap(sweep)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("temperature $T$", "overlap $m$")
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == [r"$\alpha = 0.02$", r"$\alpha = 0.05$", r"$\alpha = 0.1$", "$N = 100$", "$N = 200$", "theory"]


def test_draws_into_given_axes(sweep):
    _, ax = plt.subplots()
    assert plots.overlap(sweep, ax=ax) is ax


def test_dataset_draws_every_observable_and_names_the_unknown(sweep):
    np.testing.assert_array_equal(points(plots.dataset(sweep))[0][1], points(plots.overlap(sweep))[0][1])
    np.testing.assert_allclose(points(plots.dataset(sweep, kind="q"))[0][1], sweep["q"].values[0, 0].mean(axis=-1))
    with pytest.raises(InvalidInput, match="magnetisation"):
        plots.dataset(sweep, kind="magnetisation")


def line(T, alpha):
    return SimpleNamespace(T=np.array(T), alpha=np.array(alpha))


def test_phase_diagram_draws_each_line_and_names_the_regions():
    T, load = np.linspace(0, 1, 30), np.linspace(0, 0.2, 30)
    diagram = {"spinodal": line(T, 0.14 * (1 - T) ** 2), "glass": line(1 + np.sqrt(load), load)}
    ax = plots.phase_diagram(diagram)
    for drawn, (name, values) in zip(ax.get_lines(), diagram.items()):
        assert drawn.get_gid() == name
        np.testing.assert_array_equal(drawn.get_xdata(), values.alpha)
        np.testing.assert_array_equal(drawn.get_ydata(), values.T)
    places = {text.get_text(): text.get_position() for text in ax.texts}
    alpha, T = places["retrieval"]
    assert alpha < 0.14 * (1 - T) ** 2
    alpha, T = places["spin glass"]
    assert alpha > 0.14 * max(1 - T, 0) ** 2 and T < 1 + math.sqrt(alpha)
    alpha, T = places["paramagnet"]
    assert T > 1 + math.sqrt(alpha)


def test_phase_diagram_shows_a_gap_where_a_line_is_unknown():
    ax = plots.phase_diagram({"spinodal": line([0.0, 0.5, 1.0], [0.1, math.nan, 0.0])})
    assert np.isnan(ax.get_lines()[0].get_xdata()[1])
    with pytest.raises(InvalidInput, match="no lines"):
        plots.phase_diagram({"spinodal": line([], [])})


class Plane(dict):
    """Lines with the names of their coordinates, as `hebbian.phase_diagram` returns them."""

    def __init__(self, x, y, **lines):
        super().__init__({name: SimpleNamespace(**{x: np.array(a, float), y: np.array(b, float)})
                          for name, (a, b) in lines.items()})
        self.x, self.y = x, y


def test_broken_symmetry_lies_between_its_line_and_the_one_step_capacity():
    T = np.linspace(0, 0.2, 20)
    ax = plots.phase_diagram(Plane("alpha", "T", spinodal=(0.1 + T - 2 * T**2, T), replicon=(0.3 * T, T),
                                   one_step=(0 * T + 0.3, T), glass=([0, 0.5], [0, 0.3])))
    words = {text.get_text().replace("\n", " "): text.get_position() for text in ax.texts}
    alpha, T = words["broken symmetry"]
    assert 0.3 * T < alpha < 0.3 and T < 0.2
    legend = {text.get_text() for text in ax.get_legend().get_texts()}
    assert "retrieval, replica symmetry broken" in legend
    assert {line.get_gid() for line in ax.get_lines()} == {"spinodal", "replicon", "one_step", "glass"}


@pytest.mark.parametrize("x, y, axis, inward, beyond", [
    ("M", "alpha", "alpha", -1, "spin glass"), ("alpha", "rho", "alpha", -1, "spin glass"), ("rho", "T", "T", -1, "paramagnet"),
    ("T", "r", "T", -1, "paramagnet"), ("M", "r", "r", 1, "spin glass"), ("M", "rho", "rho", -1, "spin glass")])
def test_every_plane_has_its_phases_on_the_right_sides_of_their_lines(x, y, axis, inward, beyond):
    across, place = np.linspace(2.0, 4.0, 5), 0.5
    level = (across, 0 * across + place) if axis == y else (0 * across + place, across)
    near = (across, 0 * across + place + 0.2 * inward) if axis == y else (0 * across + place + 0.2 * inward, across)
    lines = {"spinodal": np.array(level), "glass": np.array(level), "replicon": np.array(near)}
    grid = np.meshgrid(across, np.linspace(0.05, 0.95, 18)) if axis == y else np.meshgrid(np.linspace(0.05, 0.95, 18), across)
    phases = regions.phases(lines, x, y, *grid)
    inside = inward * ((grid[1] if axis == y else grid[0]) - place) > 0
    np.testing.assert_array_equal(phases["retrieval"] | phases["broken symmetry"], inside)
    np.testing.assert_array_equal(phases[beyond], ~inside)
    assert sum(region.astype(int) for region in phases.values()).max() == 1
    # broken towards high load, low temperature, bad examples
    broken = (grid[1] if axis == y else grid[0])[phases["broken symmetry"]]
    assert broken.size and ((broken > place - 0.2) if axis in ("alpha", "rho") else (broken < place + 0.2 * inward)).all()


def test_what_lies_beyond_retrieval_has_no_name_where_the_glass_is_unknown():
    ax = plots.phase_diagram(Plane("M", "r", spinodal=([3, 9, 80], [0.6, 0.5, 0.4])))
    assert {text.get_text() for text in ax.texts} == {"retrieval", "no retrieval"}
    assert ax.get_xscale() == "log" and ax.get_ylim() == (0, 1)


def test_the_legend_names_phases_without_room_and_no_line_that_hides_in_an_edge():
    ax = plots.phase_diagram(Plane("rho", "alpha", spinodal=([0, 0.02, 1], [0.2, 0.001, 0.0005]),
                                   glass=([0, 0.5, 1], [0, 0, 0])))
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {text.get_text() for text in ax.texts} == {"spin glass"} and legend == ["spinodal of retrieval", "retrieval"]


def test_histogram_integrates_to_one_on_the_possible_overlaps():
    counts = np.zeros(11)
    counts[[8, 9, 10]] = 0.2, 0.5, 0.3
    run = SimpleNamespace(histogram=counts, settings=SimpleNamespace(N=10))
    [stairs] = plots.histogram(run).patches
    density, edges, _ = stairs.get_data()
    assert np.sum(density * np.diff(edges)) == pytest.approx(1.0)
    np.testing.assert_allclose((edges[:-1] + edges[1:])[[8, 9, 10]] / 2, [0.6, 0.8, 1.0])
    np.testing.assert_allclose(density * 0.2, counts)
    with pytest.raises(InvalidInput, match="histogram"):
        plots.histogram(SimpleNamespace(histogram=None))


def test_series_shows_every_replica_after_the_burn_in():
    overlaps = np.random.default_rng(5).uniform(size=(3, 20, 2))
    run = SimpleNamespace(series={"m": overlaps}, settings=SimpleNamespace(burn_in=50))
    drawn = plots.series(run).get_lines()
    assert len(drawn) == 6
    np.testing.assert_array_equal(drawn[3].get_ydata(), overlaps[1, :, 1])
    np.testing.assert_array_equal(drawn[3].get_xdata(), 51 + np.arange(20))
    assert drawn[2].get_color() == drawn[3].get_color() != drawn[0].get_color()
    with pytest.raises(InvalidInput, match="series"):
        plots.series(SimpleNamespace(series=None))
