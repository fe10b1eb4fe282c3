"""A selection as YAML: written a name a line, read with the line of every name.

Every word of such a file is a name or a choice, so every word is read as text: a field may be called ``no``, ``on`` or
``1e3`` whether somebody put it in quotes or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.models import Breadcrumb

# The first line of a selection: what it is, and the version of its format.
MARK, VERSION = "stitchnb_selection", 1
_TOP_KEYS = (MARK, "source_type", "streams")
STREAM_KEYS = ("replication_method", "replication_key", "view_keys", "fields")
# What no reader of YAML, of whatever version, takes for anything but text, unless it is a word such as "no".
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NO_FOLDING = 1_000_000
# A selection has mappings and lists five deep; what is a little deeper is told of more precisely than this can.
_DEEPEST = 10
_NOTHING = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Choice:
    """One name or value of a file: a text, a breadcrumb, or for a view's keys a tuple of texts.

    Attributes
    ----------
    place
        Where it stands, such as ``shop.yml, line 12``.
    """

    value: Any
    place: str


@dataclass(frozen=True)
class StreamChoice:
    """What a file says of one stream.

    Attributes
    ----------
    keys
        `replication_method`, `replication_key` and `view_keys`, as far as it says them.
    fields
        Names and breadcrumbs of fields.
    """

    name: Choice
    keys: Mapping[str, Choice]
    fields: tuple[Choice, ...]


@dataclass(frozen=True)
class SelectionFile:
    """What a file says."""

    source_type: Choice | None
    streams: tuple[StreamChoice, ...]


def to_yaml(selection: Mapping[str, Any]) -> str:
    """Write a selection, as `Catalog.selection` gives it, as YAML, in its own order."""
    import yaml

    text: str = yaml.dump(dict(selection), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_NO_FOLDING)
    return text


def read(given: str | PathLike[str] | Mapping[str, Any]) -> SelectionFile:
    """Read a selection.

    Parameters
    ----------
    given
        A path, the text itself (of several lines), or what `Catalog.selection` gives.

    Raises
    ------
    InvalidInputError
        When it cannot be read, is no YAML, or no selection: says what and where.
    """
    import yaml

    name = "The selection"
    try:
        if isinstance(given, Mapping):
            text = to_yaml(given)
        elif isinstance(given, str) and "\n" in given:
            text = given
        else:
            name, text = fspath(given), _text_of(Path(given))
        node = _tree_of(text, name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = name if mark is None else f"{name}, line {mark.line + 1}"
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or error.args[0]
        raise InvalidInputError(f"{where}: this is no YAML: {why}.") from error
    return _Reader(name, has_lines=not isinstance(given, Mapping)).read(node)


def _tree_of(text: str, name: str) -> Any:
    """Parse YAML, and nothing that goes deeper than a selection does: libyaml ends the process on what is too deep."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _refuse_what_is_too_deep(text, name, loader)
    except yaml.YAMLError:
        # A libyaml that counts reads ahead and calls it no YAML; the parser written in Python reads less far ahead.
        with suppress(yaml.YAMLError):
            _refuse_what_is_too_deep(text, name, yaml.BaseLoader)
        raise
    return yaml.compose(text, Loader=loader)


def _refuse_what_is_too_deep(text: str, name: str, loader: Any) -> None:
    import yaml

    events: Iterable[Any] = yaml.parse(text, Loader=loader)
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise InvalidInputError(f"{name}, line {event.start_mark.line + 1}: no selection goes as deep as this.")


@cache
def _dumper() -> Any:
    import yaml

    # The one that is written in C is several times as fast.
    made: Any = type("Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {"ignore_aliases": lambda *_: True})
    made.add_representer(str, _write_text)
    made.add_representer(tuple, _write_breadcrumb)
    return made


def _write_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


def _write_breadcrumb(dumper: Any, breadcrumb: Breadcrumb) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", breadcrumb, flow_style=True)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is no text in UTF-8, and so no selection.") from error


class _Reader:
    """Goes through a tree of YAML nodes, and says the line of what it does not understand."""

    def __init__(self, name: str, *, has_lines: bool) -> None:
        self._name = name
        self._has_lines = has_lines

    def read(self, node: Any) -> SelectionFile:
        top = self._entries(node, "a selection") if node is not None and node.id == "mapping" else {}
        if MARK not in top:
            raise InvalidInputError(
                f"{self._name} is no selection: there is no {MARK!r} in it. catalog.write_selection(path) writes one."
            )
        version = top[MARK][1]
        if self._text(version, MARK) != str(VERSION):
            raise self._error(version, f"this is format {version.value}, and this stitchnb reads format {VERSION}.")
        self._refuse_others(top, _TOP_KEYS)
        if "streams" not in top:
            raise InvalidInputError(f"{self._name}: there are no 'streams' in it; 'streams: {{}}' selects none.")
        source_type = top["source_type"][1] if "source_type" in top else None
        streams = self._entries(top["streams"][1], "streams")
        return SelectionFile(
            None if source_type is None else Choice(self._text(source_type, "source_type"), self._place(source_type)),
            tuple(self._stream(Choice(name, self._place(key)), value) for name, (key, value) in streams.items()),
        )

    def _stream(self, name: Choice, node: Any) -> StreamChoice:
        told = self._entries(node, name.value)
        self._refuse_others(told, STREAM_KEYS)
        keys: dict[str, Choice] = {}
        for key in ("replication_method", "replication_key"):
            if key in told and not _is_nothing(told[key][1]):
                keys[key] = Choice(self._text(told[key][1], key), self._place(told[key][0]))
        if "view_keys" in told and not _is_nothing(told["view_keys"][1]):
            names = self._items(told["view_keys"][1], "view_keys")
            keys["view_keys"] = Choice(
                tuple(self._text(n, "view_keys") for n in names), self._place(told["view_keys"][0])
            )
        fields = self._items(told["fields"][1], "fields") if "fields" in told else ()
        return StreamChoice(name, keys, tuple(Choice(self._field(field), self._place(field)) for field in fields))

    def _field(self, node: Any) -> str | Breadcrumb:
        if node.id == "sequence":
            return tuple(self._text(word, "a breadcrumb") for word in node.value)
        return self._text(node, "a field")

    def _entries(self, node: Any, what: str) -> dict[str, tuple[Any, Any]]:
        """Give a mapping's values by their names, each with the name's own node."""
        if _is_nothing(node):
            return {}
        if node.id != "mapping":
            raise self._error(node, f"{what} has to be names with what is chosen of each, such as 'accounts: {{}}'.")
        found: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            name = self._text(key, f"what is in {what}")
            if name in found:
                raise self._error(key, f"{name!r} is there twice.")
            found[name] = key, value
        return found

    def _items(self, node: Any, what: str) -> Iterable[Any]:
        if _is_nothing(node):
            return ()
        if node.id != "sequence":
            raise self._error(node, f"{what} has to be a list, one name a line, each after '- '.")
        items: Iterable[Any] = node.value
        return items

    def _text(self, node: Any, what: str) -> str:
        if node.id != "scalar":
            raise self._error(node, f"{what} has to be one name.")
        return str(node.value)

    def _refuse_others(self, told: Mapping[str, tuple[Any, Any]], known: tuple[str, ...]) -> None:
        for name, (key, _) in told.items():
            if name not in known:
                near = near_names(name, known, most=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There can be {', '.join(known)}."
                raise self._error(key, f"{name!r} means nothing here. {hint}")

    def _place(self, node: Any) -> str:
        return f"{self._name}, line {node.start_mark.line + 1}" if self._has_lines else self._name

    def _error(self, node: Any, message: str) -> InvalidInputError:
        return InvalidInputError(f"{self._place(node)}: {message}")


def _is_nothing(node: Any) -> bool:
    """Is there nothing behind a name? A text in quotes is always a text."""
    return node.id == "scalar" and not node.style and node.value in _NOTHING
