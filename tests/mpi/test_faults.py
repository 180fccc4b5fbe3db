"""What goes wrong is said once, ends in the right exit status, and never costs what was finished."""

import json
import os
import signal
import time

import pytest
from conftest import requires

from mpi.test_same_bytes import descendants, shards_of, wait_for_shards


def one_sentence(result):
    """Standard error of a refused command: one line, no traceback."""
    assert result.returncode == 2
    assert "Traceback" not in result.stderr and result.stderr.count("\n") == 1, result.stderr
    return result.stderr


@pytest.mark.parametrize("ranks", [None, pytest.param(2, marks=requires("mpi"))])
def test_a_failing_task_is_a_row_and_is_not_retried(command, ranks):
    mixed = ("--set", 'grid.mode=["plain","broken"]')
    result = command.sweep("out", *mixed, ranks=ranks)
    assert result.returncode == 1 and "12 points failed" in result.stderr
    before = shards_of(command.place / "out")
    assert command.sweep("out", *mixed, ranks=ranks).returncode == 1
    assert shards_of(command.place / "out") == before
    status = json.loads(command("status", "out", "--json").stdout)
    assert status["complete"] and status["failures"] == {"ValueError: the toy is broken": 30}
    assert "ValueError: the toy is broken" in command("export", "out").stdout


def test_memory_errors_are_retried_on_the_next_run(command):
    result = command.sweep("out", "--set", 'grid.mode=["plain","hungry"]')
    assert result.returncode == 1 and "to retry them" in result.stderr
    assert not (command.place / "out" / "results.h5").exists()
    assert any("the toy is hungry" in log.read_text() for log in (command.place / "out" / "log").iterdir())
    status = json.loads(command("status", "out", "--json").stdout)
    assert not status["complete"] and status["samples_missing"] == status["samples"] // 2


@requires("mpi")
def test_an_uncaught_error_on_a_rank_ends_the_job(command):
    begun = time.monotonic()
    result = command.sweep("out", "--set", 'grid.mode=["plain","exit"]', "--set", "simulate.pause=0.01", ranks=2)
    assert result.returncode not in (0, 75) and "ending all ranks" in result.stderr
    assert time.monotonic() - begun < 30


@requires("mpi")
def test_a_killed_rank_ends_the_job(command):
    process = command.start("sweep", command.file, "--dir", "out", "--set", "simulate.pause=0.2", ranks=2)
    wait_for_shards(command.place / "out", 1)
    os.kill(max(descendants(process.pid)), signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode != 0


@requires("mpi")
def test_bad_input_is_said_once_however_many_ranks(command):
    result = command.sweep("out", "--set", "simulate.swep=3", ranks=3)
    assert "Traceback" not in result.stderr and result.stderr.count("unknown") == 1


@requires("mpi")
def test_ranks_that_do_not_see_each_other_are_refused(command):
    result = command.sweep("out", PMI_SIZE="4", MPI4PY_LIBMPI="/nonexistent/libmpi.so")
    assert "a launcher started 4 processes" in one_sentence(result)
    assert not (command.place / "out").exists()


@requires("mpi")
def test_a_launcher_of_another_mpi_is_refused(command):
    result = command.sweep("out", OMPI_COMM_WORLD_SIZE="4")
    assert "each sees a world of 1" in one_sentence(result)


def test_a_corrupt_shard_is_kept_reported_and_computed_again(command, reference):
    assert command.sweep("out").returncode == 0
    victims = sorted((command.place / "out" / "shards").glob("??/*.h5"))[:3]
    victims[0].write_bytes(victims[0].read_bytes()[:-1])
    victims[1].write_bytes(b"")
    content = bytearray(victims[2].read_bytes())
    content[len(content) // 2] ^= 1
    victims[2].write_bytes(content)
    assert json.loads(command("status", "out", "--json").stdout)["corrupt"] == 3
    result = command.sweep("out")
    assert result.returncode == 0 and result.stderr.count("is corrupt and will be computed again") == 3
    assert len(list((command.place / "out" / "shards").glob("??/*.bad"))) == 3
    assert command.hash("out") == reference


@pytest.mark.parametrize("change, reason", [
    ("simulate.seed=2", "simulate.seed was 1 and is 2"),
    ("model.bias=0.25", "model.bias was 0.5 and is 0.25"),
    ('solve.branch="lower"', "solve.branch was absent and is lower"),
    ("grid.N=[10]", "grid.N was [10, 20] and is [10]"),
])
def test_a_changed_sweep_is_refused_even_with_extend(command, change, reason):
    assert command.sweep("out").returncode == 0
    before = command.hash("out")
    for extend in ([], ["--extend"]):
        assert reason in one_sentence(command.sweep("out", "--set", change, *extend))
    assert command.hash("out") == before


def test_another_numerics_number_is_refused(command):
    assert command.sweep("out").returncode == 0
    file = command.place / "out" / "config.toml"
    file.write_text(file.read_text().replace("numerics = 1", "numerics = 99"))
    assert "numerics" in one_sentence(command.sweep("out"))


def test_extend_adds_points_and_samples_without_computing_again(command):
    grown = ("--set", "grid.N=[20,10,30]", "--set", 'zip=[{K=[1,3],samples=[5,7]}]')
    assert command.sweep("out").returncode == 0
    before = shards_of(command.place / "out")
    assert "--extend" in one_sentence(command.sweep("out", *grown))
    assert command.sweep("out", "--extend", *grown).returncode == 0
    assert before.items() <= shards_of(command.place / "out").items()
    assert command.sweep("fresh", *grown).returncode == 0
    assert command.hash("out") == command.hash("fresh")


@pytest.mark.parametrize("target", ["/proc/hebbian", "sweep.toml", "sweep.toml/below", ""])
def test_a_directory_that_cannot_be_written_is_refused(command, target):
    one_sentence(command.sweep(target, "--set", "simulate.pause=9") if target else
                 command("sweep", command.file, "--set", 'output.dir=""'))


def test_a_limit_on_memory_is_refused_before_work(command):
    begun = time.monotonic()
    assert "GiB" in one_sentence(command.sweep("out", "--limit-memory", "0.1k"))
    assert time.monotonic() - begun < 10 and not (command.place / "out").exists()
