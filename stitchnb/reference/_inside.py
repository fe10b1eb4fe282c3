"""What is inside a class or a module: the attributes and methods that a reader would use."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from stitchnb.models import Model
from stitchnb.reference._docstrings import Rows, read_docstring
from stitchnb.reference._names import example_of, parts_of, returned_by


def attributes_of(found: Any) -> Rows:
    """List the attributes of a class: those that its docstring names, in that order, then the others."""
    kind = kind_of(found)
    parts = dict(_parts_of_object(kind))
    named = [row for home in _homes(kind) for row in read_docstring(home).attributes]
    rows: list[tuple[str, str]] = []
    known: set[str] = set()
    for names, text in (*named, *parts.items(), *_of_model(kind), *_properties(kind)):
        each = names.split(", ")
        if known.isdisjoint(each):
            known.update(each)
            # What is named together with others, and says what it is, has a row of its own.
            rows += [(name, parts[name]) for name in each] if set(each) <= set(parts) else [(names, text)]
    return tuple(rows)


def methods_of(found: Any, *, of_an_object: bool) -> Rows:
    """List the functions and classes in a class or module that say what they do, in the order of the alphabet.

    Parameters
    ----------
    of_an_object
        Leave out what makes another object: one has one already.
    """
    kind = kind_of(found)
    return tuple(
        (part, told.summary)
        for part, value in _parts(kind)
        if callable(value) and not (of_an_object and inspect.ismethod(value))
        for told in (read_docstring(value),)
        if told.summary and not told.is_inner
    )


def kind_of(found: Any) -> Any:
    """Give the class or module to look into: of a property the class of its value; None where it is not stitchnb's."""
    kind = returned_by(found) if isinstance(found, property | cached_property) else found
    if inspect.ismodule(kind):
        return kind
    return kind if isinstance(kind, type) and kind.__module__.startswith("stitchnb.") else None


def _homes(kind: Any) -> tuple[type, ...]:
    """List a class and what it extends of stitchnb."""
    return tuple(home for home in getattr(kind, "__mro__", ()) if home.__module__.partition(".")[0] == "stitchnb")


def _parts_of_object(kind: Any) -> Iterator[tuple[str, str]]:
    """List the parts of the API that an object of a class has: a client, and its notifications."""
    for name, value in vars(example_of(kind)).items() if example_of(kind) is not None else ():
        if not name.startswith("_") and example_of(type(value)) is not None:
            yield name, read_docstring(type(value)).summary


def _properties(kind: Any) -> Iterator[tuple[str, str]]:
    for part, value in _parts(kind):
        if isinstance(value, property | cached_property):
            told = read_docstring(value)
            if told.summary and not told.is_inner:
                yield part, told.summary


def _of_model(kind: Any) -> Iterator[tuple[str, str]]:
    """List what an object of the API has; what says nothing of itself is what its name says."""
    if not (isinstance(kind, type) and issubclass(kind, Model)):
        return
    told = {name: read_docstring(one).summary for name, one in kind._attrs.items()}
    if plain := [name for name, text in told.items() if not text]:
        yield ", ".join(plain), "As Stitch told it."
    yield from ((name, text) for name, text in told.items() if text)


def _parts(kind: Any) -> Iterator[tuple[str, Any]]:
    """Give the parts that are stitchnb's own: not a widget's traits, nor what a module has only imported."""
    for part in parts_of(kind) if kind is not None else ():
        if inspect.ismodule(kind):
            value = getattr(kind, part)
            if hasattr(kind, "__all__") or getattr(value, "__module__", None) == kind.__name__:
                yield part, value
        elif any(part in vars(home) for home in _homes(kind)):
            value = inspect.getattr_static(kind, part)
            yield part, value if isinstance(value, property | cached_property) else getattr(kind, part)
