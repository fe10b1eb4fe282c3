"""What a destination type of a sandbox can be bound to: ``sandbox.warehouses["postgres"] = Postgres()``.

Each name is only loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres

__all__ = ["Postgres"]

_HOMES = {"Postgres": "postgres.warehouse"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"stitchnb.sandbox.warehouses.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
