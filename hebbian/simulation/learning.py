"""Finite-size learning from examples: the kernels of both protocols, and the archetype that neither of them sees."""

import numpy as np

from hebbian import patterns as disorder
from hebbian.models import dense
from hebbian.simulation import synchronous


class Learner:
    """A kernel that has learned from examples, watched by someone who knows the archetype.

    It advances like the kernel it holds, with N m of the archetype in place of the overlap with the first pattern, and keeps
    a series of its own: `examples`, int64 (sweeps, replicas), M N times the overlap n-hat with the average example.
    """

    def __init__(self, model, settings, archetypes, sample, table, spins, given=None):
        """`given` : examples of this sample (K, M, N), drawn from the model's ensemble where it is None."""
        N = settings.N
        ensemble = dict(M=model.M, r=model.r, seed=settings.seed, sample=sample)
        self._archetype = archetypes.unpack(0, 1)[0].astype(np.int32)
        if model.protocol == "supervised":
            from hebbian._kernels.supervised import SupervisedKernel

            sums = disorder.example_sums(archetypes, **ensemble) if given is None else disorder.sum_examples(given)
            if settings.order == "synchronous":
                self._kernel = synchronous.kernel(model, N, sums.rows, sums.K, table, spins)
            else:
                self._kernel = SupervisedKernel(sums.rows, sums.K, table.values, dense.polynomial(model, N), spins)
            self._examples = sums.rows[:, 0].astype(np.int64)
        else:
            from hebbian._kernels.dense import DenseKernel

            packed = disorder.examples(archetypes, **ensemble) if given is None else disorder.pack(given.reshape(-1, N))
            if settings.order == "synchronous":
                self._kernel = synchronous.kernel(model, N, synchronous.rows_of(packed), packed.K, table, spins)
            else:
                self._kernel = DenseKernel(packed.rows, packed.K, table.values, spins)
            self._examples = packed.unpack(0, model.M).sum(axis=0, dtype=np.int64)
        self.examples = np.zeros((settings.burn_in + settings.sweeps, len(spins)), np.int64)

    @property
    def spins(self):
        return self._kernel.spins

    @property
    def overlaps(self):
        """N m of every replica, int32 (replicas, 1)."""
        return self.spins.astype(np.int32) @ self._archetype[:, None]

    def run(self, k0, k1, first, tau, heat_bath, overlap, energy, accepted, agreement):
        """As the kernels: one sweep a row, fewer only where nothing moves at tau = 0."""
        for t in range(len(agreement)):
            row = slice(t, t + 1)
            self._kernel.run(k0, k1, first + t, tau, heat_bath, overlap[row], energy[row], accepted[row], agreement[row])
            overlap[t] = self.overlaps[:, 0]
            self.examples[first + t:] = self.spins @ self._examples
            if tau == 0 and not accepted[t].any():
                return t + 1
        return len(agreement)
