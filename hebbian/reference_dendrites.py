"""Slow, readable twins of the dendrite kernels: the same subsets, overlaps and counts, straight from the definitions."""

from dataclasses import dataclass

import numpy as np

from hebbian import streams


def subset(cells, size: int, key: tuple[int, int], number: int, part: int = 0) -> list[int]:
    """Cells with a uniform `size`-subset moved to the front, by partial Fisher-Yates on 64-bit words."""
    cells = list(cells)
    for i in range(size):
        words = streams.words(key, i // 2, number % 2**32, number // 2**32, part)
        low, high = (int(word) for word in words[2 * (i % 2):2 * (i % 2) + 2])
        j = i + ((low + (high << 32)) * (len(cells) - i) >> 64)
        cells[i], cells[j] = cells[j], cells[i]
    return cells


def random_input(n: int, a: int, key: tuple[int, int], number: int) -> list[int]:
    """Active cells of one random input."""
    return subset(range(n), a, key, number)[:a]


@dataclass(frozen=True)
class BatchTwin:
    """Twin of the kernel's `Batch`: `weights` (neurons, segments, n) counts the synapses of each segment on each cell."""

    weights: np.ndarray
    own: np.ndarray
    fired: np.ndarray

    @classmethod
    def store(cls, model, neurons: int, key: tuple[int, int]) -> "BatchTwin":
        n, a, s, v, M, K = model.n, model.a, model.s, model.noise, model.patterns, model.segments
        weights = np.zeros((neurons, K, n), np.int64)
        own, fired = np.zeros(neurons, np.int64), np.zeros(neurons, bool)
        for neuron in range(neurons):
            for k in range(K):
                for m in range(M):
                    number = (neuron * K + k) * M + m
                    target = k == m == 0
                    drawn = subset(range(n), a + v if target else s, key, number)
                    weights[neuron, k, drawn[:s]] += 1
                    if target:
                        kept = subset(drawn[:a], v, key, number, part=1)[v:]
                        noisy = kept + drawn[a:a + v]
            if model.counting == "union":
                weights[neuron] = np.minimum(weights[neuron], 1)
            overlaps = weights[neuron][:, noisy].sum(axis=1)
            own[neuron], fired[neuron] = overlaps[0], (overlaps >= model.theta).any()
        return cls(weights, own, fired)

    def count(self, inputs, theta: int) -> tuple[np.ndarray, int]:
        """Overlap histogram with every input, and the number of (neuron, input) pairs in which a segment reaches theta."""
        overlaps = np.stack([self.weights[:, :, active].sum(axis=2) for active in inputs])
        return np.bincount(overlaps.reshape(-1)), int((overlaps >= theta).any(axis=2).sum())


def conditional_input(n: int, a: int, segment, overlap: int, key: tuple[int, int], number: int) -> list[int]:
    """Input that shares exactly `overlap` cells with a segment, whose cells are given in rising order."""
    order, size = list(range(n)), len(segment)
    for j, cell in enumerate(reversed(segment)):
        order[cell], order[n - 1 - j] = order[n - 1 - j], order[cell]
    own = subset(segment, overlap, key, number, part=1)[:overlap]
    return own + subset(order[:n - size], a - overlap, key, number)[:a - overlap]


def swap_moves(segments, cells, a: int, moves: int, level: int, key: tuple[int, int], particle: int) -> list[int]:
    """One particle after its swap moves: each is kept iff some segment (a set of cells) stays at or above the level."""
    cells = list(cells)
    for move in range(moves):
        words = [int(word) for word in streams.words(key, move, particle, level)]
        i = (words[0] + (words[1] << 32)) * a >> 64
        j = a + ((words[2] + (words[3] << 32)) * (len(cells) - a) >> 64)
        cells[i], cells[j] = cells[j], cells[i]
        if max(len(segment & set(cells[:a])) for segment in segments) < level:
            cells[i], cells[j] = cells[j], cells[i]
    return cells
