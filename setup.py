"""Build every cython_ext/<name>.pyx as hebbian._kernels.<name>; all other metadata is in pyproject.toml."""

import os
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCES = Path("cython_ext")
HEADERS = [str(path) for path in sorted((SOURCES / "src").glob("*.h"))]

# One build runs on every machine of its architecture, so no -march: files that need more name their own target, and the
# path is chosen at import.  Acceptance thresholds are a fixed sequence of separate float operations, so no contraction into
# FMA and nothing that lets the compiler reorder sums.
FLAGS = ["-O3", "-fno-math-errno", "-ffp-contract=off"]

# The C files of a kernel are named in the first lines of its .pyx.
extensions = [
    Extension(
        f"hebbian._kernels.{source.stem}",
        [str(source)],
        include_dirs=[str(SOURCES), numpy.get_include()],
        define_macros=[("HEBBIAN_FLAGS", f'"{" ".join(FLAGS)}"')],
        depends=HEADERS,
        extra_compile_args=FLAGS,
    )
    for source in sorted(SOURCES.glob("*.pyx"))
]

# Kernels are compiled once a path and independent of each other: as many at a time as there are cores.
setup(
    ext_modules=cythonize(extensions, build_dir="build/cython"),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
