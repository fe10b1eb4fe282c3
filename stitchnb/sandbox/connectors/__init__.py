"""What you can bind a source type of a sandbox to: ``sandbox.connectors["platform.hp-postgres"] = Postgres()``.

Each name is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.sandbox.connectors.csv_files import CsvFiles
    from stitchnb.sandbox.connectors.postgres.connector import Postgres
    from stitchnb.sandbox.connectors.singer.connector import Singer

__all__ = ["CsvFiles", "Postgres", "Singer"]

_MODULES = {"CsvFiles": "csv_files", "Postgres": "postgres.connector", "Singer": "singer.connector"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"stitchnb.sandbox.connectors.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
