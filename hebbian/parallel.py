"""Worlds that hand out numbered tasks: MPI ranks, local processes, or this process alone, all with one interface.

The only importer of mpi4py, and only where a launcher started us: a laptop or a login node never loads an MPI.
Tasks are drawn from a shared counter (`schedule` "dynamic", no master) or dealt in turns ("cyclic").  Ranks exchange
no results; they meet only where rank 0 speaks for all.
"""

import fcntl
import itertools
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings

from hebbian.errors import HebbianError, InvalidInput

SCHEDULES = ("dynamic", "cyclic")

#: What launchers tell their processes: the number of ranks and the rank.
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "FLUX_JOB_SIZE", "SLURM_STEP_NUM_TASKS")
RANKS = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "FLUX_TASK_RANK", "PMIX_RANK", "SLURM_PROCID")


class Serial:
    """This process alone; what the other worlds add is a no-op here."""

    rank = 0
    size = 1

    def __str__(self):
        return "serial"

    @property
    def neighbours(self) -> int:
        """Processes that share the memory of this machine."""
        return 1

    def each(self, work, schedule: str) -> None:
        """Call work(draw, rank) in every process; draw() returns the next task number that nobody else has."""
        work(itertools.count().__next__, 0)

    def lead(self, function):
        """What `function` returns on rank 0, or its error, on every rank."""
        return function()

    def agree(self, function):
        """What `function` returns on this rank, unless it raised on any: then that error on every rank."""
        return function()

    def any(self, flag: bool) -> bool:
        """Whether `flag` is set on any rank."""
        return flag

    def maximum(self, array):
        """Element-wise maximum over the ranks of an array of numbers, on every rank."""
        return array

    def sum(self, array):
        """Element-wise sum over the ranks of an array of numbers, on every rank."""
        return array

    def forward(self, number: int) -> None:
        """Pass a signal on to the processes that this world started."""

    def abort(self) -> None:
        """End every rank after an error that only this one has seen."""


class Local(Serial):
    """Processes forked on this machine, without MPI."""

    def __init__(self, jobs: int):
        self.size = jobs
        self.parent = os.getpid()
        self.children = []
        self.lost = False

    def __str__(self):
        return f"{self.size} local processes"

    @property
    def neighbours(self) -> int:
        return self.size

    def each(self, work, schedule):
        # Forked, so that a notebook or an unguarded script can start them; they inherit everything but the results.
        context = multiprocessing.get_context("fork")
        with tempfile.TemporaryFile() as counter:
            draws = [_turns(rank, self.size) if schedule == "cyclic" else _counted(counter)
                     for rank in range(self.size)]
            self.children = [context.Process(target=work, args=(_with_parent(draw, self.parent), rank))
                             for rank, draw in enumerate(draws)]
            for child in self.children:
                child.start()
            for rank, child in enumerate(self.children):
                child.join()
                if child.exitcode:
                    self.lost = True
                    print(f"hebbian: local process {rank} ended with status {child.exitcode}", file=sys.stderr)

    def any(self, flag):
        return flag or self.lost

    def forward(self, number):
        # The children inherit the handler that calls this, but have nobody to pass a signal to.
        for child in self.children if os.getpid() == self.parent else ():
            if child.is_alive():
                os.kill(child.pid, number)


class Ranks(Serial):
    """The ranks that a launcher such as mpiexec started."""

    def __init__(self, MPI):
        self.MPI, self.comm = MPI, MPI.COMM_WORLD
        self.rank, self.size = self.comm.rank, self.comm.size

    def __str__(self):
        return f"{self.size} ranks, {_named(self.MPI)}"

    @property
    def neighbours(self):
        node = self.comm.Split_type(self.MPI.COMM_TYPE_SHARED)
        size = node.size
        node.Free()
        return size

    def each(self, work, schedule):
        try:
            if schedule == "cyclic":
                work(_turns(self.rank, self.size), self.rank)
                self._wait()
            else:
                self._draw_dynamically(work)
        except BaseException:
            self.abort()
            raise

    def lead(self, function):
        answer = self._attempt(function) if self.rank == 0 else None
        self._wait()
        return _answered(self.comm.bcast(answer))

    def agree(self, function):
        value, error = self._attempt(function)
        errors = self.comm.allgather(error)
        return _answered((value, next((error for error in errors if error), None)))

    def any(self, flag):
        return any(self.comm.allgather(flag))

    def maximum(self, array):
        return self._reduced(array, self.MPI.MAX)

    def sum(self, array):
        return self._reduced(array, self.MPI.SUM)

    def abort(self):
        # A rank that only raises leaves the others waiting for ever: MPI has to be told.  The launcher drops what it has not
        # read when a job aborts, so the message goes out in one piece and gets time to arrive.
        message = f"hebbian: rank {self.rank} of {self.size} failed, ending all ranks"
        print(f"{traceback.format_exc()}{message}", file=sys.stderr, flush=True)
        time.sleep(0.5)
        self.comm.Abort(1)

    def _reduced(self, array, operation):
        result = array.copy()
        self.comm.Allreduce(self.MPI.IN_PLACE, result, op=operation)
        return result

    def _attempt(self, function):
        try:
            return function(), None
        except HebbianError as error:
            return None, error
        except BaseException:
            self.abort()
            raise

    def _draw_dynamically(self, work):
        import numpy as np

        window = self.MPI.Win.Allocate(8 if self.rank == 0 else 0, 8, comm=self.comm)
        if self.rank == 0:
            window.tomemory()[:] = bytes(8)
        self.comm.Barrier()
        window.Lock_all()
        one, drawn = np.ones(1, np.int64), np.empty(1, np.int64)

        def draw():
            window.Fetch_and_op(one, drawn, 0)
            window.Flush(0)
            return int(drawn[0])

        work(draw, self.rank)
        window.Unlock_all()
        self._wait()
        window.Free()

    def _wait(self):
        """A barrier that sleeps, since a rank that spins in MPI takes a core from those that still work."""
        request = self.comm.Ibarrier()
        while not request.Test():
            time.sleep(0.002)


def launched() -> Serial:
    """The world that this process was started in: ranks under an MPI launcher, else this process alone."""
    size = max((int(os.environ[name]) for name in SIZES if os.environ.get(name, "").isdigit()), default=1)
    if size == 1 and "PMIX_RANK" not in os.environ and "mpi4py.MPI" not in sys.modules:
        return Serial()
    try:
        MPI = _load()
    except (ImportError, RuntimeError) as error:
        if size > 1:
            reason = " ".join(str(error).split())
            raise InvalidInput(f"a launcher started {size} processes but MPI cannot be loaded ({reason}): install "
                               "mpi4py with the MPI of this launcher, or use --jobs or --shard without one") from None
        return Serial()
    if size > 1 and MPI.COMM_WORLD.size == 1:
        raise InvalidInput(f"a launcher started {size} processes but each sees a world of 1: mpi4py found another MPI "
                           f"({_named(MPI)}) than the launcher's; "
                           "use the mpiexec of that MPI, or set MPI4PY_LIBMPI to the launcher's libmpi")
    return Ranks(MPI) if MPI.COMM_WORLD.size > 1 else Serial()


def launcher_rank() -> int:
    """This process's rank by the launcher's word, known before any MPI is loaded; 0 without a launcher."""
    return next((int(os.environ[name]) for name in RANKS if os.environ.get(name, "").isdigit()), 0)


def mpi_version() -> str:
    """Name and version of the MPI library that mpi4py finds, or why there is none."""
    try:
        return _named(_load())
    except (ImportError, RuntimeError) as error:
        return f"none ({' '.join(str(error).split())})"


def _load():
    """mpi4py.MPI, which starts the MPI; without an MPI library it raises RuntimeError, not ImportError."""
    with warnings.catch_warnings():
        # mpi4py warns of a foreign launcher in three lines; `launched` says it in one.
        warnings.simplefilter("ignore", RuntimeWarning)
        from mpi4py import MPI
    return MPI


def _named(MPI):
    return " ".join(MPI.Get_library_version().splitlines()[0].split())


def _answered(answer):
    value, error = answer
    if error is not None:
        raise error
    return value


def _turns(rank, size):
    return itertools.count(rank, size).__next__


def _counted(file):
    """Draw from a counter in a file; a killed process loses its lock, so no death blocks the rest."""
    def draw():
        fcntl.lockf(file, fcntl.LOCK_EX)
        try:
            number = int.from_bytes(os.pread(file.fileno(), 8, 0), "little")
            os.pwrite(file.fileno(), (number + 1).to_bytes(8, "little"), 0)
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN)
        return number

    return draw


def _with_parent(draw, parent):
    """Draw until the parent is gone: nobody would consolidate what an orphan computes."""
    return lambda: draw() if os.getppid() == parent else sys.maxsize
