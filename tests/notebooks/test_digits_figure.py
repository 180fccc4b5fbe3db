"""The figure script of the digits experiment learns from IDX files as users have them."""

import gzip
import struct

import numpy as np
from scipy.linalg import hadamard
from test_notebooks import is_a_figure, run


def write_idx(path, array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    with (gzip.open if path.suffix == ".gz" else open)(path, "wb") as file:
        file.write(header + array.astype(np.uint8).tobytes())


def test_archetypes_are_learned_from_idx_files_and_held_out_images_find_them(tmp_path):
    rng = np.random.default_rng(11)
    labels = np.arange(4 * 31) % 4
    noise = np.where(rng.random((labels.size, 8, 8)) < 0.15, -1, 1)
    one, other = hadamard(64)[[22, 43]].reshape(2, 8, 8)
    archetypes = np.array([one, other, -one, -other])  # every pixel is up in half of the classes, as its median expects
    images = 128 + 60 * archetypes[labels] * noise + rng.integers(-50, 50, size=noise.shape)
    write_idx(tmp_path / "images.gz", images)
    write_idx(tmp_path / "labels", labels)
    output = run("digits/figure.py", tmp_path, "--images", tmp_path / "images.gz", "--labels", tmp_path / "labels",
                 "--examples", 15, cwd=tmp_path)
    assert "N = 64, K = 4, M = 15" in output
    # they are retrieved from images that were not learned
    assert "unsupervised  p = 4, held-out images: overlap 1(0), nearest archetype its own for 1(0)" in output
    assert is_a_figure(tmp_path / "digits.png") and is_a_figure(tmp_path / "retrieved.png")
