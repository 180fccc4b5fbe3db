"""Kernel paths as a parameter: a test that takes `path` runs once on every instruction set the machine has."""

import pytest
from conftest import OPTIONAL, requires

from hebbian._kernels import dense

PATHS = ("portable", "avx2", "avx512", "avx512vnni")

OPTIONAL.update({path: (lambda path=path: path in dense.paths(), f"this machine lacks the kernel path {path}")
                 for path in PATHS})


@pytest.fixture(params=[pytest.param(path, marks=requires(path)) for path in PATHS])
def path(request):
    before = dense.active()
    dense.select(request.param)
    yield request.param
    dense.select(before)
