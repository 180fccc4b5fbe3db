"""From shards to results: one table over the whole grid, simulation and theory side by side.

Integer records become floats here and only here, once, point by point and in sample order; so the table does not depend
on who computed what, or when.
"""

import dataclasses
import re
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np

from hebbian import config as configuration
from hebbian import store, sweeps
from hebbian.errors import HebbianError, StoreError
from hebbian.families import room

STATUS = {"done": 0, "failed": 1, "missing": 2}
THEORY_STATUS = {"solved": 0, "no_solution": 1, "not_defined": 2, "failed": 3, "missing": 4}
FLAGS = {"status": STATUS, "theory_status": THEORY_STATUS}


def load(path):
    """Open a results file or a sweep directory, finished or not, as an xarray.Dataset; NaN is what is missing."""
    path = Path(path)
    return store.to_dataset(table(path) if path.is_dir() else store.read_results(path))


def table(directory) -> store.Table:
    """The results of a sweep directory: results.h5 where it is up to date, else what the shards hold so far."""
    config = read_config(directory)
    file = Path(directory) / "results.h5"
    if file.exists():
        found = store.read_results(file)
        if found.config == config.text():
            return found
    return assemble(config, store.scan(directory)[0])


def read_config(directory) -> configuration.Config:
    """The resolved configuration of a sweep directory."""
    text = store.read_config(directory)
    if text is None:
        raise StoreError(f"{directory}: holds no config.toml: give the directory of a sweep")
    try:
        return configuration.from_table(tomllib.loads(text), f"{directory}/config.toml")
    except tomllib.TOMLDecodeError as error:
        raise StoreError(f"{directory}/config.toml: is damaged ({error}): delete this file and run the sweep again") from None


def failed_points(table: store.Table) -> int:
    """Number of grid points where the simulation or the theory failed."""
    codes = {"status": STATUS["failed"], "theory_status": THEORY_STATUS["failed"]}
    wrong = [table.variables[name].values == code for name, code in codes.items() if name in table.variables]
    return int(np.count_nonzero(np.any(wrong, axis=0)))


def held(shards) -> dict[str, list[tuple[int, int]]]:
    """Ranges of samples that the shards hold, by the name of their point or prediction."""
    ranges = {}
    for shard in shards:
        ranges.setdefault(shard.name, []).append((shard.first, shard.last))
    return ranges


def status(directory) -> dict:
    """How far a sweep is, counted from its shards: works while it runs and after a crash."""
    config = read_config(directory)
    shards, bad = store.scan(directory)
    work = sweeps.tasks(config, sweeps.points(config))
    left = sweeps.pending(work, held(shards))
    total = sum(task.cost for task in work)
    names = {task.name for task in work}
    failures = [store.read_shard(shard)[1]["message"] for shard in shards if shard.failed and shard.name in names]
    return {
        "directory": str(directory),
        "points": int(np.prod(config.shape, dtype=int)),
        "tasks": len(work),
        "samples": sum(task.last - task.first for task in work),
        "samples_missing": sum(task.last - task.first for task in left),
        "theory_missing": sum(task.kind == "theory" for task in left),
        "done": 1.0 - sum(task.cost for task in left) / total,
        "failures": dict(Counter(failures)),
        "corrupt": len(bad),
        "results": (Path(directory) / "results.h5").exists(),
        "complete": not left,
    }


def assemble(config, shards) -> store.Table:
    """Put the records of all shards on the grid of the sweep."""
    module, points = config.module(), sweeps.points(config)
    by_name = {}
    for shard in shards:
        by_name.setdefault(shard.name, []).append(shard)
    samples = max(point.settings.samples for point in points)
    label = _labels(module)
    grid = tuple(label(dimension.name) for dimension in config.dimensions)
    columns = _Columns(grid, config.shape, samples, module.OBSERVABLES)
    reduce = room("simulation", config.family).reduce
    for point in points:
        values, status, message = _measured(point, by_name.get(point.name, ()), reduce)
        columns.put("status", point.steps, STATUS[status])
        columns.put("message", point.steps, message)
        for name, value in module.realised(point.model, point.settings).items():
            columns.put(name, point.steps, value)
        for name, (which, array) in values.items():
            columns.put(name, point.steps, array, which)
        if config.theory:
            arrays, attrs = _predicted(by_name.get(sweeps.theory_name(point, config.solve), ()))
            columns.put("theory_status", point.steps, attrs["status"])
            columns.put("theory_message", point.steps, attrs["message"])
            for name, value in arrays.items():
                columns.put(f"{name}_theory", point.steps, value)
    variables = _coordinates(config, module, label, samples)
    coordinates = [name for name, variable in variables.items() if variable.dims != (name,)]
    variables |= columns.variables(skip=variables)
    return store.Table(variables, _attributes(config, coordinates), config.text())


class _Columns:
    """Values by name and point, gathered before their shapes are known, then laid on the grid."""

    def __init__(self, grid, shape, samples, observables):
        self.grid, self.shape, self.cells = grid, shape, {}
        self.observables = {observable.name: observable for observable in observables}
        self.sizes = {"sample": samples} | {axis: 1 for observable in observables for axis in observable.axes}

    def put(self, name, steps, value, samples=slice(None)):
        """Add a value at one point; the first axis of an observable is that of `samples`."""
        axes = self._layout(name)[0]
        for axis, size in zip(axes, np.shape(value), strict=True):
            if axis != "sample":
                self.sizes[axis] = max(self.sizes[axis], size)
        self.cells.setdefault(name, []).append((steps, value, samples))

    def variables(self, skip):
        """Variables of all columns but those in `skip`, and indices for the axes that observables add."""
        found = {axis: store.Variable((axis,), np.arange(size))
                 for axis, size in self.sizes.items() if axis not in skip}
        for name in sorted({*self.observables, *self.cells} - set(skip)):
            axes, missing, kind, attrs = self._layout(name)
            values = np.full(self.shape + tuple(self.sizes[axis] for axis in axes), missing, kind)
            for steps, value, samples in self.cells.get(name, ()):
                within = tuple(samples if axis == "sample" else slice(size)
                               for axis, size in zip(axes, np.shape(value), strict=True))
                values[steps + (...,)][within] = value
            found[name] = store.Variable(self.grid + axes, values, attrs)
        return found

    def _layout(self, name):
        """Axes beyond the grid, what stands where nothing is, type and attributes of a column."""
        observable = self.observables.get(name.removesuffix("_theory"))
        if name in FLAGS:
            return (), FLAGS[name]["missing"], np.int8, _flags(FLAGS[name])
        if name in ("message", "theory_message"):
            return (), "", object, {}
        if observable is None:
            return (), np.nan, float, {}
        attrs = {"long_name": observable.name, "symbol": observable.symbol, "units": observable.unit}
        if name.endswith("_theory"):
            return observable.axes, np.nan, float, attrs
        if observable.flag:
            attrs |= _flags({"no": 0, "yes": 1}) | {"_FillValue": np.int8(-1)}
            return ("sample", *observable.axes), -1, np.int8, attrs
        return ("sample", *observable.axes), np.nan, float, attrs


def _flags(codes):
    return {"flag_values": np.array(list(codes.values()), np.int8), "flag_meanings": " ".join(codes)}


def _measured(point, shards, reduce):
    """Observables of one point as name -> (sample numbers, values), with its status and message."""
    wanted = point.settings.samples
    pieces, failures, covered = [], [], []
    for shard in sorted(shards, key=lambda shard: (shard.failed, shard.first, shard.path.name)):
        arrays, attrs = store.read_shard(shard)
        for first, last in sweeps.gaps(shard.first, min(shard.last, wanted), covered):
            if shard.failed:
                failures.append((first, attrs["message"]))
            else:
                rows = slice(first - shard.first, last - shard.first)
                pieces.append((first, last, {name: array[rows] for name, array in arrays.items()}))
        covered.append((shard.first, shard.last))
    values = {}
    if pieces:
        pieces.sort(key=lambda piece: piece[0])
        numbers = np.concatenate([np.arange(first, last) for first, last, _ in pieces])
        records = {name: np.concatenate([arrays[name] for *_, arrays in pieces]) for name in pieces[0][2]}
        try:
            values = {name: (numbers, array) for name, array in reduce(point.model, point.settings, records).items()}
        except (MemoryError, OSError):
            raise
        except Exception as error:
            failures.append((0, described_failure(error)))
    if failures:
        return values, "failed", min(failures)[1]
    return values, "missing" if sweeps.gaps(0, wanted, covered) else "done", ""


def _predicted(shards):
    for shard in sorted(shards, key=lambda shard: shard.path.name):
        return store.read_shard(shard)
    return {}, {"status": THEORY_STATUS["missing"], "message": ""}


def predictions(solution, module) -> dict[str, np.ndarray]:
    """The numbers of a Solution by name: observables with their axes, and every scalar that is not a parameter."""
    axes = {observable.name: len(observable.axes) for observable in module.OBSERVABLES}
    parameters = {field.name for record in (module.MODEL, module.Settings) for field in dataclasses.fields(record)}
    parameters -= axes.keys()
    found = {}
    for field in dataclasses.fields(solution):
        value = getattr(solution, field.name)
        if field.name not in parameters and isinstance(value, (bool, int, float, np.generic, np.ndarray)):
            value = np.asarray(value, float)
            if value.ndim == axes.get(field.name, 0):
                found[field.name] = value
    return found


def described_failure(error: Exception) -> str:
    """One line about an error, the same on every machine: its text, with its type where it is not one of ours."""
    text = " ".join(str(error).split())[:2000]
    return text if isinstance(error, HebbianError) else f"{type(error).__name__}: {text}"


def _labels(module):
    """How a parameter is called in a table: by its own name, unless an observable has it (the energy of a model)."""
    taken = {observable.name for observable in module.OBSERVABLES}
    return lambda name: f"model_{name}" if name in taken else name


def _coordinates(config, module, label, samples):
    """Axes of the grid, and as scalars the parameters that every point shares."""
    documents = f"{module.MODEL.__doc__}\n{module.Settings.__doc__}"
    variables = {}

    def put(name, dims, values):
        values = np.asarray(values)
        values = values.astype(object) if values.dtype.kind == "U" else values
        variables[label(name)] = store.Variable(dims, values, {"long_name": documented(name, documents)})

    for dimension in config.dimensions:
        name = label(dimension.name)
        if len(dimension.fields) > 1:
            variables[name] = store.Variable((name,), np.arange(len(dimension.rows)), {"long_name": "step of [[zip]]"})
        for i, field in enumerate(dimension.fields):
            put(field, (name,), [row[i] for row in dimension.rows])
    for name, value in sorted((config.model | config.simulate).items()):
        if isinstance(value, (str, int, float)):
            put(name, (), value)
    variables["sample"] = store.Variable(("sample",), np.arange(samples), {"long_name": "disorder sample"})
    return variables


def _attributes(config, coordinates):
    from hebbian import __version__

    return {
        "Conventions": "CF-1.10",
        "title": config.question or f"{config.family} sweep",
        "question": config.question,
        "source": config.source,
        "family": config.family,
        "hebbian_version": __version__,
        "schema_version": store.SCHEMA,
        "numerics": config.numerics,
        "config_sha256": config.digest(),
        "coordinates": " ".join(coordinates),
    }


def documented(name: str, documents: str) -> str:
    """The description of a field in the docstring of its record, "T : temperature, ...", or nothing."""
    found = re.search(rf"^( *){name} : (.+(?:\n\1 +.+)*)", documents, re.MULTILINE)
    return " ".join(found.group(2).split()) if found else ""
