"""What you can bind a destination type of a sandbox to: ``sandbox.warehouses["postgres"] = Postgres()``.

Each name is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres

__all__ = ["Postgres"]

_MODULES = {"Postgres": "postgres.warehouse"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"stitchnb.sandbox.warehouses.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
