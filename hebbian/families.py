"""Where the rooms of a family are found: hebbian.models, hebbian.theory and hebbian.simulation each hold one file a family."""

import difflib
import importlib
import inspect

from hebbian.errors import InvalidInput, NotDefined


def room(kind: str, family: str):
    """The module of one family in "models", "theory" or "simulation"; NotDefined where the family has none."""
    name = f"hebbian.{kind}.{family}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise NotDefined(f"the family {family!r} has no {kind}") from None


def verb(kind: str, family: str, name: str):
    """A function of a family's room; NotDefined with one sentence where the family does not have it."""
    function = getattr(room(kind, family), name, None)
    if function is None:
        raise NotDefined(f"{name} is not defined for the family {family!r}")
    return function


def call(kind: str, model, name: str, options: dict):
    """Call a function of a family's room."""
    family = getattr(model, "family", None)
    if not isinstance(family, str):
        raise InvalidInput(f"{model!r} is not a model: give one such as hebbian.DenseHopfield(alpha=0.05)")
    return apply(verb(kind, family, name), model, options)


def apply(function, model, options: dict):
    """Call a function of a model; an unknown or missing option is one clear error, not a TypeError."""
    name = function.__name__
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.POSITIONAL_OR_KEYWORD]
    if all(p.kind is not p.VAR_KEYWORD for p in parameters):
        for option in options:
            if option not in [p.name for p in parameters]:
                raise unknown(f"{name} option", option, [p.name for p in parameters])
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty and p.name not in options:
            raise InvalidInput(f"{p.name} is missing: give {p.name} = ...")
    return function(model, **options)


def unknown(what: str, name: str, known) -> InvalidInput:
    """The error for a name nobody knows, with the nearest known one."""
    known = sorted(known)
    same = [candidate for candidate in known if candidate.lower() == name.lower()]
    nearest = same or difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are {', '.join(known)}"
    return InvalidInput(f"{what} {name!r} is unknown: {hint}")
