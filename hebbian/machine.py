"""What this machine offers and forbids: the memory a process may use, and what tells two runs of one sweep apart."""

import contextlib
import os
import platform
import resource
import socket
import sys
from importlib import metadata
from pathlib import Path

PACKAGES = ("hebbian-lab", "numpy", "scipy", "h5py", "mpi4py", "xarray", "matplotlib")


def available_memory() -> int:
    """Bytes that this process may use: physical memory, or what a resource limit or a control group leaves of it."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        limits.append(soft)
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(Path(file).read_text()))
    return min(limits)


def kernel() -> dict:
    """The kernel path in use, those that this machine can run, and how they were compiled."""
    from hebbian._kernels import dense

    return {"kernel_path": dense.active(), "kernel_paths": list(dense.paths()), **dense.build()}


def packages() -> dict:
    """Installed versions of this package and of what it computes with."""
    found = {}
    for name in PACKAGES:
        found[name] = "not installed"
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def environment() -> dict:
    """What may differ between two runs of one sweep and is therefore kept in the log only."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "platform": platform.platform(),
            "processor": processor(), "arguments": sys.argv, "python": platform.python_version(), **packages(), **kernel()}


def processor() -> str:
    """Name of the processor, as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
