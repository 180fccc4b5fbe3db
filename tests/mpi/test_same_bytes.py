"""results.h5 has the same bytes whoever computed it, in whatever order, and after any interruption."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from conftest import requires

from mpi.conftest import Command

PAUSE = "simulate.pause=0.02"


@requires("mpi")
@pytest.mark.parametrize("schedule", ["dynamic", "cyclic"])
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_any_number_of_ranks_gives_the_same_bytes(command, reference, ranks, schedule):
    result = command.sweep("out", "--schedule", schedule, ranks=ranks)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    assert command.hash("out") == reference


@requires("mpi")
def test_ranks_share_the_work(command):
    assert command.sweep("out", "--set", PAUSE, ranks=3).returncode == 0
    done = [log.read_text().count('"event": "done"') for log in (command.place / "out" / "log").glob("*.jsonl")]
    shards = list((command.place / "out" / "shards").glob("??/*.h5"))
    assert len(done) == 3 and min(done) > 0 and sum(done) == len(shards)


@pytest.mark.parametrize("schedule", ["dynamic", "cyclic"])
def test_local_processes_give_the_same_bytes(command, reference, schedule):
    assert command.sweep("out", "--jobs", 2, "--schedule", schedule).returncode == 0
    assert command.hash("out") == reference


def test_a_job_array_and_collect_give_the_same_bytes(command, reference):
    for part in (2, 0, 1):
        assert command("collect", "out").returncode != 0
        assert command.sweep("out", "--shard", f"{part}/3").returncode == 0
        assert not (command.place / "out" / "results.h5").exists()
    assert command("collect", "out").returncode == 0
    assert command.hash("out") == reference


def test_no_mpi_library_means_serial(command, reference):
    nowhere = {"MPI4PY_LIBMPI": "/nonexistent/libmpi.so"}
    assert command.sweep("out", **nowhere).returncode == 0
    assert command.hash("out") == reference


@pytest.mark.parametrize("number, ranks", [(signal.SIGTERM, None), (signal.SIGINT, None),
                                           pytest.param(signal.SIGUSR1, 2, marks=requires("mpi"))])
def test_a_signal_ends_a_run_cleanly_and_it_resumes(command, number, ranks):
    workers = [] if ranks else ["--jobs", 2]
    line = ["sweep", command.file, "--dir", "out", "--set", "simulate.pause=0.05"]
    process = command.start(*line, *workers, ranks=ranks)
    wait_for_shards(command.place / "out", 3)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 75 and errors.count("run the same sweep again") == 1
    before = shards_of(command.place / "out")
    assert command.sweep("out", "--set", "simulate.pause=0.05").returncode == 0
    assert before.items() <= shards_of(command.place / "out").items()


def test_a_time_limit_ends_a_run_cleanly(command):
    assert command.sweep("out", "--time", "0s").returncode == 75
    assert "run the same sweep again" in command.sweep("out", "--time", "0s").stderr


@requires("mpi")
@pytest.mark.parametrize("victim", ["rank", "launcher"])
def test_a_killed_run_resumes_to_the_same_bytes(command, victim):
    torture(command, kills=3, how=[victim], seed=1)


def test_killed_local_processes_resume_to_the_same_bytes(command):
    torture(command, kills=3, how=["local"], seed=2)


@pytest.mark.slow
@requires("mpi")
def test_a_hundred_kills_lose_nothing(tmp_path):
    for trial in range(12):
        place = tmp_path / str(trial)
        place.mkdir()
        torture(Command(place), kills=9, how=["rank", "launcher", "local"], seed=100 + trial)


def torture(command, kills, how, seed):
    """Kill a run at random times, start it again with another number of workers, and compare the end results."""
    chance = random.Random(seed)
    options = ("--set", PAUSE, "--quiet")
    assert command("sweep", command.file, "--dir", "undisturbed", *options).returncode == 0
    survivors, done = {}, 0
    while done < kills:
        victim = chance.choice(how)
        workers = chance.randint(2, 3)
        line = ["sweep", command.file, "--dir", "out", *options]
        process = command.start(*line, "--jobs", workers) if victim == "local" else command.start(*line, ranks=workers)
        time.sleep(chance.uniform(0.2, 1.0))
        targets = {"launcher": [process.pid], "rank": sorted(descendants(process.pid))[-workers:],
                   "local": [process.pid, *descendants(process.pid)]}[victim]
        alive = process.poll() is None
        for target in chance.sample(targets, 1) if targets else []:
            try:
                os.kill(target, signal.SIGKILL)
                done += alive
            except ProcessLookupError:
                pass
        process.communicate(timeout=60)
        now = shards_of(command.place / "out")
        assert survivors.items() <= now.items(), "a finished shard was lost or computed again"
        survivors = now
        if process.returncode == 0:
            assert command.hash("out") == command.hash("undisturbed")
            for path in (command.place / "out" / "shards").glob("??/*.h5"):
                if chance.random() < 0.5:
                    path.unlink()
            survivors = shards_of(command.place / "out")
    assert command("sweep", command.file, "--dir", "out", *options).returncode == 0
    assert survivors.items() <= shards_of(command.place / "out").items()
    assert command.hash("out") == command.hash("undisturbed")


def shards_of(directory):
    """Identity of every finished shard, which changes if it is written again."""
    found = {}
    for path in directory.glob("shards/??/*.h5"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_mtime_ns)
    return found


def wait_for_shards(directory, count):
    end = time.monotonic() + 30
    while len(shards_of(directory)) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def descendants(pid):
    """Processes below `pid`, from /proc: only what this test has started may be killed."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found
