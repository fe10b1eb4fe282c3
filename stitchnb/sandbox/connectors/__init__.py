"""What a source type of a sandbox can be bound to: ``sandbox.connectors["platform.hp-postgres"] = Postgres()``.

Each name is only loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.sandbox.connectors.csv_files import CsvFiles
    from stitchnb.sandbox.connectors.postgres.connector import Postgres
    from stitchnb.sandbox.connectors.singer.connector import Singer

__all__ = ["CsvFiles", "Postgres", "Singer"]

_HOMES = {"CsvFiles": "csv_files", "Postgres": "postgres.connector", "Singer": "singer.connector"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"stitchnb.sandbox.connectors.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
