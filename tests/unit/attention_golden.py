"""The golden files of the attention layers: reading them, and their weights as an hflayers state dict."""

import json
from pathlib import Path

import numpy as np

FILES = sorted((Path(__file__).resolve().parent.parent / "golden" / "attention").glob("*.npz"))

CORE = "association_core."
NAMES = {
    "Wq": CORE + "q_proj_weight", "Wk": CORE + "k_proj_weight", "Wv": CORE + "v_proj_weight",
    "Wo": CORE + "out_proj.weight", "bo": CORE + "out_proj.bias", "pn_w": CORE + "p_norm_weight", "pn_b": CORE + "p_norm_bias",
    "nY_w": "norm_stored_pattern.weight", "nY_b": "norm_stored_pattern.bias", "nR_w": "norm_state_pattern.weight",
    "nR_b": "norm_state_pattern.bias", "nP_w": "norm_pattern_projection.weight", "nP_b": "norm_pattern_projection.bias",
}
LEARNED = {"state": "pooling_weights", "stored": "lookup_weights", "target": "target_weights"}


class Golden:
    """One file: `kind`, `options`, `state` (dict), `inputs`, `masks`, and the arrays of the file by name."""

    def __init__(self, path):
        with np.load(path) as data:
            self.arrays = {name: data[name] for name in data.files}
        meta = json.loads(self.arrays["meta"].tobytes())
        self.kind, self.options = meta["kind"], meta["config"]
        given = {name[2:]: value for name, value in self.arrays.items() if name.startswith("w_")}
        inner = {NAMES[name]: value for name, value in given.items() if name in NAMES}
        biases = [given[name] for name in ("bq", "bk", "bv") if name in given]
        if biases:
            inner[CORE + "in_proj_bias"] = np.concatenate(biases)
        prefix = "" if self.kind == "Hopfield" else "hopfield."
        self.state = {prefix + name: value for name, value in inner.items()}
        self.state |= {LEARNED[name]: value for name, value in given.items() if name in LEARNED}
        self.inputs = [self.arrays[name] for name in ("in_Y", "in_R", "in_P") if name in self.arrays]
        self.masks = {key: self.arrays[name] for key, name in
                      (("stored_pattern_padding_mask", "in_pad"), ("association_mask", "in_mask")) if name in self.arrays}
