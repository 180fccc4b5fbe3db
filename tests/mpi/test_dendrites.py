"""Batches of segments over ranks: results.h5 of a dendrite sweep has the same bytes on any number of them."""

import pytest
from conftest import requires

from mpi.conftest import Command

SWEEP = """
question = "Do batches of segments add up to the same counts on any number of ranks?"
[model]
family = "dendrites"
a = 40
s = 16
[grid]
n = [300, 400]
theta = [5, 7]
[[zip]]
patterns = [1, 2]
noise = [4, 8]
[simulate]
trials = 30_000_000
batches = 8
seed = 3
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    command = Command(tmp_path_factory.mktemp("alone"))
    command.file.write_text(SWEEP)
    result = command.sweep("out")
    assert result.returncode == 0, result.stderr
    return command.hash("out")


@requires("mpi")
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_give_the_same_bytes(command, alone, ranks):
    command.file.write_text(SWEEP)
    result = command.sweep("out", ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert command.hash("out") == alone


def test_local_processes_and_rare_events_give_the_same_bytes(command):
    for method in ("tilt", "union", "splitting"):
        text = SWEEP.replace("trials = 30_000_000", f'trials = 400\nmoves = 20\nmethod = "{method}"')
        command.file.write_text(text)
        for name, jobs in ((f"{method}-1", 1), (f"{method}-2", 2)):
            result = command.sweep(name, "--jobs", jobs)
            assert result.returncode == 0, result.stderr
        assert command.hash(f"{method}-1") == command.hash(f"{method}-2")
