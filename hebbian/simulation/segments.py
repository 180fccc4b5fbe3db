"""Explicit dendritic segments: freshly stored ones, and given sets of synapses with their overlaps with given inputs."""

import numpy as np

from hebbian import streams
from hebbian.errors import InvalidInput


def stored(model, neurons: int, *, seed: int, sample: int):
    """Neurons with freshly stored segments, as the kernel's `Batch`."""
    from hebbian._kernels.dendrites import Batch

    key = streams.key("segments", model.family, model.n, model.a, model.s, model.patterns, model.segments, model.noise,
                      seed=seed, sample=sample)
    return Batch(model.n, model.a, model.s, model.patterns, model.noise, neurons, model.segments, model.theta,
                 model.counting == "multiplicity", *key)


class Segments:
    """Fixed segments on n cells, each a list of cell numbers, ready for single inputs through an inverted index.

    Parameters
    ----------
    n : number of cells.
    synapses : one sequence of distinct cells in 0 .. n-1 for every segment, at most 255 cells in each.
    """

    def __init__(self, n: int, synapses):
        from hebbian._kernels.dendrites import Index

        lists = [np.sort(np.asarray(cells, np.int64)) for cells in synapses]
        if not lists:
            raise InvalidInput("synapses holds no segment: give at least one list of cells")
        self.n = n
        self.sizes = np.array([len(cells) for cells in lists], np.int64)
        self.first = np.append(0, np.cumsum(self.sizes))
        flat = np.concatenate(lists)
        if self.sizes.max() > 255 or self.sizes.min() < 1:
            raise InvalidInput(f"segments have {self.sizes.min()} to {self.sizes.max()} synapses: give 1 to 255")
        if flat.min() < 0 or flat.max() >= n:
            raise InvalidInput(f"synapses name cells {flat.min()} to {flat.max()}: give cells from 0 to n - 1 = {n - 1}")
        if any((cells[1:] == cells[:-1]).any() for cells in lists):
            raise InvalidInput("a segment names one cell twice: give distinct cells")
        self.cells = flat.astype(np.int32)
        self._index = Index(n, self.first, self.cells)

    def __len__(self) -> int:
        return len(self.sizes)

    def overlaps(self, active) -> np.ndarray:
        """Active synapses of every segment on one input, given as its active cells: uint8 (segments,)."""
        return self._index.overlaps(self._inputs(active, 1))

    def spikes(self, inputs, theta: int) -> np.ndarray:
        """Number of segments with at least theta active synapses, int32 (inputs,), for inputs of shape (inputs, a)."""
        return self._index.spikes(self._inputs(inputs, 2), theta)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Synapses as rows of one length, padded with n: int32 (segments, width), and the sizes as int32."""
        rows = np.full((len(self), int(self.sizes.max())), self.n, np.int32)
        rows[np.arange(rows.shape[1]) < self.sizes[:, None]] = self.cells
        return rows, self.sizes.astype(np.int32)

    def by_cell(self) -> tuple[np.ndarray, np.ndarray]:
        """Segments of each cell, as starts (n + 1,) int64 and segment numbers int32."""
        owner = np.repeat(np.arange(len(self), dtype=np.int32), self.sizes)
        start = np.append(0, np.cumsum(np.bincount(self.cells, minlength=self.n)))
        return start.astype(np.int64), owner[np.argsort(self.cells, kind="stable")]

    def _inputs(self, active, dimensions):
        active = np.ascontiguousarray(active, np.int32)
        if active.ndim != dimensions or (active.size and (active.min() < 0 or active.max() >= self.n)):
            raise InvalidInput(
                f"active cells have shape {active.shape}: give {dimensions} dimensions of cells from 0 to {self.n - 1}"
            )
        return active
