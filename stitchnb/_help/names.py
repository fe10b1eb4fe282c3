"""From a name to what it names: ``SourceForm.submit``, ``client.sources.create``, ``rules.next_fire_times``."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from functools import cache, cached_property
from importlib import import_module
from typing import Any, cast, get_origin, get_type_hints

from stitchnb.errors import UnknownTopicError

# What people call an object of a class, where the class itself is not what they have in hand.
_BY_HABIT = {
    "client": "stitchnb.client:Client",
    "source": "stitchnb.client.resources.sources:Source",
    "check": "stitchnb.client.resources.checks:ConnectionCheck",
    "catalog": "stitchnb.client.catalog.catalog:Catalog",
    "destination": "stitchnb.client.resources.destinations:Destination",
    "job": "stitchnb.client.jobs.jobs:Job",
    "sandbox": "stitchnb.embedded:Sandbox",
    "form": "stitchnb.widgets:SourceForm",
    # What methods give that is not public by itself.
    "Applied": "stitchnb.client.catalog.apply:Applied",
    "JobHistory": "stitchnb.client.jobs.jobs:JobHistory",
    "JobRun": "stitchnb.client.jobs.jobs:JobRun",
    "JobStream": "stitchnb.client.jobs.status:JobStream",
    "RateLimit": "stitchnb.client.rate_limit:RateLimit",
    # Made when a sandbox starts.
    "sandbox.clock": "stitchnb.sandbox:Clock",
    "sandbox.warehouse": "stitchnb.sandbox.warehouses.duckdb.warehouse:DuckDBWarehouse",
}

# Where the classes are whose objects one is given; of a name that two have, the first one's is meant.
_GIVEN_BY = ("stitchnb.client", "stitchnb.widgets", "stitchnb.models", "stitchnb.sandbox")


def find_name(name: str, topics: Collection[str] = ()) -> tuple[str, Any]:
    """Find what a dotted name means.

    Parameters
    ----------
    name
        A public name of stitchnb's; one that begins with ``client``, ``source``, ``check``, ``catalog``,
        ``destination``, ``job``, ``sandbox`` or ``form``; or one that begins with the class of an object that one is
        given, such as ``Sources``. ``stitchnb.`` before it and ``()`` after it may be there.
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

    return {*_BY_HABIT, *stitchnb.__all__} - {"__version__"}


def _first(name: str) -> Any | None:
    if name in _first_names() - {*_BY_HABIT}:
        return getattr(import_module("stitchnb"), name)
    if name in _homes():
        module, _, attribute = _homes()[name].partition(":")
        return getattr(import_module(module), attribute)
    return None


@cache
def _homes() -> dict[str, str]:
    """Tell where everything is that a name may begin with and that is not at the top of the package."""
    given = {name: f"{home}:{name}" for home in reversed(_GIVEN_BY) for name in import_module(home).__all__}
    parts = {kind.__name__: f"{kind.__module__}:{kind.__name__}" for kind in _parts_of_a_client()}
    beside = {f"sandbox.{name}": f"stitchnb.sandbox:{name}" for name in import_module("stitchnb.sandbox").__all__}
    return {**given, **parts, **beside, **_BY_HABIT}


@cache
def _parts_of_a_client() -> dict[type, tuple[str, Any]]:
    """Give each part of a client and their own parts by its class: by what name one has it, and one of it."""
    from stitchnb.client.client import Client

    def walk(owner: Any, name: str) -> Iterator[tuple[type, tuple[str, Any]]]:
        yield type(owner), (name, owner)
        for part, value in vars(owner).items():
            if not part.startswith("_") and hasattr(value, "_client"):
                yield from walk(value, f"{name}.{part}")

    # Parts are only there once it is made; it is never used, and has no connection to close.
    return dict(walk(Client("none"), "client"))


def example_of(found: Any) -> Any:
    """Give a client, or a part of one, by its class: only an object tells which parts it has."""
    return _parts_of_a_client().get(found, ("", None))[1] if isinstance(found, type) else None


def _inside(owner: Any, name: str) -> Any | None:
    """Give what an object of a class, or a module, has under a name; a property stays one."""
    if isinstance(owner, property | cached_property):
        owner = returned_by(owner)
    found = inspect.getattr_static(owner, name, None)
    return found if isinstance(found, property | cached_property) else getattr(owner, name, None)


def returned_by(attribute: property | cached_property[Any]) -> Any:
    """Give the class of a property's value, None where only type checkers are told of it."""
    function: Any = attribute.fget if isinstance(attribute, property) else attribute.func
    try:
        told = get_type_hints(function).get("return")
    except NameError:
        return None
    return get_origin(told) or told


def parts_of(owner: Any) -> list[str]:
    """List the public names inside a class, module or property's value, the parts of a client included."""
    example = example_of(owner)
    if isinstance(owner, property | cached_property):
        owner = returned_by(owner)
    names = {*(getattr(owner, "__all__", None) or dir(owner)), *(vars(example) if example is not None else ())}
    return sorted(name for name in names if not name.startswith("_"))


def name_of(about: Any) -> tuple[str, Any]:
    """Name an object: a class, function or module by its own name, any other as people call one, or by its class.

    Raises
    ------
    UnknownTopicError
        It is not stitchnb's.
    """
    if isinstance(about, type) or inspect.isroutine(about) or inspect.ismodule(about):
        kind = about
    else:
        # A sandbox's client is of a class of its own, and still a client.
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
    return parts | {cast(type, _first(name)): name for name in _BY_HABIT}
