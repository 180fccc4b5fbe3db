# `make demo` and `make test` are the README's two commands; each makes its own environment below .venv/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml setup.py $(wildcard cython_ext/*.pyx cython_ext/src/*.h cython_ext/src/*.c)

# The suite runs files side by side on the cores there are; BLAS threads on top of that would only compete.
export OMP_NUM_THREADS = 1

.PHONY: demo test test-slow test-torch sanitize clean

$(VENV)/installed: $(INPUTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[mpich,test]'
	touch $@

test: $(VENV)/installed
	$(BIN)/python -m pytest -m 'not slow'

test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -m slow

# Trainable layers and the one experiment that trains: PyTorch is installed here and nowhere else.  Its build is a choice:
# make test-torch TORCH=torch==2.13.0
TORCH ?= torch
test-torch: $(VENV)/installed
	$(BIN)/pip install --quiet '$(TORCH)'
	$(BIN)/pip install --quiet --editable '.[torch,test]'
	$(BIN)/python -m pytest tests/extras
	$(BIN)/python experiments/multiple_instance/figure.py

# Two reduced sweeps with their theory, the comparison tables, and figures in results/demo/.
demo: $(VENV)/installed
	$(BIN)/hebbian sweep experiments/ags_retrieval/demo.toml --jobs 2
	$(BIN)/hebbian compare results/demo/ags_retrieval
	$(BIN)/python experiments/ags_retrieval/figure.py results/demo/ags_retrieval
	$(BIN)/hebbian sweep experiments/dense_retrieval/demo.toml --jobs 2
	$(BIN)/hebbian compare results/demo/dense_retrieval
	$(BIN)/python experiments/dense_retrieval/figure.py results/demo/dense_retrieval

# The kernel tests, but for long statistics, on a build with address and undefined-behaviour checks.  CPython's own flags
# hide signed overflow behind -fwrapv; the last step plants a read beyond a buffer, which must be caught.
SANITIZED := build/sanitized
CHECKS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-wrapv -fno-omit-frame-pointer -g -O1
SANITIZER = LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH=$(CURDIR)/$(SANITIZED)
PYTHON_CHECKED ?= $(CURDIR)/$(BIN)/python

sanitize:
	CFLAGS="$(CHECKS)" LDFLAGS="-fsanitize=address,undefined" $(PYTHON_CHECKED) setup.py --quiet build \
		--build-base build/checked --build-lib $(SANITIZED) --force
	cd $(SANITIZED) && $(SANITIZER) $(PYTHON_CHECKED) -m pytest -q -m 'not slow' -k 'not boltzmann' -c $(CURDIR)/pyproject.toml \
		--rootdir $(CURDIR) $(CURDIR)/tests/kernels -p no:cacheprovider --timeout 3000
	cd $(SANITIZED) && ! $(SANITIZER) $(PYTHON_CHECKED) -c \
		"import numpy; from hebbian._kernels import dense; dense.read_buffer(numpy.ones(65, numpy.int32), 1)" 2> planted.log
	grep -q heap-buffer-overflow $(SANITIZED)/planted.log

clean:
	rm -rf $(VENV) build *.egg-info hebbian/_kernels/*.so
