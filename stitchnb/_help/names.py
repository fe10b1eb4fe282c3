"""Resolve names: ``SourceForm.submit``, ``client.sources.create``, ``rules.next_fire_times``."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from functools import cache, cached_property
from importlib import import_module
from typing import Any, cast, get_origin, get_type_hints

from stitchnb.errors import UnknownTopicError

# Usual variable names of objects.
_USUAL_NAMES = {
    "client": "stitchnb.client:Client",
    "source": "stitchnb.client.resources.sources:Source",
    "check": "stitchnb.client.resources.checks:ConnectionCheck",
    "catalog": "stitchnb.client.catalog.catalog:Catalog",
    "destination": "stitchnb.client.resources.destinations:Destination",
    "job": "stitchnb.client.jobs.jobs:Job",
    "sandbox": "stitchnb.embedded:Sandbox",
    "form": "stitchnb.widgets:SourceForm",
    # Classes of results that are not public names.
    "Applied": "stitchnb.client.catalog.apply:Applied",
    "JobHistory": "stitchnb.client.jobs.jobs:JobHistory",
    "JobRun": "stitchnb.client.jobs.jobs:JobRun",
    "JobStream": "stitchnb.client.jobs.status:JobStream",
    "RateLimit": "stitchnb.client.rate_limit:RateLimit",
    # Created when a sandbox starts.
    "sandbox.clock": "stitchnb.sandbox:Clock",
    "sandbox.warehouse": "stitchnb.sandbox.warehouses.duckdb.warehouse:DuckDBWarehouse",
}

# Modules with the classes of results. If two have the same name, the first is used.
_RESULT_MODULES = ("stitchnb.client", "stitchnb.widgets", "stitchnb.models", "stitchnb.sandbox")


def find_name(name: str, topics: Collection[str] = ()) -> tuple[str, Any]:
    """Resolve a dotted name.

    Parameters
    ----------
    name
        A public name of stitchnb; one that begins with ``client``, ``source``, ``check``, ``catalog``,
        ``destination``, ``job``, ``sandbox`` or ``form``; or one that begins with the class of a
        result, such as ``Sources``. A leading ``stitchnb.`` and a trailing ``()`` are ignored.
    topics
        Topics to suggest in addition to names.

    Returns
    -------
    str, object
        The name as the help shows it, and a class, function, property or module.

    Raises
    ------
    UnknownTopicError
        The name does not exist.
    """
    written = name.removeprefix("stitchnb.").removesuffix("()")
    path = written.split(".")
    found = _walk(path)
    if found is not None:
        return written, found
    # Suggest names for the first part that does not exist.
    there = next((length for length in range(len(path) - 1, 0, -1) if _walk(path[:length]) is not None), 0)
    above = ".".join(path[:there])
    known = [f"{above}.{part}" for part in parts_of(_walk(path[:there]))] if there else [*topics, *_first_names()]
    raise UnknownTopicError(".".join(path[: there + 1]), known)


def _walk(path: list[str]) -> Any | None:
    if ".".join(path[:2]) in _homes():
        path = [".".join(path[:2]), *path[2:]]
    first, *rest = path
    found = _first(first)
    example = example_of(found)
    for part in rest:
        if found is None or part.startswith("_"):
            return None
        example = vars(example).get(part) if hasattr(example, "__dict__") else None
        found = _inside(found, part) if example is None else type(example)
    return found


def _first_names() -> set[str]:
    import stitchnb

    return {*_USUAL_NAMES, *stitchnb.__all__} - {"__version__"}


def _first(name: str) -> Any | None:
    if name in _first_names() - {*_USUAL_NAMES}:
        return getattr(import_module("stitchnb"), name)
    if name in _homes():
        module, _, attribute = _homes()[name].partition(":")
        return getattr(import_module(module), attribute)
    return None


@cache
def _homes() -> dict[str, str]:
    """Return the locations of all first parts that are not public names of the package."""
    given = {name: f"{home}:{name}" for home in reversed(_RESULT_MODULES) for name in import_module(home).__all__}
    parts = {kind.__name__: f"{kind.__module__}:{kind.__name__}" for kind in _parts_of_a_client()}
    beside = {f"sandbox.{name}": f"stitchnb.sandbox:{name}" for name in import_module("stitchnb.sandbox").__all__}
    return {**given, **parts, **beside, **_USUAL_NAMES}


@cache
def _parts_of_a_client() -> dict[type, tuple[str, Any]]:
    """Return the resources of a client by their class: dotted name and an example object."""
    from stitchnb.client.client import Client

    def walk(owner: Any, name: str) -> Iterator[tuple[type, tuple[str, Any]]]:
        yield type(owner), (name, owner)
        for part, value in vars(owner).items():
            if not part.startswith("_") and hasattr(value, "_client"):
                yield from walk(value, f"{name}.{part}")

    # Resources exist on an object only. This client is never used and has no connection to close.
    return dict(walk(Client("none"), "client"))


def example_of(found: Any) -> Any:
    """Return an example object of a client's or resource's class."""
    return _parts_of_a_client().get(found, ("", None))[1] if isinstance(found, type) else None


def _inside(owner: Any, name: str) -> Any | None:
    """Return an attribute of a class or module. Properties are returned as properties."""
    if isinstance(owner, property | cached_property):
        owner = returned_by(owner)
    found = inspect.getattr_static(owner, name, None)
    return found if isinstance(found, property | cached_property) else getattr(owner, name, None)


def returned_by(attribute: property | cached_property[Any]) -> Any:
    """Return the class of a property's value; None if it can't be resolved at run time."""
    function: Any = attribute.fget if isinstance(attribute, property) else attribute.func
    try:
        told = get_type_hints(function).get("return")
    except NameError:
        return None
    return get_origin(told) or told


def parts_of(owner: Any) -> list[str]:
    """List the public names of a class, a module or a property's value, including a client's resources."""
    example = example_of(owner)
    if isinstance(owner, property | cached_property):
        owner = returned_by(owner)
    names = {*(getattr(owner, "__all__", None) or dir(owner)), *(vars(example) if example is not None else ())}
    return sorted(name for name in names if not name.startswith("_"))


def name_of(about: Any) -> tuple[str, Any]:
    """Return the name of a class, function or module; for other objects their usual name or their class.

    Raises
    ------
    UnknownTopicError
        The object is not stitchnb's.
    """
    if isinstance(about, type) or inspect.isroutine(about) or inspect.ismodule(about):
        kind = about
    else:
        # A sandbox's client has its own class and is still a client.
        for kind in type(about).__mro__:
            if kind in _usual_names():
                return _usual_names()[kind], kind
        kind = type(about)
    name = getattr(kind, "__qualname__", None) or kind.__name__.removeprefix("stitchnb.")
    # A method of a built-in type, such as "".join, has no module.
    home = kind.__name__ if inspect.ismodule(kind) else kind.__module__ or "builtins"
    if home.partition(".")[0] != "stitchnb":
        raise UnknownTopicError(f"{home}.{name}", [])
    return name, kind


@cache
def _usual_names() -> dict[type, str]:
    parts = {kind: name for kind, (name, _) in _parts_of_a_client().items()}
    return parts | {cast(type, _first(name)): name for name in _USUAL_NAMES}
