"""Modern Hopfield networks as functions and layers: energy, retrieval (= attention), certificates, Hopfield layers.

>>> found = hb.attention.retrieve(query, memories, beta=8.0)

`energy`, `update`, `retrieve`, `fixed_point`, `trajectory`, `weights` work on (K, d) memories of any size (`streaming`);
`k90`, `participation`, `entropy`, `kind`, `head_kind` read weights; `separation` and the bounds of `certificates` are the
theorems; `softmax`, `sparsemax`, `entmax15` the separation functions; `Hopfield`, `HopfieldPooling`, `HopfieldLayer` the
layers, `load_checkpoint` their importer.  `hebbian.attention.torch` has the layers as trainable modules.
"""

from hebbian.attention.certificates import (
    Certificate,
    ball_radius,
    contraction_bound,
    fixed_point_bound,
    guaranteed_capacity,
    one_fixed_point,
    retrieval_bound,
    separation,
    weight_bound,
    well_separated,
)
from hebbian.attention.checkpoints import CheckpointWarning
from hebbian.attention.checkpoints import load as load_checkpoint
from hebbian.attention.layers import Hopfield, HopfieldLayer, HopfieldPooling
from hebbian.attention.measures import entropy, head_kind, k90, kind, participation
from hebbian.attention.retrieval import FixedPoint, Trajectory, energy, fixed_point, retrieve, trajectory, update, weights
from hebbian.attention.separations import SEPARATIONS, entmax15, softmax, sparsemax

__all__ = [
    "SEPARATIONS", "Certificate", "CheckpointWarning", "FixedPoint", "Hopfield", "HopfieldLayer", "HopfieldPooling",
    "Trajectory", "ball_radius", "contraction_bound", "energy", "entmax15", "entropy", "fixed_point", "fixed_point_bound",
    "guaranteed_capacity", "head_kind", "k90", "kind", "load_checkpoint", "one_fixed_point", "participation",
    "retrieval_bound", "retrieve", "separation", "softmax", "sparsemax", "trajectory", "update", "weight_bound", "weights",
    "well_separated",
]
