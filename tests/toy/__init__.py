"""The toy family: `register` lets hebbian find it as if it lived in the package."""

from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent


def register():
    for kind in ("models", "simulation", "theory"):
        path = import_module(f"hebbian.{kind}").__path__
        if str(HERE / kind) not in path:
            path.append(str(HERE / kind))
