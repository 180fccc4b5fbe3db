"""What each verb of the command line does: call the package, print the answer, return the exit status."""

import argparse
import dataclasses
import json
import math
import os
import sys
import time
from inspect import signature
from pathlib import Path

import numpy as np

import hebbian
from hebbian import config as configuration
from hebbian import execution, results, store, sweeps
from hebbian.errors import InvalidInput
from hebbian.families import room, verb
from hebbian.parallel import launcher_rank

#: Operations a second that a plan assumes before it has measured.
RATE = 1e9


def simulate(arguments) -> int:
    """hebbian simulate FAMILY --field value ..."""
    module, given, as_json = _fields(arguments)
    model, settings = _split(module, given)
    run = hebbian.simulate(model, **settings)
    if as_json:
        estimates = {name: {"mean": estimate.mean, "error": estimate.error} for name, estimate in run.estimates.items()}
        _print_json({"model": repr(model), "realised": run.realised, **estimates, "retrieved": run.retrieved,
                     "samples": run.settings.samples})
    else:
        print(run)
    return 0


def solve(arguments) -> int:
    """hebbian solve FAMILY --field value ..."""
    module, given, as_json = _fields(arguments, theory="solve")
    model, point = _split(module, given)
    solution = hebbian.solve(model, **point)
    if as_json:
        values = results.predictions(solution, module)
        _print_json({"model": repr(model), **point, **{name: value.tolist() for name, value in values.items()}})
    else:
        print(solution)
    return 0


def phase(arguments) -> int:
    """hebbian phase FAMILY --field value ... [--plot FILE]"""
    module, given, as_json = _fields(arguments, theory="phase_diagram", extra=("plot",))
    figure = given.pop("plot", None)
    model, options = _split(module, given)
    lines = hebbian.phase_diagram(model, **options)
    axes = (lines.y, lines.x)
    points = {name: {axis: np.asarray(getattr(line, axis)).tolist() for axis in axes} for name, line in lines.items()}
    if as_json:
        _print_json(points)
    else:
        print("line," + ",".join(axes))
        for name, line in points.items():
            for y, x in zip(*line.values(), strict=True):
                print(f"{name},{y:.10g},{x:.10g}")
    if figure:
        hebbian.plots.phase_diagram(lines).figure.savefig(figure)
    return 0


def sweep(arguments) -> int:
    """hebbian sweep FILE"""
    overrides = arguments.overrides + ([f"output.dir={json.dumps(arguments.dir)}"] if arguments.dir else [])
    config = configuration.read(arguments.file, overrides)
    if arguments.dry_run:
        return _plan(config, arguments)
    outcome = execution.run(
        config, jobs=arguments.jobs, shard=arguments.shard, schedule=arguments.schedule, extend=arguments.extend,
        limit_memory=arguments.limit_memory, time_limit=arguments.time, progress=not arguments.quiet)
    return _report(outcome, config.directory, arguments.json)


def collect(arguments) -> int:
    """hebbian collect DIR"""
    return _report(execution.collect(arguments.directory), arguments.directory, arguments.json)


def status(arguments) -> int:
    """hebbian status DIR"""
    found = results.status(arguments.directory)
    if arguments.json:
        _print_json(found)
        return 0
    state = "complete" if found["complete"] else f"{100 * found['done']:.0f} % done"
    where = "in results.h5" if found["results"] and found["complete"] else "in shards"
    print(f"{found['directory']}: {state}, {where}")
    print(f"  {found['points']} points, {found['tasks']} tasks, {found['samples']} samples")
    if not found["complete"]:
        print(f"  missing: {found['samples_missing']} samples, {found['theory_missing']} predictions")
    if found["corrupt"]:
        print(f"  {found['corrupt']} corrupt shards: the next run computes them again")
    for message, count in found["failures"].items():
        print(f"  failed: {message} ({count} tasks)")
    return 0


def compare(arguments) -> int:
    """hebbian compare DIR [--summary]"""
    from hebbian import comparison

    table = comparison.compare_dataset(results.load(arguments.directory))
    if arguments.json:
        _print_json(table.rows)
    else:
        print(table.summary() if arguments.summary else table)
    return 0


def plot(arguments) -> int:
    """hebbian plot DIR [KIND]"""
    os.environ.setdefault("MPLBACKEND", "Agg")
    axes = hebbian.plots.dataset(results.load(arguments.directory), kind=arguments.kind)
    place = Path(arguments.directory)
    output = arguments.output or (place if place.is_dir() else place.parent) / f"{arguments.kind}.pdf"
    try:
        axes.figure.savefig(output)
    except ValueError as error:
        raise InvalidInput(f"{output}: {error}") from None
    print(output)
    return 0


def export(arguments) -> int:
    """hebbian export DIR"""
    place = Path(arguments.directory)
    table = results.table(place) if place.is_dir() else store.read_results(place)
    if arguments.netcdf:
        store.write_results(arguments.netcdf, table)
    else:
        target = sys.stdout if arguments.csv in (None, "-") else arguments.csv
        store.to_dataset(table).to_dataframe().reset_index().to_csv(target, index=False)
    return 0


def digest(arguments) -> int:
    """hebbian digest DIR"""
    place = Path(arguments.directory)
    value = store.digest(results.table(place) if place.is_dir() else store.read_results(place))
    if arguments.json:
        _print_json({"sha256": value})
    else:
        print(value)
    return 0


def check(arguments) -> int:
    """hebbian check"""
    from hebbian import checks

    with open(os.devnull, "w") as silent:
        return 0 if checks.run(None if launcher_rank() == 0 else silent) else 1


def info(arguments) -> int:
    """hebbian info"""
    from hebbian import checks

    found = checks.info()
    if arguments.json:
        _print_json(found)
    else:
        flat = {name: value for name, value in found.items() if not isinstance(value, dict)}
        for inner in (value for value in found.values() if isinstance(value, dict)):
            flat |= inner
        for name, value in flat.items():
            print(f"{name:<16} {value}")
    return 0


def bench(arguments) -> int:
    """hebbian bench"""
    from hebbian import bench as benchmark

    benchmark.run(json=arguments.json)
    return 0


VERBS = {verb.__name__: verb for verb in (simulate, solve, phase, sweep, collect, status, compare, plot, export, digest,
                                          check, info, bench)}


def _report(outcome, directory, as_json):
    """Say how a sweep ended, once however many ranks took part."""
    if launcher_rank():
        return outcome.code
    if as_json:
        _print_json({"directory": str(directory), **dataclasses.asdict(outcome)})
    if outcome.message:
        print(f"hebbian: {outcome.message}", file=sys.stderr)
    return outcome.code


def _plan(config, arguments):
    """What a sweep would cost: no file is written and no MPI is needed."""
    execution.check_options(config)
    points = sweeps.points(config)
    work = sweeps.tasks(config, points)
    a_sample, an_operation = _calibrated(config, points)
    seconds = [(task.last - task.first) * a_sample + task.cost * an_operation for task in work]
    plan = {
        "points": len(points),
        "samples": sum(point.settings.samples for point in points),
        "tasks": len(work),
        "core_hours": sum(seconds) / 3600,
        "longest_task_seconds": max(seconds),
        "memory_per_process": execution.memory(config),
        "directory": config.directory,
    }
    if arguments.json:
        _print_json(plan | {"config": config.text()})
        return 0
    print(f"{plan['points']} points, {plan['samples']} samples, {plan['tasks']} tasks into "
          f"{plan['directory'] or 'no directory yet'}")
    print(f"{plan['core_hours']:.2g} core-hours, longest task {plan['longest_task_seconds']:.2g} s, "
          f"{plan['memory_per_process'] / 2**20:.3g} MiB a process for the largest sample")
    for point in (points[0], points[-1]):
        print(f"  {point.model}, {point.settings}")
    print(f"\n{config.text()}", end="")
    execution.require_memory(config, arguments.limit_memory, arguments.jobs or 1)
    return 0


def _calibrated(config, points):
    """Seconds a sample and seconds an operation, measured on the cheapest sample and the dearest one under a second."""
    affordable = sorted((point for point in points if point.cost <= RATE), key=lambda point: point.cost)
    if not affordable:
        return 0.0, 1 / RATE
    few, many = affordable[0], affordable[-1]
    quick, slow = _seconds_a_sample(config, few), _seconds_a_sample(config, many)
    if many.cost < 2 * few.cost or slow <= quick:
        return 0.0, slow / many.cost
    an_operation = (slow - quick) / (many.cost - few.cost)
    return max(0.0, quick - few.cost * an_operation), an_operation


def _seconds_a_sample(config, point):
    """Shortest time of one sample among those that fit into half a second, the first of which loads the kernel."""
    measure = room("simulation", config.family).measure
    best, begun = math.inf, time.perf_counter()
    for _ in range(20):
        started = time.perf_counter()
        measure(point.model, point.settings, range(1))
        best = min(best, time.perf_counter() - started)
        if time.perf_counter() - begun > 0.5:
            break
    return best


def _fields(arguments, theory=None, extra=()):
    """Parse the arguments of a verb on one point with options made from the records of the family.

    The verb is a simulation, with all its settings, or the function of the family's theory that is named.
    """
    prog = f"hebbian {arguments.verb}"
    if arguments.family in (None, "-h", "--help"):
        raise InvalidInput(f"{prog} FAMILY --field value ...: give one of {', '.join(configuration.families())}; "
                           f"`{prog} FAMILY --help` lists its fields")
    module = configuration.find_family(arguments.family)
    parser = argparse.ArgumentParser(prog=f"{prog} {arguments.family}", allow_abbrev=False)
    names = [(module.MODEL, field) for field in dataclasses.fields(module.MODEL)]
    if theory is None:
        names += [(module.Settings, field) for field in dataclasses.fields(module.Settings)]
    else:
        parameters = signature(verb("theory", arguments.family, theory)).parameters.values()
        extra = (*(p.name for p in parameters if p.kind is p.KEYWORD_ONLY), *extra)
    for record, field in names:
        default = "" if field.default in (dataclasses.MISSING, None) else f" (default {field.default})"
        text = results.documented(field.name, record.__doc__ or "").replace("%", "%%")
        parser.add_argument(f"--{field.name}", metavar="VALUE", type=configuration.load_value, help=text + default)
    for name in extra:
        parser.add_argument(f"--{name}", metavar="VALUE", type=configuration.load_value)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = {name: value for name, value in vars(parser.parse_args(arguments.fields)).items() if value is not None}
    return module, given, given.pop("json")


def _split(module, given):
    names = {field.name for field in dataclasses.fields(module.MODEL)}
    model = module.MODEL(**{name: value for name, value in given.items() if name in names})
    return model, {name: value for name, value in given.items() if name not in names}


def _print_json(value):
    """JSON with null where a number is not finite, since NaN is not JSON."""
    print(json.dumps(_clean(value), indent=2, default=str))


def _clean(value):
    if isinstance(value, dict):
        return {str(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    if isinstance(value, np.generic):
        return _clean(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
