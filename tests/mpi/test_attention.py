"""A memory spread over ranks retrieves as one memory does, to rounding, with two reductions a step."""

import json
import os
import subprocess
import sys

import pytest
from conftest import requires

from mpi.conftest import ENVIRONMENT, ROOT, mpiexec

SCRIPT = """
import json
import numpy as np
from hebbian import attention, parallel

world = parallel.launched()
draw = np.random.default_rng(5)
X, q = draw.standard_normal((1001, 12)), draw.standard_normal((9, 12))
own = np.array_split(X, world.size)[world.rank]
options = dict(comm=world)
parts = [attention.retrieve(q, own, 1.1, 3, **options), attention.retrieve(q[0], own, 1.1, **options),
         attention.retrieve(q, own, 1.1, "iterated", **options), attention.energy(q, own, 1.1, **options)]
whole = [attention.retrieve(q, X, 1.1, 3), attention.retrieve(q[0], X, 1.1), attention.retrieve(q, X, 1.1, "iterated"),
         attention.energy(q, X, 1.1)]
error = max(np.abs(a - b).max() for a, b in zip(parts, whole))
alone = np.abs(attention.retrieve(q, own, 1.1, 3) - whole[0]).max()
if world.rank == 0:
    print(json.dumps([world.size, error, alone]))
"""


@requires("mpi")
@pytest.mark.parametrize("ranks", [2, 3])
def test_memories_of_several_ranks_act_as_one(ranks, tmp_path):
    (tmp_path / "spread.py").write_text(SCRIPT)
    result = subprocess.run([mpiexec(), "-n", str(ranks), sys.executable, str(tmp_path / "spread.py")], capture_output=True,
                            text=True, timeout=60, env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT)})
    size, error, alone = json.loads(result.stdout)
    assert size == ranks and error < 1e-11 and alone > 1e-3  # the iteration amplifies rounding before it contracts
