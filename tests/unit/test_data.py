"""Structured data: IDX files that the test writes itself, and class means of images."""

import gzip
import struct

import numpy as np
import pytest

import hebbian as hb
from hebbian.data import IDX_TYPES, binarise, class_means, load_idx


def idx_bytes(array, code):
    header = b"\0\0" + bytes([code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(IDX_TYPES[code]).tobytes()


@pytest.mark.parametrize("code", sorted(IDX_TYPES))
@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_come_back(tmp_path, code, packed):
    array = np.arange(24).reshape(2, 3, 4)
    raw = idx_bytes(array, code)
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    loaded = load_idx(path)
    assert np.array_equal(loaded, array) and loaded.dtype == np.dtype(IDX_TYPES[code]).newbyteorder("=")


@pytest.mark.parametrize("raw, says", [
    (b"", "not an IDX"), (b"PK\x03\x04", "not an IDX"), (b"\0\0\x08\x02\0\0", "cut"), (b"\0\0\x08\x00", "cut"),
    (b"\0\0\x08\x01" + struct.pack(">I", 5) + b"abc", "cut"), (b"\0\0\x08\x02" + b"\xff" * 8, "cut"),
    (b"\x1f\x8b", "cannot be read")])
def test_damaged_files_are_refused_before_anything_is_allocated(tmp_path, raw, says):
    path = tmp_path / "broken"
    path.write_bytes(raw)
    with pytest.raises(hb.InvalidInput, match=says):
        load_idx(path)
    with pytest.raises(hb.InvalidInput, match="cannot be read"):
        load_idx(tmp_path / "absent")


def test_images_become_archetypes_and_examples():
    rng = np.random.default_rng(1)
    prototypes = rng.choice([-1, 1], size=(3, 5, 8))
    labels = np.repeat([2, 0, 1], 40)
    images = np.where(rng.random((120, 5, 8)) < 0.2, -1, 1) * prototypes[labels]
    signs = binarise(100 * (images > 0))
    archetypes, examples, r = class_means(signs, labels, M=10)
    assert np.array_equal(archetypes, prototypes.reshape(3, 40)) and examples.shape == (3, 10, 40)
    assert r == pytest.approx(0.6, abs=4 * 0.8 / np.sqrt(examples.size))
    model = hb.DenseHopfield(p=3, protocol="supervised", M=10, r=r)
    run = hb.simulate(model, N=40, T=0.05, samples=1, patterns=archetypes, examples=examples)
    assert run.m.mean > 0.9
    with pytest.raises(hb.InvalidInput, match="class 0 has 40"):
        class_means(signs, labels, M=41)


def test_a_damaged_gzip_file_is_one_sentence(tmp_path):
    image = struct.pack(">HBB3I", 0, 8, 3, 4, 2, 2) + bytes(range(16))
    damaged = bytearray(gzip.compress(image))
    damaged[15] ^= 0xFF
    (tmp_path / "damaged.gz").write_bytes(bytes(damaged))
    with pytest.raises(hb.InvalidInput, match="damaged.gz cannot be read.*give an IDX file"):
        load_idx(tmp_path / "damaged.gz")
    with pytest.raises(hb.InvalidInput, match="None cannot be read"):
        load_idx(None)


@pytest.mark.parametrize("threshold", ["a", np.ones(3), np.nan])
def test_a_threshold_that_fits_no_pixels(threshold):
    with pytest.raises(hb.InvalidInput, match="one for each of the 4 pixels"):
        binarise(np.arange(16).reshape(4, 2, 2), threshold=threshold)


@pytest.mark.parametrize("M", [0, -1, 1.5, "a"])
def test_a_number_of_examples_that_is_none(M):
    with pytest.raises(hb.InvalidInput, match="M = .* is not allowed"):
        class_means(np.ones((4, 3), int), [0, 0, 1, 1], M)
