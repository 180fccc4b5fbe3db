"""Kernel paths as a parameter: a test that takes `path` runs once on every instruction set the machine has."""

import pytest

from hebbian._kernels import dense

PATHS = ("portable", "avx2", "avx512", "avx512vnni")


def requires(available: bool, what: str) -> None:
    """Skip a test for a missing optional thing, and say so."""
    if not available:
        pytest.skip(f"not exercised: this machine has no {what}")


@pytest.fixture(params=PATHS)
def path(request):
    requires(request.param in dense.paths(), f"kernel path {request.param}")
    before = dense.active()
    dense.select(request.param)
    yield request.param
    dense.select(before)
