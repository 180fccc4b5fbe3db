"""Finite-size learning from examples: the kernels of both protocols, and the archetype that neither of them sees."""

import numpy as np

from hebbian import patterns as disorder
from hebbian.models import dense
from hebbian.simulation import synchronous

#: Spins, in bytes, that a kernel hands over at once.
SPINS = 2**20


class Learner:
    """A kernel that has learned from examples, watched by someone who knows the archetype.

    It advances like the kernel it holds, with N m of the archetype in place of the overlap with the first pattern, and keeps
    a series of its own: `examples`, int64 (sweeps, replicas), M N times the overlap n-hat with the average example.
    """

    def __init__(self, model, settings, archetypes, sample, table, spins, given=None):
        """`given` : examples of this sample (K, M, N), drawn from the model's ensemble where it is None."""
        N = settings.N
        ensemble = dict(M=model.M, r=model.r, seed=settings.seed, sample=sample)
        if model.protocol == "supervised":
            from hebbian._kernels.supervised import SupervisedKernel

            sums = disorder.example_sums(archetypes, **ensemble) if given is None else disorder.sum_examples(given)
            if settings.order == "synchronous":
                self._kernel = synchronous.kernel(model, N, sums.rows, sums.K, table, spins)
            else:
                self._kernel = SupervisedKernel(sums.rows, sums.K, table.values, dense.polynomial(model, N), spins)
            examples = sums.rows[:, 0]
        else:
            from hebbian._kernels.dense import DenseKernel

            packed = disorder.examples(archetypes, **ensemble) if given is None else disorder.pack(given.reshape(-1, N))
            if settings.order == "synchronous":
                self._kernel = synchronous.kernel(model, N, synchronous.rows_of(packed), packed.K, table, spins)
            else:
                self._kernel = DenseKernel(packed.rows, packed.K, table.values, spins)
            examples = packed.unpack(0, model.M).sum(axis=0, dtype=np.int64)
        # Sums of integers, which floats of this size hold exactly.
        real = np.float32 if N * model.M < 2**24 else np.float64
        self._watched = np.stack([archetypes.unpack(0, 1)[0], examples], axis=1).astype(real)
        self.examples = np.zeros((settings.burn_in + settings.sweeps, len(spins)), np.int64)

    @property
    def spins(self):
        return self._kernel.spins

    @property
    def overlaps(self):
        """N m of every replica, int32 (replicas, 1)."""
        return (self.spins @ self._watched[:, :1]).astype(np.int32)

    def run(self, k0, k1, first, tau, heat_bath, overlap, energy, accepted, agreement):
        """As the kernels: one sweep a row, fewer only where nothing moves at tau = 0."""
        sweeps, step = len(agreement), max(1, SPINS // self.spins.size)
        for start in range(0, sweeps, step):
            rows = slice(start, min(start + step, sweeps))
            spins = np.empty((rows.stop - start, *self.spins.shape), np.int8)
            done = self._kernel.run(k0, k1, first + start, tau, heat_bath, overlap[rows], energy[rows], accepted[rows],
                                    agreement[rows], spins)
            watched = spins[:done].astype(self._watched.dtype) @ self._watched
            overlap[start:start + done] = watched[..., 0]
            self.examples[first + start:first + start + done] = watched[..., 1]
            if done < len(spins):
                self.examples[first + start + done:] = self.examples[first + start + done - 1]
                return start + done
        return sweeps
