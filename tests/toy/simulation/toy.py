"""Counts that depend on the parameters and the sample only, and faults on demand."""

import time

import numpy as np

from hebbian import streams


def measure(model, settings, samples):
    if model.mode == "broken":
        raise ValueError("the toy is broken")
    if model.mode == "hungry":
        raise MemoryError("the toy is hungry")
    if model.mode == "exit":
        raise SystemExit(3)
    time.sleep(settings.pause * len(samples))
    words = [[streams.key("dynamics", model.bias, settings.N, k, seed=settings.seed, sample=sample)[0]
              for k in range(model.K)] for sample in samples]
    counts = np.array(words, np.int64) % (settings.N + 1)
    return {"counts": counts, "noise": np.array([sample / 7 for sample in samples])}


def reduce(model, settings, records):
    if model.mode == "unreduced":
        raise ArithmeticError("the toy does not add up")
    share = records["counts"] / settings.N
    return {"m": share.mean(axis=1), "share": share, "K": records["noise"],
            "retrieved": (share[:, 0] > 0.5).astype(np.int8)}
