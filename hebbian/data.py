"""Structured data as archetypes and examples: IDX files as users have them on disk, images to signs, class means."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.models import fields

#: Third byte of an IDX file: the type of its entries, big-endian.
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def load_idx(path) -> np.ndarray:
    """The array in an IDX file (the format of MNIST and Fashion-MNIST), plain or gzipped.

    The header is two zero bytes, a type, the number of dimensions and their sizes as big-endian 32-bit numbers; sizes are
    checked against the length of the file before anything is made of them.
    """
    try:
        raw = (path := Path(path)).read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, TypeError, zlib.error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}; give an IDX file, plain or gzipped") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in IDX_TYPES:
        raise InvalidInput(f"{path} is not an IDX file: its first bytes are {raw[:4].hex()}; give one such as "
                           "train-images-idx3-ubyte")
    kind, dimensions = np.dtype(IDX_TYPES[raw[2]]), raw[3]
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", raw[4:start]) if len(raw) >= start else ()
    count = 1
    for size in shape:
        count *= size
    if not shape or len(raw) != start + count * kind.itemsize:
        raise InvalidInput(f"{path} holds {len(raw)} bytes, but its header announces {shape} entries of {kind.itemsize} bytes: "
                           "the file is damaged or cut; fetch it again")
    return np.frombuffer(raw, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def binarise(images, threshold=None) -> np.ndarray:
    """Images (count, height, width) or (count, N) as signs, int8 (count, N): +1 above the threshold.

    threshold : a number, or one a pixel (N,) such as its median, which removes most of what all images share; half the largest
        value by default.
    """
    images = np.asarray(images)
    if images.ndim < 2 or not images.size or images.dtype.kind not in "biuf":
        raise InvalidInput(f"images have shape {images.shape}: give numbers of shape (count, height, width) or (count, N)")
    pixels = images.reshape(len(images), -1)
    threshold = np.asarray(images.max() / 2 if threshold is None else threshold)
    if threshold.dtype.kind not in "biuf" or threshold.shape not in ((), pixels.shape[1:]) or np.isnan(threshold).any():
        raise InvalidInput(f"threshold = {threshold} is not allowed: give a number, or one for each of the "
                           f"{pixels.shape[1]} pixels")
    return np.where(pixels > threshold, 1, -1).astype(np.int8)


def class_means(signs, labels, M: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Archetypes (K, N), their first M examples (K, M, N) and the mean overlap r of example and archetype.

    The archetype of a class is the sign of its mean over all its images, +1 where they tie; classes are in sorted order.
    """
    signs, labels = np.asarray(signs), np.asarray(labels)
    if signs.ndim != 2 or labels.shape != signs.shape[:1] or not signs.size:
        raise InvalidInput(f"signs and labels have shapes {signs.shape} and {labels.shape}: give (count, N) and (count,)")
    M = fields.integer("M", M, 1)
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < M:
        raise InvalidInput(f"M = {M} is too large: class {classes[counts.argmin()]} has {counts.min()} images; lower M")
    archetypes = np.array([np.where(signs[labels == c].sum(axis=0, dtype=int) >= 0, 1, -1) for c in classes], np.int8)
    examples = np.array([signs[labels == c][:M] for c in classes], np.int8)
    return archetypes, examples, float((examples * archetypes[:, None]).mean())
