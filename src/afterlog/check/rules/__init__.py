"""The rules, one module each; importing this package enters all of them into the register."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from afterlog.check.rules.base import REGISTER, Rule


@cache
def all_rules() -> tuple[type[Rule], ...]:
    """Give every rule, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(REGISTER[name] for name in sorted(REGISTER))
