"""From a grid to work: points, their tasks, and what of it is still to be done.  Pure functions that know no MPI.

A task is a block of samples of one point, or the theory of one point; a batch is what a process draws, one task or the same
block of several points that are faster together.  Blocks are cut by the operation count alone, so the same sweep has the same
tasks on every machine; what a directory already holds is subtracted sample by sample.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from hebbian.errors import InvalidInput
from hebbian.models.records import described

#: Operations that one task should hold: one to three seconds of a compiled kernel.
BLOCK = 2e9

#: What a sample costs at least, in operations: keys, allocation and the call of the kernel.
SAMPLE = 1e7

#: A saddle point is taken to cost as much as this many operations of a kernel.
THEORY = 1e8

#: The most points that are simulated together: two replicas each fill the lanes of a kernel, and what one process has in
#: hand, others cannot share, nor does it survive a kill.
TOGETHER = 16

#: Batches that each of several processes should get at least: fewer leave some idle at the end.
SHARE = 2

#: The most tasks of one sweep: each leaves a file, and file systems have quotas.
TASKS = 200_000


@dataclass(frozen=True)
class Point:
    """One grid point: its place in the grid, its records, and the name its shards carry whatever the grid around it.

    `cost` is that of one sample, in operations.  Points of equal `companions`, unless None, may be simulated together.
    """

    steps: tuple[int, ...]
    model: Any
    settings: Any
    name: str
    cost: float
    companions: Any = None


@dataclass(frozen=True)
class Task:
    """Samples `first` to `last` - 1 of a point, or (`kind` "theory") its prediction; `cost` is in operations."""

    kind: str
    point: Point
    name: str
    first: int
    last: int
    cost: float


@dataclass(frozen=True)
class Batch:
    """Tasks that one process draws and does together: one of them, or the same samples of companions."""

    tasks: tuple[Task, ...]

    @property
    def cost(self) -> float:
        """Operations of all its tasks."""
        return sum(task.cost for task in self.tasks)


def points(config) -> list[Point]:
    """All points of a sweep, in grid order."""
    module = config.module()
    companions = getattr(module, "companions", lambda model, settings: None)
    found = [Point(steps, model, settings, point_name(model, settings), max(SAMPLE, module.operations(model, settings)),
                   companions(model, settings))
             for steps, model, settings in config.records()]
    if len({point.name for point in found}) < len(found):
        raise InvalidInput("the grid holds the same point twice: remove an axis or a value that changes nothing")
    return found


def point_name(model, settings) -> str:
    """Sixteen hex digits that depend on the parameters of a point only, not on its samples or its neighbours."""
    conditions = [pair for pair in described(settings) if pair[0] != "samples"]
    return _name(model.family, described(model), conditions)


def theory_name(point: Point, options: dict) -> str:
    """Name of the prediction at a point with the options of [solve]."""
    return _name(point.name, sorted(options.items()))


def tasks(config, found: list[Point]) -> list[Task]:
    """Every task of a sweep, the longest first, so that no rank starts a long one when the others are done."""
    count = sum(-(-point.settings.samples // block(point.cost)) for point in found)
    if count + len(found) * config.theory > TASKS:
        raise InvalidInput(f"the sweep has {count} blocks of samples at {len(found)} points: "
                           f"stay below {TASKS} tasks by fewer points or samples, or split it into several files")
    work = []
    for point in found:
        samples, size = point.settings.samples, block(point.cost)
        for first in range(0, samples, size):
            last = min(first + size, samples)
            work.append(Task("samples", point, point.name, first, last, (last - first) * point.cost))
        if config.theory:
            work.append(Task("theory", point, theory_name(point, config.solve), 0, 0, THEORY))
    return sorted(work, key=lambda task: -task.cost)


def batches(work: list[Task], processes: int) -> list[Batch]:
    """All of `work` in batches, the longest first.

    Tasks go together where they are the same samples of companions: at most TOGETHER, and fewer where several `processes`
    would otherwise not get SHARE batches each.
    """
    most, groups = TOGETHER, {}
    if processes > 1:
        most = max(1, min(most, sum(task.kind == "samples" for task in work) // (SHARE * processes)))
    for task in work:
        companions = task.name if task.point.companions is None or task.kind == "theory" else task.point.companions
        groups.setdefault((companions, task.first, task.last), []).append(task)
    found = []
    for tasks_ in groups.values():
        parts = -(-len(tasks_) // most)
        cuts = [len(tasks_) * part // parts for part in range(parts + 1)]
        found += [Batch(tuple(tasks_[low:high])) for low, high in zip(cuts, cuts[1:])]
    return sorted(found, key=lambda batch: -batch.cost)


def block(cost: float) -> int:
    """Samples in one task, from the operations of one sample."""
    return max(1, int(BLOCK // cost))


def pending(work: list[Task], held: dict[str, list[tuple[int, int]]]) -> list[Task]:
    """The parts of `work` that `held`, a dict from names to ranges of samples, does not cover; order is kept."""
    left = []
    for task in work:
        have = held.get(task.name, ())
        if task.kind == "theory":
            left += [] if have else [task]
        else:
            cost = task.cost / (task.last - task.first)
            left += [replace(task, first=first, last=last, cost=(last - first) * cost)
                     for first, last in gaps(task.first, task.last, have)]
    return left


def gaps(first: int, last: int, have) -> list[tuple[int, int]]:
    """The ranges of [first, last) that the ranges in `have` leave open."""
    left = []
    for start, stop in sorted(have):
        if stop > first:
            if start > first:
                left.append((first, min(start, last)))
            first = max(first, stop)
        if first >= last:
            break
    if first < last:
        left.append((first, last))
    return [(start, stop) for start, stop in left if start < stop]


def _name(*content) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()
