"""From a name to what it names: ``SourceForm.submit``, ``client.sources.create``, ``rules.next_fire_times``."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Collection
from functools import cached_property
from importlib import import_module
from typing import Any

from stitchnb.errors import UnknownTopicError

# What people call an object of a class, where the class itself is not what they have in hand.
_BY_HABIT = {
    "client": "stitchnb.client:Client",
    "source": "stitchnb.client.sources:Source",
    "check": "stitchnb.client.connection_checks:ConnectionCheck",
    "catalog": "stitchnb.client.catalog:Catalog",
    "destination": "stitchnb.client.destinations:Destination",
    "job": "stitchnb.client.jobs:Job",
    "sandbox": "stitchnb.embedded:Sandbox",
    "form": "stitchnb.widgets:SourceForm",
    # Made when a sandbox starts, or beside it.
    "sandbox.clock": "stitchnb.sandbox:Clock",
    "sandbox.HookReceiver": "stitchnb.sandbox:HookReceiver",
    "sandbox.warehouse": "stitchnb.sandbox.engine.warehouses.duckdb:DuckDBWarehouse",
}


def find_name(name: str, topics: Collection[str] = ()) -> tuple[str, Any]:
    """Find what a dotted name means.

    Parameters
    ----------
    name
        A public name of stitchnb's, or one that begins with ``client``, ``source``, ``check``, ``catalog``,
        ``destination``, ``job``, ``sandbox`` or ``form``; ``stitchnb.`` before it and ``()`` after it may be there.
    topics
        Topics, to be offered beside names where there is no such name.

    Returns
    -------
    str, object
        The name as the help writes it, and a class, function, property or module.

    Raises
    ------
    UnknownTopicError
        There is no such name.
    """
    written = name.removeprefix("stitchnb.").removesuffix("()")
    path = written.split(".")
    found = _walk(path)
    if found is not None:
        return written, found
    # What there is of it, however little, tells which names its next part could have been.
    there = next((length for length in range(len(path) - 1, 0, -1) if _walk(path[:length]) is not None), 0)
    above = ".".join(path[:there])
    known = [f"{above}.{part}" for part in parts_of(_walk(path[:there]))] if there else [*topics, *_first_names()]
    raise UnknownTopicError(".".join(path[: there + 1]), known)


def _walk(path: list[str]) -> Any | None:
    if ".".join(path[:2]) in _BY_HABIT:
        path = [".".join(path[:2]), *path[2:]]
    first, *rest = path
    if first.startswith("_") or first not in _first_names():
        return None
    found = _first(first)
    example = _example_of(found)
    for part in rest:
        if part.startswith("_"):
            return None
        example = vars(example).get(part) if hasattr(example, "__dict__") else None
        found = _inside(found, part) if example is None else type(example)
        if found is None:
            return None
    return found


def _first_names() -> set[str]:
    import stitchnb

    return {*_BY_HABIT, *stitchnb.__all__} - {"__version__"}


def _first(name: str) -> Any:
    if name in _BY_HABIT:
        module, _, attribute = _BY_HABIT[name].partition(":")
        return getattr(import_module(module), attribute)
    return getattr(import_module("stitchnb"), name)


def _example_of(found: Any) -> Any:
    """Make a client, whose parts are only there once it is made; it is never used, and has no connection to close."""
    from stitchnb.client.client import Client

    return Client("none") if found is Client else None


def _inside(owner: Any, name: str) -> Any | None:
    """Give what an object of a class, or a module, has under a name; a property stays one."""
    if isinstance(owner, property | cached_property):
        owner = _returned(owner)
    found = inspect.getattr_static(owner, name, None)
    return found if isinstance(found, property | cached_property) else getattr(owner, name, None)


def _returned(attribute: property | cached_property[Any]) -> Any:
    """Give the class of a property's value, None where only type checkers are told of it."""
    function: Any = attribute.fget if isinstance(attribute, property) else attribute.func
    try:
        told = typing.get_type_hints(function).get("return")
    except NameError:
        return None
    return typing.get_origin(told) or told


def parts_of(owner: Any) -> list[str]:
    """List the public names inside a class, module or property's value, the parts of a client included."""
    example = _example_of(owner)
    if isinstance(owner, property | cached_property):
        owner = _returned(owner)
    names = {*(getattr(owner, "__all__", None) or dir(owner)), *(vars(example) if example is not None else ())}
    return sorted(name for name in names if not name.startswith("_"))


def name_of(about: Any) -> tuple[str, Any]:
    """Name an object: a class, function or module by its own name, any other by its class.

    Raises
    ------
    UnknownTopicError
        It is not stitchnb's.
    """
    kind = about if isinstance(about, type) or inspect.isroutine(about) or inspect.ismodule(about) else type(about)
    name = getattr(kind, "__qualname__", None) or kind.__name__.removeprefix("stitchnb.")
    # A method of a built-in type, such as "".join, has no module.
    home = kind.__name__ if inspect.ismodule(kind) else kind.__module__ or "builtins"
    if home.partition(".")[0] != "stitchnb":
        raise UnknownTopicError(f"{home}.{name}", [])
    return name, kind
