"""Running a sweep: resume, compute what is missing, consolidate, and say from the files how it ended."""

import os
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from inspect import signature
from pathlib import Path

from hebbian import config as configuration
from hebbian import machine, parallel, results, store, sweeps
from hebbian.errors import HebbianError, InvalidInput, NoSolution, NotDefined, StoreError
from hebbian.families import room, unknown
from hebbian.progress import Progress

DONE, FAILED, STOPPED = 0, 1, 75

#: Errors of the machine rather than of the question: logged, and tried again by the next run.
RETRIED = (MemoryError, OSError, ImportError)


@dataclass(frozen=True)
class Outcome:
    """How a sweep ended: its exit status, one sentence, and what is done, failed and missing."""

    code: int
    message: str
    failed: int
    missing: int


def sweep(source, *, grid=None, zip=(), dir=None, solve=None, theory=True, question="", reference="", jobs=None,
          schedule="dynamic", extend=False, progress=True, **settings):
    """Run or resume a sweep and load its results: `sweep(file)`, or `sweep(model, grid={...}, dir=..., N=..., ...)`.

    Parameters
    ----------
    source : path of a sweep file, or a model record.
    grid, zip : axes as in a sweep file, dict of lists or ranges; `zip` is a list of such dicts.
    dir : output directory; overrides the one of the file.
    solve, theory : options of the theory, and whether to compute it at all.
    question, reference : what the sweep asks, and the publication it follows.
    jobs : number of local processes; by default the ranks of mpiexec if there are any, else this process.
    extend : allow added points and samples in a directory that holds fewer.
    settings : settings of the family that every point shares.

    Returns
    -------
    xarray.Dataset as `load(dir)` gives it.
    """
    if isinstance(source, (str, os.PathLike)):
        if grid is not None or zip or settings:
            raise InvalidInput("a sweep file states its own grid and settings: change the file, or give a model")
        config = configuration.read(source, [f"output.dir={dir}"] if dir else [])
    else:
        model = {field.name: getattr(source, field.name) for field in fields(source)}
        config = configuration.from_table({
            "question": question, "source": reference, "theory": theory, "zip": list(zip),
            "model": {"family": source.family} | {name: value for name, value in model.items()
                                                  if value is not None and name not in (grid or {})},
            "grid": grid or {}, "simulate": settings, "solve": solve or {}, "output": {"dir": str(dir)} if dir else {}})
    outcome = run(config, jobs=jobs, schedule=schedule, extend=extend, progress=progress)
    if outcome.code:
        warnings.warn(outcome.message, stacklevel=2)
    return results.load(config.directory)


def run(config, *, jobs=None, shard=None, schedule="dynamic", extend=False, limit_memory=None, time_limit=None,
        progress=True) -> Outcome:
    """Compute what a sweep directory does not hold yet, consolidate it when all is there, and say how it ended.

    `shard` = (i, n) does only the i-th of n equal parts and leaves consolidation to `collect`; `time_limit` (seconds)
    stops drawing tasks in time to end cleanly; `limit_memory` is in bytes a process.
    """
    if config.directory is None:
        raise InvalidInput("[output] dir is missing: give the directory for the results")
    if jobs is not None:
        world = parallel.Local(jobs)
    else:
        world = parallel.launched() if shard is None else parallel.Serial()
    try:
        return _run(config, world, shard, schedule, extend, limit_memory, Stop(time_limit), progress)
    except HebbianError:
        raise
    except BaseException:
        world.abort()
        raise


def collect(directory) -> Outcome:
    """Consolidate the shards of a sweep directory into results.h5, if every task is there."""
    config = results.read_config(directory)
    config = replace(config, directory=str(directory))
    return _finish(config, sweeps.tasks(config, sweeps.points(config)), True, None)


def require_memory(config, limit: int | None, processes: int) -> None:
    """Refuse a sweep whose largest sample does not fit into memory, before any of it is allocated."""
    need = memory(config)
    allowed = machine.available_memory() // processes if limit is None else limit
    if need > allowed:
        whose = "the limit" if limit is not None else f"what this machine has for each of {processes} processes"
        raise InvalidInput(f"the largest sample needs {need / 2**30:.3g} GiB but {whose} is {allowed / 2**30:.3g} GiB: "
                           "give fewer processes, a smaller N or a smaller load")


def memory(config) -> int:
    """Bytes of the largest sample of a sweep, with those of its companions that may be simulated with it."""
    need, points = config.module().memory, sweeps.points(config)
    count = Counter(point.companions for point in points)
    together = [() if point.companions is None else (min(sweeps.TOGETHER, count[point.companions]),) for point in points]
    return max(need(point.model, point.settings, *number) for point, number in zip(points, together))


def check_options(config) -> None:
    """Refuse options of [solve] that the theory of the family does not know, or values that it does not allow."""
    if not (config.theory and config.solve):
        return
    known = _options(config)
    for key in config.solve:
        if key not in known:
            raise InvalidInput(f"[solve] {unknown('key', key, known)}")
    _, model, settings = next(config.records())
    try:
        room("theory", config.family).predict(model, settings, **config.solve)
    except InvalidInput as error:
        raise InvalidInput(f"[solve] {error}") from None
    except HebbianError:
        pass  # no solution at the first point says nothing about the options


def _options(config):
    """Names of the options of the theory: those of `predict`, and those of `solve` where it hands any on."""
    try:
        theory = room("theory", config.family)
    except NotDefined:
        return []
    parameters = dict(signature(theory.predict).parameters)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        parameters |= signature(theory.solve).parameters
    settings = {field.name for field in fields(config.module().Settings)}
    return [name for name, parameter in parameters.items()
            if name not in settings | {"model", "settings"} and parameter.kind is not parameter.VAR_KEYWORD]


class Stop:
    """When to draw no more tasks: a signal came, or the time is up."""

    SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)

    def __init__(self, time_limit=None):
        self.end = time.monotonic() + time_limit if time_limit is not None else float("inf")
        self.signalled = False

    def wanted(self) -> bool:
        """Whether the current task is to be the last one."""
        return self.signalled or time.monotonic() > self.end

    @contextmanager
    def listening(self, world):
        """Turn the signals that batch systems send before a kill into a clean stop; a second Ctrl-C interrupts."""
        def note(number, frame):
            if number == signal.SIGINT and self.signalled:
                raise KeyboardInterrupt
            self.signalled = True
            world.forward(number)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, note) for number in self.SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _run(config, world, shard, schedule, extend, limit_memory, stop, progress):
    neighbours = world.neighbours
    work = world.agree(lambda: _work(config, limit_memory, neighbours))
    if shard is not None:
        dealt = sweeps.batches(work, shard[1])[shard[0]::shard[1]]
        work = [task for batch in dealt for task in batch.tasks]
    held = world.lead(lambda: _open(config, extend))
    todo = sweeps.batches(sweeps.pending(work, held), world.size)
    with stop.listening(world):
        world.each(lambda draw, rank: _perform(config, todo, draw, rank, stop, world, progress), schedule)
    stopped = world.any(stop.wanted())
    return world.lead(lambda: _finish(config, work, stopped, shard))


def _work(config, limit_memory, processes):
    check_options(config)
    require_memory(config, limit_memory, processes)
    return sweeps.tasks(config, sweeps.points(config))


def _open(config, extend):
    """Claim the directory for this sweep, refuse if it holds another one, and say which samples are there."""
    directory = store.prepare(config.directory)
    text = store.read_config(directory)
    if text is not None and text != config.text():
        _require_same(config, results.read_config(directory), extend)
    shards, bad = store.scan(directory, repair=True)
    for path in bad:
        print(f"hebbian: {path} is corrupt and will be computed again", file=sys.stderr)
    store.write_config(directory, config.text())
    return results.held(shards)


def _require_same(new, old, extend):
    """Refuse a directory that was made for another sweep; `extend` lets points, samples and the theory be added."""
    before = {point.name: point.settings.samples for point in sweeps.points(old)}
    now = {point.name: point.settings.samples for point in sweeps.points(new)}
    theory_kept = not old.theory or (new.theory and old.solve == new.solve)
    same = before == now and old.theory == new.theory and old.solve == new.solve
    grown = theory_kept and all(now.get(name, 0) >= samples for name, samples in before.items())
    if same or (extend and grown):
        return
    directory, old, new = new.directory, old.flat(), new.flat()
    changes = [f"{key} was {old.get(key, 'absent')} and is {new.get(key, 'absent')}"
               for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    remedy = "extend it with --extend, or give another directory" if grown else "give another directory"
    raise StoreError(f"{directory} holds another sweep ({'; '.join(changes)}): {remedy}")


def _perform(config, todo, draw, rank, stop, world, progress):
    """Draw and compute batches of tasks until none is left or a stop is wanted."""
    log = store.Log(config.directory, rank)
    log.write("start", **machine.environment(), hdf5=store.hdf5_version(), rank=rank, world=str(world), batches=len(todo))
    with Progress(todo, shown=progress and rank == 0) as bar:
        while not stop.wanted():
            index = draw()
            if index >= len(todo):
                break
            bar.reach(index)
            _perform_batch(config, todo[index].tasks, log, bar)
    log.write("stop" if stop.wanted() else "end")


def _perform_batch(config, tasks, log, bar):
    """Compute the tasks of one batch, store each of them, and log how it went."""
    begun = time.perf_counter()
    together = _samples_together(config, tasks, log) if len(tasks) > 1 else [None]
    spent = (time.perf_counter() - begun) / len(tasks)
    for task, computed in zip(tasks, together, strict=True):
        begun = time.perf_counter()
        details = {"task": task.name, "first": task.first, "last": task.last}
        try:
            shard, message = _compute(config, task, computed)
        except RETRIED as error:
            log.write("error", **details, error=f"{type(error).__name__}: {error}")
            bar.fail(f"{type(error).__name__}: {error}; tried again on the next run")
        else:
            seconds = round(spent + time.perf_counter() - begun, 6)
            log.write("failed" if shard.failed else "done", **details, seconds=seconds, together=len(tasks))
            if shard.failed:
                bar.fail(message)


def _compute(config, task, computed=None):
    """Do one task, unless `computed`, store it, and return its shard and message.

    An error that would come again is stored as a row.
    """
    compute = _theory if task.kind == "theory" else _samples
    try:
        arrays, attrs, failed = computed or compute(config, task)
    except RETRIED:
        raise
    except Exception as error:
        message = results.described_failure(error)
        arrays, attrs, failed = {}, {"message": message, "status": results.THEORY_STATUS["failed"]}, True
    attrs["kind"] = task.kind
    shard = store.write_shard(config.directory, task.name, task.first, task.last, arrays, attrs, failed)
    return shard, attrs["message"]


def _samples(config, task):
    """Arrays, attributes and failure of a block of samples."""
    samples = range(task.first, task.last)
    return _checked(room("simulation", config.family).measure(task.point.model, task.point.settings, samples), samples)


def _samples_together(config, tasks, log):
    """What `_samples` gives for each of several tasks, or None for each where they fail: then every one has to go alone."""
    model, samples = tasks[0].point.model, range(tasks[0].first, tasks[0].last)
    measure = room("simulation", config.family).measure_together
    try:
        return [_checked(records, samples) for records in measure(model, [task.point.settings for task in tasks], samples)]
    except Exception as error:
        log.write("alone", tasks=[task.name for task in tasks], error=f"{type(error).__name__}: {error}")
        return [None] * len(tasks)


def _checked(records, samples):
    """Arrays, attributes and failure of records that have a row for every sample."""
    for name, array in records.items():
        if len(array) != len(samples):
            raise ValueError(f"record {name} has {len(array)} rows for {len(samples)} samples")
    return records, {"message": ""}, False


def _theory(config, task):
    """Arrays, attributes and failure of a prediction; that there is none is a result."""
    arrays, outcome, message = {}, "solved", ""
    try:
        solution = room("theory", config.family).predict(task.point.model, task.point.settings, **config.solve)
        arrays = results.predictions(solution, config.module())
    except NoSolution as error:
        outcome, message = "no_solution", results.described_failure(error)
    except NotDefined as error:
        outcome, message = "not_defined", results.described_failure(error)
    return arrays, {"status": results.THEORY_STATUS[outcome], "message": message}, False


def _finish(config, work, stopped, shard):
    """Look at the files, consolidate if all is there, read it back, and say how the sweep stands."""
    shards, _ = store.scan(config.directory)
    left = sweeps.pending(work, results.held(shards))
    names = {task.name for task in work}
    failed = sum(found.failed for found in shards if found.name in names)
    if left:
        missing = f"{len(left)} of {len(work)} tasks are missing"
        if stopped:
            return Outcome(STOPPED, f"{missing}: run the same sweep again to resume", failed, len(left))
        return Outcome(FAILED, f"{missing} after memory or input/output errors, which {config.directory}/log tells: "
                               "run the same sweep again to retry them", failed, len(left))
    if shard is None:
        table = results.assemble(config, shards)
        path = store.write_results(Path(config.directory) / "results.h5", table)
        if store.digest(store.read_results(path)) != store.digest(table):
            raise StoreError(f"{path}: does not read back as it was written: check the file system and run again")
        failed = results.failed_points(table)
    if failed:
        unit = "tasks" if shard is not None else "points"
        return Outcome(FAILED, f"{failed} {unit} failed: `hebbian status {config.directory}` says why", failed, 0)
    return Outcome(DONE, "", 0, 0)
