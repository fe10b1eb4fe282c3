"""What a docstring leaves to another one: "See `Jobs.wait`" is all that a short method says of its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from stitchnb.errors import UnknownTopicError
from stitchnb.reference._docstrings import Rows, Told, read_docstring
from stitchnb.reference._names import find_name

_SEE = re.compile(r"\bSee ((?:`[\w.]+`(?:,? and |, )?)+)")
_ROW = re.compile(r"See `([\w.]+)`\.\s*(.*)", re.DOTALL)


def told_of(name: str, found: Any) -> Told:
    """Read what is said of a name, and what it leaves to the names that it says to see.

    Of those come the parameters that it has too, what they raise, and what they return where it gives the same.
    """
    told = read_docstring(found)
    told = replace(told, parameters=tuple(_rows(name, told.parameters)))
    for target in _seen(name, f"{told.summary}\n{told.text}"):
        there = read_docstring(target)
        known = {*_names(told.parameters), *_names(told.raises)}
        # What makes a plain object is what it then has.
        goes_in = there.parameters or there.attributes
        taken = _parameters(found)
        told = replace(
            told,
            parameters=told.parameters + tuple(row for row in goes_in if _has(row, taken - known)),
            returns=told.returns or (there.returns if _returned(found) == _returned(target) else ()),
            raises=told.raises + tuple(row for row in there.raises if row[0] not in known),
            endpoint=told.endpoint or there.endpoint,
        )
    return told


def see(name: str, target: str) -> Any | None:
    """Find what the docstring of a name means by another: a neighbour or part of it, or a name by itself."""
    owners = (name, name.rpartition(".")[0])
    for candidate in (*(f"{owner}.{target}" for owner in owners if owner), target):
        try:
            return find_name(candidate)[1]
        except UnknownTopicError:
            continue
    return None


def _seen(name: str, prose: str) -> Iterator[Any]:
    for named in _SEE.finditer(prose):
        for target in re.findall(r"[\w.]+(?=`)", named[1]):
            if (found := see(name, target.rstrip("."))) is not None:
                yield found


def _rows(name: str, rows: Rows) -> Iterator[tuple[str, str]]:
    """Say of parameters what another name says of them, where that is all that is said."""
    for row in rows:
        left = _ROW.fullmatch(row[1])
        target = see(name, left[1]) if left else None
        there = [one for one in read_docstring(target).parameters if _has(one, _names((row,)))] if target else []
        if left and there:
            yield from ((names, f"{text} {left[2]}".strip()) for names, text in there)
        else:
            yield row


def _names(rows: Rows) -> set[str]:
    return {name for names, _ in rows for name in names.split(", ")}


def _has(row: tuple[str, str], wanted: set[str]) -> bool:
    return bool(_names((row,)) & wanted)


def _signature(found: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(found) if callable(found) else None
    except (TypeError, ValueError):
        return None


def _parameters(found: Any) -> set[str]:
    signature = _signature(found)
    return set(signature.parameters) if signature else set()


def _returned(found: Any) -> str:
    """Name the type that a call gives, however it was imported and whether or not it is to be awaited."""
    if isinstance(found, property | cached_property):
        found = found.fget if isinstance(found, property) else found.func
    signature = _signature(found)
    told = str(signature.return_annotation) if signature else ""
    return re.sub(r"^Operation\[(.*)\]$", r"\1", re.sub(r"\b\w+\.|\[Mode\]", "", told))
