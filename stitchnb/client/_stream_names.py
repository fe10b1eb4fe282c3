"""Streams by their names: what the source calls them, or the table that they become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from stitchnb.errors import InvalidInputError, UnknownStreamError

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
        When there is no such stream; near ones are offered.
    InvalidInputError
        When several have that name: says by which ``tap_stream_id`` each is called.
    """
    found = [s for s in streams if s.tap_stream_id == name] or [s for s in streams if s.stream_name == name]
    if not found:
        raise UnknownStreamError(name, [stream.stream_name for stream in streams], hint=hint)
    if len(found) > 1:
        ids = ", ".join(repr(stream.tap_stream_id) for stream in found)
        raise InvalidInputError(f"{len(found)} streams are called {name!r}. Say which: {ids}.")
    return found[0]


def told_names(streams: Iterable[Named]) -> str:
    """Name streams in a message, of many the first ones."""
    names = [repr(stream.stream_name) for stream in streams]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
