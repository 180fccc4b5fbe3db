"""What the whole suite shares: `requires` for optional things, and a closing list of what was not exercised."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def _has_mpi():
    launcher = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if launcher is None:
        return False
    probe = subprocess.run([sys.executable, "-c", "from mpi4py import MPI"], capture_output=True, timeout=60)
    return probe.returncode == 0


OPTIONAL = {"mpi": (_has_mpi, "no working MPI with an mpiexec")}


def requires(name):
    """Mark a test that needs an optional thing of the machine; without it the test is skipped and the reason listed."""
    present, reason = OPTIONAL[name]
    return pytest.mark.skipif(not present(), reason=f"requires {name}: {reason}")


def pytest_terminal_summary(terminalreporter, config):
    skipped = {report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
               for report in terminalreporter.stats.get("skipped", [])}
    deselected = sum(item.get_closest_marker("slow") is not None for item in terminalreporter.stats.get("deselected", []))
    terminalreporter.section("not exercised")
    for reason in sorted(skipped):
        terminalreporter.write_line(reason)
    if deselected:
        terminalreporter.write_line(f"{deselected} tests behind the mark `slow` (run them with `make test-slow`)")
    if not skipped and not deselected:
        terminalreporter.write_line("nothing")
