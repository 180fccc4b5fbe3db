"""Who may import whom, read from the syntax trees: theory and simulation are evidence only if neither sees the other."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "hebbian"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

#: Rooms that must not be reached, directly or through other modules of the package.
WALLS = {
    "hebbian.theory": ("hebbian.simulation", "hebbian._kernels", "hebbian.reference", "hebbian.patterns", "hebbian.streams"),
    "hebbian.simulation": ("hebbian.theory",),
    "hebbian.models": ("hebbian.theory", "hebbian.simulation", "hebbian._kernels"),
    "hebbian.comparison": ("hebbian.theory", "hebbian.simulation", "hebbian.models", "hebbian._kernels"),
    "hebbian.sweeps": ("hebbian.theory", "hebbian.simulation", "hebbian.parallel", "hebbian.store"),
    "hebbian.config": ("hebbian.theory", "hebbian.simulation", "hebbian.parallel", "hebbian.store"),
    "hebbian.store": ("hebbian.theory", "hebbian.simulation", "hebbian.models", "hebbian.sweeps"),
    "hebbian.plots": ("hebbian.theory", "hebbian.simulation", "hebbian.models"),
    "hebbian.streams": ("hebbian.models", "hebbian.theory", "hebbian.simulation"),
    "hebbian.stats": ("hebbian.models", "hebbian.theory", "hebbian.simulation"),
}

#: Libraries that one room alone may import.
DOORS = {"h5py": "hebbian.store", "mpi4py": "hebbian.parallel", "matplotlib": "hebbian.plots"}


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source, package):
    """Full names of all modules that a source imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(package.split(".")[:-node.level + 1 or None] + ([base] if base else []))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def inside(module, room):
    return module == room or module.startswith(room + ".")


def broken(module, imported):
    return [target for room, forbidden in WALLS.items() if inside(module, room)
            for target in imported if any(inside(target, wall) for wall in forbidden)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_reaches_through_a_wall(path):
    module = name_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported = list(imports_of(path.read_text(), package))
    assert broken(module, imported) == []
    for library, room in DOORS.items():
        assert inside(module, room) or not any(inside(target, library) for target in imported), f"{library} belongs to {room}"


def test_the_wall_test_sees_a_hole():
    assert broken("hebbian.theory.dense", imports_of("def f():\n    from hebbian.simulation import dense", "hebbian.theory"))
    assert broken("hebbian.theory.dense", imports_of("from ..simulation import dense", "hebbian.theory"))
    assert not broken("hebbian.theory.dense", imports_of("from hebbian.models import dense", "hebbian.theory"))
