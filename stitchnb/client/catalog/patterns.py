"""Which streams and fields of a catalog a list of patterns means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from stitchnb.client.catalog.stream import CatalogStream
from stitchnb.errors import InvalidInputError, UnknownStreamError
from stitchnb.models import Breadcrumb
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection import globs as patterns

# So many names stand in a message; the rest is counted.
_MOST_NAMES = 5


class Named(Protocol):
    """What has a stream's names."""

    @property
    def tap_stream_id(self) -> str:
        """What the source calls it."""

    @property
    def stream_name(self) -> str:
        """The table that it becomes."""


N = TypeVar("N", bound=Named)


def stream_called(name: str, streams: Sequence[N], *, hint: str = "") -> N:
    """Find a stream by its ``tap_stream_id``, else by its name.

    Raises
    ------
    UnknownStreamError
        When there is no such stream; similar names are suggested.
    InvalidInputError
        When several have that name: says by which ``tap_stream_id`` each is called.
    """
    found = [s for s in streams if s.tap_stream_id == name] or [s for s in streams if s.stream_name == name]
    if not found:
        raise UnknownStreamError(name, [stream.stream_name for stream in streams], hint=hint)
    if len(found) > 1:
        ids = ", ".join(repr(stream.tap_stream_id) for stream in found)
        raise InvalidInputError(f"{len(found)} streams are named {name!r}. Pass one of these ids: {ids}.")
    return found[0]


def told_names(streams: Iterable[Named]) -> str:
    """Name streams in a message, of many the first ones."""
    names = [repr(stream.stream_name) for stream in streams]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


FieldNames = Iterable[str | Breadcrumb]


@dataclass
class Target:
    """One stream that was meant, and the positions of those of its fields that were.

    Attributes
    ----------
    named
        Those that were named one by one rather than by a glob: they must not be left out in silence.
    """

    stream: CatalogStream
    fields: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)


def resolve_patterns(
    streams: Sequence[CatalogStream], given: Sequence[str], fields: FieldNames | None = None
) -> list[Target]:
    """Find the streams and fields that patterns mean.

    Parameters
    ----------
    given
        Streams (``"accounts"``, ``"*_report"``), or streams with fields (``"accounts.email"``, ``"*_report.*"``,
        ``"!*.ssn"``).
    fields
        Fields of every stream that is meant; then `given` names streams only. Each must be in one of them at least.

    Raises
    ------
    UnknownStreamError
        When a pattern means nothing; near names are offered.
    InvalidInputError
        When fields are meant that were not asked for yet.
    """
    if not given:
        raise InvalidInputError('Pass a stream such as "accounts", or a pattern such as "*_report.*".')
    if isinstance(fields, str):
        raise InvalidInputError(f"fields expects a list of names. Pass [{fields!r}].")
    found = _match_streams(streams, given, with_fields=fields is None)
    return list(found.values()) if fields is None else _with_fields(list(found.values()), list(fields))


def _match_streams(streams: Sequence[CatalogStream], given: Sequence[str], *, with_fields: bool) -> dict[str, Target]:
    everything = patterns.split(given[0])[0]
    found = {stream.tap_stream_id: Target(stream) for stream in streams} if everything else {}
    if everything and with_fields:
        for target in found.values():
            target.fields = set(range(len(target.stream.columns)))
    for pattern in given:
        takes_away, plain = patterns.split(pattern)
        is_idle = True
        for stream in streams:
            if _matches_stream(plain, stream):
                is_idle = False
                if takes_away:
                    found.pop(stream.tap_stream_id, None)
                else:
                    found.setdefault(stream.tap_stream_id, Target(stream))
            held = _matching_fields(plain, stream) if with_fields and "." in plain else set()
            if held:
                is_idle = False
                target = found.get(stream.tap_stream_id) or Target(stream)
                if takes_away:
                    target.fields -= held
                    target.named -= held
                else:
                    found[stream.tap_stream_id] = target
                    target.fields |= held
                    target.named |= held if not patterns.is_glob(plain) else set()
        # A glob that takes fields away is a precaution and need not find any; without a dot it means streams, and one
        # that finds none was meant for fields.
        if is_idle and not (takes_away and patterns.is_glob(plain) and "." in plain):
            raise _unknown(plain, streams)
    return found


def _matches_stream(pattern: str, stream: CatalogStream) -> bool:
    return patterns.matches(pattern, stream.stream_name) or patterns.matches(pattern, stream.tap_stream_id)


def _matching_fields(pattern: str, stream: CatalogStream) -> set[int]:
    held: set[int] = set()
    for name in dict.fromkeys((stream.stream_name, stream.tap_stream_id)):
        if patterns.may_hold_fields_of(pattern, name):
            held |= patterns.positions_held(pattern, stream.columns.names, beginning=f"{name}.")
    return held


def _with_fields(targets: list[Target], fields: list[str | Breadcrumb]) -> list[Target]:
    """Give each stream those of the fields that it has."""
    idle: list[str | Breadcrumb] | None = None
    for target in targets:
        target.fields, target.named, not_here = target.stream.find(fields)
        idle = not_here if idle is None else [one for one in idle if one in not_here]
    for one in idle or ():
        known = dict.fromkeys(name for target in targets for name in target.stream.columns.names)
        raise UnknownStreamError(one.removeprefix("!") if isinstance(one, str) else dotted_name(one), known)
    return targets


def _unknown(pattern: str, streams: Sequence[CatalogStream]) -> UnknownStreamError:
    """Tell near names: fields where the pattern begins with a stream, streams otherwise."""
    hint = "catalog.streams lists all streams."
    if "." not in pattern and patterns.is_glob(pattern):
        hint += f' A pattern for fields has a dot: "*.{pattern}".'
    for stream in streams:
        for name in (stream.stream_name, stream.tap_stream_id):
            if pattern.startswith(f"{name}.") and stream.is_loaded:
                return UnknownStreamError(pattern, [f"{name}.{known}" for known in stream.columns.names], hint=hint)
    return UnknownStreamError(pattern, [stream.stream_name for stream in streams], hint=hint)
