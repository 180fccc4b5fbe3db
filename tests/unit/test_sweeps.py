"""Points, tasks and what is pending: the same on every machine, and nothing is ever done twice."""

import dataclasses

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from hebbian import config, sweeps
from hebbian.errors import InvalidInput

toy.register()


def sweep(theory=True, **changes):
    table = {"model": {"family": "toy"}, "grid": {"N": [10, 20], "T": [0.1, 0.2]}, "simulate": {"samples": 5}}
    return config.from_table({key: {**table.get(key, {}), **changes.get(key, {})} for key in (*table, *changes)}
                             | {"theory": theory})


def test_names_depend_on_the_point_only():
    few = {p.name for p in sweeps.points(sweep())}
    more = {p.name for p in sweeps.points(sweep(grid={"N": [30, 20, 10]}, simulate={"samples": 50}))}
    assert len(few) == 4 and few < more
    assert few.isdisjoint(p.name for p in sweeps.points(sweep(simulate={"seed": 2})))
    assert few.isdisjoint(p.name for p in sweeps.points(sweep(model={"bias": 0.25})))


def test_the_prediction_has_a_name_of_its_own_that_knows_its_options():
    point = sweeps.points(sweep())[0]
    assert len({point.name, sweeps.theory_name(point, {}), sweeps.theory_name(point, {"branch": "lower"})}) == 3


def test_tasks_cover_every_sample_once_and_start_with_the_longest():
    found = sweep(grid={"work": [1.0, 900.0]})
    work = sweeps.tasks(found, sweeps.points(found))
    costs = [task.cost for task in work]
    assert costs == sorted(costs, reverse=True)
    for point in sweeps.points(found):
        mine = sorted(task for task in ((t.first, t.last) for t in work if t.name == point.name))
        assert [first for first, _ in mine] == [0, *(last for _, last in mine[:-1])] and mine[-1][1] == 5
        assert sum(t.name == sweeps.theory_name(point, {}) for t in work) == 1


def test_without_theory_there_are_no_predictions():
    found = sweep(theory=False)
    assert {task.kind for task in sweeps.tasks(found, sweeps.points(found))} == {"samples"}


def test_blocks_hold_seconds_not_samples():
    assert sweeps.block(sweeps.BLOCK * 10) == 1
    assert sweeps.block(sweeps.BLOCK / 8) == 8
    assert sweeps.block(sweeps.SAMPLE) == sweeps.BLOCK / sweeps.SAMPLE


@given(st.integers(0, 20), st.integers(0, 20), st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=6))
def test_gaps_are_exactly_what_is_not_held(first, length, ranges):
    held = [(low, high) for low, high in ranges if low < high]
    have = {i for low, high in held for i in range(low, high)}
    found = sweeps.gaps(first, first + length, held)
    wanted = [i for i in range(first, first + length) if i not in have]
    assert [i for low, high in found for i in range(low, high)] == wanted
    assert all(low < high for low, high in found)


def test_what_is_held_is_not_pending():
    found = sweep(simulate={"samples": 7, "work": 500.0})
    points = sweeps.points(found)
    work = sweeps.tasks(found, points)
    held = {points[0].name: [(0, 2), (3, 5)], sweeps.theory_name(points[1], {}): [(0, 0)]}
    left = sweeps.pending(work, held)
    mine = [(task.first, task.last) for task in left if task.name == points[0].name]
    assert sorted(mine) == [(2, 3), (5, 7)]
    assert sum(task.kind == "theory" for task in left) == 3
    assert sweeps.pending(work, {task.name: [(0, 7)] for task in work}) == []


def dense_sweep(**simulate):
    """Twenty temperatures of two loads, the samples in blocks of four."""
    return config.from_table({"model": {"family": "dense"}, "theory": True, "grid": {
        "alpha": [0.05, 0.1], "T": {"start": 0.05, "stop": 1.0, "num": 20}},
        "simulate": {"N": 1000, "samples": 10, "burn_in": 0, "sweeps": 2500, **simulate}})


@pytest.mark.parametrize("processes", [1, 2, 3, 10, 500])
def test_batches_hold_every_task_once_and_enough_for_every_process(processes):
    found = dense_sweep()
    work = sweeps.tasks(found, sweeps.points(found))
    batches = sweeps.batches(work, processes)
    tasks = [task for batch in batches for task in batch.tasks]
    assert len(tasks) == len(work) and set(map(id, tasks)) == set(map(id, work))
    costs = [batch.cost for batch in batches]
    assert costs == sorted(costs, reverse=True)
    largest = max(len(batch.tasks) for batch in batches)
    samples = [batch for batch in batches if batch.tasks[0].kind == "samples"]
    assert largest == {1: 10, 2: 10, 3: 10, 10: 5, 500: 1}[processes] and len(samples) >= min(2 * processes, len(work) - 40)


def test_a_batch_differs_in_temperature_only():
    found = dense_sweep()
    for batch in sweeps.batches(sweeps.tasks(found, sweeps.points(found)), 1):
        task = batch.tasks[0]
        if task.kind == "theory":
            assert len(batch.tasks) == 1
        else:
            assert {(other.first, other.last, other.point.model) for other in batch.tasks} == {
                (task.first, task.last, task.point.model)}
            assert len({other.point.settings.T for other in batch.tasks}) == len(batch.tasks) == 10


@pytest.mark.parametrize("change", [
    dict(order="random"), dict(gains="float32"), dict(sweeps=70_000), dict(N=40_000, sweeps=1, samples=1)])
def test_what_lanes_cannot_hold_goes_alone(change):
    found = dense_sweep(**change)
    assert all(len(batch.tasks) == 1 for batch in sweeps.batches(sweeps.tasks(found, sweeps.points(found)), 1))


def test_too_many_tasks_are_refused_with_a_remedy():
    found = sweep(simulate={"samples": 2**31})
    with pytest.raises(InvalidInput, match="fewer points or samples"):
        sweeps.tasks(found, sweeps.points(found))


def test_records_are_frozen():
    point = sweeps.points(sweep())[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.cost = 1
