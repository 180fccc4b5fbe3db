"""Temperatures of one sample that run side by side: results.h5 has the bytes of a sweep in which every point goes alone."""

import hashlib
import json
import os
import signal

import pytest
from conftest import requires

from hebbian import config, execution, sweeps
from mpi.conftest import Command
from mpi.test_same_bytes import descendants, shards_of, wait_for_shards

# Two sizes, one with odd overlaps, through the transition at every load: cold points, hot ones, and one at T = 0.
SWEEP = """
question = "Do temperatures in lanes change a byte?"
theory = false
[model]
family = "dense"
[grid]
N = [300, 301]
alpha = [0.05, 0.1]
T = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9]
[simulate]
samples = 20
burn_in = 60
sweeps = 340
"""


def run(directory, *changes, text=SWEEP, **options):
    """A sweep in this process; returns the hash of its results."""
    file = directory.parent / f"{directory.name}.toml"
    file.write_text(text)
    asked = config.read(file, [f'output.dir="{directory}"', *changes])
    outcome = execution.run(asked, progress=False, **options)
    assert outcome.code == 0, outcome.message
    return hashlib.sha256((directory / "results.h5").read_bytes()).hexdigest()


def logged(directory):
    """How many points went together in every task that the logs tell of."""
    lines = [json.loads(line) for log in (directory / "log").glob("*.jsonl") for line in log.read_text().splitlines()]
    return [line["together"] for line in lines if line["event"] == "done"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Hashes of the sweep with every point alone, as it is and as it is grown later."""
    place = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "TOGETHER", 1)
        hashes = run(place / "one"), run(place / "grown", *GROWN)
    assert set(logged(place / "one")) == {1}
    return hashes


GROWN = ("simulate.samples=23", "grid.T=[0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]")


def test_points_together_leave_the_bytes_of_points_alone(alone, tmp_path):
    assert run(tmp_path / "out") == alone[0]
    assert logged(tmp_path / "out") == [6] * 24


def test_another_key_would_be_seen(alone, tmp_path, monkeypatch):
    from hebbian.simulation import dense

    right = dense._key
    monkeypatch.setattr(dense, "_key", lambda model, point, sample, start=None: right(model, point, sample + 1, start))
    assert run(tmp_path / "out") != alone[0]


def test_a_failure_together_is_computed_alone(alone, tmp_path, monkeypatch):
    from hebbian.simulation import lanes

    def fail(*arguments):
        raise MemoryError("no lanes today")

    monkeypatch.setattr(lanes, "evolve", fail)
    assert run(tmp_path / "out") == alone[0]
    [log] = (tmp_path / "out" / "log").iterdir()
    assert log.read_text().count("MemoryError: no lanes today") == 4


def test_a_batch_resumes_with_what_is_left_of_its_points(alone, tmp_path):
    run(tmp_path / "out")
    paths = sorted((tmp_path / "out" / "shards").glob("??/*.h5"))
    for path in paths[::3]:
        path.unlink()
    kept = shards_of(tmp_path / "out")
    assert run(tmp_path / "out") == alone[0]
    assert kept.items() <= shards_of(tmp_path / "out").items() and sum(logged(tmp_path / "out")[24:]) >= 8


def test_samples_and_temperatures_added_later(alone, tmp_path):
    run(tmp_path / "out")
    assert run(tmp_path / "out", *GROWN, extend=True) == alone[1] != alone[0]
    assert len(shards_of(tmp_path / "out")) == 24 + 28


def test_a_job_array_deals_whole_batches(alone, tmp_path):
    for part in range(2):
        text = SWEEP + f'[output]\ndir = "{tmp_path / "out"}"\n'
        file = tmp_path / "sweep.toml"
        file.write_text(text)
        assert execution.run(config.read(file), shard=(part, 2), progress=False).code == 0
    assert execution.collect(tmp_path / "out").code == 0
    assert hashlib.sha256((tmp_path / "out" / "results.h5").read_bytes()).hexdigest() == alone[0]
    assert min(logged(tmp_path / "out")) == 6


@requires("mpi")
@pytest.mark.parametrize("ranks, schedule", [(1, "cyclic"), (2, "dynamic"), (2, "cyclic"), (3, "dynamic")])
def test_ranks_give_the_same_bytes(command, alone, ranks, schedule):
    command.file.write_text(SWEEP)
    result = command.sweep("out", "--schedule", schedule, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert command.hash("out") == alone[0]
    assert max(logged(command.place / "out")) > 2


def test_local_processes_give_the_same_bytes(command, alone):
    command.file.write_text(SWEEP)
    assert command.sweep("out", "--jobs", 2).returncode == 0
    assert command.hash("out") == alone[0]


@pytest.mark.parametrize("ranks", [None, pytest.param(2, marks=requires("mpi"))])
def test_a_killed_run_resumes_to_the_same_bytes(command, alone, ranks):
    killed(command, alone[0], ranks)


@pytest.mark.slow
@requires("mpi")
def test_many_kills_lose_nothing(tmp_path, alone):
    for trial in range(12):
        place = tmp_path / str(trial)
        place.mkdir()
        killed(Command(place), alone[0], ranks=1 + trial % 3, after=1 + trial)


def killed(command, wanted, ranks, after=1):
    """Kill a run once it has stored some tasks, finish it with other workers, and compare the bytes."""
    command.file.write_text(SWEEP)
    process = command.start("sweep", command.file, "--dir", "out", "--quiet", *([] if ranks else ["--jobs", 2]), ranks=ranks)
    wait_for_shards(command.place / "out", after)
    for target in [process.pid, *descendants(process.pid)]:
        try:
            os.kill(target, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.communicate(timeout=30)
    kept = shards_of(command.place / "out")
    assert command.sweep("out", *(["--jobs", 2] if ranks else [])).returncode == 0
    assert kept.items() <= shards_of(command.place / "out").items()
    assert command.hash("out") == wanted
