"""Figures of sweeps, runs and phase diagrams: every function takes results and returns matplotlib Axes.

The only importer of matplotlib.  Nothing here shows a window or changes a global setting: the look is in
hebbian.mplstyle and holds while a function draws.
"""

import contextlib
import itertools
from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker

from hebbian import regions
from hebbian.errors import InvalidInput
from hebbian.stats import Estimate, wilson

MARKERS = "osD^vP*X"

#: What parameters and observables are called on an axis, where the results file gives no name of its own.
NAMES = {
    "T": "temperature", "alpha": "load", "N": "spins", "K": "patterns", "p": "interaction order",
    "overlap": "start overlap", "m": "overlap", "q": "replica overlap", "energy": "energy per spin",
    "M": "examples", "r": "quality of the examples", "rho": "entropy of the examples",
    "acceptance": "accepted flips per attempt", "tau": "autocorrelation time in sweeps",
    "retrieved": "fraction of samples retrieved",
}
SYMBOLS = {"T": "T", "alpha": r"\alpha", "N": "N", "K": "K", "p": "p", "overlap": "m_0", "m": "m", "q": "q",
           "energy": "e", "M": "M", "r": "r", "rho": r"\rho", "acceptance": "A", "tau": r"\tau_m"}

#: Lines of a phase diagram: colour, dashes and the words written along them.
LINES = {
    "spinodal": ("#0072B2", "-", "spinodal of retrieval"),
    "first_order": ("#D55E00", "-", "equal free energies"),
    "glass": ("#000000", "-", "glass transition"),
    "dynamical": ("#000000", ":", "dynamical glass transition"),
    "replicon": ("#009E73", "--", "replica symmetry breaks"),
    "one_step": ("#CC79A7", "-.", "capacity, one-step symmetry breaking"),
    "retrieval": ("#0072B2", "-", "one step retrieves"),
    "condensation": ("#009E73", "--", "noise condenses"),
    "collapse": ("#000000", ":", "averaging ends"),
}
#: Phases: colour, and the words of the legend for one that has no room for its name or whose name does not say all.
REGIONS = {
    "retrieval": ("#D6E6F2", "retrieval"),
    "broken symmetry": ("#F6DFCB", "retrieval, replica symmetry broken"),
    "spin glass": ("#EFEFEF", "spin glass"),
    "paramagnet": ("#FFFFFF", "paramagnet"),
    "no retrieval": ("#FFFFFF", "no retrieval"),
}


def dataset(results, kind="overlap", ax=None, **options):
    """Draw a sweep: "overlap", or the name of any observable of the results, against temperature or the first axis.

    Parameters
    ----------
    results : xarray.Dataset as `hebbian.load` returns it.
    kind : "overlap" for m, or an observable such as "q", "energy", "retrieved".
    options : handed to `overlap`, for example x="alpha".
    """
    observable = "m" if kind == "overlap" else kind
    if observable not in results or "sample" not in results[observable].dims:
        known = ["overlap", *(name for name in results.data_vars if "sample" in results[name].dims)]
        raise InvalidInput(f"kind = {kind!r} is not in these results: give one of {', '.join(known)}")
    return overlap(results, observable=observable, ax=ax, **options)


def overlap(results, x=None, observable="m", ax=None, theory=None):
    """Measured points with error bars over the lines of theory, one colour a curve and one marker a system size.

    Open markers are the smaller sizes, filled ones the largest.  Where the theory depends on N, its line for the
    largest is solid and the others are dotted.  Error bars are standard errors over disorder samples, and Wilson
    intervals for the fraction of retrieved samples.

    Parameters
    ----------
    results : xarray.Dataset with `observable` over (axes..., sample) and its theory over (axes...).
    x : axis to plot against; T where there is one, else the first with several values.  For "N" the axis is 1/N.
    observable : name of what was measured.
    ax : Axes to draw into; a new figure by default.
    theory : finer curves in place of the theory at the grid points, a mapping of curve values (the value of the other
        axis, a tuple for several, () for none) to arrays (x, y).
    """
    measured = results[observable]
    axes = [dim for dim in measured.dims if dim != "sample"]
    along = _along(results, axes, x)
    x = along if x is None else x
    position = 1 / results["N"].values if x == "N" else results[x].values
    sizes = results["N"].values if "N" in axes and along != "N" else [None]
    curves = [dim for dim in axes if dim not in (along, "N")]
    steps = list(itertools.product(*(range(results.sizes[dim]) for dim in curves)))
    with _style():
        ax = _axes(ax)
        for step, colour in zip(steps, _colours(len(steps))):
            place = dict(zip(curves, step))
            label = _curve_label(results, place)
            lines = [(position, line) for line in _theory_lines(results, observable, place, along)]
            if theory is not None:
                lines = [_given_theory(theory, tuple(_value(results, dim, k) for dim, k in place.items()))]
            for at, line in lines[:-1]:
                ax.plot(at, line, color=colour, linestyle=":", linewidth=1.0, zorder=2)
            for at, line in lines[-1:]:
                ax.plot(at, line, color=colour, label=label, zorder=2)
            for k, size in enumerate(sizes):
                here = measured.isel(place if size is None else {**place, "N": k}).transpose(along, "sample")
                centre, bars = _points(here.values, observable)
                ax.errorbar(position, centre, bars, color=colour, linestyle="none", elinewidth=1.0, zorder=3,
                            label=None if lines else label, **_marker(k, len(sizes), colour))
        _name_axis(ax.set_xlabel, results, x)
        _name_axis(ax.set_ylabel, results, observable)
        _legend(ax, sizes, "theory" if lines else None)
    return ax


def phase_diagram(lines, ax=None):
    """Phases of a model in a plane of two parameters, named and shaded, with every transition line named beside them.

    A phase without room for its name is named in the legend.  Retrieval that is unstable to replica symmetry breaking is shaded
    apart wherever its line, "replicon", is known: from there to the capacity, the one-step one where "one_step" is.  Where the
    glass line is unknown, what lies beyond retrieval has no name but that.  Dilution diagrams have no regions, since several
    families of states overlap there.

    Parameters
    ----------
    lines : mapping of names ("spinodal", "first_order", "glass", "dynamical", "replicon", "one_step") to lines whose
        coordinates are two of alpha, T, M, r and rho, as `hebbian.phase_diagram` returns it; or any names to lines with
        arrays `.d` and `.T`.  Without attributes `x` and `y` of the mapping, they are alpha and T.
    ax : Axes to draw into; a new figure by default.
    """
    x, y = getattr(lines, "x", "alpha"), getattr(lines, "y", "T")
    if all(getattr(line, x, None) is None for line in lines.values()):
        return _dilution_diagram(lines, ax)
    lines = {name: np.array([getattr(line, x), getattr(line, y)], float) for name, line in lines.items()}
    if not any(np.isfinite(line).all(axis=0).any() for line in lines.values()):
        raise InvalidInput("the phase diagram has no lines: give at least one with points")
    window = regions.window(lines, x, y)
    with _style():
        ax = _axes(ax)
        ax.grid(False)
        ax.set(xlim=window[0], ylim=window[1], xlabel=f"{NAMES[x]} ${SYMBOLS[x]}$", ylabel=f"{NAMES[y]} ${SYMBOLS[y]}$")
        scales = [np.geomspace if name == "M" and high > 8 * low else np.linspace
                  for name, (low, high) in zip((x, y), window, strict=True)]
        for axis, put, scale in zip((ax.xaxis, ax.yaxis), (ax.set_xscale, ax.set_yscale), scales, strict=True):
            if scale is np.geomspace:
                put("log")
                axis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
                axis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
                axis.set_minor_locator(ticker.NullLocator())
        grid = np.meshgrid(scales[0](*window[0], 321), scales[1](*window[1], 241))
        free = ~regions.crossed(lines, *grid)
        patches = []
        for region, inside in regions.phases(lines, x, y, *grid).items():
            if inside.any():
                colour, words = REGIONS[region]
                ax.contourf(*grid, inside, levels=[0.5, 1.5], colors=[colour], zorder=0)
                if not _write_inside(ax, grid, inside & free, region) or words != region:
                    patches.append(plt.Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor="0.6", linewidth=0.6, label=words))
        for name, line in lines.items():
            colour, dashes, words = LINES.get(name, ("#CC79A7", "-", name.replace("_", " ")))
            ax.plot(*np.where(np.isfinite(line), line, np.nan), color=colour, linestyle=dashes, label=words, gid=name,
                    marker="." if line.shape[1] == 1 else "")
        if scales[0] is np.linspace:
            ax.locator_params(axis="x", nbins=6)
        shown = [line for line in ax.get_lines() if regions.visible(line.get_data(), window)]
        ax.legend(handles=[*shown, *patches], loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return ax


def _dilution_diagram(lines, ax):
    """Lines in the plane of dilution and temperature; several families of states overlap there, so no region is filled."""
    with _style():
        ax = _axes(ax)
        colours = itertools.cycle(plt.rcParams["axes.prop_cycle"].by_key()["color"])
        for count, (name, line) in enumerate(lines.items()):
            ax.plot(line.d, line.T, marker="." if len(line) == 1 else "", color=next(colours),
                    ls=("-", "--", ":")[count // 7 % 3], label=name.replace("_", " "), gid=name)
        ax.set(xlim=(0, 1), ylim=(0, None), xlabel="dilution $d$", ylabel="temperature $T$")
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return ax


def histogram(run, ax=None):
    """Distribution of the overlap with the retrieved pattern, P(m), over sweeps, replicas and samples.

    run : a Run made with record=("histogram",).  The density integrates to one.
    """
    if run.histogram is None:
        raise InvalidInput("the run holds no histogram: simulate with record=('histogram',)")
    N = run.settings.N
    with _style():
        ax = _axes(ax)
        edges = (np.arange(N + 2) * 2 - N - 1) / N
        ax.stairs(np.asarray(run.histogram) * N / 2, edges, fill=True, alpha=0.85)
        seen = np.flatnonzero(run.histogram)
        ax.set(xlim=(edges[max(seen[0] - 2, 0)], edges[min(seen[-1] + 3, N + 1)]), ylim=(0, None),
               xlabel="overlap $m$", ylabel="probability density $P(m)$")
    return ax


def series(run, ax=None):
    """Overlap against time in sweeps, one line a replica and one colour a sample.

    run : a Run made with record=("series",).
    """
    if run.series is None:
        raise InvalidInput("the run holds no time series: simulate with record=('series',)")
    overlaps = np.asarray(run.series["m"])
    sweeps = run.settings.burn_in + 1 + np.arange(overlaps.shape[1])
    with _style():
        ax = _axes(ax)
        for sample, colour in zip(overlaps, _colours(len(overlaps))):
            ax.plot(sweeps, sample, color=colour, linewidth=0.8)
        ax.set(xlabel="time in sweeps", ylabel="overlap $m$", xlim=(sweeps[0], sweeps[-1]) if len(sweeps) > 1 else None)
    return ax


@contextlib.contextmanager
def _style():
    with as_file(files("hebbian") / "hebbian.mplstyle") as path, plt.style.context(path):
        yield


def _axes(ax):
    return plt.subplots()[1] if ax is None else ax


def _along(results, axes, x):
    """The dimension that the horizontal axis follows; a zipped dimension is found through its fields."""
    if x is None:
        several = [dim for dim in axes if results.sizes[dim] > 1 and dim != "N"] or axes
        if not several:
            raise InvalidInput("these results are a single point: there is no axis to plot against")
        return "T" if "T" in several else several[0]
    if x in axes:
        return x
    if x in results.coords and results[x].ndim == 1 and results[x].dims[0] in axes:
        return results[x].dims[0]
    raise InvalidInput(f"x = {x!r} is not an axis of these results: give one of {', '.join(axes)}")


def _theory_lines(results, observable, place, along):
    """Theory at the grid points of one curve: one line, or one for every size if they differ, the largest last."""
    name = f"{observable}_theory"
    if name not in results:
        return []
    line = results[name].isel({dim: k for dim, k in place.items() if dim in results[name].dims})
    if "N" not in line.dims or along == "N":
        return [line.values]
    values = line.transpose("N", along).values
    same = all(np.allclose(row, values[-1], rtol=0, atol=1e-6, equal_nan=True) for row in values)
    return [values[-1]] if same else list(values)


def _given_theory(theory, key):
    key = key[0] if len(key) == 1 else key
    if key not in theory:
        raise InvalidInput(f"theory has no curve {key!r}: it has {', '.join(map(repr, theory))}")
    return theory[key]


def _points(values, observable):
    """Mean and error bars of measurements (points, samples): standard errors, or Wilson intervals for a fraction."""
    if observable != "retrieved":
        estimate = Estimate(values.T)
        return estimate.mean, estimate.error
    fraction, bars = np.full(len(values), np.nan), np.full((2, len(values)), np.nan)
    for k, flags in enumerate(values):
        flags = flags[np.isfinite(flags) & (flags >= 0)]
        if flags.size:
            fraction[k] = flags.mean()
            low, high = wilson(int(flags.sum()), flags.size)
            bars[:, k] = max(fraction[k] - low, 0), max(high - fraction[k], 0)
    return fraction, bars


def _colours(count):
    """Colours of an ordered family of curves: the palette for a few, a perceptual map where order must show."""
    if count <= 5:
        return plt.rcParams["axes.prop_cycle"].by_key()["color"][:count]
    return list(plt.get_cmap("viridis")(np.linspace(0, 0.88, count)))


def _value(results, dim, k):
    return results[dim].values[k].item() if dim in results.coords else k


def _curve_label(results, place):
    parts = []
    for dim, k in place.items():
        value = _value(results, dim, k)
        parts.append(value if isinstance(value, str) else f"${SYMBOLS.get(dim, dim)} = {value:g}$")
    return ", ".join(parts) or "theory"


def _name_axis(put, results, name):
    """Name an axis in words and symbol; 1/N is the axis of sizes, on which a first correction is a straight line."""
    symbol = results[name].attrs.get("symbol", SYMBOLS.get(name))
    if name == "N":
        put("inverse number of spins $1/N$")
    elif name == "retrieved" or symbol is None:
        put(NAMES.get(name, name.replace("_", " ")))
    else:
        put(f"{NAMES.get(name, '')} ${symbol}$".strip())


def _marker(k, count, colour):
    return {"marker": MARKERS[k % len(MARKERS)], "markerfacecolor": colour if k == count - 1 else "white"}


def _legend(ax, sizes, line):
    """Curves by colour, then system sizes by marker and theory by line in grey, beside the data."""
    handles, labels = ax.get_legend_handles_labels()
    grey = "0.35"
    for k, size in enumerate(sizes):
        if size is not None:
            handles.append(plt.Line2D([], [], color=grey, linestyle="none", **_marker(k, len(sizes), grey)))
            labels.append(f"$N = {size:g}$")
    if line:
        handles.append(plt.Line2D([], [], color=grey))
        labels.append(line)
    kept = dict(zip(labels, handles))
    if len(kept) > 1:
        ax.legend(kept.values(), kept.keys(), loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _write_inside(ax, grid, free, words):
    """Write a word where a region has most room, unless it has hardly any; whether it was written."""
    from scipy.ndimage import distance_transform_edt

    # A word is several times as wide as it is high, so room to its sides counts less.
    room = distance_transform_edt(np.pad(free, 1), sampling=(1.0, 0.15))[1:-1, 1:-1]
    at = np.unravel_index(np.argmax(room), room.shape)
    two_lines = room[at] < 15 and " " in words
    if fits := room[at] > (11 if two_lines else 6):
        words = words.replace(" ", "\n") if two_lines else words
        ax.text(grid[0][at], grid[1][at], words, ha="center", va="center", color="0.25", style="italic", zorder=4)
    return fits
