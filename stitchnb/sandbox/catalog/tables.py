"""Reads the catalogue's data files, which travel inside the package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

Table = dict[str, Any]


class CatalogError(ValueError):
    """A data file of the catalogue says something that cannot be understood; names the entry and the word."""


@cache
def read_table(name: str) -> Table:
    """Parse one file of the catalogue's ``data`` folder; the answer is shared, so nobody may change it."""
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def copy_of(value: Any) -> Any:
    """Copy a tree of JSON values, several times faster than `copy.deepcopy`."""
    if isinstance(value, dict):
        return {key: copy_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_of(item) for item in value]
    return value
