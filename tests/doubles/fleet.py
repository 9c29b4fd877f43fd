"""Every double there is: each subclass of Double in a module of this folder."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import tests.doubles
from tests.doubles.server import Double


def every_double() -> dict[str, type[Double]]:
    """By name. A vendor with two addresses has one double for both; of two ways in, the first one in its module."""
    found: dict[str, type[Double]] = {}
    for module in pkgutil.iter_modules(tests.doubles.__path__, "tests.doubles."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Double) and value.name and value.__module__ == module.name:
                found.setdefault(value.name, value)
    return dict(sorted(found.items()))
