"""What a sweep file asks for: read from TOML or from Python, checked at every grid point, and written back canonically.

A sweep is one family on a product of dimensions.  A dimension is one axis (a field of the model or of its settings with
a list of values) or a [[zip]] table, which steps several fields together.  All faults of a file are reported at once.
"""

import contextlib
import dataclasses
import hashlib
import importlib
import itertools
import json
import math
import pkgutil
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hebbian import axes, models
from hebbian.errors import InvalidInput
from hebbian.families import unknown
from hebbian.streams import NUMERICS

SECTIONS = ("numerics", "question", "source", "theory", "model", "grid", "zip", "simulate", "solve", "output")


@dataclass(frozen=True)
class Config:
    """A checked sweep: the family, the grid, and the fields that are the same at every point."""

    family: str
    model: dict
    dimensions: tuple[axes.Dimension, ...]
    simulate: dict
    solve: dict
    theory: bool = True
    question: str = ""
    source: str = ""
    directory: str | None = None
    numerics: int = NUMERICS

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of steps along every dimension."""
        return tuple(len(dimension.rows) for dimension in self.dimensions)

    def module(self) -> ModuleType:
        """The models file of the family: MODEL, Settings, OBSERVABLES, check, realised, operations, memory.

        It also has `companions` where points that share something run faster together.
        """
        return importlib.import_module(f"hebbian.models.{self.family}")

    def records(self):
        """Yield (index, model, settings) of every grid point, in the order of the grid."""
        module = self.module()
        model_fields = _names(module.MODEL)
        for steps in itertools.product(*(range(n) for n in self.shape)):
            model, simulate = dict(self.model), dict(self.simulate)
            for dimension, step in zip(self.dimensions, steps, strict=True):
                for name, value in zip(dimension.fields, dimension.rows[step], strict=True):
                    (model if name in model_fields else simulate)[name] = value
            yield steps, module.MODEL(**model), module.Settings(**simulate)

    def text(self) -> str:
        """Canonical TOML of the resolved sweep, defaults written out, without the output directory."""
        heads = ("numerics", "question", "source")
        lines = [f"{key} = {_toml(getattr(self, key))}" for key in heads if getattr(self, key)]
        lines += [] if self.theory else ["theory = false"]
        tables = {
            "model": {"family": self.family, **dict(sorted(self.model.items()))},
            "grid": {d.fields[0]: [row[0] for row in d.rows] for d in self.dimensions if len(d.fields) == 1},
            "simulate": dict(sorted(self.simulate.items())),
            "solve": dict(sorted(self.solve.items())),
        }
        tables = [(f"[{name}]", table) for name, table in tables.items()]
        tables += [("[[zip]]", {name: [row[i] for row in d.rows] for i, name in enumerate(d.fields)})
                   for d in self.dimensions if len(d.fields) > 1]
        for title, table in tables:
            if table:
                lines += ["", title] + [f"{_key(name)} = {_toml(value)}" for name, value in table.items()]
        return "\n".join(lines).lstrip("\n") + "\n"

    def flat(self) -> dict[str, object]:
        """Everything that is asked for as "section.key": value, for telling two sweeps apart."""
        values = {"model.family": self.family, "theory": self.theory, "numerics": self.numerics}
        values |= {f"{section}.{key}": value for section in ("model", "simulate", "solve")
                   for key, value in getattr(self, section).items()}
        return values | {f"grid.{name}": [row[i] for row in d.rows]
                         for d in self.dimensions for i, name in enumerate(d.fields)}

    def digest(self) -> str:
        """SHA-256 of the canonical text."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def read(path, overrides=()) -> Config:
    """Read a sweep file; `overrides` are "section.key=value" strings whose values are TOML or plain text."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror}): give the path of a sweep file") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path}: is not valid TOML: {error or 'tables are nested too deeply'}") from None
    for override in overrides:
        _override(table, override)
    return from_table(table, str(path))


def from_table(table: dict, where: str = "sweep") -> Config:
    """Check a nested dict with the keys of a sweep file and resolve it; every fault is reported with its place."""
    problems = [f"{place} is a whole number of more than 64 bits: give a smaller one" for place in _giants(table)]
    _refuse(where, problems)
    table = _sections(table, problems)
    family = table["model"].pop("family", None)
    module = _family(family, problems)
    if module is None:
        _refuse(where, problems)
    model_fields, settings_fields = _names(module.MODEL), _names(module.Settings)
    places = {"model": model_fields, "simulate": settings_fields}
    for section, known in (*places.items(), ("grid", model_fields + settings_fields), ("output", ("dir",))):
        for key in [key for key in table[section] if key not in known]:
            elsewhere = next((name for name, names in places.items() if key in names and name != section), None)
            problems.append(_unknown(f"[{section}]", key, known, elsewhere))
            del table[section][key]
    dimensions = axes.read(table["grid"], table["zip"], model_fields + settings_fields, problems)
    moving = [name for dimension in dimensions for name in dimension.fields]
    for name in sorted({name for name in moving if moving.count(name) > 1}):
        problems.append(f"{name} is given on two axes of the grid: keep one")
    for section in places:
        for name in [name for name in table[section] if name in moving]:
            problems.append(f"[{section}] {name} is also an axis of the grid: keep one of the two")
            del table[section][name]
    if math.prod(len(d.rows) for d in dimensions) > axes.POINTS:
        problems.append(f"[grid] has {math.prod(len(d.rows) for d in dimensions)} points: "
                        f"give at most {axes.POINTS}, or split the sweep into several files")
    directory = table["output"].get("dir")
    if directory is not None and (not isinstance(directory, str) or not directory or "\0" in directory):
        problems.append(f"[output] dir = {directory!r} is not allowed: give the path of a directory")
    config = Config(family, table["model"], dimensions, table["simulate"], table["solve"], table["theory"],
                    table["question"], table["source"], directory)
    _refuse(where, problems + _faults(config, module))
    return _resolve(config, module, where)


def load_value(text: str):
    """A value typed on a command line: TOML where it parses (numbers, lists, true), a float such as .5, else a text."""
    with contextlib.suppress(ValueError, RecursionError):
        return tomllib.loads(f"value = {text}")["value"]
    with contextlib.suppress(ValueError):
        return float(text)
    return text


def families() -> list[str]:
    """Names of the families that have a models file."""
    names = sorted(info.name for info in pkgutil.iter_modules(models.__path__))
    return [name for name in names if hasattr(importlib.import_module(f"hebbian.models.{name}"), "MODEL")]


def find_family(name: str) -> ModuleType:
    """The models file of a family, or the error that names the nearest one."""
    if isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name):
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(f"hebbian.models.{name}")
            if hasattr(module, "MODEL"):
                return module
    raise unknown("family", str(name)[:60], families())


def _names(record):
    return tuple(field.name for field in dataclasses.fields(record))


def _refuse(where, problems):
    if problems:
        shown = list(dict.fromkeys(problems))
        more = [f"... and {len(shown) - 20} more"] if len(shown) > 20 else []
        raise InvalidInput("\n".join(f"{where}: {problem}" for problem in shown[:20] + more))


def _unknown(place, key, known, elsewhere=None):
    if elsewhere:
        return f"{place} key {key!r} is out of place: it belongs in [{elsewhere}]"
    return f"{place} {unknown('key', key, known)}"


def _sections(table, problems):
    """The sections of a sweep file with their right types; faulty ones are replaced by empty ones."""
    problems += [_unknown("the file", key, SECTIONS) for key in table if key not in SECTIONS]
    kinds = {"numerics": NUMERICS, "question": "", "source": "", "theory": True, "zip": []}
    names = {int: "a whole number", str: "a text", bool: "true or false", list: "tables [[zip]]", dict: "a table"}
    sections = {}
    for name in SECTIONS:
        default = kinds.get(name, {})
        value = table.get(name, default)
        if not isinstance(value, type(default)):
            problems.append(f"{name} = {axes.short(value)} is not allowed: give {names[type(default)]}")
            value = default
        sections[name] = dict(value) if isinstance(value, dict) else value
    if sections["numerics"] != NUMERICS:
        problems.append(f"numerics = {sections['numerics']} is not allowed: this version computes numerics {NUMERICS}; "
                        "use the version that wrote this file, or remove the line and give a new output directory")
    for key, value in list(sections["solve"].items()):
        if not _plain(value):
            problems.append(f"[solve] {key} = {axes.short(value)} is not allowed: give numbers, texts or lists of them")
    return sections


def _family(family, problems):
    if family is None:
        problems.append(f"[model] family is missing: give one of {', '.join(families())}")
        return None
    try:
        return find_family(family)
    except InvalidInput as error:
        problems.append(f"[model] {error}")
        return None


def _resolve(config, module, where):
    """Replace every value by the one its record made of it, defaults included, after checking each grid point."""
    problems = []
    columns = [[None] * len(d.rows) for d in config.dimensions]
    try:
        for steps, model, settings in config.records():
            fault = _unfit(module, model, settings)
            if fault:
                problems.append(_placed(fault, config))
            for column, dimension, step in zip(columns, config.dimensions, steps, strict=True):
                column[step] = tuple(getattr(model if name in _names(module.MODEL) else settings, name)
                                     for name in dimension.fields)
    except InvalidInput as error:
        problems.append(_placed(error, config))
    _refuse(where, problems)
    moving = {name for d in config.dimensions for name in d.fields}
    dimensions = tuple(dataclasses.replace(dimension, rows=tuple(rows))
                       for dimension, rows in zip(config.dimensions, columns, strict=True))
    for dimension in dimensions:
        twice = sorted({row for row, count in Counter(dimension.rows).items() if count > 1})
        problems += [f"{', '.join(dimension.fields)} = {', '.join(map(repr, row))} is on the grid twice: keep one"
                     for row in twice]
    if any(d.fields == ("samples",) for d in dimensions):
        problems.append("[grid] samples cannot be an axis of its own, since more samples extend the same point: "
                        "set it in [simulate], or step it with another field in [[zip]]")
    _refuse(where, problems)
    fixed = [{name: getattr(record, name) for name in _names(type(record))
              if name not in moving and getattr(record, name) is not None} for record in (model, settings)]
    return dataclasses.replace(config, model=fixed[0], simulate=fixed[1], dimensions=dimensions)


def _faults(config, module):
    """What the records refuse, every field by itself, so that all faults show at once."""
    moving = {name: {row[i] for row in d.rows} for d in config.dimensions for i, name in enumerate(d.fields)}
    problems = []
    sections = (("model", module.MODEL, config.model), ("simulate", module.Settings, config.simulate))
    for section, record, fixed in sections:
        given = {name: [value] for name, value in fixed.items()}
        given |= {name: sorted(values, key=str) for name, values in moving.items() if name in _names(record)}
        needed = [field.name for field in dataclasses.fields(record) if field.default is dataclasses.MISSING]
        problems += [f"{name} is missing: give it in [{section}] or as an axis in [grid]"
                     for name in needed if name not in given]
        faults = [_lonely_fault(record, name, value, needed) for name, values in given.items() for value in values]
        problems += [_placed(fault, config) for fault in faults if fault]
    return problems


def _lonely_fault(record, name, value, needed):
    """The error that one field causes by itself; the other required fields get stand-ins that the record accepts."""
    error = None
    for stand_in in (100, 0.5):
        try:
            record(**{other: stand_in for other in needed} | {name: value})
            return None
        except InvalidInput as caught:
            if str(caught).startswith(f"{name} "):
                error = caught
        except (OverflowError, TypeError, ValueError) as caught:
            error = InvalidInput(f"{name} = {axes.short(value)} is not allowed: {caught}")
    return error


def _unfit(module, model, settings):
    """Why model and settings do not fit together, or None."""
    try:
        module.check(model, settings)
        if math.isfinite(module.operations(model, settings)):
            return None
    except InvalidInput as error:
        return error
    except (OverflowError, ValueError):
        pass
    return InvalidInput(f"{model} with {settings} needs numbers beyond any computer: give smaller values")


def _placed(error, config):
    """An error of a record with the section in front that set the field it begins with."""
    name = re.match(r"\w*", str(error)).group()
    places = {field: "[grid]" if len(d.fields) == 1 else "[[zip]]" for d in config.dimensions for field in d.fields}
    places = dict.fromkeys(config.model, "[model]") | dict.fromkeys(config.simulate, "[simulate]") | places
    return f"{places[name]} {error}" if name in places else str(error)


def _override(table, override):
    path, equals, value = override.partition("=")
    *sections, key = path.strip().split(".")
    if not equals or not key:
        raise InvalidInput(f"--set {override} is not allowed: write section.key=value, such as simulate.samples=4")
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise InvalidInput(f"--set {override} is not allowed: {section} is not a table of the sweep file")
    table[key] = load_value(value.strip())


def _giants(value, place="the file"):
    """Where a nested value holds integers that neither TOML nor HDF5 can hold."""
    if isinstance(value, dict):
        return [giant for key, inner in value.items() for giant in _giants(inner, key)]
    if isinstance(value, (list, tuple)):
        return [giant for inner in value for giant in _giants(inner, place)]
    return [place] if isinstance(value, int) and not -2**63 <= value < 2**63 else []


def _plain(value):
    return isinstance(value, (str, int, float)) or (isinstance(value, (list, tuple)) and all(map(_plain, value)))


def _key(name):
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)
