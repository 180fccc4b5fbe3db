"""How the tests here run `hebbian` as its users do: as a command, alone or under mpiexec, with a time limit."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = [sys.executable, str(ROOT / "tests" / "toy" / "run.py")]

# An Open MPI of the user refuses root and more ranks than cores unless told otherwise.
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_MCA_rmaps_base_oversubscribe": "1",
               "OMP_NUM_THREADS": "1"}

SWEEP = """
question = "Does the toy count the same on any number of ranks?"
[model]
family = "toy"
[grid]
N = [10, 20]
T = { start = 0.1, stop = 1.3, num = 3 }
[[zip]]
K = [1, 3]
samples = [5, 3]
[simulate]
pause = 0.0
"""


class Command:
    """Runs `hebbian` with the toy family in a directory of its own."""

    def __init__(self, place):
        self.place = place
        self.file = place / "sweep.toml"
        self.file.write_text(SWEEP)

    def line(self, *arguments, ranks=None):
        launcher = [mpiexec(), "-n", str(ranks)] if ranks else []
        return [*launcher, *RUN, *map(str, arguments)]

    def environment(self, **extra):
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
        return {**os.environ, **ENVIRONMENT, "PYTHONPATH": path, **extra}

    def start(self, *arguments, ranks=None, **extra):
        return subprocess.Popen(self.line(*arguments, ranks=ranks), cwd=self.place, env=self.environment(**extra),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __call__(self, *arguments, ranks=None, timeout=60, **extra):
        return subprocess.run(self.line(*arguments, ranks=ranks), cwd=self.place, env=self.environment(**extra),
                              capture_output=True, text=True, timeout=timeout)

    def sweep(self, name, *arguments, **options):
        return self("sweep", self.file, "--dir", name, "--quiet", *arguments, **options)

    def hash(self, name):
        return hashlib.sha256((self.place / name / "results.h5").read_bytes()).hexdigest()


def mpiexec():
    return shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """SHA-256 of results.h5 of the common sweep, computed by one process without MPI."""
    alone = Command(tmp_path_factory.mktemp("reference"))
    result = alone.sweep("out")
    assert result.returncode == 0, result.stderr
    return alone.hash("out")
