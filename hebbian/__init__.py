"""hebbian: the statistical mechanics of associative memory, simulation beside theory.

State a model, `simulate` it at finite size, `solve` its theory at infinite size, `compare` the two.  Temperatures have
k_B = 1, energies are per spin, time is in sweeps.
"""

from importlib import import_module

from hebbian import families
from hebbian.errors import HebbianError, InvalidInput, NoSolution, NotConverged, NotDefined, StoreError

#: Names that are fetched when first asked for, and the module each lives in: `hebbian --help` needs none of their libraries.
_LAZY = {
    "Dendrite": "hebbian.models.dendrites",
    "DenseHopfield": "hebbian.models.dense",
    "Estimate": "hebbian.stats",
    "SequenceMemory": "hebbian.models.sequence",
    "Willshaw": "hebbian.models.willshaw",
    "ModernHopfield": "hebbian.models.modern",
    "attention": "hebbian.attention",
    "MultitaskingHopfield": "hebbian.models.multitasking",
    "plots": "hebbian.plots",
}

__all__ = [
    "HebbianError", "InvalidInput", "NoSolution", "NotConverged", "NotDefined", "StoreError", "capacity", "compare",
    "learning_threshold", "load", "optimal_threshold", "phase_diagram", "ramp", "simulate", "solve",
    "spinodal_temperature", "sweep", "temper", *_LAZY,
]


def simulate(model, **settings):
    """Simulate a model at finite size; the family's module in hebbian.simulation documents its settings. Returns a Run."""
    return families.call("simulation", model, "simulate", settings)


def ramp(model, **settings):
    """Carry samples through a sequence of temperatures T = [...]: heating, cooling, hysteresis. Returns a Ladder."""
    return import_module("hebbian.simulation.ramps").ramp(model, **settings)


def temper(model, **settings):
    """Parallel tempering of samples on a ladder of temperatures T = [...]. Returns a Tempering."""
    return import_module("hebbian.simulation.tempering").temper(model, **settings)


def solve(model, **point):
    """Solve a model's theory at one point; the family's module in hebbian.theory documents it. Returns a Solution."""
    return families.call("theory", model, "solve", point)


def capacity(model, **point):
    """Largest load at which a retrieval state exists, as a float (dense networks: at temperature T, default 0)."""
    return families.call("theory", model, "capacity", point)


def learning_threshold(model, **point):
    """Smallest number of examples from which on a model with a given load and quality has a retrieval state."""
    return families.call("theory", model, "learning_threshold", point)


def spinodal_temperature(model, **point):
    """Highest temperature at which the retrieval state of a model with a given load exists."""
    return families.call("theory", model, "spinodal_temperature", point)


def phase_diagram(model, **options):
    """Lines of a model's phase diagram as a mapping of names to lines with arrays `.T` and `.alpha`."""
    return families.call("theory", model, "phase_diagram", options)


def optimal_threshold(model, **options):
    """Best spike threshold of a dendrite, or of a grid of (n, a, s); see `hebbian.theory.thresholds` for the criteria."""
    from hebbian.theory import thresholds

    return families.apply(thresholds.optimal_threshold, model, options)


def compare(run, solution):
    """Theory beside simulation: measured(error), predicted and z for every observable that both know."""
    from hebbian import comparison

    return comparison.compare(run, solution)


def sweep(source, **options):
    """Run or resume a sweep from a TOML file, or from a model with `grid=` and `dir=`; returns what `load(dir)` returns."""
    from hebbian import execution

    return execution.sweep(source, **options)


def load(path):
    """Results of a sweep directory or results file as an xarray.Dataset, NaN where an unfinished sweep has nothing yet."""
    from hebbian import results

    return results.load(path)


def __getattr__(name):
    if name in _LAZY:
        module = import_module(_LAZY[name])
        return module if module.__name__ == f"hebbian.{name}" else getattr(module, name)
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("hebbian-lab")
        except PackageNotFoundError:
            return "0+unknown"
    raise AttributeError(f"module 'hebbian' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY, "__version__"])
