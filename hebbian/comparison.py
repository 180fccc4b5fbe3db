"""Theory beside simulation: a z-score per observable, the retrieved fraction, and what remains as N grows.

One rule for every z: it exists where the samples resolve their own spread, that is where their median lies strictly
between the smallest and the largest; elsewhere z is NaN and prints as "-".  A single sample, samples that all agree, or
a rare event that most samples have not seen (a wrong spin at low temperature) give no error bar to divide by.
A z at one N is not a verdict, as the theory is for N to infinity: see `extrapolate`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.stats import Estimate, with_error


@dataclass(frozen=True)
class Row:
    """One observable, measured and predicted; `z` is (mean - predicted) / error, NaN without a resolved error."""

    measured: Estimate
    predicted: float | np.ndarray

    @property
    def mean(self):
        return self.measured.mean

    @property
    def error(self):
        return self.measured.error

    @property
    def median(self):
        return self.measured.median

    @property
    def z(self):
        return score(self.measured, self.predicted)


@dataclass(frozen=True)
class Comparison(Mapping):
    """Simulation and theory at one point, as a mapping of observable names to `Row`; prints as a table.

    retrieved, samples : how many samples ended in the retrieval state, of how many (`retrieved` is None if undefined).
    notes : in which respect run and theory are not at the same point; empty when they are.
    """

    rows: Mapping[str, Row]
    retrieved: int | None = None
    samples: int | None = None
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Row:
        return self.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self):
        table = [("", "measured", "predicted", "z")]
        for name, row in self.rows.items():
            parts = [np.ravel(part) for part in (row.mean, row.error, row.predicted, row.z)]
            for k, (mean, error, predicted, z) in enumerate(zip(*parts)):
                label = name if np.ndim(row.mean) == 0 else f"{name}[{k}]"
                table.append((label, with_error(mean, error), _like(predicted, error), _signed(z)))
        lines = _aligned(table, "<<<>")
        if self.retrieved is not None:
            median = ", median m " + _like(self["m"].median, self["m"].error) if np.ndim(self["m"].mean) == 0 else ""
            lines.append(f"retrieved {self.retrieved}/{self.samples}{median}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def compare(run, solution) -> Comparison:
    """How far a simulation lies from its theory, in standard errors, for every observable that both know.

    Parameters
    ----------
    run : a Run, with `estimates` (name -> Estimate), `settings`, `realised` and `retrieved`.
    solution : a Solution, with the predicted observables as attributes.

    Returns
    -------
    Comparison : observable name -> Row with measured, mean, error, median, predicted and z.
    """
    rows = {}
    for name, measured in run.estimates.items():
        predicted = getattr(solution, name, None)
        if predicted is not None:
            rows[name] = Row(measured, predicted if np.ndim(predicted) else float(predicted))
    if not rows:
        raise InvalidInput(f"the run measured {', '.join(run.estimates)} and the theory predicts none of them: "
                           "solve the model that was simulated")
    return Comparison(rows, run.retrieved, getattr(run.settings, "samples", None), _differences(run, solution))


def score(measured: Estimate, predicted):
    """Deviation of a measurement from its prediction in standard errors; NaN where the samples resolve no error.

    They do where at least five samples (all but one of fewer) differ from the most frequent value; where all are what the
    theory predicts, the deviation is 0.
    """
    mean, error = (np.asarray(part, float) for part in (measured.mean, measured.error))
    columns = measured.values.reshape(len(measured.values), mean.size).T
    different = np.reshape([_away_from_mode(column[~np.isnan(column)]) for column in columns], mean.shape)
    known = different >= np.minimum(5, np.maximum(np.asarray(measured.n) - 1, 1))
    z = np.where(known, (mean - predicted) / np.where(known, error, 1.0), np.nan)
    z = np.where((different == 0) & (np.asarray(measured.n) > 1) & np.isclose(mean, predicted, rtol=0, atol=1e-12), 0.0, z)
    return float(z) if z.ndim == 0 else z


def _away_from_mode(values):
    """How many of the values differ from the most frequent one."""
    return len(values) - np.unique(values, return_counts=True)[1].max(initial=0)


@dataclass(frozen=True)
class Extrapolation:
    """Value at N to infinity of a quantity with a 1/N correction, its standard error, and how straight the points are.

    slope : coefficient of 1/N.  chi2, dof : squared deviations from the line in units of the errors, and the number of
    points beyond the two that a line needs; chi2 much above dof says that the sizes are too small for one power of 1/N.
    """

    value: float
    error: float
    slope: float
    chi2: float
    dof: int

    def __str__(self):
        return f"{with_error(self.value, self.error)} (chi2 {self.chi2:.2f} for {self.dof} degrees of freedom)"


def extrapolate(sizes, values, errors) -> Extrapolation:
    """The value that finite systems approach as N grows, from a weighted straight line in 1/N.

    Parameters
    ----------
    sizes : system sizes N, at least two different ones.
    values, errors : means and standard errors at these sizes, from independent samples; every error positive.
    """
    x, y, sigma = (np.asarray(column, float) for column in (sizes, values, errors))
    if x.ndim != 1 or not x.shape == y.shape == sigma.shape:
        raise InvalidInput(f"sizes, values and errors have shapes {x.shape}, {y.shape}, {sigma.shape}: "
                           "give three lists of one length")
    if np.unique(x).size < 2 or not np.all(x > 0):
        raise InvalidInput(f"sizes = {x.tolist()}: an extrapolation needs at least two different positive sizes")
    if not (np.all(np.isfinite(y)) and np.all(np.isfinite(sigma)) and np.all(sigma > 0)):
        raise InvalidInput(f"values = {y.tolist()} with errors = {sigma.tolist()}: "
                           "give finite values with positive errors")
    design = np.column_stack([np.ones_like(x), 1 / x]) / sigma[:, None]
    covariance = np.linalg.inv(design.T @ design)
    value, slope = covariance @ design.T @ (y / sigma)
    chi2 = float(np.sum(((y - value - slope / x) / sigma) ** 2))
    return Extrapolation(float(value), math.sqrt(covariance[0, 0]), float(slope), chi2, x.size - 2)


@dataclass(frozen=True)
class ChiSquare:
    """Joint deviation of several correlated observables from theory, and the probability of a larger one by chance."""

    chi2: float
    dof: int
    probability: float


def chi_square(values, predicted) -> ChiSquare:
    """Whether theory describes a whole curve whose points share their disorder samples and are therefore correlated.

    The deviation is measured with the covariance of the samples, chi2 = d^T (C / n)^-1 d with d = mean - predicted.
    As C is itself an estimate, chi2 is Hotelling's T^2 and its probability comes from the F distribution (H. Hotelling,
    Ann. Math. Stat. 2, 360 (1931)).

    Parameters
    ----------
    values : array (samples, points), one row a disorder sample; more samples than points.
    predicted : array (points,).
    """
    values, predicted = np.asarray(values, float), np.asarray(predicted, float)
    if values.ndim != 2 or predicted.shape != values.shape[1:]:
        raise InvalidInput(f"values have shape {values.shape} and predictions {predicted.shape}: "
                           "give (samples, points) and (points,)")
    n, points = values.shape
    if n <= points:
        raise InvalidInput(f"{n} samples cannot estimate the covariance of {points} points: "
                           f"give at least {points + 1} samples, or fewer points")
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(predicted))):
        raise InvalidInput("values or predictions are missing (NaN): leave out the points that are not complete")
    covariance = np.atleast_2d(np.cov(values, rowvar=False))
    if np.linalg.matrix_rank(covariance, hermitian=True) < points:
        raise InvalidInput(f"the covariance of the {points} points is singular: leave out points that do not fluctuate")
    from scipy.special import fdtrc

    deviation = values.mean(axis=0) - predicted
    chi2 = float(n * deviation @ np.linalg.solve(covariance, deviation))
    probability = float(fdtrc(points, n - points, chi2 * (n - points) / (points * (n - 1))))
    return ChiSquare(chi2, points, probability)


@dataclass(frozen=True)
class Agreement:
    """How many points have a z, their mean z^2 ((n - 1)/(n - 3) for n samples a point if theory holds), and the largest |z|."""

    points: int
    chi2: float
    largest: float

    def __str__(self):
        return f"{self.points} points" + (f", chi2/dof {self.chi2:.2f}, largest |z| {self.largest:.1f}" if self.points else "")


def agreement(scores) -> Agreement:
    """Deviations z of several points in one line; NaN, where a point has none, are left out."""
    z = np.array([value for value in scores if math.isfinite(value)])
    return Agreement(z.size, *((z**2).mean(), abs(z).max()) if z.size else (math.nan, math.nan))


@dataclass(frozen=True)
class DatasetComparison:
    """A sweep beside its theory: one row per grid point and observable, and what is left of the deviation as N grows.

    rows : dicts with the coordinates of the point and observable, measured, error, n, median, retrieved (the fraction
        of samples, NaN if undefined), predicted, z, theory_status.
    limits : dicts with the coordinates without N and observable, deviation, error, chi2, dof, z: measured - predicted
        extrapolated to N = infinity, for points where every sample of at least three sizes was retrieved.
    """

    rows: list[dict] = field(repr=False)
    limits: list[dict] = field(repr=False)

    def __str__(self):
        return "\n".join([*self._points(), "", *self._limits(), self.summary()]) if self.rows else self.summary()

    def _points(self):
        places = list(self.rows[0])[:list(self.rows[0]).index("observable")]
        table = [(*places, "", "measured", "median", "predicted", "z", "retrieved")]
        for row in self.rows:
            known = math.isfinite(row["predicted"])
            table.append((*(_plain(row[name]) for name in places), row["observable"],
                          with_error(row["measured"], row["error"]), _like(row["median"], row["error"]),
                          _like(row["predicted"], row["error"]) if known else row["theory_status"],
                          _signed(row["z"]), _percent(row["retrieved"])))
        return _aligned(table, ">" * len(places) + "<<<<>>")

    def _limits(self):
        if not self.limits:
            return []
        places = list(self.limits[0])[:list(self.limits[0]).index("observable")]
        table = [(*places, "", "measured - predicted at N = inf", "chi2/dof", "z")]
        table += [(*(_plain(row[name]) for name in places), row["observable"],
                   with_error(row["deviation"], row["error"]), f"{row['chi2']:.1f}/{row['dof']}", _signed(row["z"]))
                  for row in self.limits]
        return [*_aligned(table, ">" * len(places) + "<<>>"), ""]

    def summary(self) -> str:
        """Agreement in a line or two an observable: how many predictions lie in the 95 % interval of what was measured."""
        lines = []
        for name in dict.fromkeys(row["observable"] for row in self.rows):
            here = [row for row in self.rows if row["observable"] == name]
            whole = [row for row in here if math.isfinite(row["z"]) and not row["retrieved"] < 1]
            limits = [row for row in self.limits if row["observable"] == name]
            lines.append(f"{name}: {sum(math.isfinite(row['predicted']) for row in here)} of {len(here)} points have a "
                         f"prediction; of the {len(whole)} with all samples retrieved and a resolved error, "
                         f"{sum(_inside(row['z'], row['n'] - 1) for row in whole)} have it in their 95 % interval"
                         + (f": {agreement(row['z'] for row in whole)}" if whole else ""))
            if limits:
                lines.append(f"{name}: of the {len(limits)} points extrapolated to N = inf, "
                             f"{sum(abs(row['z']) < 1.96 for row in limits)} agree within their 95 % interval")
        return "\n".join(lines) or "no observable of this sweep has a prediction"


def compare_dataset(dataset) -> DatasetComparison:
    """Every point of a sweep beside its theory: measured(error), median, predicted, z and the retrieved fraction.

    Parameters
    ----------
    dataset : xarray.Dataset as `hebbian.load` returns it: observables over (axes..., sample), `<observable>_theory`
        over (axes...), `retrieved` over (axes..., sample), `theory_status` over (axes...).
    """
    rows = []
    for name, measured in dataset.data_vars.items():
        if f"{name}_theory" in dataset and "sample" in measured.dims:
            rows += _observable_rows(dataset, name, measured)
    return DatasetComparison(rows, _limits(rows))


def _observable_rows(dataset, name, measured):
    """One row per grid point, and per component where the observable is a vector."""
    measured = measured.transpose(..., "sample")
    points = measured.isel(sample=0, drop=True)

    def on_grid(variable, absent, like=points):
        found = dataset[variable] if variable in dataset else points.astype(object).where(False, absent)
        return found.broadcast_like(like).transpose(*like.dims).values

    predicted = on_grid(f"{name}_theory", math.nan)
    flags = on_grid("retrieved", math.nan, measured).astype(float)
    status, words = on_grid("theory_status", ""), _meanings(dataset)
    places = {coordinate: values.broadcast_like(points).transpose(*points.dims).values
              for coordinate, values in dataset.coords.items() if values.dims and set(values.dims) <= set(points.dims)}
    for dim in [dim for dim in points.dims if dim not in places]:
        places[dim] = np.indices(points.shape)[points.dims.index(dim)]
    for index in np.ndindex(*points.shape):
        estimate, known = Estimate(measured.values[index]), flags[index][flags[index] >= 0]
        yield {
            **{place: values[index].item() if hasattr(values[index], "item") else values[index]
               for place, values in places.items()},
            "observable": name, "measured": estimate.mean, "error": estimate.error, "n": estimate.n,
            "median": estimate.median, "retrieved": float(known.mean()) if known.size else math.nan,
            "predicted": float(predicted[index]), "z": score(estimate, predicted[index]),
            "theory_status": words.get(status[index], str(status[index])),
        }


def _meanings(dataset):
    """The words that the results file gives to the values of theory_status."""
    attrs = dataset["theory_status"].attrs if "theory_status" in dataset else {}
    words = [word.replace("_", " ") for word in attrs.get("flag_meanings", "").split()]
    return dict(zip(np.atleast_1d(attrs.get("flag_values", [])).tolist(), words))


def _limits(rows):
    """Deviations extrapolated in 1/N over rows that differ in N only; those that cannot be are left out."""
    groups = {}
    for row in rows:
        place = tuple((name, row[name]) for name in list(row)[:list(row).index("observable")] if name != "N")
        if "N" in row and not row["retrieved"] < 1 and math.isfinite(row["z"]):
            groups.setdefault((place, row["observable"]), []).append(row)
    limits = []
    for (place, name), group in groups.items():
        sizes = [row["N"] for row in group]
        if len(set(sizes)) >= 3:
            deviations = [row["measured"] - row["predicted"] for row in group]
            fit = extrapolate(sizes, deviations, [row["error"] for row in group])
            limits.append({**dict(place), "observable": name, "deviation": fit.value, "error": fit.error,
                           "chi2": fit.chi2, "dof": fit.dof, "z": fit.value / fit.error})
    return limits


def _differences(run, solution):
    """Where the theory was not solved at the point of the run."""
    notes = []
    for what, here, there in (
        ("T", getattr(run.settings, "T", None), getattr(solution, "T", None)),
        ("load", getattr(run, "realised", {}).get("load"), _load(solution)),
    ):
        if None not in (here, there) and not math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12):
            notes.append(f"the run has {what} = {here:.10g}, the theory {what} = {there:.10g}")
    if len({getattr(side, "order", None) == "synchronous" for side in (run.settings, solution)}) > 1:
        notes.append("one of run and theory moves all spins at once, which has a law of its own")
    for name, here in vars(getattr(run, "model", None) or object).items():
        there = getattr(getattr(solution, "model", None), name, here)
        if name not in ("alpha", "K") and here != there and not name.startswith("_"):
            notes.append(f"the run has {name} = {here!r}, the theory {name} = {there!r}")
    return tuple(notes)


def _load(solution):
    load = getattr(getattr(solution, "model", None), "load", None)
    return load(solution.N) if callable(load) else None


def _like(value, error):
    """A number with as many decimals as `with_error` gives to a measurement with this error."""
    if not math.isfinite(value):
        return "-"
    if not (math.isfinite(error) and error > 0):
        return f"{value:.6g}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(error)))}f}"


def _signed(z):
    return f"{z:+.1f}" if math.isfinite(z) else "-"


def _percent(fraction):
    return f"{100 * fraction:.0f} %" if math.isfinite(fraction) else "-"


def _plain(value):
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _inside(z, dof):
    """Whether a deviation of z standard errors lies in Student's 95 % interval, which is wide for a few samples."""
    from scipy.special import stdtrit

    return abs(z) < stdtrit(dof, 0.975)


def _aligned(table, sides):
    widths = [max(len(row[k]) for row in table) for k in range(len(sides))]
    return ["  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths)).rstrip()
            for row in table]
